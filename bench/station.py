"""The host that is measured, and everything that is done to it: plays, runs of the binary, pulls, small probes.

It owns the names in the registry and the engine, and the clock; what is compared is the business of others.
"""

import base64
import contextlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

PROJECT = Path(__file__).resolve().parents[1]
BINARY = Path(os.environ.get("CROSS_COMPILE_BINARY", PROJECT / "library/cross_compile"))
WORK = PROJECT / "target/bench"
ANSIBLE = PROJECT / "target/ansible/bin"
ROLE_PLAY = PROJECT / "playbooks/setup_cross_compilation.yaml"
NAME = "bench"
KEYS = ("base_builder", "envoy_builder", "ci_builder")
LIMIT = 600
# The caller's certificates, proxies and settings of Ansible are not what is measured.
CLEAN = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


class Failed(Exception):
    """What is measured does not work; a figure of it would mean nothing."""


class Station:
    def __init__(self):
        self.testbed = json.loads((PROJECT / "target/testbed/environment.json").read_text())
        shutil.rmtree(WORK, ignore_errors=True)
        WORK.mkdir(parents=True)
        self.base = WORK / "opt/goldentooth"
        self.registry = f"{self.testbed['registry']['address']}/{NAME}"
        self.containers = {key: f"{key.replace('_', '-')}:latest" for key in KEYS}
        self.sockets = Path(tempfile.mkdtemp(prefix="cc-"))
        self._write_configuration()

    @property
    def override(self):
        return self.base / "workspace/cross-compile-toolkit/docker-compose.override.yml"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for control in self.sockets.iterdir():
            subprocess.run(["ssh", "-O", "exit", "-S", control, "velaryon"], capture_output=True)
        shutil.rmtree(self.sockets)
        self.forget()

    # Images.

    def push(self, images, layers, size_kb, seed):
        command = [
            sys.executable, PROJECT / "tests/testbed", "image", "--layers", str(layers), "--size-kb", str(size_kb),
            "--seed", seed, "--name", *(f"{NAME}/{image}" for image in images),
        ]
        ran(command)

    def reference(self, image):
        return f"{self.registry}/{image}"

    def docker(self, *words):
        return [["docker", "--host", self.testbed["engine"]["docker_host"], *words], {
            "DOCKER_CONFIG": self.testbed["registry"]["docker_config"],
        }]

    def forget(self):
        """Takes directories, network and images away, so that the next run is a first one."""
        shutil.rmtree(self.base, ignore_errors=True)
        command, environment = self.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}")
        listed = ran(command, environment).split()
        ours = [image for image in listed if image.startswith(f"{self.registry}/")]
        if ours:
            command, environment = self.docker("image", "rm", "--force", *ours)
            ran(command, environment)
        command, environment = self.docker("network", "rm", NAME)
        subprocess.run(command, env={**CLEAN, **environment}, capture_output=True)

    def pull_at_once(self, images):
        """Returns the seconds that `docker pull` of all images takes, started together."""
        started = time.monotonic()
        pulls = []
        for image in images:
            command, environment = self.docker("pull", "--quiet", self.reference(image))
            pulls.append(subprocess.Popen(command, env={**CLEAN, **environment}, stdout=subprocess.DEVNULL))
        if any([pull.wait(LIMIT) for pull in pulls]):
            raise Failed("docker pull failed")
        return time.monotonic() - started

    # The binary.

    def arguments(self, **more):
        registry = self.testbed["registry"]
        return {
            **self.variables(),
            "registry_auth": {"enabled": True, "username": registry["username"], "token": registry["password"]},
            "system_requirements": {"min_disk_space_gb": 1, "min_memory_gb": 1},
            "_ansible_module_name": "cross_compile",
            **more,
        }

    def run(self, arguments, changes=None):
        """Runs the binary alone; returns its seconds, its peak memory in bytes, and what it said."""
        file = self._arguments_file(arguments)
        with open(WORK / "answer", "w+b") as answer:
            started = time.monotonic()
            process = subprocess.Popen([BINARY, file], env=CLEAN, stdout=answer, stdin=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            answer.seek(0)
            told = json.loads(answer.read())
        if process.returncode or changes not in (None, told["changed"]):
            raise Failed(f"the binary did not do what was expected: {json.dumps(told, indent=2)}")
        return seconds, usage.ru_maxrss * 1024, told

    def refusal(self, arguments):
        """Returns the seconds that it takes to check all options, of which the last to be checked is refused."""
        # Whether an option exists is asked after everything else.
        file = self._arguments_file({**arguments, "unheard_of": ""})
        started = time.monotonic()
        refused = subprocess.run([BINARY, file], env=CLEAN, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        seconds = time.monotonic() - started
        told = json.loads(refused.stdout)
        if "Unsupported parameters" not in told["msg"]:
            raise Failed(f"the binary did not refuse an unknown option: {told['msg']}")
        return seconds

    def _arguments_file(self, arguments):
        file = WORK / "args"
        file.write_text(json.dumps(arguments))
        return file

    def version(self):
        """Returns the seconds that the smallest call takes."""
        started = time.monotonic()
        subprocess.run([BINARY, "--version"], env=CLEAN, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=True)
        return time.monotonic() - started

    # Plays.

    def variables(self):
        return {
            "toolkit_repo": self.testbed["toolkit"]["url"],
            "registry": self.registry,
            "containers": self.containers,
            "base_dir": str(self.base),
            "artifacts_dir": str(self.base / "artifacts"),
            "cache_dir": str(self.base / "build-cache"),
            "workspace_dir": str(self.base / "workspace"),
            "docker_host": self.testbed["engine"]["docker_host"],
            "ca_bundle": self.testbed["ca"],
            "container": {
                "compose_file": "docker-compose.yml",
                "override_file": "docker-compose.override.yml",
                "network_name": NAME,
            },
        }

    def play(self, playbook, connection, changed):
        """Returns the seconds that a play takes from start to end; it must change as many tasks as said."""
        command = [ANSIBLE / "ansible-playbook", "-i", self._inventory(connection), playbook]
        started = time.monotonic()
        shown = ran(command, {"ANSIBLE_CONFIG": str(WORK / "ansible.cfg"), "LC_ALL": "C.UTF-8"})
        seconds = time.monotonic() - started
        if changed is not None and "ok=" in shown and f"changed={changed} " not in shown:
            raise Failed(f"the play did not change {changed}:\n{shown}")
        return seconds

    def _write_configuration(self):
        # As the cluster has it: pipelining, and Ansible's own defaults for SSH.
        (WORK / "ansible.cfg").write_text("\n".join([
            "[defaults]",
            f"roles_path = {PROJECT / 'roles'}",
            f"library = {BINARY.parent}",
            f"home = {WORK / 'ansible'}",
            "pipelining = true",
            "forks = 10",
            "retry_files_enabled = false",
            "localhost_warning = false",
            "nocows = true",
            "[ssh_connection]",
            f"control_path_dir = {self.sockets}",
            "",
        ]))

    def _inventory(self, connection):
        testbed = self.testbed
        velaryon = {
            # The peer's modules need Python, with `requests`.
            "ansible_python_interpreter": str(ANSIBLE / "python"),
            "ansible_connection": connection,
            "cross_compile": self.variables(),
            "docker_config": testbed["registry"]["docker_config"],
            "registry_auth": self.arguments()["registry_auth"],
            "system_requirements": self.arguments()["system_requirements"],
            # The role's default would put a timer on this very machine.
            "build_automation": {"cleanup_old_artifacts": False},
        }
        if connection == "ssh":
            velaryon |= {
                "ansible_host": testbed["ssh"]["address"],
                "ansible_port": testbed["ssh"]["port"],
                "ansible_ssh_common_args": f"-F '{testbed['ssh']['config']}'",
            }
        path = WORK / f"{connection}.json"
        path.write_text(json.dumps({"all": {"hosts": {"velaryon": velaryon}}}))
        return path

    # Probes: each question that a converged run must ask, put by a small client, alone.

    def probe_git(self):
        url = urlsplit(self.testbed["toolkit"]["url"])
        context = ssl.create_default_context(cafile=self.testbed["ca"])
        started = time.monotonic()
        with contextlib.closing(http.client.HTTPSConnection(url.hostname, url.port, context=context)) as connection:
            ask(connection, "GET", f"{url.path}/info/refs?service=git-upload-pack")
        return time.monotonic() - started

    def probe_git_command(self):
        started = time.monotonic()
        ran(["git", "ls-remote", self.testbed["toolkit"]["url"]], {"GIT_SSL_CAINFO": self.testbed["ca"]})
        return time.monotonic() - started

    def probe_engine(self, path):
        registry = self.testbed["registry"]
        auth = json.dumps({"username": registry["username"], "password": registry["password"]})
        headers = {"X-Registry-Auth": base64.urlsafe_b64encode(auth.encode()).decode()}
        started = time.monotonic()
        with contextlib.closing(EngineConnection(self.testbed["engine"]["socket"])) as connection:
            ask(connection, "GET", path, headers)
        return time.monotonic() - started


class EngineConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def ask(connection, method, path, headers=None):
    connection.request(method, path, headers=headers or {})
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise Failed(f"{method} {path}: {response.status} {body[:200]}")
    return body


def ran(command, environment=None):
    done = subprocess.run(
        [str(word) for word in command], env={**CLEAN, **(environment or {})}, text=True, timeout=LIMIT,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    if done.returncode:
        raise Failed(f"{' '.join(map(str, command))} failed:\n{done.stdout}")
    return done.stdout
