"""Packs a directory so that the same contents make the same bytes, whoever packs them and when."""

import gzip
import stat
import tarfile

from layout import epoch


def pack(directory, destination, prefix=""):
    """Writes every file and link of `directory` to the archive `destination`, below `prefix`."""
    with open(destination, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as compressed:
        with tarfile.open(fileobj=compressed, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for path in sorted(directory.rglob("*")):
                entry = archive.gettarinfo(path, f"{prefix}{path.relative_to(directory)}")
                entry.uid = entry.gid = 0
                entry.uname = entry.gname = ""
                entry.mtime = epoch()
                executable = entry.isdir() or entry.issym() or entry.mode & stat.S_IXUSR
                entry.mode = 0o755 if executable else 0o644
                # Two names of one file are two files for who unpacks them.
                if entry.islnk():
                    entry.type, entry.linkname, entry.size = tarfile.REGTYPE, "", path.stat().st_size
                if entry.isfile():
                    with open(path, "rb") as content:
                        archive.addfile(entry, content)
                else:
                    archive.addfile(entry)
