"""Makes image layers, the same bytes for the same input on every machine.

A layer is a list of entries; times, owners and order are fixed, and so is the compression.
"""

import gzip
import io
import random
import tarfile
from dataclasses import dataclass

from registry_client import digest


@dataclass(frozen=True)
class Entry:
    """A file (`content`), a link (`target`) or, with neither, a directory."""

    path: str
    content: bytes | None = None
    target: str | None = None
    mode: int = 0o755
    owner: int = 0


@dataclass(frozen=True)
class Layer:
    """What the registry holds, and the digest of its plain form, which the image's configuration names."""

    blob: bytes
    diff_id: str


def layer(entries):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for entry in entries:
            member = tarfile.TarInfo(entry.path)
            member.mode, member.uid, member.gid = entry.mode, entry.owner, entry.owner
            if entry.content is not None:
                member.size = len(entry.content)
                archive.addfile(member, io.BytesIO(entry.content))
            else:
                member.type = tarfile.DIRTYPE if entry.target is None else tarfile.SYMTYPE
                member.linkname = entry.target or ""
                archive.addfile(member)
    return Layer(gzip.compress(plain.getvalue(), compresslevel=1, mtime=0), digest(plain.getvalue()))


def made_up(seed, number, size_kb):
    """Returns a layer of `size_kb` kilobytes that do not compress, decided by `seed` and `number` alone."""
    content = random.Random(f"{seed}/{number}").randbytes(size_kb * 1024)
    return layer([Entry("layers"), Entry(f"layers/{seed}-{number}", content, mode=0o644)])
