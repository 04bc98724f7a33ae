"""The role by its own playbook, in whole and in part."""

import os
import time
import urllib.parse
from base64 import b64encode

from controller import PLAYBOOK, PROJECT, ROLE
from cores import essential, on_the_oldest_core_too
from station import IMAGES


@essential
def the_role_converges_in_four_steps_over_ssh(controller, station):
    _four_steps(controller, station, controller.ssh())


@on_the_oldest_core_too
def the_role_converges_in_four_steps_over_a_local_connection(controller, station):
    _four_steps(controller, station, controller.local())


def _four_steps(controller, station, connection):
    """Checks, runs, checks again and runs again."""
    velaryon = {**connection, **station.variables()}
    play = lambda *options: controller.play(PLAYBOOK, *options, velaryon=velaryon)

    station.make_bare()
    told = play("--check", "--diff").changed(1)
    assert told.result["actions"], told.shown
    assert not station.base.exists() and not station.images() and not station.has_network(), "check mode changed it"

    done = play("--diff").changed(1)
    assert done.result["actions"] == told.result["actions"], (told.result["actions"], done.result["actions"])
    assert done.result["diff"] == told.result["diff"], (told.result["diff"], done.result["diff"])
    assert station.images() == sorted(f"{image}:latest" for image in IMAGES), station.images()
    assert station.has_network()
    assert station.head() == station.testbed["toolkit"]["head"]
    assert f"{station.registry}/ci-builder:latest" in station.override.read_text()
    for category in ("envoy", "consul", "vault", "packages", "containers"):
        there = (station.base / "artifacts" / category).stat()
        assert (there.st_uid, there.st_gid, there.st_mode & 0o777) == (1000, 1000, 0o755), category

    again = play("--check", "--diff").changed(0)
    assert again.result["actions"] == [] and again.result["diff"] == [], again.result
    unchanged = play("--diff").changed(0)
    assert unchanged.result["actions"] == [] and not unchanged.result.get("warnings"), unchanged.result


@on_the_oldest_core_too
def the_role_finds_its_module_by_itself(controller, station):
    nothing = controller.directory / "nothing"
    nothing.mkdir()
    controller.settings["library"] = nothing
    velaryon = {**controller.ssh(), **station.variables()}
    played = controller.play(PLAYBOOK, "--check", "-vvv", velaryon=velaryon).changed(1)
    assert f"Using module file {PROJECT}/" in played.shown, played.shown


def the_difference_of_every_resource_is_shown(controller, station):
    station.make_bare()
    velaryon = {**controller.ssh(), **station.variables()}
    shown = controller.play(PLAYBOOK, "--check", "--diff", velaryon=velaryon).succeeded().shown
    # Of the toolkit its commit, of an image its digest, of the override its lines.
    for part in (
        f"+++ after: {station.base}/artifacts/envoy",
        station.testbed["toolkit"]["head"],
        f"+++ after: network {station.name}",
        f"+++ after: image {station.registry}/base-builder:latest",
        f"+++ after: {station.override}",
        f"+    image: '{station.registry}/envoy-builder:latest'",
    ):
        assert part in shown, f"`{part}` is not in:\n{shown}"


def the_role_is_one_task_beside_its_include(controller, station):
    velaryon = {**controller.local(), **station.variables()}
    played = controller.play(PLAYBOOK, "--check", velaryon=velaryon).changed(1)
    actions = [task["action"].rpartition(".")[2] for task in played.tasks]
    assert actions == ["validate_argument_spec", "include_tasks", "cross_compile"], actions


@on_the_oldest_core_too
def a_dictionary_given_in_part_keeps_its_other_defaults(controller, station):
    variables = station.variables(containers={"ci_builder": ""})
    variables["envoy_build"] = {"version": "v9.8.7"}
    played = controller.play(PLAYBOOK, "--check", "--diff", velaryon={**controller.local(), **variables}).changed(1)
    named = [image["name"].rpartition("/")[2] for image in played.result["images"]]
    assert named == ["base-builder:latest", "envoy-builder:latest"], named
    override = _override(played)
    for line in ("ENVOY_VERSION: 'v9.8.7'", "MEMORY_ALLOCATOR: 'disabled'", "CREATE_DEB: 'true'"):
        assert line in override, override
    directories = [entry["path"] for entry in played.result["directories"]]
    assert f"{station.base}/artifacts/vault" in directories, directories


