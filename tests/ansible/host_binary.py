"""The action plugin: which binary a host gets, and how it gets there."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from controller import PROJECT, binary
from cores import on_the_oldest_core_too

PLUGINS = PROJECT / "plugins/action"
CACHE = ".cache/goldentooth.cross_compile"


@on_the_oldest_core_too
def a_task_is_one_command_on_the_host(controller, station):
    _play(controller, station).changed(1)
    again = _play(controller, station, "-vvv").changed(0)
    assert _commands(again) == 1, again.shown
    assert "Using module file" in again.shown, again.shown


@on_the_oldest_core_too
def a_copy_comes_with_the_first_task_and_the_newest_three_stay(controller, station):
    cache = _empty_cache(controller)
    for age in range(5):
        old = cache / f"{age:064x}"
        old.touch()
        os.utime(old, (1000000000 - age,) * 2)
    # What a killed transfer left; no process has that number.
    (cache / ".new.99999999").touch()
    first = _play(controller, station, "-vvv").changed(1)
    assert (_commands(first), first.shown.count("PUT")) == (3, 0), first.shown
    kept = sorted(path.name for path in cache.iterdir())
    assert kept == sorted([f"{0:064x}", f"{1:064x}", _sha256(binary())]), kept
    assert (cache / _sha256(binary())).stat().st_mode & 0o777 == 0o700
    assert (cache / _sha256(binary())).read_bytes() == binary().read_bytes()


def a_copy_that_a_crash_left_empty_is_replaced(controller, station):
    copy = _empty_cache(controller) / _sha256(binary())
    copy.touch(mode=0o700)
    _play(controller, station).changed(1)
    assert copy.read_bytes() == binary().read_bytes()


def a_copy_that_others_could_have_put_there_is_not_run(controller, station):
    for spoil in (lambda cache: cache.chmod(0o777), lambda cache: os.chown(cache, 65534, 65534)):
        cache = _empty_cache(controller)
        trap, trodden = cache / _sha256(binary()), controller.directory / "trodden"
        trap.write_text(f"#!/bin/sh\ntouch {trodden}\n")
        trap.chmod(0o755)
        spoil(cache)
        _play(controller, station, "-vvv")
        assert not trodden.exists()
        # It is transferred as Ansible does it, and converges.
        _play(controller, station).changed(0)
        assert trap.read_text().startswith("#!/bin/sh")
        shutil.rmtree(cache)
        shutil.rmtree(station.base)


@on_the_oldest_core_too
def a_user_that_a_task_becomes_has_a_copy_of_its_own(controller, station):
    with _nobodys_home() as home:
        become = {"become": True, "become_user": "nobody", "become_flags": f"-S -n HOME={home}"}
        options = {"base_dir": f"{home}/base", "builder_uid": 65534, "builder_gid": 65534}
        _play(controller, station, options=options, task=become).changed(1)
        copy = Path(home, CACHE, _sha256(binary()))
        assert copy.stat().st_uid == 65534
        again = _play(controller, station, "-vvv", options=options, task=become).changed(0)
        assert _commands(again) == 1, again.shown


@on_the_oldest_core_too
def a_user_without_a_home_is_served_as_ansible_does_it(controller, station):
    with _nobodys_home() as home:
        options = {"base_dir": f"{home}/base", "builder_uid": 65534, "builder_gid": 65534}
        become = {"become": True, "become_user": "nobody"}
        _play(controller, station, options=options, task=become).changed(1)
        _play(controller, station, options=options, task=become).changed(0)


@on_the_oldest_core_too
def an_unknown_architecture_is_told_with_those_that_are_known(controller, station):
    for way in ({}, {"ansible_pipelining": False, "ansible_become": True, "ansible_become_method": "su"}):
        host = {**_calling_itself(controller, "Linux armv7l"), **way}
        # Root does not become root.
        host.update({"ansible_become_user": "nobody", "ansible_become_flags": "-s /bin/sh"} if way else {})
        failed = _play(controller, station, velaryon=host).failed("the host is `Linux armv7l`")
        assert "it runs on Linux x86_64, Linux aarch64" in failed.result["msg"], failed.result
        assert "format error" not in failed.shown and not station.base.exists()


def the_architecture_is_that_of_the_host_that_a_task_is_delegated_to(controller, station):
    foreign = _calling_itself(controller, "FreeBSD amd64")
    hosts = {"corlys": foreign, "velaryon": controller.ssh()}
    _play(controller, station, task={"delegate_to": "velaryon"}, hosts="corlys", **hosts).changed(1, host="corlys")
    _play(controller, station, task={"delegate_to": "corlys"}, **hosts).failed("the host is `FreeBSD amd64`")


@on_the_oldest_core_too
def a_checkout_that_is_not_built_is_told_how_to_build(controller, station):
    checkout = controller.directory / "checkout"
    shutil.copytree(PLUGINS, checkout / "plugins/action")
    (checkout / "Cargo.toml").touch()
    (checkout / "library").mkdir()
    controller.settings.update(action_plugins=checkout / "plugins/action", library=checkout / "library")
    for machine, target in {f"Linux {os.uname().machine}": "build", f"Linux {_other_architecture()}": "dist"}.items():
        failed = _play(controller, station, velaryon=_calling_itself(controller, machine), plugin=False)
        message = failed.failed().result["msg"]
        assert f"`{machine}`, is not here; run `make {target}` in `{checkout}`" in message, message


@on_the_oldest_core_too
def a_binary_is_known_by_what_it_is_and_not_by_its_name(controller, station):
    checkout = controller.directory / "checkout"
    shutil.copytree(PLUGINS, checkout / "plugins/action")
    (checkout / "binaries").mkdir()
    (checkout / "library").mkdir()
    # The names are exchanged; one is no program at all.
    (checkout / f"binaries/cross_compile.{_other_architecture()}").symlink_to(binary())
    (checkout / f"binaries/cross_compile.{os.uname().machine}").write_text("#!/bin/sh\nexit 1\n")
    controller.settings.update(action_plugins=checkout / "plugins/action", library=checkout / "library")
    _play(controller, station, plugin=False).changed(1)
    other = _calling_itself(controller, f"Linux {_other_architecture()}")
    _play(controller, station, velaryon=other, plugin=False).failed("install the role or the collection again")


@on_the_oldest_core_too
def a_temporary_directory_that_lets_no_program_run_is_named(controller, station):
    remote = controller.directory / "noexec"
    remote.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "noexec", "tmpfs", remote], check=True)
    try:
        host = {**controller.local(), "ansible_remote_tmp": str(remote / "tmp")}
        # Where nothing is transferred, it does not matter.
        _play(controller, station, velaryon=host).changed(1)
        controller.settings["keep_remote_files"] = "true"
        failed = _play(controller, station, velaryon=host).failed(f"`{remote}/tmp`", "noexec", "ansible_remote_tmp")
        assert "ermission denied" not in failed.shown, failed.shown
    finally:
        subprocess.run(["umount", remote], check=True)


@on_the_oldest_core_too
def what_a_host_returns_is_no_template(controller, station):
    path = controller.directory / "base"
    path.write_text(f"{station.base}/{{{{ 7 * 7 }}}}")
    read = f"{{{{ lookup('ansible.builtin.file', '{path}') }}}}"
    tasks = [
        {"cross_compile": {"resources": ["directories"], "base_dir": read}, "register": "converged"},
        {"ansible.builtin.debug": {"msg": "{{ converged.directories[0].path }}"}},
    ]
    controller.settings["action_plugins"] = PLUGINS
    play = [{"hosts": "velaryon", "gather_facts": False, "tasks": tasks}]
    played = controller.play(play, velaryon=controller.ssh()).changed(1)
    assert played.results("ansible.builtin.debug")[0]["msg"] == path.read_text(), played.shown


def _play(controller, station, *options, velaryon=None, plugin=True, hosts="velaryon", task=None, **more):
    arguments = {"resources": ["directories"], "base_dir": str(station.base), **more.pop("options", {})}
    if plugin:
        controller.settings["action_plugins"] = PLUGINS
    tasks = [{"cross_compile": arguments, **(task or {})}]
    play = [{"hosts": hosts, "gather_facts": False, "tasks": tasks}]
    return controller.play(play, *options, **{"velaryon": velaryon or _with_a_home(controller), **more})


def _commands(played):
    """Returns how many commands ran on the host."""
    return played.shown.count("SSH: EXEC")


def _with_a_home(controller):
    """Returns the testbed's host, with a home for this test alone: others use the testbed's at the same time."""
    home = controller.directory / "session"
    home.mkdir(exist_ok=True)
    theirs = controller.testbed["ssh"]["session_home"]
    return _with_programs(controller, "home", shell=f"""
        # Who becomes another user has that one's.
        if [ "$HOME" = '{theirs}' ]; then export HOME='{home}'; fi
        exec /bin/sh "$@"
    """)


def _calling_itself(controller, machine):
    """Returns a host like the testbed's, where `uname` tells something else."""
    return _with_programs(
        controller, machine, uname=f"echo '{machine}'", shell='PATH=${0%/*}:$PATH exec /bin/sh "$@"',
    )


def _with_programs(controller, name, **programs):
    """Returns the testbed's host with a shell of its own, and other programs beside it."""
    directory = controller.directory / name.replace(" ", "-")
    directory.mkdir(exist_ok=True)
    for program, lines in programs.items():
        (directory / program).write_text(f"#!/bin/sh\n{lines}\n")
        (directory / program).chmod(0o755)
    return {**controller.ssh(), "ansible_shell_executable": str(directory / "shell")}


def _other_architecture():
    return "aarch64" if os.uname().machine == "x86_64" else "x86_64"


def _empty_cache(controller):
    cache = controller.directory / "session" / CACHE
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir(mode=0o700, parents=True)
    return cache


@contextmanager
def _nobodys_home():
    home = tempfile.mkdtemp(prefix="cross-compile-")
    try:
        os.chown(home, 65534, 65534)
        yield home
    finally:
        shutil.rmtree(home)


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
