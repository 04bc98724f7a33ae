"""The examples in the documentation of each module, played as they stand but for what they take from another world."""

import json
import os

from controller import PROJECT, ROLE
from cores import on_the_oldest_core_too
from options import documented, options_of
from workshop import BUILD, build, builders, with_a_build

INFO, PRUNE = "cross_compile_info", "cross_compile_prune"


@on_the_oldest_core_too
def every_example_of_cross_compile_works(controller, station):
    registry = station.testbed["registry"]
    replaced = {
        "/srv/goldentooth": str(station.base),
        "/srv/artifacts": str(station.base / "artifacts"),
        "registry.example.org/goldentooth": station.registry,
        "envoy-builder:2026.11": "envoy-builder:latest",
        "v1.4.0": "main",
        "username: 'velaryon'": f"username: '{registry['username']}'",
        "docker-compose.override.yml.j2": str(PROJECT / f"roles/{ROLE}/templates/docker-compose.override.yml.j2"),
        "unix:///run/podman/podman.sock": station.testbed["engine"]["docker_host"],
        "min_disk_space_gb: 10": "min_disk_space_gb: 1",
        "min_memory_gb: 2": "min_memory_gb: 1",
    }
    variables = {"registry_token": registry["password"]}
    results = _play(
        controller, station, "cross_compile", replaced, "--check", "--diff", variables=variables,
    ).results()
    assert len(results) >= 10
    for result in results:
        # The machine that runs the tests may lack the plugin.
        warnings = [warning for warning in result.get("warnings", []) if "buildx" not in warning]
        assert result["changed"] and not warnings, result
    assert not station.base.exists()


def every_example_of_cross_compile_build_works(controller, station):
    replaced = {"make -C /workspace/consul": 'printf consul >"$OUTPUT_DIR/consul"'}
    with builders(controller, station):
        results = _play(controller, station, BUILD, replaced).results(BUILD)
        assert [result["changed"] for result in results] == [True] * 4, results
        assert [result["running"] for result in results] == [False, False, False, True], results
        made = [{os.path.basename(artifact["path"]) for artifact in result["artifacts"]} for result in results]
        assert "envoy-arm64" in made[0] and "envoy-v1.31.0-arm64" in made[1] and made[2] == {"consul"}, made
        assert not any(name.endswith(".deb") for name in made[1]), made
        # Who goes on comes back for it.
        assert build(controller, station)["running"] is False


@on_the_oldest_core_too
def every_example_of_cross_compile_info_works(controller, station):
    station.make_bare()
    controller.ad_hoc(station.arguments(), velaryon=controller.local()).succeeded()
    # The machine that runs the tests has not that much to spare.
    replaced = {"min_free_gb: 20": "min_free_gb: 1"}
    results = _play(controller, station, INFO, replaced, min_free_gb=1).results(INFO)
    assert [result["changed"] for result in results] == [False] * 3, results
    everything, health, artifacts = ({name for name in result if name[0] != "_"} for result in results)
    assert {"environment", "health", "artifacts"} <= everything, everything
    assert "health" in health and "artifacts" not in health and "health" not in artifacts, (health, artifacts)
    assert results[1]["health"]["healthy"] is True, results[1]


def every_example_of_cross_compile_prune_works(controller, station):
    # Of two versions one stays, and nothing of the caches.
    replaced = {"keep: 3": "keep: 1", "cache_max_gb: 100": "cache_max_gb: 0"}
    with with_a_build(controller, station):
        cached = station.base / "build-cache/envoy-builder/object"
        cached.write_text("of an earlier build")
        results = _play(controller, station, PRUNE, replaced).results(PRUNE)
        assert [result["changed"] for result in results] == [True] * 3, results
        told, done, cache = results
        assert told["diff"] and told["artifacts"] == done["artifacts"] != [], (told, done)
        assert str(cached) in [entry["path"] for entry in cache["cache"]], cache
        left = {path.name for path in (station.base / "artifacts/envoy").iterdir()}
        assert "envoy-v2-arm64" in left and "envoy-v1-arm64" not in left and not cached.exists(), left


def _play(controller, station, module, replaced, *options, variables=None, **more):
    """Plays a module's examples with what a user has and no example has to say; an example's own word counts more."""
    examples = documented(controller, module)["examples"]
    for there, here in replaced.items():
        assert there in examples, f"no example of {module} says `{there}`"
        examples = examples.replace(there, here)
    defaults = {**options_of(controller, station, module), **more}
    play = [
        "- hosts: velaryon",
        "  gather_facts: false",
        f"  vars: {json.dumps(variables or {})}",
        f"  module_defaults: {{{module}: {json.dumps(defaults)}}}",
        "  tasks:",
        *(f"    {line}" for line in examples.splitlines()),
    ]
    path = controller.directory / "examples.yaml"
    path.write_text("\n".join(play) + "\n")
    played = controller.play(path, *options, velaryon=controller.local()).succeeded()
    names = [line for line in examples.splitlines() if line.startswith("- name: ")]
    assert played.recap()["ok"] == len(names) >= len(played.results(module)) > 0, played.shown
    return played
