"""Makes images and pushes them: the three builders of the toolkit, and any number of made-up ones.

It needs no engine and pulls nothing; the builders consist of Debian's static busybox and a few scripts.
"""

import json
import platform
import shutil
import subprocess
from pathlib import Path

from layers import Entry, layer, made_up
from layout import TestbedError
from registry_client import digest

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
CONFIGURATION = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"

CREATED = "2026-01-01T00:00:00Z"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
BUILDER = 1000
SCRIPTS = Path(__file__).resolve().parent / "builders"


def push(registry, name, tags, layers, target=None, configuration=None):
    """Pushes an image under each of `tags`, or by its digest alone; returns what an index says of it."""
    system, architecture = (target or f"linux/{ARCHITECTURES[platform.machine()]}").split("/")[:2]
    config = encode({
        "architecture": architecture,
        "os": system,
        "created": CREATED,
        "config": configuration or {},
        "rootfs": {"type": "layers", "diff_ids": [one.diff_id for one in layers]},
        "history": [{"created": CREATED, "created_by": f"layer {number}"} for number in range(len(layers))],
    })
    for blob in [config, *(one.blob for one in layers)]:
        registry.push_blob(name, blob)
    manifest = encode({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(CONFIGURATION, config),
        "layers": [descriptor(LAYER, one.blob) for one in layers],
    })
    for reference in tags or [digest(manifest)]:
        registry.push_manifest(name, reference, MANIFEST, manifest)
    return descriptor(MANIFEST, manifest)


def push_made_up(registry, name, tag, layers, size_kb, seed):
    """Pushes an image of made-up layers; returns its digest."""
    content = [made_up(seed, number, size_kb) for number in range(layers)]
    # Of its repository alone: an engine that removes the last name of an image while another repository's pull finds it
    # there leaves that pull with nothing.
    return push(registry, name, [tag], content, configuration={"Labels": {"repository": name}})["digest"]


def push_index(registry, name, tag, platforms, layers, size_kb, seed):
    """Pushes one made-up image for each platform and an index of them; returns the index's digest."""
    manifests = []
    for target in platforms:
        content = [made_up(f"{seed}-{target.replace('/', '-')}", number, size_kb) for number in range(layers)]
        system, architecture, *variant = target.split("/")
        described = {"os": system, "architecture": architecture}
        if variant:
            described["variant"] = variant[0]
        manifests.append({**push(registry, name, [], content, target), "platform": described})
    index = encode({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests})
    return registry.push_manifest(name, tag, INDEX, index)


def push_builders(registry):
    """Pushes the toolkit's three images, each as `goldentooth/<name>:latest`."""
    base = [layer(system()), layer(home()), layer(script("cross-compile-test.sh"))]
    settings = {
        "User": "builder",
        "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/home/builder"],
        "WorkingDir": "/workspace",
        "Cmd": ["/bin/sh"],
    }
    builders = {
        "base-builder": (base, settings),
        "envoy-builder": (
            [*base, layer(script("build-envoy.sh"))],
            {**settings, "Cmd": ["/usr/local/bin/build-envoy.sh"]},
        ),
        "ci-builder": ([*base, layer(script("ci.sh"))], {**settings, "Cmd": ["/usr/local/bin/ci.sh"]}),
    }
    for name, (layers, configuration) in builders.items():
        push(registry, f"goldentooth/{name}", ["latest"], layers, configuration=configuration)


def fingerprint():
    """Returns a digest of everything that the builders are made from."""
    sources = [Path(__file__), Path(__file__).with_name("layers.py"), *sorted(SCRIPTS.iterdir()), busybox()]
    return digest(b"".join(path.read_bytes() for path in sources))


def busybox():
    """Returns the busybox of this machine that runs anywhere."""
    found = shutil.which("busybox", path="/bin:/usr/bin:/sbin:/usr/sbin")
    if found is None:
        raise TestbedError("no busybox on this machine: install the package `busybox-static`")
    program = Path(found).read_bytes()
    if b"/ld-linux" in program or b"/ld-musl" in program:
        raise TestbedError(f"`{found}` is not static: install the package `busybox-static`")
    return Path(found)


def system():
    """Returns a root file system: busybox under all its names, and the accounts."""
    program = busybox()
    names = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.split()
    directories = ("bin", "etc", "usr", "usr/bin", "usr/local", "usr/local/bin", "workspace")
    users = f"root:x:0:0::/:/bin/sh\nbuilder:x:{BUILDER}:{BUILDER}::/home/builder:/bin/sh\n"
    groups = f"root:x:0:\nbuilder:x:{BUILDER}:\n"
    return [
        *(Entry(path) for path in directories),
        Entry("tmp", mode=0o1777),
        Entry("bin/busybox", program.read_bytes()),
        *(Entry(f"bin/{name}", target="/bin/busybox") for name in sorted(set(names) - {"busybox"})),
        Entry("usr/bin/env", target="/bin/busybox"),
        Entry("etc/passwd", users.encode(), mode=0o644),
        Entry("etc/group", groups.encode(), mode=0o644),
    ]


def home():
    """Returns what belongs to the builder's user."""
    return [
        Entry("home"),
        Entry("home/builder", owner=BUILDER),
        Entry("artifacts", owner=BUILDER),
    ]


def script(name):
    return [Entry(f"usr/local/bin/{name}", (SCRIPTS / name).read_bytes())]


def descriptor(media_type, data):
    return {"mediaType": media_type, "size": len(data), "digest": digest(data)}


def encode(document):
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
