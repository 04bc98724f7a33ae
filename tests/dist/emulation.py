"""The binary for aarch64, run by emulation: alone, and by the action plugin on a host that is of that architecture."""

import hashlib
import json
import subprocess
from pathlib import Path

from controller import ENVIRONMENT, PROJECT, Controller
from shipped import COLLECTION_ARCHIVE, VERSION, directory, run, unpacked

EMULATOR = "qemu-aarch64-static"
CACHE = ".cache/goldentooth.cross_compile"


def the_aarch64_binary_tells_its_version():
    assert run([EMULATOR, _binary(), "--version"]) == f"cross_compile {VERSION}\n"


def the_aarch64_binary_makes_directories_and_a_checkout():
    base = directory("aarch64") / "base"
    told = _call(base, check=True)
    assert told["changed"] and told["actions"] and not base.exists(), told
    done = _call(base)
    assert done["actions"] == told["actions"], done
    _assert_converged(base)
    again = _call(base)
    assert again["changed"] is False and again["actions"] == [], again


def a_host_of_that_architecture_gets_that_binary():
    testbed = json.loads(ENVIRONMENT.read_text())
    cache = Path(testbed["ssh"]["session_home"], CACHE)
    with Controller(PROJECT / "target/ansible/bin", "aarch64-host") as controller:
        base = controller.directory / "base"
        plugins = unpacked(COLLECTION_ARCHIVE, "aarch64-host") / "plugins"
        controller.settings.update(action_plugins=plugins / "action", library=plugins / "modules")
        host = {**controller.ssh(), "ansible_shell_executable": str(_shell(controller.directory))}
        task = {"cross_compile": _options(base)}
        play = [{"hosts": "velaryon", "gather_facts": False, "tasks": [task]}]
        controller.play(play, velaryon=host).changed(1)
        _assert_converged(base)
        assert (cache / hashlib.sha256(_binary().read_bytes()).hexdigest()).exists()
        again = controller.play(play, "-vvv", velaryon=host).changed(0)
        assert again.shown.count("SSH: EXEC") == 1, again.shown


def _binary():
    return unpacked(COLLECTION_ARCHIVE, "aarch64-binary") / "binaries/cross_compile.aarch64"


def _options(base):
    testbed = json.loads(ENVIRONMENT.read_text())
    return {
        "resources": ["directories", "toolkit"],
        "base_dir": str(base),
        "toolkit_repo": testbed["toolkit"]["url"],
        "ca_bundle": testbed["ca"],
    }


def _call(base, check=False):
    arguments = json.dumps({**_options(base), "_ansible_check_mode": check})
    ran = subprocess.run([EMULATOR, _binary(), "-"], input=arguments, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0 and not ran.stderr, ran.stdout + ran.stderr
    return json.loads(ran.stdout)


def _assert_converged(base):
    testbed = json.loads(ENVIRONMENT.read_text())
    checkout = base / "workspace/cross-compile-toolkit"
    head = run(["git", "-c", "safe.directory=*", "-C", checkout, "rev-parse", "HEAD"]).strip()
    assert head == testbed["toolkit"]["head"]
    assert run(["git", "-c", "safe.directory=*", "-C", checkout, "status", "--porcelain"]) == ""
    assert (base / "artifacts/envoy").stat().st_uid == 1000


def _shell(place):
    """Returns a shell of a machine that says it is aarch64 and runs its programs: all but those are this machine's."""
    (place / "uname").write_text("#!/bin/sh\necho 'Linux aarch64'\n")
    shell = place / "shell"
    # Debian 12's `proot` keeps a working directory of its own, but not for the newest of system calls. It is where the
    # copy is, so that both are the same.
    shell.write_text(f'''#!/bin/sh
mkdir -p -m 0700 "$HOME/{CACHE}" && cd "$HOME/{CACHE}"
PATH="{place}:$PATH" exec proot -q {EMULATOR} /bin/sh "$@"
''')
    for program in (place / "uname", shell):
        program.chmod(0o755)
    return shell