def an_edit_of_the_template_counts(controller, station):
    source = (PROJECT / f"roles/{ROLE}/templates/docker-compose.override.yml.j2").read_text()
    edited = source.replace("TERM: xterm-256color", "TERM: vt{{ 200 + 20 }}")
    assert edited != source
    variables = station.variables(override_template="{{ edited }}")
    # Unsafe, so that the controller leaves it to the module to render.
    play = [{
        "hosts": "velaryon",
        "gather_facts": False,
        "vars": {"edited": "{{ lookup('ansible.builtin.file', source, rstrip=false) }}"},
        "roles": [ROLE],
    }]
    path = controller.directory / "edited.j2"
    path.write_text(edited)
    played = controller.play(
        play, "--check", "--diff", velaryon={**controller.local(), **variables, "source": str(path)},
    ).changed(1)
    assert "TERM: vt220" in _override(played), _override(played)


def automatic_pulls_that_are_off_keep_the_image_that_is_there(controller, station):
    variables = {**station.variables(), "build_automation": {"auto_pull_images": False}}
    # With a registry that nobody could reach; the local image alone decides.
    variables["cross_compile"]["registry"] = f"127.0.0.1:1/{station.name}"
    for image in IMAGES:
        station.docker("pull", f"{station.registry}/{image}:latest")
        station.docker("tag", f"{station.registry}/{image}:latest", f"127.0.0.1:1/{station.name}/{image}:latest")
    try:
        played = controller.play(PLAYBOOK, "--check", velaryon={**controller.local(), **variables}).changed(1)
    finally:
        station.docker("image", "rm", *(f"127.0.0.1:1/{station.name}/{image}:latest" for image in IMAGES))
    assert not [action for action in played.result["actions"] if action.startswith("Pulled")], played.result["actions"]


@on_the_oldest_core_too
def the_storage_alone_is_set_up_by_tasks_from(controller, station):
    play = [{
        "hosts": "velaryon",
        "gather_facts": False,
        "tasks": [{
            "name": "Set up the artifact storage.",
            "ansible.builtin.include_role": {"name": ROLE, "tasks_from": "artifacts"},
        }],
    }]
    # Storage asks neither an engine nor a registry nor a git server.
    velaryon = {**controller.ssh(), "cross_compile": {"base_dir": str(station.base), "artifact_categories": ["nomad"]}}
    told = controller.play(play, "--check", velaryon=velaryon).changed(1)
    assert not station.base.exists()
    done = controller.play(play, velaryon=velaryon).changed(1)
    assert done.result["actions"] == told.result["actions"]
    assert "engine" not in done.result and "toolkit" not in done.result, done.result
    assert sorted(path.name for path in (station.base / "artifacts").iterdir()) == ["nomad"]
    assert sorted(path.name for path in station.base.iterdir()) == ["artifacts", "build-cache", "workspace"]
    controller.play(play, velaryon=velaryon).changed(0)


@on_the_oldest_core_too
def what_is_old_is_removed_by_tasks_from(controller, station):
    play = [{
        "hosts": "velaryon",
        "gather_facts": False,
        "tasks": [{
            "name": "Remove old artifacts, caches and images.",
            "ansible.builtin.include_role": {"name": ROLE, "tasks_from": "prune"},
        }],
    }]
    category = station.base / "artifacts/envoy"
    category.mkdir(parents=True)
    old, new = category / "envoy-v1.30.0-arm64", category / "envoy-v1.31.0-arm64"
    for artifact, days in ((old, 20), (new, 10)):
        artifact.write_text(artifact.name)
        moment = time.time() - days * 24 * 60 * 60
        os.utime(artifact, (moment, moment))
    variables = station.variables()
    variables["build_automation"] = {"artifact_retention_days": 15}
    variables["artifact_pruning"] = {"unmanaged": True, "images": False}
    velaryon = {**controller.ssh(), **variables}
    told = controller.play(play, "--check", velaryon=velaryon).changed(1).results("cross_compile_prune")
    assert old.exists()
    done = controller.play(play, velaryon=velaryon).changed(1).results("cross_compile_prune")
    assert done[0]["actions"] == told[0]["actions"] and len(done[0]["actions"]) == 1, (told, done)
    assert new.exists() and not old.exists()
    controller.play(play, velaryon=velaryon).changed(0)


