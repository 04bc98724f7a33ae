"""What a playbook may put around a task: loops, delegation, environments, other users."""

import os
import shutil
import tempfile
from pathlib import Path

from cores import on_the_oldest_core_too


def _storage(base_dir, **more):
    return {"resources": ["directories"], "base_dir": base_dir, **more}


def _play(controller, task, *options, **hosts):
    play = {"hosts": "velaryon", "gather_facts": False, "tasks": [task]}
    return controller.play([play], *options, **(hosts or {"velaryon": controller.ssh()}))


@on_the_oldest_core_too
def every_item_of_a_loop_is_a_run_of_its_own(controller, station):
    bases = [f"{station.base}/{name}" for name in ("driftmark", "high-tide")]
    task = {"cross_compile": _storage("{{ item }}"), "loop": bases}
    done = _play(controller, task).changed(1)
    assert [result["changed"] for result in done.results()] == [True, True]
    (station.base / "high-tide/artifacts/envoy").rmdir()
    again = _play(controller, task).changed(1)
    assert [result["changed"] for result in again.results()] == [False, True]
    assert again.results()[1]["actions"] == [f"Created directory `{bases[1]}/artifacts/envoy`"]


@on_the_oldest_core_too
def a_task_is_delegated_to_the_host_that_it_names(controller, station):
    task = {"cross_compile": _storage(str(station.base)), "delegate_to": "velaryon"}
    play = [{"hosts": "corlys", "gather_facts": False, "tasks": [task]}]
    nowhere = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    controller.play(play, velaryon=controller.ssh(), corlys=nowhere).changed(1, host="corlys")
    assert (station.base / "artifacts").is_dir()


@on_the_oldest_core_too
def the_environment_of_a_task_names_the_engine(controller, station):
    arguments = station.arguments(resources=["network"])
    docker_host = arguments.pop("docker_host")
    task = {"cross_compile": arguments, "environment": {"DOCKER_HOST": docker_host}}
    station.make_bare()
    done = _play(controller, task).changed(1)
    assert station.has_network()
    assert done.result["engine"]["socket"] == station.testbed["engine"]["socket"], done.result["engine"]


@on_the_oldest_core_too
def files_that_ansible_keeps_do_not_matter(controller, station):
    controller.settings["keep_remote_files"] = "true"
    task = {"cross_compile": _storage(str(station.base))}
    velaryon = controller.local()
    _play(controller, task, velaryon=velaryon).changed(1)
    _play(controller, task, velaryon=velaryon).changed(0)
    # By the name of the module, or by that of the binary which the plugin found for it.
    left = list((controller.directory / "remote").glob("*/*cross_compile*"))
    assert len(left) == 2, left


def an_asynchronous_task_is_waited_for(controller, station):
    task = {"cross_compile": _storage(str(station.base)), "async": 60, "poll": 1}
    # Ansible's own wrapper for such tasks is written in Python.
    velaryon = {**controller.ssh(), "ansible_python_interpreter": "/usr/bin/python3"}
    done = _play(controller, task, velaryon=velaryon).changed(1)
    assert done.result["finished"] == 1 and len(done.result["actions"]) > 3, done.result
    _play(controller, task, velaryon=velaryon).changed(0)


def pipelining_does_not_matter(controller, station):
    controller.environment["ANSIBLE_PIPELINING"] = "true"
    task = {"cross_compile": _storage(str(station.base))}
    _play(controller, task).changed(1)
    _play(controller, task).changed(0)


def a_task_that_is_not_to_be_logged_shows_nothing(controller, station):
    task = {"cross_compile": _storage(str(station.base)), "no_log": True}
    done = _play(controller, task, "-vvv", "--diff").changed(1)
    assert "Created directory" not in done.shown, done.shown


@on_the_oldest_core_too
def a_task_runs_while_ansible_does_something_else(controller, station):
    # The wrapper that Ansible puts around it is written in Python.
    velaryon = {**controller.ssh(), "ansible_python_interpreter": "/usr/bin/python3"}
    polled = {"cross_compile": _storage(f"{station.base}/polled"), "async": 120, "poll": 1}
    left = {"cross_compile": _storage(f"{station.base}/left"), "async": 120, "poll": 0, "register": "job"}
    waited = {
        "ansible.builtin.async_status": {"jid": "{{ job.ansible_job_id }}"},
        "register": "outcome", "until": "outcome.finished", "retries": 120, "delay": 1,
    }
    failing = {"cross_compile": _storage("relative"), "async": 120, "poll": 1}
    play = [{"hosts": "velaryon", "gather_facts": False, "tasks": [polled, left, waited, failing]}]
    played = controller.play(play, velaryon=velaryon).failed("`base_dir` must be an absolute path")
    first, started, _ = played.results()
    assert f"Created directory `{station.base}/polled`" in first["actions"], first
    assert "actions" not in started and played.tasks[-1]["status"] == "failed", played.shown
    # The status may be asked for more than once; the last answer is the module's own.
    outcome = played.results("ansible.builtin.async_status")[-1]
    assert outcome["changed"] and f"Created directory `{station.base}/left`" in outcome["actions"], outcome


