"""Runs Docker's command line against the testbed's engine, and nothing of the caller's own configuration."""

import subprocess

import processes
from layout import DOCKER_CONFIG, ENGINE_SOCKET, TestbedError


def run(*words, **options):
    """Runs one command and returns what it prints; a failure says what it said."""
    return processes.run(command(*words), env=environment(), **options).strip()


def exists(kind, name):
    """Tells whether there is an object of that kind."""
    words = command(kind, "inspect", "--format", "here", name)
    done = subprocess.run(words, env=environment(), capture_output=True, text=True)
    if done.returncode and not any(sign in done.stderr.lower() for sign in ("no such", "not found")):
        raise TestbedError(f"`{' '.join(map(str, words))}` ended with status {done.returncode}:\n{done.stderr.strip()}")
    return done.returncode == 0


def command(*words):
    return ["docker", "--host", f"unix://{ENGINE_SOCKET}", *words]


def environment():
    # The classic builder: the other one is a plugin that may be missing.
    return processes.environment(DOCKER_CONFIG=str(DOCKER_CONFIG), DOCKER_BUILDKIT="0")
