"""Runs hosts beside this machine: containers of the testbed's engine that look like a cluster's machines.

Each has an SSH server and, by its packages, a Docker Engine or Podman of its own. They are alone on a bridge that
leads nowhere but to this machine, where a relay takes them to the registry and the git server, under the name
`testbed`. A host trusts the testbed's authority as one of its system's.
"""

import io
import json
import shutil
import subprocess
import tarfile
import time

import docker
import engine
import host_image
import processes
import registry
import relay
import toolkit_repository
from layout import AUTHORITY, HOSTS, IDENTITY, TestbedError, port, write

NETWORK = "hosts"
# `engine` takes away what is left of the engine's networks; it knows them by this beginning.
BRIDGE = f"br-{IDENTITY}"
LABEL = f"cross-compile-host={IDENTITY}"
# The last network of the engine's pool; the engine itself begins with the first.
SUBNET = list(engine.POOL.subnets(new_prefix=24))[-1]
GATEWAY = SUBNET[1]
NAME_OF_THIS_MACHINE = "testbed"
# What an engine inside needs beyond a container's own; all of them at once (`--privileged`) are not always to be had.
CAPABILITIES = ("NET_ADMIN", "SYS_ADMIN", "SYS_PTRACE")
PATIENCE = 90


def prepare():
    """Makes what hosts share: the bridge, on it the relay, and what their images begin with."""
    if not docker.exists("network", NETWORK):
        docker.run(
            "network", "create", "--internal", "--subnet", SUBNET, "--gateway", GATEWAY,
            "--opt", f"com.docker.network.bridge.name={BRIDGE}", NETWORK,
        )
    relay.start(BRIDGE, str(GATEWAY), [port("registry"), port("git-https")])
    host_image.ensure_base()


def start(name, packages):
    """Starts the host `name` anew, and returns how to reach it and what it finds."""
    image = host_image.ensure(packages)
    remove(name)
    directory = HOSTS / name
    directory.mkdir(parents=True)
    for key in ("host_key", "id_ed25519"):
        processes.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "testbed", "-f", directory / key])
    docker.run(
        "create", "--name", container(name), "--label", LABEL, "--hostname", "velaryon", "--network", NETWORK,
        "--add-host", f"{NAME_OF_THIS_MACHINE}:{GATEWAY}", "--cgroupns", "private",
        "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
        *(f"--cap-add={capability}" for capability in CAPABILITIES), image,
    )
    docker.run("cp", "-", f"{container(name)}:/", stdin=belongings(directory))
    docker.run("start", container(name))
    address = docker.run(
        "inspect", "--format", f'{{{{(index .NetworkSettings.Networks "{NETWORK}").IPAddress}}}}', container(name),
    )
    write(directory / "known_hosts", f"{address} {(directory / 'host_key.pub').read_text()}")
    write(directory / "ssh_config", client_configuration(address, directory), mode=0o600)
    wait_until_ready(name, directory)
    described = describe(address, directory)
    write(directory / "host.json", json.dumps(described, indent=2) + "\n")
    return described


def belongings(directory):
    """Returns an archive of what makes the image this very host: its key, who may enter, and whom it trusts."""
    files = {
        "etc/ssh/ssh_host_ed25519_key": (directory / "host_key", 0o600),
        "etc/ssh/ssh_host_ed25519_key.pub": (directory / "host_key.pub", 0o644),
        "root/.ssh/authorized_keys": (directory / "id_ed25519.pub", 0o600),
        f"usr/local/share/ca-certificates/{NAME_OF_THIS_MACHINE}.crt": (AUTHORITY, 0o644),
    }
    archive = directory / "belongings.tar"
    with tarfile.open(archive, "w") as packed:
        home = tarfile.TarInfo("root/.ssh")
        home.type, home.mode = tarfile.DIRTYPE, 0o700
        packed.addfile(home)
        for path, (source, mode) in files.items():
            member, content = tarfile.TarInfo(path), source.read_bytes()
            member.size, member.mode = len(content), mode
            packed.addfile(member, io.BytesIO(content))
    return open(archive, "rb")


def wait_until_ready(name, directory):
    command = ["ssh", "-F", str(directory / "ssh_config"), "-o", "ConnectTimeout=5", "velaryon", "true"]
    deadline = time.monotonic() + PATIENCE
    while True:
        tried = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if tried.returncode == 0:
            return
        running = docker.run("inspect", "--format", "{{.State.Running}}", container(name)) == "true"
        if not running or time.monotonic() > deadline:
            state = "does not answer" if running else "ended"
            said = log(name).splitlines()[-20:]
            raise TestbedError(f"the host {name} {state}: {tried.stderr.strip()}\n" + "\n".join(said))
        time.sleep(0.2)


def describe(address, directory):
    return {
        "address": address,
        "ssh_config": str(directory / "ssh_config"),
        "registry": f"{NAME_OF_THIS_MACHINE}:{port('registry')}",
        "registry_prefix": f"{NAME_OF_THIS_MACHINE}:{port('registry')}/goldentooth",
        "toolkit_url": f"https://{NAME_OF_THIS_MACHINE}:{port('git-https')}/{toolkit_repository.NAME}",
        "username": registry.USERNAME,
        "password": registry.PASSWORD,
    }


def client_configuration(address, directory):
    return f"""\
Host velaryon {address}
    HostName {address}
    User root
    IdentityFile "{directory / 'id_ed25519'}"
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile "{directory / 'known_hosts'}"
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    BatchMode yes
"""


def remove(name, log_file=None):
    """Ends the host `name` where there is one; `log_file` keeps what its servers had to say."""
    there = processes.alive(engine.NAME) and docker.exists("container", container(name))
    if there:
        if log_file:
            write(log_file, log(name))
        docker.run("rm", "--force", "--volumes", container(name))
    shutil.rmtree(HOSTS / name, ignore_errors=True)
    return bool(there)


def stop():
    """Ends all hosts, and what connects them."""
    stopped = False
    if processes.alive(engine.NAME) and engine.ping():
        for one in docker.run("ps", "--all", "--quiet", "--filter", f"label={LABEL}").split():
            docker.run("rm", "--force", "--volumes", one)
            stopped = True
        if docker.exists("network", NETWORK):
            docker.run("network", "rm", NETWORK)
    shutil.rmtree(HOSTS, ignore_errors=True)
    return relay.stop() or stopped


def log(name):
    """Returns what the servers of a host said: to its first process, and, where that is systemd, to the journal."""
    journal = ["sh", "-c", "command -v journalctl >/dev/null || exit 0; journalctl --boot --no-pager"]
    said = [
        subprocess.run(
            docker.command(*words), env=docker.environment(), text=True, errors="replace",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ).stdout
        for words in (["logs", container(name)], ["exec", container(name), *journal])
    ]
    return "".join(said)


def container(name):
    return f"host-{name}"