@on_the_oldest_core_too
def no_secret_is_shown_or_left_behind(controller, station):
    git = station.testbed["git"]
    url = f"{git['private_with_userinfo']}/goldentooth/cross-compile-toolkit.git"
    velaryon = {**controller.ssh(), **station.variables(toolkit_repo=url)}
    controller.settings["log_path"] = controller.directory / "log"
    station.make_bare()
    played = controller.play(PLAYBOOK, "-vvv", "--diff", velaryon=velaryon).changed(1)
    again = controller.play(PLAYBOOK, "-vvv", "--check", "--diff", velaryon=velaryon).changed(0)
    velaryon["cross_compile"]["toolkit_version"] = "no-such-branch"
    failed = controller.play(PLAYBOOK, "-vvv", velaryon=velaryon).failed("no-such-branch")
    configuration = (station.checkout / ".git/config").read_text()
    log = (controller.directory / "log").read_text()
    assert "velaryon" in log and "invocation" in log
    secrets = [station.testbed["registry"]["password"], git["password"]]
    pairs = [(station.testbed["registry"]["username"], secrets[0]), (git["username"], secrets[1])]
    for form in [form for secret in secrets for form in _forms(secret)] + [_pair(*pair) for pair in pairs]:
        for what, text in {
            "the play": played.shown, "the second play": again.shown, "the failing play": failed.shown,
            "the results": str(played.tasks + again.tasks + failed.tasks),
            "the log": log, "the checkout's configuration": configuration,
        }.items():
            assert form not in text, f"`{form}` is in {what}"


def _forms(secret):
    quoted = urllib.parse.quote(secret, safe="")
    return {secret, quoted, quoted.lower(), b64encode(secret.encode()).decode().rstrip("=")}


def _pair(user, password):
    return b64encode(f"{user}:{password}".encode()).decode().rstrip("=")


@on_the_oldest_core_too
def a_failing_play_shows_the_cause_and_the_remedy(controller, station):
    velaryon = {**controller.ssh(), **station.variables(toolkit_repo="https://localhost:1/toolkit.git", timeout=2)}
    played = controller.play(PLAYBOOK, velaryon=velaryon).failed("localhost:1")
    message = played.result["msg"]
    for part in ("cannot reach `localhost`", "`https://localhost:1/toolkit.git`", "; check the name, the network"):
        assert part in message, message
    assert played.result["changed"] is False and not station.base.exists(), played.result
    assert "no start of json" not in played.shown.lower() and "MODULE FAILURE" not in played.shown


def requirements_that_fall_short_are_told_all_at_once(controller, station):
    variables = station.variables()
    variables["system_requirements"] = {
        "min_disk_space_gb": 900000, "min_memory_gb": 90000, "min_engine_version": "99.1",
    }
    played = controller.play(PLAYBOOK, velaryon={**controller.ssh(), **variables})
    played.failed("900000", "90000", "99.1")
    assert not station.base.exists()


def the_role_refuses_what_it_does_not_know_before_the_host_is_asked(controller, station):
    velaryon = {**controller.ssh(), **station.variables(colour="blue")}
    played = controller.play(PLAYBOOK, velaryon=velaryon).failed("colour")
    assert not played.results() and not station.base.exists(), played.shown


def _override(played):
    after = [part["after"] for part in played.result["diff"] if "docker-compose.override.yml" in part["after_header"]]
    assert len(after) == 1, played.result["diff"]
    return after[0]
