"""Names what is shipped and where it comes from; it changes nothing."""

import os
import subprocess
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[1]
OUTPUT = PROJECT / "target/dist"

GALAXY = yaml.safe_load((PROJECT / "galaxy.yml").read_text())
NAMESPACE, NAME, VERSION = GALAXY["namespace"], GALAXY["name"], GALAXY["version"]
COLLECTION = f"{NAMESPACE}.{NAME}"

# The classic role, whose name no collection allows, and the same in the collection.
CLASSIC_ROLE = "goldentooth.setup_cross_compilation"
ROLE = CLASSIC_ROLE.partition(".")[2]

ARCHITECTURES = {one: f"cross_compile.{one}" for one in ("x86_64", "aarch64")}
# Galaxy takes one file for a module, and that is for the architecture that most hosts have which build for others.
FIRST = "x86_64"

# The project's, and that of the action plugin and the modules' documentation.
LICENCES = ("LICENSE", "COPYING")

# Links of other modules' names to it.
ACTION = "cross_compile.py"


def modules():
    """Returns the modules' names: each has its documentation in `library`."""
    return sorted(path.stem for path in (PROJECT / "library").glob("*.yaml"))


def epoch():
    """Returns the time of everything that is shipped: the commit's, unless the caller says another."""
    said = os.environ.get("SOURCE_DATE_EPOCH")
    if said:
        return int(said)
    command = ["git", "-C", str(PROJECT), "-c", "safe.directory=*", "log", "-1", "--format=%ct"]
    told = subprocess.run(command, capture_output=True, text=True)
    # An archive of the sources knows no commit.
    return int(told.stdout) if told.returncode == 0 else int((PROJECT / "galaxy.yml").stat().st_mtime)
