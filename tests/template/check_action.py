# Copyright (c) the goldentooth project
# MIT License
"""Plays ansible.builtin.template for a sample of the cases and compares with what `ansible_render` returns.

This is what makes the comparison one with Ansible itself: the in-process rendering is proven equal to the action.
"""

import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import ansible_render  # noqa: E402
import cases  # noqa: E402

SAMPLE = 30

# What differs from process to process: the time, an address, the environment.
UNSTEADY = ("now(", "lookup(", "query(", " q ", "items |", "['items']", ".items }", "m }}", "union", "difference")


def sample():
    everything = [case for case in cases.everything() if not any(word in case["template"] for word in UNSTEADY)]
    written = [case for case in everything if case["kind"] in ("renders", "statements")]
    others = [case for case in everything if case["kind"] not in ("renders", "refused", "statements")]
    chooser = random.Random(7)
    return chooser.sample(written, SAMPLE // 2) + chooser.sample(others, SAMPLE // 2)


def main():
    ansible_render.quiet()
    chosen = sample()
    with tempfile.TemporaryDirectory() as folder:
        for index, case in enumerate(chosen):
            with open(os.path.join(folder, f"{index}.j2"), "w", encoding="utf-8", newline="") as file:
                file.write(case["template"])
        tasks = [
            {
                "name": f"Render {index}.",
                "ansible.builtin.template": {
                    "src": os.path.join(folder, f"{index}.j2"),
                    "dest": os.path.join(folder, f"{index}.out"),
                },
                "ignore_errors": True,
            }
            for index in range(len(chosen))
        ]
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable},
            "tasks": tasks,
        }
        with open(os.path.join(folder, "play.json"), "w", encoding="utf-8") as file:
            json.dump([play], file)
        # Extra variables are not templates themselves.
        with open(os.path.join(folder, "variables.json"), "w", encoding="utf-8") as file:
            json.dump(cases.STANDARD, file)
        environment = dict(
            os.environ,
            ANSIBLE_CONFIG=os.path.join(os.path.dirname(os.path.abspath(__file__)), "ansible.cfg"),
            ANSIBLE_REMOTE_TEMP=os.path.join(folder, "remote"),
            ANSIBLE_LOCAL_TEMP=os.path.join(folder, "local"),
            ANSIBLE_LOCALHOST_WARNING="False",
            ANSIBLE_PIPELINING="True",
        )
        subprocess.run(
            [
                sys.executable, "-m", "ansible", "playbook", "-i", "localhost,",
                "-e", f"@{folder}/variables.json", os.path.join(folder, "play.json"),
            ],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )
        rendered = 0
        for index, case in enumerate(chosen):
            try:
                expected = ansible_render.render(case["template"], json.loads(json.dumps(cases.STANDARD)))
            except Exception:
                expected = None
            try:
                with open(os.path.join(folder, f"{index}.out"), "rb") as file:
                    actual = file.read()
            except FileNotFoundError:
                actual = None
            if actual != expected:
                sys.exit(f"{case['template']!r}: the action writes {actual!r}, the comparison has {expected!r}")
            rendered += actual is not None
        if not rendered:
            sys.exit("the action has rendered nothing")
    print(f"{len(chosen)} templates played, {rendered} rendered: the same")


if __name__ == "__main__":
    main()
