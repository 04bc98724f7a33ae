"""Measures builds: how soon an up-to-date one is recognised, what running one adds, and what memory it takes."""

import statistics
import subprocess
import time

from station import CLEAN, WORK, ran

MIB = 1024 * 1024
NAME = "bench"
# What a build of two gigabytes leaves, and what one says whose log has one.
LARGE = "dd if=/dev/zero of=$OUTPUT_DIR/large bs=1M count=2048 2>/dev/null"
WORDY = "yes 'a line of a log that says next to nothing, but says it often' | head -c 1073741824; touch $OUTPUT_DIR/x"
SMALL = "touch $OUTPUT_DIR/x"


def measure(station, rounds):
    """Returns what was measured, by name: seconds, and bytes of memory."""
    fresh(station, SMALL)
    known = [seconds(station, SMALL, changes=False) for _ in range(rounds)]
    run, plain = [], []
    for _ in range(rounds):
        plain.append(by_docker(station, SMALL))
        run.append(seconds(station, SMALL, changes=True, force=True))
    return {
        "known": statistics.median(known),
        "run": statistics.median(run),
        "plain": statistics.median(plain),
        "log": peak(station, WORDY),
        "artifacts": peak(station, LARGE),
    }


def fresh(station, script):
    """Builds once, so that the image is there and what follows is known."""
    call(station, script, True)


def seconds(station, script, changes, **more):
    return call(station, script, changes, **more)[0]


def peak(station, script):
    return call(station, script, True, force=True)[1]


def call(station, script, changes, **more):
    """Runs the binary; returns its seconds and its peak memory."""
    return station.run(arguments(station, script, **more), changes=changes)[:2]


def arguments(station, script, **more):
    testbed = station.testbed
    return {
        "_ansible_module_name": "cross_compile_build",
        "name": NAME,
        "base_dir": str(WORK / "builds"),
        "registry": testbed["registry"]["prefix"],
        "image": "base-builder:latest",
        "command": ["sh", "-ec", script],
        "network": "none",
        "docker_host": testbed["engine"]["docker_host"],
        "ca_bundle": testbed["ca"],
        "registry_auth": {
            "enabled": True,
            "username": testbed["registry"]["username"],
            "token": testbed["registry"]["password"],
        },
        **more,
    }


def by_docker(station, script):
    """Returns the seconds that the same takes by `docker run`."""
    place = WORK / "by-docker"
    (place / "artifacts" / NAME).mkdir(parents=True, exist_ok=True)
    (place / "cache").mkdir(exist_ok=True)
    ran(["chown", "-R", "1000:1000", place])
    command, environment = station.docker(
        "run", "--rm", "--network", "none", "--volume", f"{place}/artifacts:/artifacts",
        "--volume", f"{place}/cache:/tmp/bazel-cache", "--env", f"OUTPUT_DIR=/artifacts/{NAME}",
        f"{station.testbed['registry']['prefix']}/base-builder:latest", "sh", "-ec", script,
    )
    started = time.monotonic()
    subprocess.run(command, env={**CLEAN, **environment}, check=True, capture_output=True)
    return time.monotonic() - started
