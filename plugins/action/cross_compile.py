# Copyright (c) goldentooth contributors
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module of the binary with the binary that fits the host.

It owns two questions: which of the binaries at hand the host can run, and how to run it. It knows no option and no
result of the modules. Their other names are links to this file.

There are two ways. The quick one is a single command: a shell on the host looks at its architecture, finds the copy
of the binary that an earlier task left in the user's cache, and runs it with the arguments on its standard input.
Where the copy is missing, it is brought there first. The other way is Ansible's own, for whatever the quick one
cannot do: asynchronous tasks, kept files, connections or `become` without a standard input, hosts without a home.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shlex
import struct
from contextlib import contextmanager

from ansible import constants as C
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.vars.clean import remove_internal_keys

try:
    from ansible.module_utils.common.json import Direction, get_module_encoder
except ImportError:
    # Cores before 2.19, where text that came from a host would be taken for a template.
    from ansible.module_utils.common.json import AnsibleJSONEncoder
    from ansible.utils.unsafe_proxy import wrap_var as from_host

    PROFILE = ()
    ENCODING = {"cls": AnsibleJSONEncoder, "vault_to_text": True}
else:
    # The plain JSON that Ansible gives to binaries.
    PROFILE = ("legacy",)
    ENCODING = {"cls": get_module_encoder("legacy", Direction.CONTROLLER_TO_MODULE)}

    def from_host(result):
        return result

display = Display()

# The architectures that there are binaries for: as the header of an ELF file numbers them, and as a host calls itself.
ELF_MACHINES = {62: "x86_64", 183: "aarch64"}
HOSTS = {"Linux x86_64": "x86_64", "Linux aarch64": "aarch64"}

# Below the home of the user who runs the module on the host; each copy is named by its SHA-256.
CACHE = ".cache/goldentooth.cross_compile"
KEPT_COPIES = 3

# Begins the one line by which the scripts answer. Whatever a login script prints before it does not matter.
MARK = "goldentooth.cross_compile:"

# Begins every script, and the line with which the controller begins its standard input. Some connections drop what they
# read until `become` has succeeded; who waits for that line prints nothing before. The rest of the input is what the
# module or the copy is made of; a script that ended without reading it would look like a lost connection.
GO = b"\n"
ANSWER = """
read -r go
machine=$(uname -sm 2>/dev/null)
answer() { cat >/dev/null; echo "%(mark)s $1 $machine"; exit 0; }
"""

CHOOSE = """
case $machine in
%(cases)s
*) answer no-binary ;;
esac
"""

# Root must never run a file that somebody else could have put there. Hence the checks, and hence the relative path:
# a directory that is entered stays the one that was checked, whatever happens to its name.
ENTER_CACHE = """
[ -O "$HOME" ] || answer no-place
cd "$HOME/%(cache)s" 2>/dev/null || answer no-copy
[ -O . ] || answer no-place
case $(ls -ld .) in drwx------*) ;; *) answer no-place ;; esac
[ -s "./$program" ] || answer no-copy
program=./$program
"""

# On a file system mounted `noexec`, some shells say that the file cannot be executed; with others it does not start.
RUN = """
[ -x "$program" ] || answer no-place
echo "%(mark)s run $machine"
%(environment)s "$program" -
"""

INSTALL = """
umask 077
[ -O "$HOME" ] && cd "$HOME" && mkdir -p "%(cache)s" && cd "%(cache)s" || answer no-place
[ -O . ] || answer no-place
case $(ls -ld .) in drwx------*) ;; *) answer no-place ;; esac
for left in .new.*; do
    kill -0 "${left#.new.}" 2>/dev/null || rm -f "./$left"
done
new=.new.$$
cat >"$new" && chmod 0700 "$new" || { rm -f "$new"; answer no-place; }
case $(sha256sum "$new" 2>/dev/null || echo %(sha256)s) in
%(sha256)s*) ;;
*) rm -f "$new"; answer no-place ;;
esac
sync "$new" 2>/dev/null
mv -f "$new" %(sha256)s || { rm -f "$new"; answer no-place; }
ls -t | tail -n +%(first_to_go)s | while read -r old; do rm -f "./$old"; done
answer installed
"""

# 126 is what a shell returns for a file that it found and may not execute.
TRY_TEMPORARY_DIRECTORY = """
try=%(directory)s/try
printf '#!/bin/sh\\n' >"$try" && chmod 0700 "$try" && "$try" 2>/dev/null
status=$?
rm -f "$try"
answer "$status"
"""


