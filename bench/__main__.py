"""Measures the module side by side with what a user would otherwise run, and keeps the tables.

    python3 bench [--quick]       `make bench` builds what is measured, and brings up the testbed

What belongs to one ratio is measured in turns within one run, so that whatever else the machine does hits both.
"""

import argparse
import hashlib
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import builds
from station import ANSIBLE, BINARY, PROJECT, ROLE_PLAY, Failed, Station, ran

HERE = Path(__file__).resolve().parent
DOCUMENT = PROJECT / "docs/benchmarks.md"
README = PROJECT / "README.md"
EXTRA = [f"extra-{number:02}" for number in range(50)]
MIB = 1024 * 1024


@dataclass
class Row:
    what: str
    measured: str
    beside: str
    goal: str = ""
    reached: bool | None = None

    def cells(self):
        verdict = {True: "reached", False: "**missed**", None: ""}[self.reached]
        return [self.what, self.measured, self.beside, self.goal, verdict]


def main():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="measure each thing less often, and keep nothing")
    quick = parser.parse_args().quick
    rounds = 3 if quick else 5
    load = os.getloadavg()[0]
    if load > os.cpu_count() / 2:
        say(f"a busy machine (load {load:.1f}): the figures will be worse than it can do")
    with Station() as station:
        say("images")
        images = list(station.containers.values())
        names = [image.partition(":")[0] for image in images]
        for name in names:
            station.push([name], layers=5, size_kb=4096, seed=name)
        station.push(EXTRA, layers=1, size_kb=4, seed="extra")
        rows = [
            *plays(station, "ssh", rounds),
            *plays(station, "local", rounds),
            *alone(station, rounds * 3),
            *first_run(station, images, rounds),
            *small_things(station, rounds * 20),
            *built(station, rounds),
            # Last, since the kernel counts this program's own memory, which grows with the answer, as its children's.
            *inventory(station, rounds),
        ]
        facts = surroundings(station)
    table = markdown(["what", "the module", "beside it", "goal", ""], [row.cells() for row in rows])
    print(f"\n{table}\n\n{facts}")
    if not quick:
        keep(DOCUMENT, table + "\n\n" + facts)
        keep(README, comparison(rows))
    missed = [row.what for row in rows if row.reached is False]
    if missed:
        print("\nmissed: " + "; ".join(missed))


def plays(station, connection, rounds):
    """The converged role's play and the peer's, each less an empty one."""
    say(f"plays, {connection}")
    where = {"ssh": "over SSH", "local": "over a local connection"}[connection]
    station.forget()
    station.play(ROLE_PLAY, connection, changed=1)
    # The peer finds nothing to do on a host that the role converged: both do the same job.
    station.play(HERE / "peer.yaml", connection, changed=0)
    times = {"empty": [], "role": [], "peer": []}
    for _ in range(rounds):
        times["empty"].append(station.play(HERE / "empty.yaml", connection, changed=None))
        times["role"].append(station.play(ROLE_PLAY, connection, changed=0))
        times["peer"].append(station.play(HERE / "peer.yaml", connection, changed=0))
    empty, role, peer = (statistics.median(times[name]) for name in ("empty", "role", "peer"))
    ratio = (role - empty) / (peer - empty)
    return [Row(
        f"converged play {where}, less an empty play ({empty:.2f} s)",
        f"{role - empty:.2f} s", f"{peer - empty:.2f} s with Ansible's own modules: 1/{1 / ratio:.1f}",
        "at most 1/8", ratio <= 1 / 8,
    )]


