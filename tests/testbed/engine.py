"""Runs a Docker Engine of the testbed's own, beside any that the machine may have.

It lives in a mount namespace of its own, where `/run` is an empty tmpfs and `/etc/docker` a directory
of the testbed: the machine sees neither its mounts nor its state, and they vanish with it. Trust in the
registry comes from `SSL_CERT_FILE` in the daemon's environment, which Go reads in place of the system's
bundle; `SSL_CERT_DIR` keeps the machine's own authorities. What cannot be private are the bridges of
its networks and its control groups, so `stop` takes these away.
"""

import http.client
import ipaddress
import json
import os
import socket
from pathlib import Path

import processes
from layout import AUTHORITY, ENGINE, ENGINE_SOCKET, IDENTITY, TestbedError, write

NAME = "engine"
CONTROL_GROUP = f"cross-compile-testbed-{IDENTITY}"
POOL = ipaddress.ip_network(f"10.{128 + int(IDENTITY, 16) % 120}.0.0/16")
LONGEST_SOCKET_PATH = 107

# Reached twice where the root is no mount, as in a chroot: neither Docker nor runc can turn away from such a
# root, so the second time it is a mount of itself. Its propagation cannot be changed before that either.
IN_NAMESPACE = """
set -e
etc=$1 root=$2
shift 2
if [ -n "$root" ]; then
    mount --rbind / "$root"
    mount --make-rslave "$root"
    exec chroot "$root" sh -c "$IN_NAMESPACE" sh "$etc" "" "$@"
fi
mount -t tmpfs -o mode=0755 tmpfs /run
if [ -d /etc/docker ]; then mount --bind "$etc" /etc/docker; fi
if [ -d /sys/fs/cgroup ] && ! grep -q ' /sys/fs/cgroup' /proc/self/mountinfo; then
    mount -t tmpfs tmpfs /sys/fs/cgroup
    awk '!/^#/ && $2 > 0 && $4 == 1 { print $1 }' /proc/cgroups | while read -r controller; do
        mkdir "/sys/fs/cgroup/$controller"
        mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller"
    done
    if [ -z "$(ls /sys/fs/cgroup)" ]; then mount -t cgroup2 cgroup2 /sys/fs/cgroup; fi
fi
exec "$@"
"""


def start():
    if processes.alive(NAME) and ping():
        return
    processes.stop(NAME)
    if len(str(ENGINE_SOCKET)) > LONGEST_SOCKET_PATH:
        raise TestbedError(
            f"the path of the engine's socket, `{ENGINE_SOCKET}`, has more than {LONGEST_SOCKET_PATH}"
            " letters: move the checkout to a shorter path"
        )
    for directory in (ENGINE / "etc", ENGINE / "home", ENGINE / "data", ENGINE / "root"):
        directory.mkdir(parents=True, exist_ok=True)
    ENGINE_SOCKET.unlink(missing_ok=True)
    write(ENGINE / "daemon.json", json.dumps(configuration(), indent=2) + "\n")
    env = processes.environment(
        HOME=str(ENGINE / "home"),
        IN_NAMESPACE=IN_NAMESPACE,
        SSL_CERT_FILE=str(AUTHORITY),
        SSL_CERT_DIR=os.environ.get("SSL_CERT_DIR", "/etc/ssl/certs"),
    )
    propagation, root = ("slave", "") if root_is_a_mount() else ("unchanged", ENGINE / "root")
    process = processes.start(NAME, [
        "unshare", "--mount", "--propagation", propagation, "sh", "-c", IN_NAMESPACE,
        "sh", ENGINE / "etc", root, "dockerd", "--config-file", ENGINE / "daemon.json",
    ], env)
    processes.wait_until(ping, NAME, process, seconds=60)


def configuration():
    """Returns the daemon's settings; paths under `/run` are those of its own namespace."""
    return {
        "hosts": [f"unix://{ENGINE_SOCKET}"],
        "group": "root",
        "data-root": str(ENGINE / "data"),
        "exec-root": "/run/docker",
        "pidfile": "/run/docker.pid",
        "bridge": "none",
        "iptables": False,
        "ip-forward": False,
        "userland-proxy": False,
        "default-address-pools": [{"base": str(POOL), "size": 24}],
        "cgroup-parent": f"/{CONTROL_GROUP}",
        "exec-opts": ["native.cgroupdriver=cgroupfs"],
    }


def stop():
    stopped = processes.stop(NAME, seconds=30)
    ENGINE_SOCKET.unlink(missing_ok=True)
    return stopped


def clear_traces():
    """Takes away the bridges and control groups of an engine that has ended."""
    for link in json.loads(processes.run(["ip", "-json", "address", "show"]) or "[]"):
        addresses = [info["local"] for info in link.get("addr_info", []) if "local" in info]
        ours = any(ipaddress.ip_address(address) in POOL for address in addresses)
        if ours and link["ifname"].startswith("br-"):
            processes.run(["ip", "link", "delete", link["ifname"]])
    groups = Path("/sys/fs/cgroup")
    for top in [groups / CONTROL_GROUP, *groups.glob(f"*/{CONTROL_GROUP}")]:
        for group, _, _ in os.walk(top, topdown=False):
            try:
                os.rmdir(group)
            except OSError:
                # Still in use: an empty group costs nothing, and the next engine takes it up.
                pass


def ping():
    try:
        return request("GET", "/_ping")[0] == 200
    except OSError:
        return False


def version():
    """Returns what the engine says of itself."""
    return json.loads(request("GET", "/version")[1])


def storage():
    """Returns the storage driver that the engine chose."""
    return json.loads(request("GET", "/info")[1])["Driver"]


def request(method, path):
    """Asks the engine over its socket; returns status and body."""
    connection = SocketConnection()
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class SocketConnection(http.client.HTTPConnection):
    def __init__(self):
        super().__init__("localhost", timeout=10)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(ENGINE_SOCKET))


def root_is_a_mount():
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return any(line.split()[4] == "/" for line in lines)
