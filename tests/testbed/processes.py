"""Starts and stops the servers, and knows which processes are the testbed's own.

Every server carries the testbed's place in its environment. A process that neither has that mark nor
descends from one that has it is never signalled, whatever a record of an earlier run says: process ids are
used again.
"""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from layout import LOGS, RECORDS, ROOT, TestbedError, write

MARK = f"CROSS_COMPILE_TESTBED={ROOT}"


def environment(**more):
    """Returns what a server gets to see: no proxy, no credentials, nothing of the caller's."""
    key, value = MARK.split("=", 1)
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {"PATH": path, "LC_ALL": "C.UTF-8", "HOME": str(ROOT), key: value, **more}


def start(name, command, env):
    """Starts `command` as the server `name`, in a session of its own."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with open(log(name), "ab") as output:
        process = subprocess.Popen(
            [str(word) for word in command], env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            cwd=ROOT, start_new_session=True,
        )
    write(RECORDS / f"{name}.json", json.dumps({"pid": process.pid, "born": born(process.pid)}) + "\n")
    return process


def wait_until(healthy, name, process, seconds=30):
    """Waits until `healthy()` holds, or says what the server's log says."""
    deadline = time.monotonic() + seconds
    while not healthy():
        if process.poll() is not None or time.monotonic() > deadline:
            state = f"ended with status {process.poll()}" if process.poll() is not None else "does not answer"
            raise TestbedError(f"the {name} {state}; the end of {log(name)}:\n{tail(log(name))}")
        time.sleep(0.02)


def alive(name):
    """Returns the process id of the server `name` if it runs and is ours."""
    try:
        record = json.loads((RECORDS / f"{name}.json").read_text())
    except (FileNotFoundError, ValueError):
        return None
    pid = record["pid"]
    return pid if born(pid) == record["born"] and is_marked(pid) else None


def stop(name, seconds=15):
    """Ends the server `name` with all that it started, gently at first."""
    pid = alive(name)
    if pid:
        family = {member: born(member) for member in (descendants(pid) | {pid}) - {os.getpid()}}
        send(pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while running(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        for member, birth in family.items():
            if birth is not None and born(member) == birth:
                send(member, signal.SIGKILL)
    (RECORDS / f"{name}.json").unlink(missing_ok=True)
    return bool(pid)


def sweep():
    """Kills what a crash has left of the testbed, with everything that it had started."""
    left = {pid for pid in all_processes() if is_marked(pid)} - {os.getpid()}
    # Found before the first is killed: orphans forget their parents.
    for pid in left.union(*(descendants(pid) for pid in left)) - {os.getpid()}:
        send(pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while any(running(pid) for pid in left) and time.monotonic() < deadline:
        time.sleep(0.02)
    return len(left)


def descendants(pid):
    """Returns the ids of all processes that `pid` or one of these has started."""
    parents = {child: parent(child) for child in all_processes()}
    found, fresh = set(), {pid}
    while fresh:
        fresh = {child for child, of in parents.items() if of in fresh} - found
        found |= fresh
    return found


def all_processes():
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def is_marked(pid):
    try:
        words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        title = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    # sshd writes its title over its environment; but the title names its configuration, which is ours.
    return MARK.encode() in words or (title.startswith(b"sshd: ") and f" {ROOT}/".encode() in title)


def stat(pid):
    """Returns the fields of `/proc/<pid>/stat` from the state on, or none where there is no process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def running(pid):
    # A child of ours that has ended stays a zombie for as long as nobody asks for its status.
    fields = stat(pid)
    return fields is not None and fields[0] != "Z"


def parent(pid):
    fields = stat(pid)
    return int(fields[1]) if fields else None


def born(pid):
    """Returns the clock tick of the process's start: with its id, the only name that is not used twice."""
    fields = stat(pid)
    return int(fields[19]) if fields and fields[0] != "Z" else None


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def log(name):
    return LOGS / f"{name}.log"


def tail(path, lines=15):
    text = path.read_text(errors="replace") if path.exists() else ""
    return "\n".join(text.splitlines()[-lines:])


def run(command, **options):
    """Runs `command` to its end and returns its standard output; a failure says what it said."""
    words = [str(word) for word in command]
    done = subprocess.run(words, text=True, capture_output=True, **options)
    if done.returncode:
        raise TestbedError(f"`{' '.join(words)}` ended with status {done.returncode}:\n{done.stderr.strip()}")
    return done.stdout
