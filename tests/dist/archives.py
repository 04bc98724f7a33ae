"""What is in the archives, and that the same sources make the same ones."""

import hashlib
import os
import re
import tarfile

from controller import PROJECT
from shipped import COLLECTION_ARCHIVE, GALAXY, MODULES, OUTPUT, ROLE, ROLE_ARCHIVE, VERSION, run, unpacked

LIMIT = 20 * 1000 * 1000


def the_same_sources_make_the_same_bytes():
    first = _checksums()
    # Another umask, another order of the files on the disk, and another time.
    run(["sh", "-c", "umask 077 && exec scripts/dist archives"], cwd=PROJECT)
    assert _checksums() == first
    assert {name for name in first} == {COLLECTION_ARCHIVE.name, ROLE_ARCHIVE.name}
    for name, checksum in first.items():
        assert hashlib.sha256((OUTPUT / name).read_bytes()).hexdigest() == checksum, name


def _checksums():
    lines = (OUTPUT / "SHA256SUMS").read_text().splitlines()
    return {name: checksum for checksum, name in (line.split() for line in lines)}


def galaxy_takes_archives_of_that_size():
    for archive in (COLLECTION_ARCHIVE, ROLE_ARCHIVE):
        assert archive.stat().st_size < LIMIT, f"{archive.name}: {archive.stat().st_size}"


def both_hold_a_binary_for_each_architecture_and_each_modules_name():
    tree = unpacked(COLLECTION_ARCHIVE, "collection")
    role = unpacked(ROLE_ARCHIVE, "role") / ROLE
    assert MODULES
    for path, machine in {
        tree / "binaries/cross_compile.x86_64": 62, tree / "binaries/cross_compile.aarch64": 183,
        role / "library/cross_compile": 62, role / "binaries/cross_compile.aarch64": 183,
    }.items():
        assert int.from_bytes(path.read_bytes()[18:20], "little") == machine, path
        assert os.access(path, os.X_OK), path
        # No program header asks for an interpreter.
        assert "INTERP" not in run(["readelf", "--program-headers", "--wide", path]), path
    for module in MODULES:
        assert (tree / "plugins/modules" / module).samefile(tree / "binaries/cross_compile.x86_64"), module
        assert (role / "library" / module).samefile(role / "library/cross_compile"), module
        for place in (tree / "plugins/modules", tree / "plugins/action", role / "action_plugins"):
            assert (place / f"{module}.py").is_file(), place


def both_hold_the_text_of_each_licence_that_a_part_names():
    tree = unpacked(COLLECTION_ARCHIVE, "collection")
    role = unpacked(ROLE_ARCHIVE, "role") / ROLE
    texts = {"MIT": ("LICENSE", "MIT License"), "GPL-3.0-or-later": ("COPYING", "GNU GENERAL PUBLIC LICENSE")}
    named = re.search(r"^license:\n((?:  - .+\n)+)", GALAXY, re.MULTILINE).group(1)
    assert sorted(re.findall(r"  - (.+)", named)) == sorted(texts), named
    for place in (tree, role):
        for file, title in texts.values():
            assert (place / file).read_text().lstrip().startswith(title), f"{place}/{file}"


def nothing_of_the_build_or_of_this_machine_comes_along():
    for archive in (COLLECTION_ARCHIVE, ROLE_ARCHIVE):
        with tarfile.open(archive) as packed:
            for member in packed:
                assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", ""), member.name
                name = member.name.removeprefix(f"{ROLE}/")
                assert not name.startswith(("target", "src", "tests/ansible", ".git")), name
                assert "__pycache__" not in name and not os.path.isabs(member.linkname), name
                if member.isfile():
                    content = packed.extractfile(member).read()
                    assert str(PROJECT).encode() not in content, name


def every_link_of_the_documents_leads_somewhere():
    tree = unpacked(COLLECTION_ARCHIVE, "collection")
    links = 0
    for path in tree.rglob("*.md"):
        for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
            if "://" in target:
                continue
            links += 1
            file, _hash, anchor = target.partition("#")
            place = path.parent / file if file else path
            assert place.exists(), f"{path}: {target}"
            if anchor:
                titles = re.findall(r"^#+ (.*)$", place.read_text(), re.MULTILINE)
                assert anchor in [re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles], target
    assert links > 5


def the_version_is_one():
    cargo = (PROJECT / "Cargo.toml").read_text()
    assert re.search(r'^version = "(.+)"$', cargo, re.MULTILINE).group(1) == VERSION
    changelog = (unpacked(COLLECTION_ARCHIVE, "collection") / "CHANGELOG.rst").read_text()
    assert f"\nv{VERSION}\n" in changelog, changelog


def every_module_is_in_the_action_group():
    runtime = (PROJECT / "meta/runtime.yml").read_text()
    group = runtime.partition("action_groups:\n  cross_compile:\n")[2]
    assert sorted(re.findall(r"^    - (\w+)$", group, re.MULTILINE)) == MODULES
