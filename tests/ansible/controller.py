"""A controller with a configuration of its own: it plays, and keeps what was shown and what the tasks returned.

It knows Ansible and where it may write; what is played, and what has to come of it, is the tests' business.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
ENVIRONMENT = PROJECT / "target/testbed/environment.json"
WORK = PROJECT / "target/ansible-tests"
PLAYBOOK = PROJECT / "playbooks/setup_cross_compilation.yaml"
ROLE = "goldentooth.setup_cross_compilation"
# No host of these tests has it: whatever works here works without Python.
NO_PYTHON = "/nonexistent/python"
# More than any play here needs on a busy machine; a play that hangs fails, it does not stop the others.
LIMIT = 300


@dataclass
class Played:
    """What one call of Ansible showed, and what its tasks returned."""

    status: int
    shown: str
    tasks: list = field(default_factory=list)

    def results(self, module="cross_compile"):
        """Returns what the tasks of one module returned, a loop's items for a loop."""
        found = [task["result"] for task in self.tasks if task["action"] == module]
        return [item for result in found for item in result.get("results", [result])]

    @property
    def result(self):
        results = self.results()
        assert len(results) == 1, f"{len(results)} results of cross_compile:\n{self.shown}"
        return results[0]

    def recap(self, host="velaryon"):
        plain = re.sub(r"\x1b\[[0-9;]*m", "", self.shown)
        line = re.search(rf"^{host}\s+:(.*)$", plain, re.MULTILINE)
        assert line, f"no recap:\n{self.shown}"
        return {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", line.group(1))}

    def succeeded(self):
        assert self.status == 0, f"exit status {self.status}:\n{self.shown}"
        return self

    def changed(self, count=1, host="velaryon"):
        self.succeeded()
        recap = self.recap(host)
        assert recap["changed"] == count, f"changed={recap['changed']}, not {count}:\n{self.shown}"
        return self

    def failed(self, *parts):
        """Asserts that it failed, and showed every one of `parts`."""
        assert self.status != 0, f"it did not fail:\n{self.shown}"
        # What is shown may be wrapped into quotes and escapes; what was returned is not.
        told = self.shown + "".join(str(task["result"].get("msg", "")) for task in self.tasks)
        for part in parts:
            assert part in told, f"`{part}` is not told:\n{self.shown}"
        return self


class Controller:
    """Ansible from one environment, for one test, in a directory that is the test's own."""

    def __init__(self, programs, name):
        self.programs = programs
        self.directory = WORK / name
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        # A socket's path is short, wherever the checkout lies.
        self.sockets = Path(tempfile.mkdtemp(prefix="cc-"))
        self.testbed = json.loads(ENVIRONMENT.read_text())
        self.environment = {}
        self.settings = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for socket in self.sockets.iterdir():
            subprocess.run(["ssh", "-O", "exit", "-S", socket, "velaryon"], capture_output=True)
        shutil.rmtree(self.sockets, ignore_errors=True)

    def play(self, plays, *options, **hosts):
        """Plays a list of plays, or the playbook of that path."""
        if isinstance(plays, list):
            path = self.directory / "playbook.yaml"
            path.write_text(json.dumps(plays, indent=2))
            plays = path
        return self._call("ansible-playbook", hosts, plays, *options)

    def ad_hoc(self, arguments, *options, module="cross_compile", **hosts):
        """Runs the module, with key=value words or, for a dict, JSON."""
        text = json.dumps(arguments) if isinstance(arguments, dict) else arguments
        return self._call("ansible", hosts, "velaryon", "-m", module, "-a", text, *options)

    def ssh(self):
        """Returns the variables of the testbed's host, reached over SSH."""
        return {
            "ansible_connection": "ssh",
            "ansible_host": self.testbed["ssh"]["address"],
            "ansible_port": self.testbed["ssh"]["port"],
            "ansible_ssh_common_args": f"-F '{self.testbed['ssh']['config']}'",
            "ansible_python_interpreter": NO_PYTHON,
        }

    def local(self):
        """Returns the variables of this machine, in the part of Velaryon."""
        return {
            "ansible_connection": "local",
            "ansible_remote_tmp": str(self.directory / "remote"),
            "ansible_python_interpreter": NO_PYTHON,
        }

    def _call(self, program, hosts, *words):
        results = self.directory / "results"
        results.unlink(missing_ok=True)
        inventory = self.directory / "inventory.json"
        inventory.write_text(json.dumps({"all": {"hosts": hosts}}, indent=2))
        (self.directory / "ansible.cfg").write_text(self._configuration())
        command = [self.programs / program, "-i", inventory, *words]
        # Nothing of the caller's own Ansible, engine or proxies may count.
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory / "home"),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(self.directory / "ansible.cfg"),
            "RESULTS": str(results),
            **self.environment,
        }
        ran = subprocess.run(
            [str(word) for word in command], cwd=self.directory, env=environment, text=True, timeout=LIMIT,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        lines = results.read_text().splitlines() if results.exists() else []
        return Played(ran.returncode, ran.stdout, [json.loads(line) for line in lines])

    def _configuration(self):
        settings = {
            "roles_path": PROJECT / "roles",
            "library": library(),
            "home": self.directory / "ansible",
            "local_tmp": self.directory / "ansible/tmp",
            "callback_plugins": PROJECT / "tests/ansible/callbacks",
            "callbacks_enabled": "results",
            "bin_ansible_callbacks": "true",
            "retry_files_enabled": "false",
            "localhost_warning": "false",
            "nocows": "true",
            **self.settings,
        }
        lines = [f"{name} = {value}" for name, value in settings.items()]
        return "\n".join(["[defaults]", *lines, "[ssh_connection]", f"control_path_dir = {self.sockets}", ""])


def binary():
    return Path(os.environ.get("CROSS_COMPILE_BINARY", PROJECT / "library/cross_compile"))


def library():
    """Returns a directory that Ansible finds the module in: the project's own, unless another binary is tried."""
    place = binary()
    if place.parent == PROJECT / "library":
        return place.parent
    directory = WORK / "library"
    directory.mkdir(parents=True, exist_ok=True)
    # Every module is the one binary, under a name of its own.
    others = [link.name for link in (PROJECT / "library").iterdir() if link.is_symlink()]
    for name in ("cross_compile", *others):
        link = directory / name
        link.unlink(missing_ok=True)
        link.symlink_to(place)
    return directory
