"""Runs three image registries over one store: with a password, without, and with a stranger's certificate.

All three speak TLS only. Docker ignores the certificate of a registry in 127.0.0.0/8, whatever it is told;
so their addresses name 0.0.0.0, which reaches the same listener and for which Docker checks it. A test that
wants Docker not to check may take `127.0.0.1` and the same port.
"""

import base64
import json

import certificates
import processes
from layout import DOCKER_CONFIG, LOOPBACK, REGISTRY, STRICT, free_port, port, write
from registry_client import RegistryClient

USERNAME = "velaryon"
# Signs that have to be escaped somewhere: a leak in any encoding is to be found by tests.
PASSWORD = "driftmark/9+%41&tide"

KINDS = ("registry", "anonymous-registry", "stranger-registry")


def start():
    for kind in KINDS:
        if not (processes.alive(kind) and answers(kind)):
            processes.stop(kind)
            launch(kind)
    credentials = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
    hosts = [address("registry"), f"{LOOPBACK}:{port('registry')}"]
    config = {"auths": {host: {"auth": credentials} for host in hosts}}
    write(DOCKER_CONFIG / "config.json", json.dumps(config, indent=2) + "\n", mode=0o600)


def launch(kind):
    passwords = REGISTRY / "htpasswd"
    if not passwords.exists():
        # Perl and its bcrypt come with every Debian; Python is about to lose its own.
        crypt = 'print crypt($ARGV[0], q{$2y$05$} . "velaryonvelaryonvelary")'
        hashed = processes.run(["perl", "-e", crypt, PASSWORD])
        write(passwords, f"{USERNAME}:{hashed}\n", mode=0o600)
    certificate, key = certificates.stranger() if kind == "stranger-registry" else certificates.server()
    configuration = {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {
            "filesystem": {"rootdirectory": str(REGISTRY / "data")},
            "delete": {"enabled": True},
            "maintenance": {"uploadpurging": {"enabled": False}},
        },
        "http": {
            "addr": f"{LOOPBACK}:{free_port(kind)}",
            "secret": "velaryon",
            "tls": {"certificate": str(certificate), "key": str(key)},
        },
    }
    if kind == "registry":
        configuration["auth"] = {"htpasswd": {"realm": "velaryon", "path": str(passwords)}}
    path = REGISTRY / f"{kind}.yml"
    # JSON is YAML.
    write(path, json.dumps(configuration, indent=2) + "\n")
    process = processes.start(kind, ["docker-registry", "serve", path], processes.environment())
    processes.wait_until(lambda: answers(kind), kind, process)


def stop():
    return any([processes.stop(kind) for kind in KINDS])


def answers(kind):
    with client(kind) as registry:
        return registry.answers()


def address(kind):
    """Returns the registry's address as an image reference names it."""
    return f"{STRICT}:{port(kind)}"


def client(kind="registry"):
    """Returns a client of the registry of this kind, allowed to push."""
    trusted = certificates.stranger()[0] if kind == "stranger-registry" else certificates.AUTHORITY
    return RegistryClient(STRICT, port(kind), trusted, USERNAME, PASSWORD)
