"""Assembles what is shipped, in target/dist: the collection, the classic role, and their checksums.

    target/checkers/bin/python dist DIRECTORY      DIRECTORY holds the binaries, cross_compile.<architecture>

`scripts/dist` runs it. It builds nothing; the same checkout and binaries make the same bytes.
"""

import hashlib
import shutil
import sys
from pathlib import Path

import collection
import role
from layout import ARCHITECTURES, OUTPUT, modules


def main(binaries):
    missing = [name for name in ARCHITECTURES.values() if not (binaries / name).is_file()]
    if missing:
        sys.exit(f"dist: {binaries} has no {', '.join(missing)}; `make dist` builds them")
    if not modules():
        sys.exit("dist: library holds no documentation of a module, library/<module>.yaml")
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    archives = [collection.assemble(binaries), role.assemble(binaries)]
    lines = [f"{hashlib.sha256(archive.read_bytes()).hexdigest()}  {archive.name}\n" for archive in archives]
    (OUTPUT / "SHA256SUMS").write_text("".join(lines))
    for archive in archives:
        print(f"{archive.relative_to(Path.cwd())}: {archive.stat().st_size // 1000} kB")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
