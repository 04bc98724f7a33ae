"""Assembles the collection: the same role, playbooks and documents under the names that collections want.

It stages the tree at target/dist/ansible_collections, where Ansible's own tools find it, has `ansible-galaxy` build
it there, and packs the result anew, in an order that does not depend on the disk.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from datetime import datetime, timezone
from pathlib import Path

from archive import pack
from documentation import python_file
from layout import (
    ACTION, ARCHITECTURES, CLASSIC_ROLE, COLLECTION, FIRST, GALAXY, LICENCES, NAME, NAMESPACE, OUTPUT, PROJECT, ROLE,
    VERSION, epoch, modules,
)

TREE = OUTPUT / "ansible_collections" / NAMESPACE / NAME
SHIPPED = (
    *LICENCES, "README.md", "changelogs/config.yaml", "changelogs/changelog.yaml", "changelogs/fragments", "docs",
    "galaxy.yml", "meta/runtime.yml", "playbooks",
)
# How the binary is built and tested is the repository's.
NOT_SHIPPED = ("docs/architecture.md",)
PROGRAMS = Path(sys.executable).parent


def assemble(binaries):
    """Returns the archive."""
    stage_texts()
    stage_plugins(binaries)
    write_changelog()
    mend_links()
    return build()


def stage_texts():
    for name in SHIPPED:
        source, target = PROJECT / name, TREE / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    for name in NOT_SHIPPED:
        (TREE / name).unlink()
    role = TREE / "roles" / ROLE
    shutil.copytree(PROJECT / "roles" / CLASSIC_ROLE, role, ignore=shutil.ignore_patterns("action_plugins"))
    for path in [*(TREE / "playbooks").rglob("*.yaml"), *role.rglob("*.md"), *role.rglob("*.y*ml")]:
        rewrite(path, lambda text: text.replace(CLASSIC_ROLE, f"{COLLECTION}.{ROLE}"))


def stage_plugins(binaries):
    for directory in ("binaries", "plugins/action", "plugins/modules"):
        (TREE / directory).mkdir(parents=True)
    for name in ARCHITECTURES.values():
        shutil.copy(binaries / name, TREE / "binaries")
    shutil.copy(PROJECT / "plugins/action" / ACTION, TREE / "plugins/action")
    for module in modules():
        sidecar = (PROJECT / f"library/{module}.yaml").read_text()
        (TREE / f"plugins/modules/{module}.py").write_text(python_file(sidecar, modules()))
        (TREE / "plugins/modules" / module).symlink_to(f"../../binaries/{ARCHITECTURES[FIRST]}")
        if f"{module}.py" != ACTION:
            (TREE / f"plugins/action/{module}.py").symlink_to(ACTION)


def write_changelog():
    """Makes the changelog: of a version that is not released yet, with the fragments that wait for it."""
    date = datetime.fromtimestamp(epoch(), timezone.utc).date().isoformat()
    released = f"\n  {VERSION}:\n" in (TREE / "changelogs/changelog.yaml").read_text()
    step = ["generate"] if released else ["release", "--version", VERSION, "--date", date]
    run([PROGRAMS / "antsibull-changelog", *step], cwd=TREE)
    shutil.rmtree(TREE / "changelogs/fragments")
    (TREE / "changelogs/.plugin-cache.yaml").unlink(missing_ok=True)


def mend_links():
    """Follows the role to its other name, and leads what is not shipped to the repository."""
    for path in TREE.rglob("*.md"):
        def mended(match):
            target, hash_sign, anchor = match.group(1).partition("#")
            target = target.replace(f"roles/{CLASSIC_ROLE}", f"roles/{ROLE}")
            place = Path(os.path.normpath(path.parent / target))
            if "://" not in target and target and not place.exists():
                target = f"{GALAXY['repository']}/blob/v{VERSION}/{place.relative_to(TREE)}"
            return f"]({target}{hash_sign}{anchor})"

        rewrite(path, lambda text: re.sub(r"\]\(([^)\s]+)\)", mended, text))


def build():
    """Has `ansible-galaxy` make the manifest, and puts what it lists into an order of its own."""
    run([PROGRAMS / "ansible-galaxy", "collection", "build", "--output-path", OUTPUT, "--force", TREE], cwd=OUTPUT)
    archive, unpacked = OUTPUT / f"{NAMESPACE}-{NAME}-{VERSION}.tar.gz", OUTPUT / "unpacked"
    with tarfile.open(archive) as built:
        built.extractall(unpacked)
    listed = json.loads((unpacked / "FILES.json").read_text())
    listed["files"].sort(key=lambda entry: entry["name"])
    text = json.dumps(listed, indent=True)
    (unpacked / "FILES.json").write_text(text)
    manifest = json.loads((unpacked / "MANIFEST.json").read_text())
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(text.encode()).hexdigest()
    (unpacked / "MANIFEST.json").write_text(json.dumps(manifest, indent=True))
    pack(unpacked, archive)
    shutil.rmtree(unpacked)
    return archive


def rewrite(path, change):
    text = path.read_text()
    path.write_text(change(text))


def run(command, cwd):
    # Nothing of the caller's own Ansible counts, and nothing is written to its home.
    environment = {
        "PATH": f"{PROGRAMS}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "ANSIBLE_HOME": str(OUTPUT / ".ansible"),
        "ANSIBLE_CONFIG": str(OUTPUT / "ansible.cfg"),
    }
    (OUTPUT / "ansible.cfg").touch()
    words = [str(word) for word in command]
    ran = subprocess.run(words, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if ran.returncode:
        sys.exit(f"dist: `{' '.join(words)}` failed:\n{ran.stdout}")
