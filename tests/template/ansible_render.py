# Copyright (c) the goldentooth project
# MIT License
"""Renders templates as ansible.builtin.template does, inside this process.

The steps are those of the action plugin between reading the file and writing it; `check_action.py` proves that by
playing the real one. Works with ansible-core 2.15 to 2.19.
"""

import os
import sys

os.environ["ANSIBLE_CONFIG"] = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ansible.cfg")

from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.module_utils.common.text.converters import to_bytes  # noqa: E402
from ansible.template import Templar  # noqa: E402
from ansible.utils.display import Display  # noqa: E402

try:
    from ansible.template import trust_as_template
except ImportError:  # before 2.19 every string is a template
    trust_as_template = None

OVERRIDES = dict(
    block_start_string="{%",
    block_end_string="%}",
    variable_start_string="{{",
    variable_end_string="}}",
    comment_start_string="{#",
    comment_end_string="#}",
    trim_blocks=True,
    lstrip_blocks=False,
    newline_sequence="\n",
)


def quiet():
    """Keeps warnings and deprecations off stderr; they are not what is compared."""
    for name in ("warning", "deprecated", "error_as_warning", "display", "error"):
        setattr(Display, name, lambda *args, **kwargs: None)


def render(source, variables):
    """Returns the bytes that the module would write, or raises what it would fail with."""
    if trust_as_template:
        templar = Templar(loader=LOADER, variables=variables)
        result = templar.template(trust_as_template(source), escape_backslashes=False, overrides=dict(OVERRIDES))
    else:
        from ansible.template import AnsibleEnvironment

        overrides = {key: value for key, value in OVERRIDES.items() if key != "newline_sequence"}
        templar = Templar(loader=LOADER, variables={}).copy_with_new_env(
            environment_class=AnsibleEnvironment, newline_sequence="\n", available_variables=variables
        )
        result = templar.do_template(
            source, preserve_trailing_newlines=True, escape_backslashes=False, overrides=overrides
        )
    if result is None:
        result = ""
    return to_bytes(result, encoding="utf-8", errors="surrogate_or_strict")


LOADER = DataLoader()

if __name__ == "__main__":
    sys.exit("this file is a library")
