"""What the values of options may look like: paths in any language, vaults, numbers that are none, any locale."""

import subprocess

from controller import PLAYBOOK
from cores import essential, on_the_oldest_core_too
from host_binary import PLUGINS

# What shells, YAML and the ASCII of old locales trip over. (Ansible's own paths expand `$` and `~`.)
AWKWARD = "Träume & 'Räume' #50%/日本 語"


def _play(controller, *tasks, velaryon=None, **keywords):
    play = {"hosts": "velaryon", "gather_facts": False, "tasks": list(tasks), **keywords}
    return controller.play([play], velaryon=velaryon or controller.ssh())


@on_the_oldest_core_too
def paths_with_spaces_and_letters_of_every_language_are_converged(controller, station):
    base = station.base / AWKWARD
    velaryon = {**controller.ssh(), **station.variables(base_dir=str(base))}
    station.make_bare()
    told = controller.play(PLAYBOOK, "--check", "--diff", velaryon=velaryon).changed(1)
    done = controller.play(PLAYBOOK, "--diff", velaryon=velaryon).changed(1)
    assert done.result["actions"] == told.result["actions"]
    assert f"Created directory `{base}/artifacts/envoy`" in done.result["actions"], done.result["actions"]
    assert (base / "workspace/cross-compile-toolkit/docker-compose.override.yml").is_file()
    controller.play(PLAYBOOK, velaryon=velaryon).changed(0)


def the_place_that_ansible_brings_it_to_may_have_such_a_path(controller, station):
    remote = controller.directory / "Wald und Räume"
    velaryon = {**controller.local(), "ansible_remote_tmp": str(remote)}
    task = {"cross_compile": {"resources": ["directories"], "base_dir": str(station.base)}}
    _play(controller, task, velaryon=velaryon).changed(1)
    assert remote.is_dir() and not list(remote.iterdir())


@on_the_oldest_core_too
def the_words_are_the_same_in_every_locale(controller, station):
    locales = [
        {}, {"LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8"}, {"LC_ALL": "C"}, {"LANG": "", "LC_ALL": ""},
        {"LANG": "nonesuch", "LANGUAGE": "fr:ja"},
    ]
    directories = {"resources": ["directories"], "base_dir": f"{station.base}/{AWKWARD}"}
    # A file is where a directory must be: the system's own words.
    station.base.mkdir(parents=True)
    (station.base / "Datei ä").write_text("")
    failing = {**directories, "base_dir": f"{station.base}/Datei ä/x"}
    each = {"loop": locales, "environment": "{{ item }}"}
    played = _play(
        controller,
        {"cross_compile": directories, "check_mode": True, **each},
        {"cross_compile": failing, "ignore_errors": True, **each},
        velaryon=controller.local(),
    ).succeeded()
    told = ("changed", "actions", "msg", "directories", "invocation")
    results = [{name: result.get(name) for name in told} for result in played.results()]
    count = len(locales)
    assert len(results) == 2 * count, played.shown
    assert AWKWARD in results[0]["actions"][-1], results[0]
    assert "Datei ä` is not a directory" in results[count]["msg"], results[count]
    assert all(result == results[0] for result in results[:count]), results[:count]
    assert all(result == results[count] for result in results[count:]), results[count:]


@essential
def a_secret_from_a_vault_opens_the_registry(controller, station):
    velaryon = _with_vault(controller, station, lambda vault: f"token: {vault}\n")
    arguments = station.arguments(resources=["images"])
    arguments["registry_auth"] = {**arguments["registry_auth"], "token": "{{ token }}"}
    _opens(controller, station, arguments, velaryon)


def a_vault_may_stand_inside_an_option(controller, station):
    user = station.registry_auth()["username"]
    velaryon = _with_vault(
        controller, station, lambda vault: f"auth:\n  enabled: true\n  username: {user}\n  token: {vault}\n",
    )
    _opens(controller, station, station.arguments(resources=["images"], registry_auth="{{ auth }}"), velaryon)


@on_the_oldest_core_too
def a_vault_and_a_date_may_stand_in_the_task_itself(controller, station):
    controller.settings["action_plugins"] = PLUGINS
    # Quickly, and in the ways that Ansible has for what the quick one cannot do.
    for way, words in {"at-once": "", "later": "async: 60\n      poll: 1", "kept": ""}.items():
        if way == "kept":
            controller.settings["keep_remote_files"] = "true"
        base = f"{station.base}/{way}"
        path = controller.directory / "vault.yaml"
        path.write_text(f"""\
- hosts: velaryon
  gather_facts: false
  tasks:
    - cross_compile:
        resources: ['directories']
        base_dir: {_encrypted(controller, base)}
        toolkit_version: 2026-11-24
      {words}
""")
        # The wrapper of an asynchronous task is written in Python.
        velaryon = {**controller.ssh(), "ansible_python_interpreter": "/usr/bin/python3"}
        played = controller.play(path, "-vvv", velaryon=velaryon).changed(1)
        assert f"Created directory `{base}/artifacts`" in played.result["actions"], played.shown
        assert played.result["invocation"]["module_args"]["toolkit_version"] == "2026-11-24", played.shown


def _with_vault(controller, station, variables):
    """Writes variables, the registry's password encrypted among them, and returns those of the host."""
    encrypted = _encrypted(controller, station.registry_auth()["token"])
    (controller.directory / "host_vars").mkdir()
    (controller.directory / "host_vars/velaryon.yaml").write_text(variables(encrypted))
    return controller.ssh()


def _encrypted(controller, text):
    """Returns a value of YAML that Ansible decrypts to `text`."""
    password = controller.directory / "password"
    password.write_text("driftmark\n")
    controller.settings["vault_password_file"] = password
    return subprocess.run(
        [controller.programs / "ansible-vault", "encrypt_string", "--vault-password-file", password,
         "--encrypt-vault-id", "default", "--", text],
        text=True, capture_output=True, check=True, env=controller.environment_of(),
    ).stdout.strip()


def _opens(controller, station, arguments, velaryon):
    station.make_bare()
    played = _play(controller, {"cross_compile": arguments}, velaryon=velaryon).changed(1)
    assert any(action.startswith("Pulled image") for action in played.result["actions"]), played.result
    assert station.registry_auth()["token"] not in played.shown + str(played.tasks), played.shown


def numbers_that_are_none_are_refused_in_clear_words(controller, station):
    base = f'"resources": ["directories"], "base_dir": "{station.base}"'
    for number, told in {
        "NaN": "nan", "Infinity": "inf", "-Infinity": "-inf", f"{10 ** 30}": f"{10 ** 30}", "1e400": "inf", "1.5": "1.5",
    }.items():
        played = controller.ad_hoc(f'{{{base}, "timeout": {number}}}', velaryon=controller.local())
        message = played.failed("we were unable to convert to int").result["msg"]
        assert message.startswith("argument 'timeout' is of type") and told in message, message
    # As text they are as good as any.
    played = controller.ad_hoc(
        f'{{{base}, "toolkit_version": {10 ** 30}, "platform": Infinity, "override_variables": {{"x": NaN}}}}',
        velaryon=controller.local(),
    )
    assert played.succeeded().result["changed"] is True


@on_the_oldest_core_too
def half_a_character_is_refused_in_clear_words(controller, station):
    words = f'{{"resources": ["directories"], "base_dir": "{station.base}/\\udcff"}}'
    played = controller.ad_hoc(words, velaryon=controller.local()).failed()
    # Newer cores refuse it before the module could; it never comes back in a message.
    assert "invalid UTF8" in played.shown or "is half a character" in played.result["msg"], played.shown
    assert not station.base.exists()
