"""Runs an SSH server whose sessions see a machine called `velaryon`: for Ansible, and for git over SSH.

It takes one key and no password, has a host key of its own, and gives its sessions a home in the testbed.
"""

import subprocess
from pathlib import Path

import processes
from layout import LOOPBACK, ROOT, SSH, free_port, port, write

NAME = "ssh-server"
HOST = "velaryon"
HOME = ROOT / "home"
# A home for clients: its `.ssh` is where git and libraries look for the key and the known hosts.
CLIENT = SSH / "client"
KEY = CLIENT / ".ssh" / "id_ed25519"
KNOWN_HOSTS = CLIENT / ".ssh" / "known_hosts"
CONFIG = CLIENT / ".ssh" / "config"
HOST_KEY = SSH / "host_key"
# Without this directory sshd refuses to start; no option of its names another.
PRIVILEGE_SEPARATION = Path("/run/sshd")
MADE_BY_US = SSH / "made-run-sshd"


def start():
    if processes.alive(NAME) and answers():
        return
    processes.stop(NAME)
    for key in (HOST_KEY, KEY):
        if not key.exists():
            key.parent.mkdir(parents=True, exist_ok=True)
            processes.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "testbed", "-f", key])
    HOME.mkdir(exist_ok=True)
    if not PRIVILEGE_SEPARATION.exists():
        MADE_BY_US.touch()
        PRIVILEGE_SEPARATION.mkdir(mode=0o755)
    number = free_port(NAME)
    write(SSH / "sshd_config", server_configuration(number))
    write(KNOWN_HOSTS, known_hosts(number))
    write(CONFIG, client_configuration(number), mode=0o600)
    process = processes.start(NAME, [
        "unshare", "--uts", "sh", "-c", f'hostname {HOST} && exec "$@"', "sh",
        "/usr/sbin/sshd", "-D", "-e", "-f", SSH / "sshd_config",
    ], processes.environment())
    processes.wait_until(answers, NAME, process)


def stop():
    stopped = processes.stop(NAME)
    if MADE_BY_US.exists() and not is_shared():
        if PRIVILEGE_SEPARATION.is_dir() and not any(PRIVILEGE_SEPARATION.iterdir()):
            PRIVILEGE_SEPARATION.rmdir()
        MADE_BY_US.unlink()
    return stopped


def is_shared():
    """Tells whether another server is left that lets nobody in without this directory: another checkout's, say."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            named = (process / "comm").read_text().startswith("sshd")
            # One in a container has a directory of its own.
            if named and PRIVILEGE_SEPARATION.samefile(f"{process}/root{PRIVILEGE_SEPARATION}"):
                return True
        except OSError:
            # It has ended meanwhile, or sees no such directory.
            continue
    return False


def answers():
    """Tells whether a session opens, and sees the host's name."""
    command = ["ssh", "-F", str(CONFIG), "-o", "ConnectTimeout=5", HOST, "uname -n"]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip() == HOST


def git_base_url(git_root):
    return f"ssh://root@{LOOPBACK}:{port(NAME)}{git_root}"


def server_configuration(number):
    return f"""\
Port {number}
ListenAddress {LOOPBACK}
HostKey "{HOST_KEY}"
AuthorizedKeysFile "{KEY}.pub"
PidFile none
UsePAM no
UseDNS no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
PrintMotd no
AcceptEnv LANG LC_*
SetEnv "HOME={HOME}"
MaxStartups 100
MaxSessions 100
Subsystem sftp internal-sftp
"""


def client_configuration(number):
    return f"""\
Host {HOST} {LOOPBACK} localhost
    HostName {LOOPBACK}
    Port {number}
    User root
    HostKeyAlias {HOST}
    IdentityFile "{KEY}"
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile "{KNOWN_HOSTS}"
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    BatchMode yes
"""


def known_hosts(number):
    kind, key, *_ = HOST_KEY.with_suffix(".pub").read_text().split()
    names = [HOST, f"[{LOOPBACK}]:{number}", f"[localhost]:{number}"]
    return "".join(f"{name} {kind} {key}\n" for name in names)
