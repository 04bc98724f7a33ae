"""Builds by the role, by an asynchronous task, and by the toolkit's own targets beside them."""

import os
import subprocess
import sys

from controller import PLAYBOOK as SETUP
from controller import PROJECT, ROLE

PLAYBOOK = PROJECT / "playbooks/build_envoy_arm64.yaml"
MODULE = "cross_compile_build"


def envoy_is_built_by_its_playbook_over_ssh(controller, station):
    velaryon = {**controller.ssh(), **variables(station), "cross_compile_build": {"network": "none"}}
    play = lambda *options: controller.play(PLAYBOOK, "--diff", *options, velaryon=velaryon)
    told = only(play("--check").changed(1))
    assert not (station.base / "artifacts").exists(), "check mode changed it"
    done = only(play().changed(1))
    assert done["actions"] == told["actions"], (told["actions"], done["actions"])
    kinds = {artifact["kind"]: artifact["architecture"] for artifact in done["artifacts"]}
    assert kinds["executable"] == "arm64" and kinds["debian_package"] == "arm64", kinds
    play("--check").changed(0)
    play().changed(0)


def the_base_images_own_test_tells_its_verdict(controller, station):
    play = [{
        "hosts": "velaryon",
        "gather_facts": False,
        "tasks": [{
            "name": "Test the environment.",
            "ansible.builtin.include_role": {"name": ROLE, "tasks_from": "test"},
        }],
    }]
    passed = only(controller.play(play, velaryon={**controller.local(), **variables(station)}).changed(1))
    assert passed["exit_code"] == 0, passed
    failing = variables(station)
    failing["cross_compile"]["containers"] = {"base_builder": "nonesuch:latest"}
    controller.play(play, velaryon={**controller.local(), **failing}).failed("nonesuch:latest")


def the_toolkits_own_targets_and_the_module_build_beside_each_other(controller, station):
    velaryon = {**controller.local(), **variables(station), "cross_compile_build": {"network": "none"}}
    build = lambda *options: controller.play(PLAYBOOK, *options, velaryon=velaryon)
    controller.play(SETUP, velaryon=velaryon).changed(1)

    assert "ok      what it makes is for ARM64" in by_make(station, "test")
    by_make(station, "envoy-build")
    category = station.base / "artifacts/envoy"
    by_hand = (category / "envoy-v1.32.0-arm64").stat()
    assert (by_hand.st_uid, by_hand.st_gid) == (1000, 1000), by_hand
    proven("envoy-v1.32.0-arm64.sha256", category)
    assert (station.base / "build-cache/envoy-builder").iterdir(), "the cache is another"

    built = only(build().changed(1))
    assert built["actions"][-1].endswith("it was not built before"), built["actions"]
    # The compiler's work was in the cache that both share.
    assert "found in the cache" in (station.base / "artifacts/.builds/envoy/log").read_text()
    proven("SHA256SUMS", category)
    build().changed(0)

    by_make(station, "envoy-build")
    by_docker(station)
    told = only(build("--check").changed(1))
    again = only(build().changed(1))
    assert again["actions"] == told["actions"], (told["actions"], again["actions"])
    proven("SHA256SUMS", category)
    build().changed(0)
    # What the module wrote does not stand in the way of those by hand, nor what they wrote in the role's.
    by_make(station, "envoy-build")
    controller.play(SETUP, velaryon=velaryon).changed(0)
    # What compose itself made, the network of services that nobody started among it.
    ran(station, "docker-compose", "--project-directory", station.checkout, "down", "--volumes")


def by_make(station, target):
    """Runs a target of the toolkit's Makefile as a user does, through the override; returns what it printed."""
    return ran(station, "make", "-C", station.checkout, target)


def by_docker(station):
    """Runs the builder as the role's guide says, with nothing but the artifacts mounted."""
    image = f"{station.testbed['registry']['compilers']}/envoy-builder:latest"
    ran(station, "docker", "run", "--rm", "-v", f"{station.base}/artifacts:/artifacts", image)


def ran(station, *words):
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(station.base),
        "DOCKER_HOST": station.testbed["engine"]["docker_host"],
        "DOCKER_CONFIG": station.testbed["registry"]["docker_config"],
    }
    done = subprocess.run(
        [str(word) for word in words], env=environment, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, f"{words} failed:\n{done.stdout}"
    return done.stdout


def proven(checksums, category):
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", checksums], cwd=category, capture_output=True, text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def an_asynchronous_task_builds_and_is_polled(controller, station):
    # Ansible's wrapper of such tasks is written in Python.
    velaryon = {**controller.ssh(), **variables(station), "ansible_python_interpreter": sys.executable}
    options = {**station.arguments(registry=station.testbed["registry"]["compilers"]), "network": "none"}
    options = {name: options[name] for name in (
        "registry", "base_dir", "docker_host", "ca_bundle", "registry_auth", "network",
    )}
    task = {"name": "Build Envoy.", MODULE: {"name": "envoy", **options}}
    later = {"name": "Wait for it.", "ansible.builtin.async_status": {"jid": "{{ started.ansible_job_id }}"},
             "register": "ended", "until": "ended is finished", "retries": 300, "delay": 1}
    for tasks in (
        [{**task, "async": 300, "poll": 1}],
        [{**task, MODULE: {**task[MODULE], "force": True}, "async": 300, "poll": 0, "register": "started"}, later],
    ):
        play = [{"hosts": "velaryon", "gather_facts": False, "tasks": tasks}]
        played = controller.play(play, velaryon=velaryon).succeeded()
        ended = played.tasks[-1]["result"]
        assert ended["changed"] and ended["exit_code"] == 0, ended
        proven("SHA256SUMS", station.base / "artifacts/envoy")


def variables(station):
    """Returns the role's variables, with the builders that really compile."""
    return station.variables(registry=station.testbed["registry"]["compilers"])


def only(played):
    results = played.results(MODULE)
    assert len(results) == 1, f"{len(results)} results of {MODULE}:\n{played.shown}"
    return results[0]
