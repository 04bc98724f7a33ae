"""The Ansibles that the tests run under: the one of the set-up, and the oldest that is supported."""

import subprocess
from pathlib import Path

from controller import PROJECT

CURRENT = "core 2.19"
OLDEST = "core 2.15"
REQUIREMENT = "ansible-core==2.15.*"
# The Pythons that the oldest core's controller runs on, the system's first.
PYTHONS = ("/usr/bin/python3", "python3.11", "python3.10", "python3.9")
SUPPORTED = ((3, 9), (3, 11))


def on_every_core(test):
    """Marks a test that matters for the oldest core too."""
    test.on_every_core = True
    return test


def environments():
    """Returns each core and where its programs are; the oldest one's are installed when they are asked for."""
    return [(CURRENT, PROJECT / "target/ansible/bin"), (OLDEST, oldest)]


def oldest():
    directory = PROJECT / "target/ansible-2.15"
    holds = directory / ".holds"
    if not holds.exists() or holds.read_text() != REQUIREMENT:
        python = next((python for python in PYTHONS if supported(python)), None)
        assert python, "no Python from 3.9 to 3.11 is here, which ansible-core 2.15 needs"
        run([python, "-m", "venv", "--clear", directory])
        run([directory / "bin/pip", "install", "--quiet", "--disable-pip-version-check", REQUIREMENT])
        holds.write_text(REQUIREMENT)
    return directory / "bin"


def supported(python):
    tell = "import sys, ensurepip; print(*sys.version_info[:2])"
    try:
        told = subprocess.run([python, "-c", tell], capture_output=True, text=True)
    except FileNotFoundError:
        return False
    return told.returncode == 0 and SUPPORTED[0] <= tuple(map(int, told.stdout.split())) <= SUPPORTED[1]


def run(command: list[str | Path]):
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert ran.returncode == 0, f"{command} failed:\n{ran.stdout}"
