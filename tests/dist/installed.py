"""The collection and the classic role as a user installs them, on each core."""

import json
from pathlib import Path

from controller import Controller
from cores import on_the_oldest_core_too
from shipped import COLLECTION, COLLECTION_ARCHIVE, MODULES, ROLE, ROLE_ARCHIVE, run
from station import Station, images_of

FULL_ROLE = f"{COLLECTION}.setup_cross_compilation"
FULL_MODULE = f"{COLLECTION}.cross_compile"


def on(core, test):
    """Runs one test with an Ansible that knows nothing of the checkout."""
    with Controller(core.programs(), f"dist {core}/{test.__name__}") as controller:
        nothing = controller.directory / "nothing"
        nothing.mkdir()
        controller.settings.update(library=nothing, roles_path=nothing, collections_path=nothing)
        station = Station(controller, images_of(core))
        try:
            test(controller, station)
        finally:
            station.make_bare()


on.is_test = False


@on_the_oldest_core_too
def the_collection_verifies_and_all_of_it_runs_by_full_name(controller, station):
    collections = _install_collection(controller)
    said = _galaxy(controller, "collection", "verify", "--offline", COLLECTION, "-p", collections)
    assert "Successfully verified that checksums" in said and "odified" not in said, said
    velaryon = {**controller.ssh(), **station.variables()}
    play = [{"hosts": "velaryon", "gather_facts": False, "roles": [FULL_ROLE]}]
    controller.play(play, "--check", velaryon=velaryon).changed(1)
    assert not station.base.exists()
    controller.play(play, velaryon=velaryon).changed(1)
    # The playbook of the collection, and the module ad hoc, agree.
    again = controller.play(FULL_ROLE, "-vvv", velaryon=velaryon).changed(0)
    assert again.shown.count("SSH: EXEC") == 1, again.shown
    adhoc = controller.ad_hoc(station.arguments(), module=FULL_MODULE, velaryon=velaryon).succeeded()
    assert adhoc.results(FULL_MODULE)[0]["changed"] is False, adhoc.shown


@on_the_oldest_core_too
def options_of_the_action_group_hold_for_the_module(controller, station):
    _install_collection(controller)
    play = [{
        "hosts": "velaryon",
        "gather_facts": False,
        "module_defaults": {f"group/{COLLECTION}.cross_compile": {"base_dir": str(station.base)}},
        "tasks": [{FULL_MODULE: {"resources": ["directories"]}}],
    }]
    controller.play(play, velaryon=controller.ssh()).changed(1)
    assert (station.base / "artifacts/envoy").is_dir()


@on_the_oldest_core_too
def the_documentation_of_the_collection_is_found(controller, station):
    collections = _install_collection(controller)
    controller.settings["collections_path"] = collections
    for module in MODULES:
        told = json.loads(_doc(controller, "-j", f"{COLLECTION}.{module}"))[f"{COLLECTION}.{module}"]
        assert told["doc"]["options"] and told["return"], told
        assert f"{COLLECTION}.{module}:" in told["examples"], told["examples"]
        assert f"{COLLECTION}.{module}" in _doc(controller, "-l", COLLECTION)
        assert "OPTIONS" in _doc(controller, f"{COLLECTION}.{module}")
    assert "toolkit_repo" in _doc(controller, "-t", "role", FULL_ROLE)


@on_the_oldest_core_too
def the_classic_role_installs_from_a_requirements_file(controller, station):
    requirements = controller.directory / "requirements.yml"
    requirements.write_text(f"roles:\n  - name: '{ROLE}'\n    src: 'file://{ROLE_ARCHIVE}'\n")
    _plays_as_a_classic_role(controller, station, "-r", requirements)


@on_the_oldest_core_too
def the_classic_role_installs_from_a_file(controller, station):
    _plays_as_a_classic_role(controller, station, f"{ROLE_ARCHIVE},,{ROLE}")


def _plays_as_a_classic_role(controller, station, *source):
    roles = controller.directory / "roles"
    _galaxy(controller, "role", "install", "-p", roles, *source)
    controller.settings["roles_path"] = roles
    velaryon = {**controller.ssh(), **station.variables()}
    play = [{"hosts": "velaryon", "gather_facts": False, "roles": [ROLE]}]
    controller.play(play, velaryon=velaryon).changed(1)
    again = controller.play(play, "-vvv", velaryon=velaryon).changed(0)
    assert again.shown.count("SSH: EXEC") == 1, again.shown
    assert f"Using module file {roles / ROLE}/library/cross_compile" in again.shown, again.shown


def _install_collection(controller):
    collections = controller.directory / "collections"
    _galaxy(controller, "collection", "install", "--offline", COLLECTION_ARCHIVE, "-p", collections)
    controller.settings["collections_path"] = collections
    return collections


def _galaxy(controller, *words):
    return run([controller.programs / "ansible-galaxy", *words], env=_environment(controller), cwd=controller.directory)


def _doc(controller, *words):
    """Returns what `ansible-doc` says, and makes sure that it warns of nothing."""
    said = run([controller.programs / "ansible-doc", *words], env=_environment(controller), cwd=controller.directory)
    for word in ("WARNING", "ERROR"):
        assert word not in said, said
    return said


def _environment(controller):
    configuration = Path(controller.directory, "ansible.cfg")
    configuration.write_text(controller._configuration())
    return {
        "PATH": "/usr/bin:/bin", "HOME": str(controller.directory / "home"), "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(configuration),
    }
