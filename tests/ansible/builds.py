"""Builds by the role: the playbook that builds Envoy, and the base image's own test."""

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


def variables(station):
    """Returns the role's variables, with the builders that really compile."""
    return station.variables(registry=station.testbed["registry"]["compilers"])


def only(played):
    results = played.results(MODULE)
    assert len(results) == 1, f"{len(results)} results of {MODULE}:\n{played.shown}"
    return results[0]
