"""The module without a play: `ansible velaryon -m cross_compile -a …`."""

import json
import sys

from controller import PLAYBOOK
from cores import essential, on_the_oldest_core_too


@essential
def an_ad_hoc_call_agrees_with_the_role(controller, station):
    velaryon = {**controller.ssh(), **station.variables()}
    done = controller.ad_hoc(station.arguments(), velaryon=velaryon).succeeded()
    assert done.result["changed"] is True
    controller.play(PLAYBOOK, velaryon=velaryon).changed(0)
    # Words are strings, whatever they mean: numbers, and whole dictionaries.
    words = " ".join(f"{name}={_word(value)}" for name, value in station.arguments(timeout=60).items())
    assert controller.ad_hoc(words, velaryon=velaryon).succeeded().result["changed"] is False
    # The host's own variables, by template.
    templated = {**station.arguments(), "registry_auth": "{{ registry_auth }}"}
    assert controller.ad_hoc(templated, velaryon=velaryon).succeeded().result["changed"] is False


@on_the_oldest_core_too
def the_state_is_told_ad_hoc(controller, station):
    velaryon = {**controller.ssh(), **station.variables()}
    ask = lambda: controller.ad_hoc(
        {**station.arguments(), "min_free_gb": 0}, module="cross_compile_info", velaryon=velaryon,
    ).succeeded().results("cross_compile_info")[0]
    station.make_bare()
    before = ask()
    assert before["environment"]["converged"] is False and before["changed"] is False, before
    done = controller.ad_hoc(station.arguments(), velaryon=velaryon).succeeded()
    assert done.result["actions"] == before["environment"]["actions"], before
    after = ask()
    assert after["environment"]["converged"] is True, after
    assert after["health"] == {"healthy": True, "problems": []}, after
    assert all(image["up_to_date"] for image in after["images"]), after


def _word(value):
    return f"'{json.dumps(value)}'" if isinstance(value, dict) else value


@on_the_oldest_core_too
def words_are_converted_as_ansibles_own_modules_do_it(controller, station):
    words = f"resources=directories base_dir={station.base} artifact_categories=envoy,vault mode=0750 builder_uid=1001"
    done = controller.ad_hoc(words, velaryon=controller.local()).succeeded()
    assert done.result["changed"] is True
    assert sorted(path.name for path in (station.base / "artifacts").iterdir()) == ["envoy", "vault"]
    assert (station.base / "artifacts").stat().st_mode & 0o777 == 0o750
    assert (station.base / "artifacts/vault").stat().st_uid == 1001
    assert controller.ad_hoc(words, velaryon=controller.local()).succeeded().result["changed"] is False


def an_ad_hoc_check_shows_the_difference_and_changes_nothing(controller, station):
    words = f"resources=directories base_dir={station.base}"
    told = controller.ad_hoc(words, "--check", "--diff", velaryon=controller.ssh()).succeeded()
    assert f"+++ after: {station.base}/artifacts" in told.shown, told.shown
    assert told.result["changed"] is True and not station.base.exists()


@essential
def bad_options_are_refused_in_the_words_of_ansible(controller, station):
    for words, message in {
        "colour=blue": "Unsupported parameters for (cross_compile) module: colour",
        "state=pleasant": "value of state must be one of: present",
        "timeout=soon": "we were unable to convert to int",
        "toolkit_force=maybe": "The value 'maybe' is not a valid boolean",
        "containers=x": "dictionary requested, could not parse JSON or key=value",
        "base_dir=relative": "`base_dir` must be an absolute path",
    }.items():
        played = controller.ad_hoc(f"base_dir={station.base} {words}", velaryon=controller.local())
        assert message in played.failed().result["msg"], played.result["msg"]
    assert not station.base.exists()


def storage_fails_in_the_words_of_ansibles_own_file_module(controller, station):
    station.base.mkdir(parents=True)
    file = station.base / "file"
    file.write_text("")
    cases = [
        {"path": str(station.base), "owner": "nobody-here"},
        {"path": str(station.base), "group": "nobody-here"},
        {"path": str(station.base), "mode": "rwx"},
        {"path": str(file)},
    ]
    ours = [
        {"resources": ["directories"], "base_dir": case["path"], **{k: v for k, v in case.items() if k != "path"}}
        for case in cases
    ]
    each = {"ignore_errors": True}
    theirs = {
        "ansible.builtin.file": "{{ item }}", "loop": [{**case, "state": "directory"} for case in cases],
        "vars": {"ansible_python_interpreter": sys.executable}, **each,
    }
    play = {"hosts": "velaryon", "gather_facts": False, "tasks": [
        theirs, {"cross_compile": "{{ item }}", "loop": ours, **each},
    ]}
    played = controller.play([play], velaryon=controller.local()).succeeded()
    expected = [result["msg"] for result in played.results("ansible.builtin.file")]
    told = [result["msg"].replace("`", "") for result in played.results()]
    assert len(told) == len(expected) == len(cases), played.shown
    for ours, theirs in zip(told, expected):
        assert ours.startswith(theirs), f"`{ours}` does not begin as Ansible's `{theirs}`"
