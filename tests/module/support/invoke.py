"""Invokes AnsibleModule with a specification and a file of arguments, as an empty module of Python would."""

import json
import sys

from ansible.module_utils import basic

specification, arguments = (json.load(open(path)) for path in sys.argv[1:])
try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    basic.AnsibleModule(specification, supports_check_mode=True)
else:
    with patch_module_args(arguments):
        basic.AnsibleModule(specification, supports_check_mode=True)
