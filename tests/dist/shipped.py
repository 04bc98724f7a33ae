"""Names what is shipped, and where these tests work; it reads the project's own description, and changes nothing."""

import re
import shutil
import subprocess
import tarfile

from controller import PROJECT

OUTPUT = PROJECT / "target/dist"
WORK = PROJECT / "target/dist-tests"
CHECKERS = PROJECT / "target/checkers/bin"

GALAXY = (PROJECT / "galaxy.yml").read_text()
VERSION = re.search(r"^version: (.+)$", GALAXY, re.MULTILINE).group(1)
COLLECTION = "goldentooth.cross_compile"
ROLE = "goldentooth.setup_cross_compilation"
COLLECTION_ARCHIVE = OUTPUT / f"goldentooth-cross_compile-{VERSION}.tar.gz"
ROLE_ARCHIVE = OUTPUT / f"{ROLE}-{VERSION}.tar.gz"
MODULES = sorted(path.stem for path in (PROJECT / "library").glob("*.yaml"))


def directory(name):
    """Returns an empty directory of that name."""
    path = WORK / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def unpacked(archive, name):
    """Returns a directory with what is in the archive."""
    path = directory(name)
    with tarfile.open(archive) as packed:
        packed.extractall(path)
    return path


def run(command, **more):
    """Returns what a command printed; it has to succeed."""
    words = [str(word) for word in command]
    ran = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1200, **more)
    assert ran.returncode == 0, f"`{' '.join(words)}` ended with status {ran.returncode}:\n{ran.stdout}"
    return ran.stdout
