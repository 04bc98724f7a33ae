"""What a build leaves in a checkout: the binaries, and the link that is the module."""

import os
import shutil

from controller import PROJECT
from shipped import COLLECTION_ARCHIVE, directory, run, unpacked

OURS = os.uname().machine
OTHER = "aarch64" if OURS == "x86_64" else "x86_64"


def the_module_is_a_link_to_the_binary_for_this_machine():
    checkout = _checkout("linked")
    # As builds left it before it was a link.
    (checkout / "library/cross_compile").write_bytes(b"\x7fELF")
    for architectures in ((OURS,), (OTHER, OURS)):
        _install(checkout, *architectures)
        link = checkout / "library/cross_compile"
        assert os.readlink(link) == f"../binaries/cross_compile.{OURS}"
        assert run([link, "--version"]).startswith("cross_compile ")
        assert _binaries(checkout) == sorted(architectures)


def a_binary_of_other_sources_does_not_stay_beside_a_new_one():
    checkout = _checkout("stale")
    _install(checkout, OURS, OTHER)
    # The same sources again: the other one is theirs, too.
    _install(checkout, OURS)
    assert _binaries(checkout) == sorted([OURS, OTHER])
    with open(_built(checkout, OURS), "ab") as binary:
        binary.write(b"changed")
    _install(checkout, OURS)
    assert _binaries(checkout) == [OURS]
    assert (checkout / f"binaries/cross_compile.{OURS}").read_bytes().endswith(b"changed")


def nothing_that_is_shipped_tells_where_it_was_built():
    checkout = _checkout("path")
    with open(_built(checkout, OURS), "ab") as binary:
        binary.write(f"{checkout}/target/openssl".encode())
    _install(checkout, OURS)
    installed = (checkout / f"binaries/cross_compile.{OURS}").read_bytes()
    assert str(checkout).encode() not in installed and installed.endswith(b"/target/openssl")


def _checkout(name):
    """Returns a checkout in which both binaries were just built."""
    checkout = directory(f"built-{name}")
    for part in ("library", "scripts"):
        (checkout / part).mkdir()
    shutil.copy(PROJECT / "scripts/install-binary", checkout / "scripts")
    binaries = unpacked(COLLECTION_ARCHIVE, "built-of") / "binaries"
    for architecture in (OURS, OTHER):
        built = _built(checkout, architecture)
        built.parent.mkdir(parents=True)
        shutil.copy(binaries / f"cross_compile.{architecture}", built)
    return checkout


def _built(checkout, architecture):
    return checkout / f"target/{architecture}-unknown-linux-musl/release/cross_compile"


def _install(checkout, *architectures):
    run([checkout / "scripts/install-binary", *architectures])


def _binaries(checkout):
    return sorted(path.name.partition(".")[2] for path in (checkout / "binaries").iterdir())