class Unfit(Exception):
    """The host, or what is at hand for it, cannot run the module: the cause and the remedy."""

    def __init__(self, cause, remedy):
        super().__init__(f"{cause}; {remedy}")


class ActionModule(ActionBase):

    def run(self, tmp=None, task_vars=None):
        # Core 2.15 sets them when the object is made, so that attributes of the class would not count.
        self._supports_check_mode = True
        self._supports_async = True
        result = super().run(tmp, task_vars)
        in_background = bool(self._task.async_val and not self._connection.has_native_async)
        try:
            result.update(self._call(task_vars or {}, in_background))
        except Unfit as unfit:
            result.update(failed=True, msg=str(unfit))
        if not in_background:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _call(self, task_vars, in_background):
        binaries = self._binaries()
        if not in_background and self._has_standard_input():
            result = self._call_in_one_command(binaries, task_vars)
            if result is not None:
                return result
            display.vvv("The module is transferred to a temporary directory", host=self._host())
        path = fitting(binaries, self._try_temporary_directory())
        self._shared_loader_obj = Loaders(self._shared_loader_obj, self._task.action, path)
        arguments = self._task.args
        if not PROFILE:
            # Those cores write a module's arguments as JSON without what they know of vaults and dates.
            arguments = json.loads(json.dumps(arguments, **ENCODING))
        return self._execute_module(module_args=arguments, task_vars=task_vars, wrap_async=in_background)

    def _binaries(self):
        """Returns the path of the binary for each architecture, by what the files are and not by their names."""
        found = self._shared_loader_obj.module_loader.find_plugin_with_context(
            self._task.action, collection_list=self._task.collections
        )
        candidates = [found.plugin_resolved_path] if found.resolved else []
        for tree in trees():
            candidates += sorted(glob.glob(os.path.join(glob.escape(tree), "binaries", "cross_compile.*")))
            candidates.append(os.path.join(tree, "library", "cross_compile"))
        binaries = {}
        for path in candidates:
            binaries.setdefault(architecture_of(path), os.path.realpath(path))
        binaries.pop(None, None)
        return binaries

    def _has_standard_input(self):
        """Tells whether a command on the host gets what is sent to it."""
        connection, become = self._connection, self._connection.become
        if C.DEFAULT_KEEP_REMOTE_FILES or not connection.has_pipelining:
            return False
        if getattr(connection._shell, "SHELL_FAMILY", None) != "sh":
            return False
        if become is None:
            return True
        # On core 2.15, `su` does not say that it wants a terminal.
        return getattr(become, "pipelining", True) and not become.name.endswith("su")

    def _call_in_one_command(self, binaries, task_vars):
        """Returns the result; nothing when the module did not start, and has to be brought there in another way."""
        is_local = self._connection.transport == "local"
        # What the controller has on its own disk needs no copy.
        programs = {one: path if is_local else sha256_of(path) for one, path in binaries.items()}
        script = call_script(programs, self._compute_environment_string(), is_local)
        arguments = self._encoded_arguments(task_vars)
        answer = self._ask(script, arguments)
        if answer.word == "no-copy":
            path = fitting(binaries, answer.machine)
            display.vvv(f"Leaving a copy of {path} on the host", host=self._host())
            with open(path, "rb") as binary:
                if self._ask(install_script(sha256_of(path)), binary.read()).word != "installed":
                    return None
            answer = self._ask(script, arguments)
        if answer.word == "no-binary":
            fitting(binaries, answer.machine)
        if answer.word != "run" or not answer.started:
            return None
        display.vvv(f"Using module file {fitting(binaries, answer.machine)}", host=self._host())
        return self._result(answer.returned)

    def _try_temporary_directory(self):
        """Returns what machine the host is, and makes sure that programs run in its temporary directory."""
        directory = self._connection._shell.tmpdir
        if directory is None:
            self._make_tmp_path()
            directory = self._connection._shell.tmpdir
        script = ANSWER + TRY_TEMPORARY_DIRECTORY
        answer = self._ask(script % {"mark": MARK, "directory": shlex.quote(directory.rstrip("/"))}, None)
        if answer.word == "126":
            above = os.path.dirname(directory.rstrip("/"))
            raise Unfit(
                f"no program may run in the host's temporary directory `{above}`, as on a file system mounted `noexec`",
                "set `ansible_remote_tmp` (or the environment's ANSIBLE_REMOTE_TMP) to a directory where they may",
            )
        return answer.machine

    def _ask(self, script, data):
        command = f"/bin/sh -c {shlex.quote(script.strip())}"
        # Without data there is nothing to become another user for, and the terminal is the end of the input.
        if data is None:
            return Answer(self._low_level_execute_command(f"{command} </dev/null", sudoable=False))
        with self._without_terminal():
            return Answer(self._low_level_execute_command(command, in_data=GO + data))

    @contextmanager
    def _without_terminal(self):
        """Keeps a local connection from opening a terminal for a password: it would drop what is sent."""
        connection = self._connection
        if connection.transport != "local":
            yield
            return
        pipelining = connection.get_option("pipelining")
        connection.set_option("pipelining", True)
        try:
            yield
        finally:
            connection.set_option("pipelining", pipelining)

    def _encoded_arguments(self, task_vars):
        arguments = dict(self._task.args)
        self._update_module_args(self._task.action, arguments, task_vars)
        return json.dumps(arguments, **ENCODING).encode()

    def _result(self, returned):
        """Returns a result as `_execute_module` does it."""
        result = self._parse_returned_data(returned, *PROFILE)
        remove_internal_keys(result)
        return from_host(result)

    def _host(self):
        return self._play_context.remote_addr


