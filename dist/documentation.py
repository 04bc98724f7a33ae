"""Turns a module's documentation, as it lies beside the binary, into the Python file in which collections keep it.

It adds nothing to what the documentation says, but for the full names in the examples.
"""

import re

import yaml

from layout import COLLECTION

HEADER = """\
#!/usr/bin/python
# Copyright (c) goldentooth contributors
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
\"\"\"Documentation alone: the module is the static binary beside this file.\"\"\"

from __future__ import annotations
"""


class Dumper(yaml.SafeDumper):
    """Writes lists as people do, indented below their key."""

    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)


def python_file(sidecar, modules):
    """Returns the text of the Python file for the documentation `sidecar`."""
    parts = yaml.safe_load(sidecar)
    examples = with_full_names(parts["EXAMPLES"], modules)
    texts = {"DOCUMENTATION": dumped(parts["DOCUMENTATION"]), "EXAMPLES": examples, "RETURN": dumped(parts["RETURN"])}
    blocks = (f'{name} = r"""\n---\n{bare(text)}"""\n' for name, text in texts.items())
    return "\n".join([HEADER, *blocks])


def with_full_names(text, modules):
    """Returns tasks in which the collection's modules have their full names."""
    return re.sub(rf"^(\s*(?:- )?)({'|'.join(modules)}):", rf"\1{COLLECTION}.\2:", text, flags=re.MULTILINE)


def dumped(part):
    return yaml.dump(part, Dumper=Dumper, sort_keys=False, width=110, allow_unicode=True)


def bare(text):
    return text.removeprefix("---\n").strip("\n") + "\n"
