"""A password for what a task becomes, given by the action plugin's single command, which has its own input to send."""

import io
import subprocess
import tarfile
from contextlib import contextmanager

from bare_host import BUSYBOX
from cores import on_the_oldest_core_too

PASSWORD = 'sea "snake'
# Lets out what the program prints only a while after that began, as a busy machine would: what a connection reads
# together with the first line, that `become` succeeded, it may drop.
SUDO = """#!/bin/sh
while :; do
    case $1 in
        -p) prompt=$2; shift 2 ;;
        -u) shift 2 ;;
        -*) shift ;;
        *) break ;;
    esac
done
%s
"$@" | (sleep 1 && exec cat)
"""
ASK = f"""
printf %s "$prompt" >&2
read -r password
: >"${{0%/*}}/asked"
[ "$password" = '{PASSWORD}' ] || exit 1
"""
# What the container has besides; the shell's own commands do not count.
COMMANDS = ("sh", "cat", "chmod", "id", "ls", "mkdir", "mv", "rm", "sha256sum", "sleep", "sync", "tail", "uname")
PASSWD = "root:x:0:0:root:/root:/bin/sh\n"


@on_the_oldest_core_too
def a_password_is_given_to_who_asks_for_it_here(controller, station):
    _become(controller)
    velaryon = {**controller.local(), **_sudo(controller, asks=True)}
    _each_item_is_run_once(controller, station.base, velaryon)
    assert (controller.directory / "asked").exists()
    refused = _play(controller, f"{station.base}/refused", {**velaryon, "ansible_become_password": "high-tide"})
    refused.failed()
    assert not (station.base / "refused").exists()


@on_the_oldest_core_too
def a_password_that_nobody_asks_for_here_does_not_matter(controller, station):
    _become(controller)
    _each_item_is_run_once(controller, station.base, {**controller.local(), **_sudo(controller, asks=False)})


def a_password_that_nobody_asks_for_in_a_container_does_not_matter(controller, station):
    _become(controller)
    with _container(station, "unasked", _programs(asks=False)) as velaryon:
        if velaryon:
            _each_item_is_run_once(controller, "/srv", velaryon)


def a_password_is_given_to_who_asks_for_it_in_a_container(controller, station):
    _become(controller)
    with _container(station, "asked", _programs(asks=True)) as velaryon:
        if velaryon:
            _each_item_is_run_once(controller, "/srv", velaryon)
            assert "asked" in station.docker("exec", velaryon["ansible_host"], "ls", "/bin")


def _each_item_is_run_once(controller, base, velaryon):
    """Asserts it by what each is told: who runs a second time finds everything done."""
    bases = [f"{base}/{name}" for name in ("driftmark", "high-tide", "spicetown")]
    played = _play(controller, "{{ item }}", velaryon, "-vvv", loop=bases).changed(1)
    assert [result["changed"] for result in played.results()] == [True] * len(bases), played.shown
    assert "transferred to a temporary directory" not in played.shown, played.shown


def _play(controller, base, velaryon, *options, **task):
    task = {"cross_compile": {"resources": ["directories"], "base_dir": base}, **task}
    play = [{"hosts": "velaryon", "gather_facts": False, "tasks": [task]}]
    return controller.play(play, *options, velaryon=velaryon)


def _become(controller):
    # Who is root already becomes root all the same.
    controller.environment["ANSIBLE_BECOME_ALLOW_SAME_USER"] = "true"


def _sudo(controller, asks):
    program = controller.directory / "sudo"
    program.write_text(_text(asks))
    program.chmod(0o755)
    return _becoming(program)


def _text(asks):
    return SUDO % (ASK if asks else "")


def _becoming(program):
    return {
        "ansible_become": True,
        "ansible_become_exe": str(program),
        "ansible_become_password": PASSWORD,
    }


def _programs(asks):
    """Returns an archive of a system that has a shell and that `sudo`."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as packed:
        for directory in ("bin", "etc", "root", "srv", "tmp"):
            _add(packed, directory, type=tarfile.DIRTYPE, mode=0o755)
        for command in COMMANDS:
            _add(packed, f"bin/{command}", type=tarfile.SYMTYPE, linkname="busybox")
        _add(packed, "bin/busybox", BUSYBOX.read_bytes(), mode=0o755)
        _add(packed, "bin/sudo", _text(asks).encode(), mode=0o755)
        _add(packed, "etc/passwd", PASSWD.encode(), mode=0o644)
    return archive.getvalue()


def _add(packed, name, content=b"", **more):
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    for attribute, value in more.items():
        setattr(entry, attribute, value)
    packed.addfile(entry, io.BytesIO(content))


@contextmanager
def _container(station, name, programs):
    """Returns the variables of a container that runs meanwhile, as a connection of Docker's reaches it.

    Nothing where the engine runs in a chroot: the kernel has no other root for `docker exec` there than the machine's own,
    which is nothing to play on.
    """
    # Of its own for each test: an engine that is busy may fail to remove another's in time.
    docker = ["docker", "--host", station.testbed["engine"]["docker_host"]]
    container, image = f"{station.name}-{name}", f"{station.name}:{name}"
    subprocess.run([*docker, "import", "-", image], input=programs, capture_output=True, check=True)
    station.docker("rm", "--force", container)
    run = ["run", "--detach", "--name", container, "--network", "none", image, "sleep", "3600"]
    subprocess.run([*docker, *run], capture_output=True, check=True)
    try:
        inside = station.docker("exec", container, "/bin/busybox", "cat", "/etc/passwd") == PASSWD
        if not inside:
            print("skipped: `docker exec` leads out of the container, as it does in a chroot", flush=True)
        yield inside and {
            "ansible_connection": "community.docker.docker",
            "ansible_host": container,
            "ansible_docker_extra_args": " ".join(docker[1:]),
            **_becoming("/bin/sudo"),
        }
    finally:
        station.docker("rm", "--force", container)
        station.docker("image", "rm", "--force", image)
