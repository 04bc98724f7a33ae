# Copyright (c) the goldentooth project
# MIT License
"""Writes every case of `cases.py` with what Ansible makes of it, one JSON object a line."""

import concurrent.futures
import json
import multiprocessing
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import cases  # noqa: E402


def outcome(case):
    import ansible_render

    ansible_render.quiet()
    variables = json.loads(json.dumps(cases.CONTEXTS[case["context"]]))
    try:
        rendered = {"text": ansible_render.render(case["template"], variables).decode("utf-8")}
    except Exception as error:  # whatever Ansible raises is a failure of the task
        causes = []
        while error is not None and len(causes) < 4:
            causes.append(f"{type(error).__name__}: {error}")
            error = error.__cause__
        rendered = {"error": " <- ".join(causes)[:400]}
    return dict(case, ansible=rendered)


def main():
    from ansible.release import __version__

    everything = cases.everything()
    print(json.dumps({"version": __version__, "contexts": cases.CONTEXTS}))
    workers = min(4, os.cpu_count() or 1)
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(workers, mp_context=context) as pool:
        for case in pool.map(outcome, everything, chunksize=100):
            print(json.dumps(case))


if __name__ == "__main__":
    main()
