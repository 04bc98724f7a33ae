"""Writes every result of a task to the file that `RESULTS` names, one JSON object a line, on any core."""

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: results
type: notification
short_description: writes results for the tests
description: Writes every result of a task to the file that the environment variable RESULTS names.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "results"
    CALLBACK_NEEDS_ENABLED = True

    def _write(self, status, result):
        # Core 2.19 names the parts without the underscore that those before it have.
        part = lambda name: getattr(result, name, None) or getattr(result, f"_{name}")
        line = {
            "status": status,
            "host": part("host").get_name(),
            "task": part("task").get_name(),
            "action": part("task").action,
            "result": part("result"),
        }
        with open(os.environ["RESULTS"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")

    def v2_runner_on_ok(self, result):
        self._write("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._write("failed", result)

    def v2_runner_on_unreachable(self, result):
        self._write("unreachable", result)