class Answer:
    """What a script told, and what the program printed that it ran."""

    def __init__(self, returned):
        self.word, self.machine, self.returned = None, "", returned
        before, mark, after = returned["stdout"].partition(MARK)
        if mark:
            line, _newline, printed = after.partition("\n")
            self.word, _space, self.machine = line.strip().partition(" ")
            self.returned = {**returned, "stdout": printed}

    @property
    def started(self):
        """Tells whether the program ran: it never ends without a word, unless it is killed."""
        return bool(self.returned["stdout"].strip()) or self.returned["rc"] not in (0, 126, 127)


class Loaders:
    """Ansible's own loaders, but for the file of one module."""

    def __init__(self, loaders, name, path):
        self._loaders, self._name, self._path = loaders, name, path
        self.module_loader = self

    def __getattr__(self, name):
        return getattr(self._loaders if hasattr(self._loaders, name) else self._loaders.module_loader, name)

    def find_plugin_with_context(self, name, *arguments, **options):
        context = self._loaders.module_loader.find_plugin_with_context(name, *arguments, **options)
        if name == self._name:
            context.resolved, context.plugin_resolved_path = True, self._path
        return context


def trees():
    """Returns the directories that may hold binaries: the role's, and the collection's or the checkout's."""
    here = os.path.dirname(os.path.realpath(__file__))
    return [os.path.dirname(here), os.path.dirname(os.path.dirname(here))]


def architecture_of(path):
    """Returns the architecture that an ELF file is for; nothing for other files and other architectures."""
    try:
        with open(path, "rb") as file:
            header = file.read(20)
    except OSError:
        return None
    # The magic number, 64 bits, the lesser byte first.
    if len(header) < 20 or header[:6] != b"\x7fELF\x02\x01":
        return None
    return ELF_MACHINES.get(struct.unpack_from("<H", header, 18)[0])


def fitting(binaries, machine):
    """Returns the binary for a host that calls itself `machine`."""
    architecture = HOSTS.get(machine)
    if architecture in binaries:
        return binaries[architecture]
    if architecture is None:
        what = f"is `{machine}`" if machine.strip() else "does not tell what machine it is (`uname -sm`)"
        raise Unfit(f"the host {what}, and the module has no binary for it", f"it runs on {', '.join(HOSTS)}")
    checkout = trees()[1]
    if os.path.exists(os.path.join(checkout, "Cargo.toml")):
        ours = architecture == os.uname().machine
        remedy = f"run `make {'build' if ours else 'dist'}` in `{checkout}`"
    else:
        remedy = "install the role or the collection again from an archive that has it"
    raise Unfit(f"the module's binary for the host, which is `{machine}`, is not here", remedy)


def sha256_of(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def call_script(programs, environment, is_local):
    cases = [
        f"{shlex.quote(machine)}) program={shlex.quote(programs[architecture])} ;;"
        for machine, architecture in HOSTS.items()
        if architecture in programs
    ]
    script = ANSWER + CHOOSE + ("" if is_local else ENTER_CACHE) + RUN
    words = {"mark": MARK, "cases": "\n".join(cases), "cache": CACHE, "environment": environment}
    return script % words


def install_script(sha256):
    words = {"mark": MARK, "cache": CACHE, "sha256": sha256, "first_to_go": KEPT_COPIES + 1}
    return (ANSWER + INSTALL) % words
