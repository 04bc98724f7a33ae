"""Describes the running testbed in `environment.json`, for tests and plays that use it.

Names in it are an interface: the tests, the demo and the benchmarks read them.
"""

import json
import urllib.parse

import compilers
import engine
import git_server
import registry
import ssh_server
import toolkit_repository
from layout import AUTHORITY, DOCKER_CONFIG, ENGINE_SOCKET, ENVIRONMENT, GIT_ROOT, LOOPBACK, ROOT, port, write


def describe(with_ssh):
    """Returns everything that a client has to know."""
    git = urllib.parse.urlsplit(git_server.base_url())
    userinfo = f"{git_server.USERNAME}:{urllib.parse.quote(git_server.PASSWORD, safe='')}"
    return {
        "root": str(ROOT),
        "ca": str(AUTHORITY),
        "engine": {
            "docker_host": f"unix://{ENGINE_SOCKET}",
            "socket": str(ENGINE_SOCKET),
            "version": engine.version()["Version"],
            "storage_driver": engine.storage(),
        },
        "registry": {
            "address": registry.address("registry"),
            "prefix": f"{registry.address('registry')}/goldentooth",
            "compilers": f"{registry.address('registry')}/{compilers.NAME}",
            "unchecked_address": f"{LOOPBACK}:{port('registry')}",
            "username": registry.USERNAME,
            "password": registry.PASSWORD,
            "docker_config": str(DOCKER_CONFIG),
            "anonymous_address": registry.address("anonymous-registry"),
            "stranger_address": registry.address("stranger-registry"),
        },
        "git": {
            "root": str(GIT_ROOT),
            "https": git_server.base_url(),
            "http": git_server.plain_base_url(),
            "private": f"{git_server.base_url()}{git_server.PRIVATE}",
            "private_with_userinfo": f"https://{userinfo}@{git.netloc}{git_server.PRIVATE}",
            "username": git_server.USERNAME,
            "password": git_server.PASSWORD,
        },
        "toolkit": {
            "repository": str(GIT_ROOT / toolkit_repository.NAME),
            "url": f"{git_server.base_url()}/{toolkit_repository.NAME}",
            "head": toolkit_repository.head(),
        },
        "ssh": ssh() if with_ssh else None,
    }


def ssh():
    return {
        "host": ssh_server.HOST,
        "address": LOOPBACK,
        "port": port(ssh_server.NAME),
        "user": "root",
        "key": str(ssh_server.KEY),
        "config": str(ssh_server.CONFIG),
        "known_hosts": str(ssh_server.KNOWN_HOSTS),
        "client_home": str(ssh_server.CLIENT),
        "session_home": str(ssh_server.HOME),
        "git": ssh_server.git_base_url(GIT_ROOT),
    }


def publish(with_ssh):
    description = describe(with_ssh)
    # Passwords are inside, if only the testbed's.
    write(ENVIRONMENT, json.dumps(description, indent=2) + "\n", mode=0o600)
    return description


def withdraw():
    ENVIRONMENT.unlink(missing_ok=True)