def a_task_without_options_takes_those_of_the_play(controller, station):
    defaults = {"cross_compile": {**_storage(f"{station.base}/play"), "mode": "0750"}}
    tasks = [
        {"cross_compile": {}},
        {"cross_compile": {"base_dir": f"{station.base}/task"}},
        {"cross_compile": {"mode": "0700"}, "module_defaults": {"cross_compile": _storage(f"{station.base}/block")}},
    ]
    play = [{"hosts": "velaryon", "gather_facts": False, "module_defaults": defaults, "tasks": tasks}]
    controller.play(play, velaryon=controller.local()).changed(3)
    modes = {name: (station.base / name).stat().st_mode & 0o777 for name in ("play", "task", "block")}
    assert modes == {"play": 0o750, "task": 0o750, "block": 0o700}, modes


def the_invocation_is_shown_to_those_who_ask(controller, station):
    task = {"cross_compile": _storage(str(station.base), timeout="7", registry_auth={"token": "drift-mark"})}
    velaryon = controller.local()
    quiet = _play(controller, task, velaryon=velaryon).changed(1)
    assert "module_args" not in quiet.shown, quiet.shown
    loud = _play(controller, task, "-vvv", velaryon=velaryon).changed(0)
    for part in ('"module_args": {', '"timeout": 7', '"toolkit_version": "main"', "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"):
        assert part in loud.shown, f"`{part}` is not in:\n{loud.shown}"
    assert "drift-mark" not in str(loud.tasks) + str(quiet.tasks)


def a_registered_result_is_used_by_the_next_task(controller, station):
    tasks = [
        {"cross_compile": _storage(str(station.base)), "register": "converged"},
        {
            "cross_compile": _storage("{{ converged.directories[0].path }}/nested"),
            "when": "converged is changed and converged.actions | length > 3",
        },
    ]
    play = [{"hosts": "velaryon", "gather_facts": False, "tasks": tasks}]
    controller.play(play, velaryon=controller.ssh()).changed(2)
    assert (station.base / "nested/artifacts").is_dir()


def root_becomes_root(controller, station):
    task = {"cross_compile": _storage(str(station.base)), "become": True, "become_method": "ansible.builtin.su"}
    _play(controller, task).changed(1)
    _play(controller, task).changed(0)


@on_the_oldest_core_too
def an_unprivileged_user_sets_up_a_storage_of_its_own(controller, station):
    with _nobodys_directory() as directory:
        task = _as_nobody(_storage(f"{directory}/base", builder_uid=65534, builder_gid=65534))
        _play(controller, task).changed(1)
        assert os.stat(f"{directory}/base/artifacts/envoy").st_uid == 65534
        _play(controller, task).changed(0)


def a_directory_that_may_not_be_written_names_the_remedy(controller, station):
    station.base.mkdir(parents=True)
    played = _play(controller, _as_nobody(_storage("/root-only")))
    played.failed("/root-only", "ermission denied", "become")
    assert not Path("/root-only").exists()


def a_socket_that_may_not_be_opened_names_the_remedy(controller, station):
    arguments = station.arguments(resources=["network"])
    # It may lie below root's home, where nobody may look.
    del arguments["ca_bundle"]
    played = _play(controller, _as_nobody(arguments))
    assert "become" in played.failed("docker.sock").result["msg"], played.result["msg"]


def _as_nobody(arguments):
    # Its shell lets nobody in.
    return {
        "cross_compile": arguments,
        "become": True,
        "become_method": "ansible.builtin.su",
        "become_user": "nobody",
        "become_flags": "-s /bin/sh",
    }


class _nobodys_directory:
    """A directory where nobody may do as it likes, and which everybody can reach."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="cross-compile-")
        os.chown(self.path, 65534, 65534)
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path)
