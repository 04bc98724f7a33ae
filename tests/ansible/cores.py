"""The Ansibles that the tests run under: the one of the set-up, the oldest that is supported, those between."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from controller import PROJECT

PYTHONS = ("/usr/bin/python3", "python3.13", "python3.12", "python3.11", "python3.10", "python3.9")


@dataclass(frozen=True)
class Core:
    """One ansible-core, the Pythons that its controller runs on, and which tests matter for it."""

    version: str
    pythons: tuple = ()
    mark: str | None = None

    def __str__(self):
        return f"core {self.version}"

    def runs(self, test):
        return self.mark is None or self.mark in getattr(test, "marks", ())

    def programs(self):
        """Returns the directory of its programs; all but the set-up's own are installed when they are asked for."""
        if self.mark is None:
            return PROJECT / "target/ansible/bin"
        directory = PROJECT / f"target/ansible-{self.version}"
        requirement = f"ansible-core=={self.version}.*"
        holds = directory / ".holds"
        if not holds.exists() or holds.read_text() != requirement:
            oldest, newest = self.pythons
            python = next((python for python in PYTHONS if oldest <= _version(python) <= newest), None)
            assert python, f"ansible-core {self.version} needs a Python from {_dotted(oldest)} to {_dotted(newest)}"
            _run([python, "-m", "venv", "--clear", directory])
            _run([directory / "bin/pip", "install", "--quiet", "--disable-pip-version-check", requirement])
            holds.write_text(requirement)
        return directory / "bin"


CORES = (
    Core("2.19"),
    Core("2.15", ((3, 9), (3, 11)), "oldest"),
    Core("2.16", ((3, 10), (3, 12)), "essential"),
    Core("2.17", ((3, 10), (3, 12)), "essential"),
    Core("2.18", ((3, 11), (3, 13)), "essential"),
)


def on_the_oldest_core_too(test):
    """Marks a test that matters for the oldest core, beside the newest."""
    test.marks = ("oldest",)
    return test


def essential(test):
    """Marks a test that matters for every core."""
    test.marks = ("oldest", "essential")
    return test


def _version(python):
    tell = "import sys, ensurepip; print(*sys.version_info[:2])"
    try:
        told = subprocess.run([python, "-c", tell], capture_output=True, text=True)
    except FileNotFoundError:
        return ()
    return tuple(map(int, told.stdout.split()))


def _dotted(version):
    return ".".join(map(str, version))


def _run(command: list[str | Path]):
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert ran.returncode == 0, f"{command} failed:\n{ran.stdout}"
