"""Measures builds: how soon an up-to-date one is recognised, how fast what it left is hashed, what running one adds,
and what memory it takes.
"""

import statistics
import subprocess
import time

from station import CLEAN, WORK, ran

MIB = 1024 * 1024
NAME = "bench"
# What a build of two gigabytes leaves, and what one says whose log has one.
LARGE = "dd if=/dev/zero of=$OUTPUT_DIR/large bs=1M count=2048 2>/dev/null"
MANY = "for i in 1 2 3 4; do dd if=/dev/zero of=$OUTPUT_DIR/large-$i bs=1M count=512 2>/dev/null; done"
BYTES = 2048 * MIB
WORDY = "yes 'a line of a log that says next to nothing, but says it often' | head -c 1073741824; touch $OUTPUT_DIR/x"
SMALL = "touch $OUTPUT_DIR/x"


def measure(station, rounds):
    """Returns what was measured, by name: seconds, bytes in a second, and bytes of memory."""
    fresh(station, SMALL)
    known = [seconds(station, SMALL, changes=False) for _ in range(rounds)]
    run, plain = [], []
    for _ in range(rounds):
        plain.append(by_docker(station, SMALL))
        run.append(seconds(station, SMALL, changes=True, force=True))
    memory = {"log": peak(station, WORDY), "artifacts": peak(station, LARGE)}
    # What it takes to recognise a build that left next to nothing is no hashing.
    ours, openssl = [], []
    for _ in range(rounds):
        ours.append(seconds(station, LARGE, changes=False) - statistics.median(known))
        openssl.append(by_openssl("large") - by_openssl("x"))
    call(station, MANY, True, force=True)
    many = [seconds(station, MANY, changes=False) - statistics.median(known) for _ in range(rounds)]
    return {
        "known": statistics.median(known),
        "run": statistics.median(run),
        "plain": statistics.median(plain),
        "one": BYTES / statistics.median(ours),
        "many": BYTES / statistics.median(many),
        "openssl": BYTES / statistics.median(openssl),
        **memory,
    }


def by_openssl(name):
    """Returns the seconds that OpenSSL takes to hash an artifact, its start included."""
    file = WORK / "builds/artifacts" / NAME / name
    started = time.monotonic()
    ran(["openssl", "dgst", "-sha256", file])
    return time.monotonic() - started


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
