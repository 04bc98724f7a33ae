"""The testbed's command line: a real engine, registry, git server and SSH server, private to the checkout.

It decides what is brought up in which order, and nothing else.
"""

import argparse
import fcntl
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import certificates
import compilers
import engine
import environment
import git_server
import hosts
import images
import processes
import registry
import ssh_server
import toolkit_repository
from layout import AUTHORITY, ENVIRONMENT, LOCK, REGISTRY, ROOT, TestbedError, write


def up(options):
    """Starts what does not run yet; what runs and is healthy is left alone."""
    if os.geteuid() != 0:
        raise TestbedError("an engine of one's own needs root: run this as root")
    with locked():
        ssh = options.ssh or bool(processes.alive(ssh_server.NAME))
        if not processes.alive(engine.NAME):
            # Containers of an engine that was killed would hold its data.
            processes.sweep()
            engine.clear_traces()
        if not certificates.are_good():
            # An engine keeps to the authority that it knew when it first asked for one.
            for one in (engine, registry, git_server):
                one.stop()
            certificates.make()
        toolkit_repository.ensure()
        with ThreadPoolExecutor() as pool:
            starting = [pool.submit(engine.start), pool.submit(start_registry), pool.submit(start_git)]
            for one in starting:
                one.result()
        if ssh:
            ssh_server.start()
        description = environment.publish(ssh)
    if not options.quiet:
        show(description)


def start_registry():
    registry.start()
    # Images stay from one time to the next; they are made anew when their making changes.
    made = REGISTRY / "builders-made"
    wanted = images.fingerprint()
    if not made.exists() or made.read_text() != wanted:
        with registry.client() as client:
            images.push_builders(client)
        write(made, wanted)


def start_git():
    git_server.start(toolkit_repository.NAME)


def down(options):
    """Stops everything that was started, and what a crash has left."""
    if not ROOT.exists():
        return
    with locked():
        environment.withdraw()
        try:
            stopped = hosts.stop()
        finally:
            with ThreadPoolExecutor() as pool:
                stopping = [pool.submit(one.stop) for one in (engine, registry, git_server, ssh_server)]
                others = sum(one.result() for one in stopping)
            swept = processes.sweep()
            engine.clear_traces()
    if not options.quiet:
        print("the testbed is down" if stopped or others or swept else "the testbed was not up")


def status(options):
    """Tells what runs; the exit status tells whether all of it does, SSH apart, which is extra."""
    running = {name: processes.alive(name) for name in (engine.NAME, *registry.KINDS, git_server.NAME)}
    complete = all(running.values()) and ENVIRONMENT.exists()
    running[ssh_server.NAME] = processes.alive(ssh_server.NAME)
    if not options.quiet:
        for name, pid in running.items():
            print(f"{name:<20}{f'process {pid}' if pid else 'down'}")
    return 0 if complete else 1


def image(options):
    with pushing() as client:
        for name in options.name:
            pushed = images.push_made_up(
                client, name, options.tag, options.layers, options.size_kb, options.seed,
            )
            report(name, options.tag, pushed)


def push_compilers(options):
    """Makes and pushes the builders that really compile, unless the registry has them."""
    with locked(), pushing() as client:
        made = REGISTRY / "compilers-made"
        wanted = compilers.fingerprint()
        if not made.exists() or made.read_text() != wanted:
            compilers.push(client)
            write(made, wanted)
    if not options.quiet:
        print(f"{registry.address('registry')}/{compilers.NAME}")


def push_index(options):
    with pushing() as client:
        for name in options.name:
            pushed = images.push_index(
                client, name, options.tag, options.platform, options.layers, options.size_kb, options.seed,
            )
            report(name, options.tag, pushed)


def host(options):
    """Starts a host; of several that start at once, the first makes what they share."""
    if not ENVIRONMENT.exists():
        raise TestbedError("the testbed is not up: `python3 tests/testbed up` starts it")
    with locked():
        hosts.prepare()
    described = hosts.start(options.name, options.package)
    if not options.quiet:
        print(json.dumps(described, indent=2))


def remove_host(options):
    removed = hosts.remove(options.name, options.log)
    if not options.quiet:
        print("the host is removed" if removed else "there was no such host")


def pushing():
    if not ENVIRONMENT.exists():
        raise TestbedError("the testbed is not up: `python3 tests/testbed up` starts it")
    return registry.client()


def report(name, tag, pushed):
    print(json.dumps({"image": f"{registry.address('registry')}/{name}:{tag}", "digest": pushed}))


def show(description):
    git, hub, daemon = description["git"], description["registry"], description["engine"]
    print(f"engine    {daemon['docker_host']}")
    print(f"          Docker {daemon['version']}, {daemon['storage_driver']}")
    print(f"registry  {hub['address']}, TLS, user {hub['username']}")
    print(f"git       {git['https']}, {git['http']}")
    if description["ssh"]:
        print(f"ssh       ssh -F {description['ssh']['config']} {description['ssh']['host']}")
    print(f"trust     {AUTHORITY}")
    print(f"all of it {ENVIRONMENT}")


class locked:
    """Lets one `up` or `down` work at a time."""

    def __enter__(self):
        ROOT.mkdir(parents=True, exist_ok=True)
        self.file = open(LOCK, "w")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.file.close()


def parse(arguments):
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser = argparse.ArgumentParser(prog="testbed", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="command")

    command = commands.add_parser("up", parents=[common], help="start what does not run yet")
    command.add_argument("--ssh", action="store_true", help="with an SSH server")
    command.set_defaults(run=up)
    commands.add_parser("down", parents=[common], help="stop everything").set_defaults(run=down)
    commands.add_parser("status", parents=[common], help="tell what runs").set_defaults(run=status)

    command = commands.add_parser("compilers", parents=[common], help="push builders that really cross-compile")
    command.set_defaults(run=push_compilers)
    command = commands.add_parser("image", help="push images of made-up layers")
    made_up_options(command)
    command.set_defaults(run=image)
    command = commands.add_parser("push-index", help="push images for several platforms under one tag")
    made_up_options(command)
    command.add_argument("--platform", nargs="+", default=["linux/amd64", "linux/arm64"])
    command.set_defaults(run=push_index)

    command = commands.add_parser("host", parents=[common], help="start a host, a container like a machine")
    command.add_argument("--name", required=True)
    command.add_argument("--package", nargs="+", default=[], help="Debian packages that it has, e.g. docker.io")
    command.set_defaults(run=host)
    command = commands.add_parser("remove-host", parents=[common], help="end a host")
    command.add_argument("--name", required=True)
    command.add_argument("--log", type=Path, help="a file for what its servers had to say")
    command.set_defaults(run=remove_host)
    return parser.parse_args(arguments)


def made_up_options(command):
    command.add_argument("--name", nargs="+", required=True, help="repositories, e.g. goldentooth/foo")
    command.add_argument("--tag", default="latest")
    command.add_argument("--layers", type=int, default=3)
    command.add_argument("--size-kb", type=int, default=16, help="of each layer")
    command.add_argument("--seed", default="0", help="another seed, another digest")


if __name__ == "__main__":
    try:
        choice = parse(sys.argv[1:])
        sys.exit(choice.run(choice))
    except TestbedError as error:
        sys.exit(f"testbed: {error}")
    except FileNotFoundError as error:
        sys.exit(f"testbed: {error}; `scripts/setup test` installs what is needed")