def alone(station, rounds):
    """The binary by itself on a converged host, and each question that it has to ask, by itself."""
    say("the binary alone")
    arguments = station.arguments()
    station.run(arguments)
    # The same override, as a text without variables, so that the runs do not undo each other's.
    more = station.arguments(
        containers={**station.containers, **{name: f"{name}:latest" for name in EXTRA}},
        override_template=station.override.read_text(),
    )
    station.run(more, changes=True)
    questions = [f"/distribution/{station.reference(image)}/json" for image in station.containers.values()]
    probes = {
        "the git server's head, over TLS": station.probe_git,
        "the engine, about one image in the registry": lambda: station.probe_engine(questions[0]),
        "the engine's `/info`": lambda: station.probe_engine("/info"),
    }
    # What the goal does not count: a program that the module does without, and more than one question.
    compared = {
        "for comparison, `git ls-remote`": station.probe_git_command,
        "for comparison, the engine about all three images at once": lambda: at_once(station.probe_engine, questions),
    }
    times, probed, many, memory = [], {name: [] for name in probes | compared}, [], []
    for _ in range(rounds):
        for name, probe in (probes | compared).items():
            probed[name].append(probe())
        seconds, peak, _ = station.run(arguments, changes=False)
        times.append(seconds)
        memory.append(peak)
        many.append(station.run(more, changes=False)[0])
    medians = {name: statistics.median(seconds) for name, seconds in probed.items()}
    slowest = max(probes, key=medians.get)
    binary, peak = statistics.median(times), max(memory)
    each = (statistics.median(many) - binary) / len(EXTRA)
    rows = [Row(
        "the binary alone, converged, three images", milliseconds(binary),
        f"{milliseconds(medians[slowest])} for the slowest probe, {slowest}: {binary / medians[slowest]:.2f} ×",
        "at most 1.5 ×", binary <= 1.5 * medians[slowest],
    )]
    rows += [Row(f"… {name}", "", milliseconds(seconds)) for name, seconds in medians.items()]
    rows += [
        Row("… its peak memory", f"{peak / MIB:.1f} MiB", "", "at most 32 MiB", peak <= 32 * MIB),
        Row("… each further image, of fifty", milliseconds(each), "", "at most 15 ms", each <= 0.015),
    ]
    return rows


def first_run(station, images, rounds):
    """A first run, images of several layers, and `docker pull` of the same images at once."""
    say("first runs")
    ours, dockers = [], []
    for _ in range(rounds):
        station.forget()
        dockers.append(station.pull_at_once(images))
        station.forget()
        ours.append(station.run(station.arguments(), changes=True)[0])
    binary, docker = statistics.median(ours), statistics.median(dockers)
    return [Row(
        "first run, three images of five layers of 4 MiB each", f"{binary:.2f} s",
        f"{docker:.2f} s for `docker pull` of the three at once: {binary / docker:.2f} ×",
        "at most 1.2 ×", binary <= 1.2 * docker,
    )]


