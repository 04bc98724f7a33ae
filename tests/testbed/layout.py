"""Names every place of the testbed: all of it lies under `target/testbed` of the checkout.

It must not start, read or write anything but the ports that it remembers.
"""

import hashlib
import json
import socket
import threading
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
ROOT = CHECKOUT / "target" / "testbed"

AUTHORITY = ROOT / "ca.crt"
PROGRAMS = Path(__file__).resolve().parent
CERTIFICATES = ROOT / "certificates"
COMPILERS = ROOT / "compilers"
DOCKER_CONFIG = ROOT / "docker-config"
ENGINE = ROOT / "engine"
ENGINE_SOCKET = ROOT / "docker.sock"
ENVIRONMENT = ROOT / "environment.json"
GIT_ROOT = ROOT / "git"
HOSTS = ROOT / "hosts"
LOCK = ROOT / "lock"
LOGS = ROOT / "logs"
PORTS = ROOT / "ports.json"
RECORDS = ROOT / "run"
REGISTRY = ROOT / "registry"
SSH = ROOT / "ssh"

# Where servers listen.
LOOPBACK = "127.0.0.1"

# Where clients connect when a certificate has to count. Linux takes a connection to 0.0.0.0 to the
# loopback interface, but Docker ignores certificates only for 127.0.0.0/8, so under this name it does not.
STRICT = "0.0.0.0"

# Tells this checkout's testbed from that of another on the same machine.
IDENTITY = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]


PORTS_GUARD = threading.Lock()


class TestbedError(Exception):
    """A cause, and what to do about it."""


def port(name):
    """Returns the port that belongs to `name`: the one of last time where it is known."""
    # The servers start side by side, each asking for ports of its own.
    with PORTS_GUARD:
        ports = known_ports()
        if name not in ports:
            ports[name] = unused_port(ports.values())
            write(PORTS, json.dumps(ports, indent=2) + "\n")
        return ports[name]


def free_port(name):
    """Returns a port for a server about to start: a new one where somebody took last time's meanwhile."""
    if not port_is_free(port(name)):
        with PORTS_GUARD:
            ports = known_ports()
            ports[name] = unused_port(ports.values())
            write(PORTS, json.dumps(ports, indent=2) + "\n")
    return port(name)


def known_ports():
    return json.loads(PORTS.read_text()) if PORTS.exists() else {}


def unused_port(taken):
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            candidate = probe.getsockname()[1]
        if candidate not in taken:
            return candidate


def port_is_free(number):
    """Tells whether a server could listen on loopback port `number` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, number))
        except OSError:
            return False
    return True


def write(path, text, mode=0o644):
    """Writes `path` whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.write_text(text)
    draft.chmod(mode)
    draft.rename(path)
