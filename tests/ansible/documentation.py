"""What `ansible-doc` shows of each module, compared with what the binary does."""

import json
import subprocess

from controller import PROJECT, ROLE, binary
from cores import on_the_oldest_core_too
from options import documented, options_of
from workshop import with_a_build

MODULES = sorted(path.stem for path in (PROJECT / "library").glob("*.yaml"))
TYPES = {"bool": bool, "dict": dict, "list": list, "str": str, "int": int, "float": (int, float), "raw": object}
VARIABLES = [
    "artifact_pruning", "build_automation", "cross_compile", "envoy_build", "registry_auth", "system_requirements",
]
# A value that no option of the type takes, and the words with which it is refused.
WRONG = {
    "int": ("soon", "convert to int"),
    "float": ("much", "convert to float"),
    "bytes": ("much", "convert to bytes"),
    "bool": ("maybe", "convert to bool"),
    "dict": ("x", "dictionary requested"),
    "list": ({"x": "y"}, "convert to list"),
}


@on_the_oldest_core_too
def every_module_is_documented_without_a_warning(controller, station):
    for module in MODULES:
        shown = controller.documentation(module)
        # Each section is there, and no markup is left over.
        for part in ("OPTIONS", "ATTRIBUTES", "NOTES", "SEE ALSO", "REQUIREMENTS", "EXAMPLES", "RETURN VALUES"):
            assert part in shown, f"{module}: `{part}` is not in:\n{shown}"
        for markup in ("O(", "V(", "C(", "E(", "RV("):
            assert markup not in shown, f"{module}: `{markup}` is in:\n{shown}"
        assert "docker_host:" in controller.documentation("--snippet", module), module


@on_the_oldest_core_too
def the_modules_are_listed_without_a_warning(controller, station):
    # The project's own directory, whatever binary is tried. Ansible reads everything there as text, but for links.
    library = PROJECT / "library"
    files = [path.name for path in library.iterdir() if not path.is_symlink() and path.suffix != ".yaml"]
    assert not files, files
    controller.settings["library"] = library
    controller.documentation("--list")


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
    for module in MODULES:
        options = documented(controller, module)["doc"]["options"]
        needed = {name: "envoy" for name, option in options.items() if option.get("required")}
        answer = _answers(controller, module, {**needed, "colour": "blue"})
        assert _supported(answer["msg"]) == _names(options), module
        _defaults_agree({name: options[name] for name in options.keys() - needed}, answer["invocation"]["module_args"])
        for name, option in _with_suboptions(options):
            place = f"{module}: {name}"
            ask = lambda value: _answers(controller, module, {**needed, **_nested(name, value)})["msg"]
            if option["type"] in WRONG:
                value, words = WRONG[option["type"]]
                assert words in ask(value), f"{place}: {ask(value)}"
            if "choices" in option:
                choices = ", ".join(option["choices"])
                told = ask("none of them")
                one, some = f"must be one of: {choices}, got", f"one or more of: {choices}. Got"
                assert one in told or some in told, f"{place}: {told}"
            if "suboptions" in option:
                assert _supported(ask({"colour": "blue"})) == _names(option["suboptions"]), place


def the_results_that_are_documented_are_those_that_come(controller, station):
    velaryon = {**controller.local(), **station.variables()}
    result = controller.ad_hoc(station.arguments(), "--check", "--diff", velaryon=velaryon).succeeded().result
    _results_agree("cross_compile", result, documented(controller, "cross_compile")["return"])


def the_results_of_the_other_modules_are_those_that_are_documented(controller, station):
    described = documented(controller, "cross_compile")["return"]
    with with_a_build(controller, station) as built:
        results = {"cross_compile_build": built}
        for module, options in {
            "cross_compile_info": {},
            "cross_compile_prune": {"artifact_retention_days": 0, "cache_max_gb": 0},
        }.items():
            arguments = {**options_of(controller, station, module), **options}
            played = controller.ad_hoc(arguments, "--diff", module=module, velaryon=controller.local()).succeeded()
            results[module] = played.results(module)[0]
    assert sorted(["cross_compile", *results]) == MODULES
    for module, result in results.items():
        returned = documented(controller, module)["return"]
        for name in returned.keys() & described.keys():
            # What is the same for each module is described once.
            returned[name].setdefault("contains", described[name].get("contains"))
        _results_agree(module, result, returned)


def _results_agree(module, result, returned):
    # A failure has its message besides.
    told = {name: value for name, value in result.items() if name != "invocation" and name[0] != "_"}
    sometimes = {name for name, value in returned.items() if value["returned"] in ("failure", "when there are any")}
    assert returned.keys() - sometimes <= told.keys() <= returned.keys(), f"{module}: {sorted(told)}"
    for name, value in told.items():
        contains = returned[name].get("contains")
        for entry in value if isinstance(value, list) else [value]:
            assert isinstance(entry, dict) == bool(contains), f"{module}.{name}: {entry}"
        _value_agrees(f"{module}.{name}", value, returned[name])


def _value_agrees(place, value, described):
    assert value is None or isinstance(value, TYPES[described["type"]]), f"{place}: {value}"
    contains = described.get("contains")
    for entry in value if isinstance(value, list) else [value]:
        if contains and entry is not None:
            # An error stands there when there is one.
            assert contains.keys() - {"error"} <= entry.keys() <= contains.keys(), f"{place}: {sorted(entry)}"
            for name, inner in entry.items():
                _value_agrees(f"{place}.{name}", inner, contains[name])


def _answers(controller, module, arguments):
    """Returns how the binary refuses these arguments."""
    path = controller.directory / "args"
    path.write_text(json.dumps({**arguments, "_ansible_module_name": module, "_ansible_check_mode": True}))
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