def inventory(station, rounds):
    say("an inventory of 10,000 artifacts")
    category = station.base / "artifacts/envoy"
    category.mkdir(parents=True, exist_ok=True)
    names = [f"envoy-v1.{number}.0-arm64" for number in range(10_000)]
    for name in names:
        (category / name).write_text(name)
    listed = "".join(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n" for name in names)
    (category / "SHA256SUMS").write_text(listed)
    arguments = {
        "_ansible_module_name": "cross_compile_info", "base_dir": str(station.base), "gather": ["artifacts"],
    }
    runs = [station.run(arguments) for _ in range(rounds)]
    told = next(one for one in runs[0][2]["artifacts"] if one["category"] == "envoy")
    if len(told["artifacts"]) != len(names):
        raise Failed(f"{len(told['artifacts'])} artifacts were told of {len(names)}")
    warm = statistics.median(seconds for seconds, _, _ in runs[1:])
    return [Row(
        "`cross_compile_info`, 10,000 artifacts, warm", f"{warm:.2f} s",
        f"{max(memory for _, memory, _ in runs) / MIB:.0f} MiB", "under 1 s", warm < 1,
    )]


def small_things(station, rounds):
    say("small things")
    template = (PROJECT / "roles/goldentooth.setup_cross_compilation/templates/docker-compose.override.yml.j2")
    everything = station.arguments(
        state="present", resources=["requirements", "directories", "toolkit", "network", "images", "override"],
        artifact_categories=["envoy", "consul", "vault", "packages", "containers"], owner="root", group="root",
        mode="0755", builder_uid=1000, builder_gid=1000, toolkit_version="main", toolkit_depth=1, toolkit_force=False,
        toolkit_dest=str(station.base / "workspace/cross-compile-toolkit"), pull="newer", platform="linux/amd64",
        override_template=template.read_text(),
        override_variables={f"variable_{number}": {"text": "x" * 100} for number in range(100)},
        envoy_build={
            "version": "v1.32.0", "memory_allocator": "disabled", "build_config": "release", "parallel_jobs": 2,
            "create_deb_package": True,
        },
        build_automation={"auto_pull_images": True, "cleanup_old_artifacts": True, "artifact_retention_days": 30},
        timeout=60, lock_timeout=600,
    )
    starts, none, all_of_them = [], [], []
    for _ in range(rounds):
        starts.append(station.version())
        none.append(station.refusal({"_ansible_module_name": "cross_compile"}))
        all_of_them.append(station.refusal(everything))
    cost = statistics.median(all_of_them) - statistics.median(none)
    return [
        Row("start-up (`--version`)", milliseconds(statistics.median(starts)), ""),
        Row("every option given, a hundred variables more, against none", f"{milliseconds(cost)} more", "",
            "at most 1 ms", cost <= 0.001),
        Row("size of the static binary", f"{BINARY.stat().st_size / 1e6:.1f} MB", "", "at most 12 MB",
            BINARY.stat().st_size <= 12e6),
    ]


def built(station, rounds):
    """Builds, beside the same by `docker run`."""
    say("builds")
    measured = builds.measure(station, rounds)
    overhead = measured["run"] - measured["plain"]
    return [
        Row("an up-to-date build is recognised", milliseconds(measured["known"]), "",
            "under 50 ms", measured["known"] < 0.05),
        Row("a build of next to nothing", f"{measured['run']:.2f} s", f"{measured['plain']:.2f} s by `docker run`",
            "at most 0.5 s more", overhead <= 0.5),
        Row("hashing one artifact of 2 GiB", rate(measured["one"]),
            f"{rate(measured['openssl'])} by `openssl dgst -sha256`: {measured['one'] / measured['openssl']:.2f} ×",
            "at least 0.9 ×", measured["one"] >= 0.9 * measured["openssl"]),
        Row(f"… four of 512 MiB, on {os.cpu_count()} cores", rate(measured["many"]),
            f"{measured['many'] / measured['one']:.2f} × one"),
        *(
            Row(f"peak memory with {what}", f"{measured[name] / MIB:.1f} MiB", "",
                "at most 32 MiB", measured[name] <= 32 * MIB)
            for name, what in (("log", "a log of 1 GiB"), ("artifacts", "2 GiB of artifacts"))
        ),
    ]


def at_once(probe, questions):
    """Returns the seconds that all questions take, asked together."""
    started = time.monotonic()
    with ThreadPoolExecutor(len(questions)) as pool:
        list(pool.map(probe, questions))
    return time.monotonic() - started


def rate(bytes_per_second):
    return f"{bytes_per_second / 1e9:.2f} GB/s"


def milliseconds(seconds):
    return f"{seconds * 1000:.1f} ms"


def surroundings(station):
    """Tells what was measured on, and with what."""
    processor = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    ansible = ran([ANSIBLE / "ansible", "--version"]).splitlines()[0]
    collections = ran([ANSIBLE / "ansible-galaxy", "collection", "list", "community.docker"])
    docker = re.search(r"^community\.docker\s+(\S+)", collections, re.MULTILINE)
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    version = ran([BINARY, "--version"]).strip()
    return "\n".join([
        f"- {processor.group(1) if processor else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB;"
        f" load when it ended: {os.getloadavg()[0]:.1f}",
        f"- {system}, Linux {platform.release()}",
        f"- {version}; Docker Engine {station.testbed['engine']['version']},"
        f" {station.testbed['engine']['storage_driver']}; {ran(['git', '--version']).strip()}",
        f"- {ansible}, community.docker {docker.group(1) if docker else '?'}, Python {platform.python_version()}",
        f"- {time.strftime('%Y-%m-%d', time.gmtime())}",
    ])


def comparison(rows):
    """Returns the few lines that a reader of the README wants."""
    wanted = [row for row in rows if row.what.startswith(("converged play", "the binary alone", "first run"))]
    return markdown(["", "this module", "beside it"], [[row.what, row.measured, row.beside] for row in wanted])


def markdown(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def keep(path, text):
    """Puts `text` between the markers of a document."""
    begin, end = "<!-- benchmarks:begin -->", "<!-- benchmarks:end -->"
    before, found, rest = path.read_text().partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise Failed(f"{path} has no markers {begin} and {end}")
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def say(what):
    print(f"measuring: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except (Failed, subprocess.TimeoutExpired) as problem:
        sys.exit(f"bench: {problem}")
