"""The host that the tests converge: its variables, how to make it bare again, and what is there."""

import json
import os
import subprocess
import sys
from functools import cache

from controller import PROJECT

IMAGES = ("base-builder", "envoy-builder", "ci-builder")


class Station:
    """`name` is its own in the registry and the engine, so that others may use the testbed meanwhile."""

    def __init__(self, controller, name):
        self.testbed = controller.testbed
        self.name = name
        self.base = controller.directory / "opt/goldentooth"
        self.registry = f"{self.testbed['registry']['address']}/{name}"

    @property
    def checkout(self):
        return self.base / "workspace/cross-compile-toolkit"

    @property
    def override(self):
        return self.checkout / "docker-compose.override.yml"

    def variables(self, **more):
        """Returns the variables of the role; what is not named keeps its default."""
        return {
            "cross_compile": {
                "toolkit_repo": self.testbed["toolkit"]["url"],
                "registry": self.registry,
                "base_dir": str(self.base),
                "docker_host": self.testbed["engine"]["docker_host"],
                "ca_bundle": self.testbed["ca"],
                "container": {"network_name": self.name},
                **more,
            },
            # The role's default would put a timer on this very machine.
            "build_automation": {"cleanup_old_artifacts": False},
            "system_requirements": {"min_disk_space_gb": 1, "min_memory_gb": 1},
            "registry_auth": self.registry_auth(),
        }

    def arguments(self, **more):
        """Returns the same as the module's own arguments."""
        variables = self.variables()
        options = variables.pop("cross_compile")
        return {**options, **variables, **more}

    def registry_auth(self):
        registry = self.testbed["registry"]
        return {"enabled": True, "username": registry["username"], "token": registry["password"]}

    def make_bare(self):
        """Takes images and network away; the directories are new for each test."""
        self.docker("image", "rm", "--force", *(f"{self.registry}/{image}:latest" for image in IMAGES))
        self.docker("network", "rm", self.name)

    def images(self):
        listed = self.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split()
        return sorted(name.rpartition("/")[2] for name in listed if name.startswith(f"{self.registry}/"))

    def has_network(self):
        return self.name in self.docker("network", "ls", "--format", "{{.Name}}").split()

    def head(self):
        command = ["git", "-c", "safe.directory=*", "-C", str(self.checkout), "rev-parse", "HEAD"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def docker(self, *words):
        command = ["docker", "--host", self.testbed["engine"]["docker_host"], *words]
        environment = {**os.environ, "DOCKER_CONFIG": self.testbed["registry"]["docker_config"]}
        return subprocess.run(command, capture_output=True, text=True, env=environment).stdout


@cache
def images_of(core):
    """Returns the name of the images, and of all else, that the tests of one core have for themselves."""
    name = f"ansible-tests-{core.version}"
    push_images(name)
    return name


def push_images(name):
    """Puts the images of a station into the registry; the same ones every time."""
    names = [f"{name}/{image}" for image in IMAGES]
    command = [sys.executable, PROJECT / "tests/testbed", "image", "--layers", "2", "--name", *names]
    pushed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [json.loads(line)["image"] for line in pushed.splitlines()]
