"""Assembles the classic role: the repository's role with its module, both binaries and the action plugin inside."""

import shutil

from archive import pack
from layout import ACTION, ARCHITECTURES, CLASSIC_ROLE, FIRST, LICENCES, OUTPUT, PROJECT, VERSION, modules


def assemble(binaries):
    """Returns the archive."""
    staging = OUTPUT / CLASSIC_ROLE
    shutil.copytree(PROJECT / "roles" / CLASSIC_ROLE, staging, ignore=shutil.ignore_patterns("action_plugins"))
    for licence in LICENCES:
        shutil.copy(PROJECT / licence, staging)
    for directory in ("action_plugins", "binaries", "library"):
        (staging / directory).mkdir()
    for architecture, name in ARCHITECTURES.items():
        # The first is the module itself; the action plugin looks at both places.
        target = "library/cross_compile" if architecture == FIRST else f"binaries/{name}"
        shutil.copy(binaries / name, staging / target)
    shutil.copy(PROJECT / "plugins/action" / ACTION, staging / "action_plugins" / ACTION)
    for module in modules():
        shutil.copy(PROJECT / f"library/{module}.yaml", staging / "library")
        for link, target in (
            (staging / "library" / module, "cross_compile"), (staging / f"action_plugins/{module}.py", ACTION),
        ):
            if not link.exists():
                link.symlink_to(target)
    archive = OUTPUT / f"{CLASSIC_ROLE}-{VERSION}.tar.gz"
    pack(staging, archive, f"{CLASSIC_ROLE}/")
    return archive
