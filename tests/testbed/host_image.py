"""Makes the images of hosts out of Debian packages: one debootstrap for all, and on it what each host asks for.

The packages come from where this machine's own come from, by its own settings. `CROSS_COMPILE_HOST_IMAGE` names
another image to start from, anything that has apt; the engine pulls it where it is missing.
"""

import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import docker
import processes
from layout import PROGRAMS, ROOT, write

SUITE = "bookworm"
ARCHIVE = "http://deb.debian.org/debian"
SECURITY_ARCHIVE = "http://deb.debian.org/debian-security"
# Of apt's settings those that say how to get to the archives; the others are matters of this machine.
REACHING = (
    "Acquire::http", "Acquire::https", "Acquire::Retries", "Acquire::ForceIPv", "Acquire::Check-Valid-Until",
    "Acquire::Check-Date",
)
REPOSITORY = "cross-compile-host"
BOOTSTRAPPED = f"{REPOSITORY}:debian"
SOURCE = PROGRAMS / "host"
STARTING_POINT = "CROSS_COMPILE_HOST_IMAGE"


def ensure_base():
    """Makes what all images of hosts begin with, where it is not there yet."""
    if debian() == BOOTSTRAPPED and not docker.exists("image", BOOTSTRAPPED):
        bootstrap()
    build("--target", "base")


def ensure(packages):
    """Returns the image of a host with `packages`, which is built where it is not there yet."""
    image = f"{REPOSITORY}:{fingerprint(packages)}"
    if not docker.exists("image", image):
        build("--tag", image, "--build-arg", f"PACKAGES={' '.join(packages)}")
    return image


def build(*words):
    # The network of this machine, because the engine's own leads nowhere.
    docker.run("build", "--quiet", "--network", "host", "--build-arg", f"DEBIAN={debian()}", *words, SOURCE)


def debian():
    return os.environ.get(STARTING_POINT) or BOOTSTRAPPED


def bootstrap():
    """Makes a small Debian and imports it."""
    with tempfile.TemporaryDirectory(dir=ROOT) as directory:
        root = Path(directory) / "debian"
        settings = apt_settings()
        archive, security = archives()
        processes.run(
            ["debootstrap", "--variant=minbase", "--include=ca-certificates", SUITE, root, archive],
            env={**os.environ, **proxies(settings), "PATH": processes.environment()["PATH"]},
        )
        write(root / "etc/apt/sources.list", "".join(
            f"deb {site} {suite} main\n"
            for site, suite in ((archive, SUITE), (archive, f"{SUITE}-updates"), (security, f"{SUITE}-security"))
        ))
        write(root / "etc/apt/apt.conf.d/50machine", "".join(f"{line}\n" for line in settings))
        # For an archive or a proxy with a certificate that only this machine knows.
        authorities = Path("/etc/ssl/certs/ca-certificates.crt")
        if authorities.exists():
            shutil.copy(authorities, root / "etc/ssl/certs/ca-certificates.crt")
        shutil.rmtree(root / "var/cache/apt")
        with subprocess.Popen(["tar", "--create", "--directory", root, "."], stdout=subprocess.PIPE) as packing:
            docker.run("import", "-", BOOTSTRAPPED, stdin=packing.stdout)


def archives():
    """Returns Debian's archive and that of its security updates, as this machine's apt knows them."""
    listed = processes.run([
        "apt-get", "indextargets", "--format", "$(RELEASE) $(SITE)", "Created-By: Packages", "Origin: Debian",
    ])
    # debootstrap knows none of the ways that apt has beside HTTP.
    sites = dict(line.split() for line in reversed(listed.splitlines()) if " http" in line)
    security = [site for suite, site in sites.items() if suite.endswith("-security")]
    others = [site for suite, site in sites.items() if not suite.endswith("-security")]
    return next(iter(others), ARCHIVE), next(iter(security), SECURITY_ARCHIVE)


def apt_settings():
    lines = processes.run(["apt-config", "dump"]).splitlines()
    return [line for line in lines if line.startswith(REACHING) and not line.endswith(' "";')]


def proxies(settings):
    """Returns what debootstrap has to be told of apt's settings."""
    found = {}
    for line in settings:
        name, _, value = line.partition(" ")
        if name.lower() in ("acquire::http::proxy", "acquire::https::proxy"):
            found[f"{name.split('::')[1].lower()}_proxy"] = shlex.split(value.rstrip(";"))[0]
    return found


def fingerprint(packages):
    """Returns a digest of everything that the image is made from."""
    seen = hashlib.sha256(repr((debian(), sorted(packages))).encode())
    for path in sorted(SOURCE.iterdir()):
        seen.update(path.read_bytes())
    return seen.hexdigest()[:12]
