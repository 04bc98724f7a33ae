"""A host with a shell and an engine's socket, and nothing else: no Python, no git, no docker, no library."""

import os
import shutil
from pathlib import Path

from controller import PLAYBOOK

BUSYBOX = Path("/bin/busybox")
# What Ansible itself asks of a host to bring a binary there and start it.
COMMANDS = ("sh", "mkdir", "chmod", "rm", "echo", "cat", "dd", "sleep", "id", "ls")


def a_host_with_nothing_but_a_shell_is_set_up(controller, station):
    root = controller.directory / "root"
    _make_root(root, station)
    velaryon = {
        **station.variables(base_dir="/opt/goldentooth", ca_bundle="/etc/ca.crt"),
        "ansible_connection": "community.general.chroot",
        "ansible_host": str(root),
        "ansible_remote_tmp": "/tmp/ansible",
        "ansible_python_interpreter": "/nonexistent/python",
    }
    # The socket is where every engine has it.
    del velaryon["cross_compile"]["docker_host"]
    station.make_bare()
    told = controller.play(PLAYBOOK, "--check", velaryon=velaryon).changed(1)
    assert not (root / "opt").exists()
    done = controller.play(PLAYBOOK, velaryon=velaryon).changed(1)
    assert done.result["actions"] == told.result["actions"]
    assert (root / "opt/goldentooth/workspace/cross-compile-toolkit/docker-compose.override.yml").is_file()
    assert done.result["engine"]["socket"] == "/var/run/docker.sock", done.result["engine"]
    controller.play(PLAYBOOK, "--check", velaryon=velaryon).changed(0)
    controller.play(PLAYBOOK, velaryon=velaryon).changed(0)
    # Nothing was brought there to help.
    assert sorted(os.listdir(root / "bin")) == sorted(["busybox", *COMMANDS])


def _make_root(root, station):
    for directory in ("bin", "etc", "tmp", "proc", "dev", "var/run"):
        (root / directory).mkdir(parents=True)
    shutil.copy(BUSYBOX, root / "bin/busybox")
    for command in COMMANDS:
        (root / "bin" / command).symlink_to("busybox")
    shutil.copy(station.testbed["ca"], root / "etc/ca.crt")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
    (root / "etc/passwd").write_text("root:x:0:0:root:/:/bin/sh\n")
    # The same socket under another name; both lie below target/.
    os.link(station.testbed["engine"]["socket"], root / "var/run/docker.sock")
    # What the kernel tells of the machine, as it was when the root was made: a mount would outlive a test.
    for name in ("meminfo", "cpuinfo", "stat"):
        (root / "proc" / name).write_text(Path("/proc", name).read_text())
