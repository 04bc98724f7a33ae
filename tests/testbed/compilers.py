"""Makes builder images that really cross-compile: Debian's `aarch64-linux-gnu` compiler and a user `builder`.

The packages are taken apart, not installed, so that neither a chroot nor the machine's own state is needed. The layer
is made once and kept; a registry that has it is not sent it again.
"""

import gzip
import io
import os
import posixpath
import subprocess
import tarfile
from pathlib import Path

import images
from layers import Entry, Layer, layer
from layout import COMPILERS, TestbedError, write
from registry_client import digest

NAME = "compilers"
SOURCES = Path(__file__).resolve().parent / "compilers"
PACKAGES = ("gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross", "dpkg", "dash", "coreutils", "grep", "sed")

# Where Debian merged the directories of programs, so does the image.
MERGED = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")
# What nobody needs to compile a small program; the sanitizers alone are half of the compiler.
LEFT_OUT = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian", "usr/share/bug")
SANITIZERS = ("libasan", "libhwasan", "liblsan", "libtsan", "libubsan")


def push(registry):
    """Pushes the three builders as `compilers/<name>:latest`."""
    compiler = ensure_layer()
    base = [compiler, layer(accounts()), layer(script("cross-compile-test.sh"))]
    settings = {
        "User": "builder",
        "Env": ["PATH=/usr/local/bin:/usr/bin", "HOME=/home/builder"],
        "WorkingDir": "/workspace",
        "Cmd": ["/bin/sh"],
    }
    envoy = [*base, layer([*script("build-envoy.sh"), *source()])]
    for name, layers, command in (
        ("base-builder", base, "/bin/sh"),
        ("envoy-builder", envoy, "/usr/local/bin/build-envoy.sh"),
        ("ci-builder", base, "/usr/local/bin/cross-compile-test.sh"),
    ):
        images.push(registry, f"{NAME}/{name}", ["latest"], layers, configuration={**settings, "Cmd": [command]})


def fingerprint():
    """Returns a digest of everything that is ours in these images; the packages are Debian's business."""
    files = [Path(__file__), Path(__file__).with_name("layers.py"), *sorted(SOURCES.iterdir())]
    return digest(b"".join(path.read_bytes() for path in files))


def ensure_layer():
    """Returns the layer of the compiler, made on the first call."""
    kept, told = COMPILERS / "layer.tar.gz", COMPILERS / "layer.digest"
    wanted = digest(Path(__file__).read_bytes())
    if not (kept.exists() and told.exists() and told.read_text().split()[0] == wanted):
        plain = merge(download())
        COMPILERS.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(gzip.compress(plain, compresslevel=1, mtime=0))
        write(told, f"{wanted} {digest(plain)}\n")
    return Layer(kept.read_bytes(), told.read_text().split()[1])


def download():
    """Fetches the packages and all that they need, as if nothing were installed here; returns their files."""
    archives = COMPILERS / "archives"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    nothing = COMPILERS / "nothing-installed"
    nothing.write_text("")
    settings = {
        "Dir::State::status": nothing,
        "Dir::Cache::archives": archives,
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "true",
        "Acquire::Retries": "3",
    }
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    fetch = ["apt-get", "--yes", "--quiet", "--download-only", *options, "install", *PACKAGES]
    # The lists may be missing or old: then they are fetched, and it is tried once more.
    for command in (fetch, ["apt-get", "--quiet", "update"], fetch):
        answer = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
        if command is fetch and answer.returncode == 0:
            break
    else:
        raise TestbedError(f"cannot fetch the compiler's packages: {answer.stderr.strip()}")
    return sorted(archives.glob("*.deb"))


def merge(packages):
    """Returns one archive of everything in `packages`, at the places where a merged system has it."""
    plain = io.BytesIO()
    seen = set()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as merged:
        for entry in skeleton():
            seen.add(entry.path)
            add(merged, entry)
        for package in packages:
            content = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True).stdout
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                for member in archive:
                    path = place(member.name)
                    if not path or path in seen or is_left_out(path):
                        continue
                    seen.add(path)
                    member.name = path
                    if member.islnk():
                        member.linkname = place(member.linkname)
                    member.mtime, member.pax_headers = 0, {}
                    merged.addfile(member, archive.extractfile(member) if member.isreg() else None)
    return plain.getvalue()


def skeleton():
    directories = ("etc", "home", "usr", "usr/bin", "usr/lib", "usr/lib64", "usr/local", "usr/local/bin", "var")
    return [
        *(Entry(path) for path in directories),
        Entry("tmp", mode=0o1777),
        Entry("var/tmp", mode=0o1777),
        *(Entry(name, target=f"usr/{name}") for name in MERGED),
        Entry("usr/bin/sh", target="dash"),
    ]


def add(archive, entry):
    member = tarfile.TarInfo(entry.path)
    member.mode = entry.mode
    member.type = tarfile.DIRTYPE if entry.target is None else tarfile.SYMTYPE
    member.linkname = entry.target or ""
    archive.addfile(member)


def place(name):
    path = posixpath.normpath(name).lstrip("/")
    if path == ".":
        return ""
    first = path.split("/")[0]
    if path == first and first in MERGED:
        return ""
    return f"usr/{path}" if first in MERGED else path


def is_left_out(path):
    name = posixpath.basename(path)
    return path.startswith(LEFT_OUT) or name.startswith(SANITIZERS)


def accounts():
    users = f"root:x:0:0::/root:/bin/sh\nbuilder:x:{images.BUILDER}:{images.BUILDER}::/home/builder:/bin/sh\n"
    return [
        Entry("etc/passwd", users.encode(), mode=0o644),
        Entry("etc/group", f"root:x:0:\nbuilder:x:{images.BUILDER}:\n".encode(), mode=0o644),
        Entry("home/builder", owner=images.BUILDER),
        Entry("workspace", owner=images.BUILDER),
        Entry("artifacts", owner=images.BUILDER),
    ]


def script(name):
    return [Entry(f"usr/local/bin/{name}", (SOURCES / name).read_bytes())]


def source():
    return [
        Entry("usr/local/src"),
        Entry("usr/local/src/envoy.c", (SOURCES / "envoy.c").read_bytes(), mode=0o644),
    ]
