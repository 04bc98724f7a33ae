"""What `ansible-doc` shows, compared with what the binary does; and the examples in it, played."""

import json
import subprocess

from controller import PROJECT, ROLE, binary
from cores import on_the_oldest_core_too

VARIABLES = [
    "artifact_pruning", "build_automation", "cross_compile", "envoy_build", "registry_auth", "system_requirements",
]
# A value that no option of the type takes, and the words with which it is refused.
WRONG = {
    "int": ("soon", "convert to int"),
    "bool": ("maybe", "convert to bool"),
    "dict": ("x", "dictionary requested"),
    "list": ({"x": "y"}, "convert to list"),
}


@on_the_oldest_core_too
def the_module_is_documented_without_a_warning(controller, station):
    shown = controller.documentation("cross_compile")
    # Each section is there, and no markup is left over.
    for part in ("OPTIONS", "ATTRIBUTES", "NOTES", "SEE ALSO", "REQUIREMENTS", "EXAMPLES", "RETURN VALUES"):
        assert part in shown, f"`{part}` is not in:\n{shown}"
    for markup in ("O(", "V(", "C(", "E(", "RV("):
        assert markup not in shown, f"`{markup}` is in:\n{shown}"
    assert "toolkit_repo:" in controller.documentation("--snippet", "cross_compile")


@on_the_oldest_core_too
def the_role_is_documented_without_a_warning(controller, station):
    shown = controller.documentation("--type", "role", ROLE)
    assert "O(" not in shown and "cross_compile.toolkit_version" in shown, shown
    told = json.loads(controller.documentation("--type", "role", "--json", ROLE))[ROLE]["entry_points"]
    assert sorted(told) == ["artifacts", "build", "main", "prune", "test"], sorted(told)
    assert sorted(told["main"]["options"]) == VARIABLES
    assert told["artifacts"]["options"]["cross_compile"]["options"].keys() >= {"base_dir", "artifacts_dir", "mode"}


@on_the_oldest_core_too
def what_is_documented_is_what_the_binary_does(controller, station):
    documented = _documented(controller)
    options, answer = documented["doc"]["options"], _answers(controller, {"colour": "blue"})
    assert _supported(answer["msg"]) == _names(options)
    _defaults_agree(options, answer["invocation"]["module_args"])
    for name, option in _with_suboptions(options):
        ask = lambda value: _answers(controller, _nested(name, value))["msg"]
        if option["type"] in WRONG:
            value, words = WRONG[option["type"]]
            assert words in ask(value), f"{name}: {ask(value)}"
        if "choices" in option:
            choices = ", ".join(option["choices"])
            told = ask("none of them")
            assert f"must be one of: {choices}, got" in told or f"one or more of: {choices}. Got" in told, told
        if "suboptions" in option:
            assert _supported(ask({"colour": "blue"})) == _names(option["suboptions"]), name


def the_results_that_are_documented_are_those_that_come(controller, station):
    documented = _documented(controller)["return"]
    velaryon = {**controller.local(), **station.variables()}
    result = controller.ad_hoc(station.arguments(), "--check", "--diff", velaryon=velaryon).succeeded().result
    # A failure has its message besides.
    told = {name: value for name, value in result.items() if name != "invocation" and name[0] != "_"}
    assert sorted([*told, "msg"]) == sorted(documented), sorted(told)
    types = {"bool": bool, "dict": dict, "list": list, "str": str, "int": int, "raw": object}
    for name, value in told.items():
        assert isinstance(value, types[documented[name]["type"]]), f"{name}: {value}"
        for entry in value if isinstance(value, list) else [value]:
            contains = documented[name].get("contains")
            assert isinstance(entry, dict) == bool(contains), f"{name}: {entry}"
            if contains:
                assert sorted(entry) == sorted(contains), f"{name}: {sorted(entry)}"
                for key, inner in entry.items():
                    assert inner is None or isinstance(inner, types[contains[key]["type"]]), f"{name}.{key}: {inner}"


@on_the_oldest_core_too
def every_example_works(controller, station):
    examples = _documented(controller)["examples"]
    registry = station.testbed["registry"]
    # What an example takes from a world that the testbed is not.
    for there, here in {
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
    }.items():
        assert there in examples, f"no example says `{there}`"
        examples = examples.replace(there, here)
    # What no example has to say, because a user has it; an example's own word counts more.
    play = [
        "- hosts: velaryon",
        "  gather_facts: false",
        f"  vars: {{registry_token: {json.dumps(registry['password'])}}}",
        f"  module_defaults: {{cross_compile: {json.dumps(station.arguments())}}}",
        "  tasks:",
        *(f"    {line}" for line in examples.splitlines()),
    ]
    path = controller.directory / "examples.yaml"
    path.write_text("\n".join(play) + "\n")
    names = [line for line in examples.splitlines() if line.startswith("- name: ")]
    played = controller.play(path, "--check", "--diff", velaryon=controller.local()).succeeded()
    recap, results = played.recap(), played.results()
    assert recap["ok"] == len(names) and len(results) == len(names) - 1 >= 10, played.shown
    for result in results:
        # The machine that runs the tests may lack the plugin.
        warnings = [warning for warning in result.get("warnings", []) if "buildx" not in warning]
        assert result["changed"] and not warnings, result
    assert not station.base.exists()


def _documented(controller):
    return json.loads(controller.documentation("--json", "cross_compile"))["cross_compile"]


def _answers(controller, arguments):
    """Returns how the binary refuses these arguments."""
    path = controller.directory / "args"
    path.write_text(json.dumps({**arguments, "_ansible_module_name": "cross_compile", "_ansible_check_mode": True}))
    answer = json.loads(subprocess.run([binary(), path], capture_output=True, text=True, timeout=60).stdout)
    assert answer.get("failed"), f"{arguments} is not refused: {answer}"
    return answer


def _supported(message):
    """Returns the names, and the aliases in brackets, that the refusal of an unknown option lists."""
    return message.partition("Supported parameters include: ")[2].rstrip(".")


def _names(options):
    aliases = sorted(alias for option in options.values() for alias in option.get("aliases", []))
    return ", ".join(sorted(options)) + (f" ({', '.join(aliases)})" if aliases else "")


def _defaults_agree(options, parameters):
    for name, option in options.items():
        if "suboptions" in option:
            _defaults_agree(option["suboptions"], parameters[name])
        else:
            assert parameters[name] == option.get("default"), f"{name}: {parameters[name]}"


def _with_suboptions(options, within=""):
    for name, option in options.items():
        yield within + name, option
        yield from _with_suboptions(option.get("suboptions", {}), f"{within}{name}.")


def _nested(name, value):
    for part in reversed(name.split(".")):
        value = {part: value}
    return value
