"""Plays Ansible's own part in the differential test.

Makes argument sets from a fixed seed, hands each to AnsibleModule in this process, and writes what came of it, one
JSON document a line. The other part reads the very same sets, and decides what may differ.
"""

import json
import os
import random
import sys
from pathlib import Path

from ansible.module_utils import basic
from ansible.module_utils.common import parameters as ansible_parameters
from ansible.module_utils.common import warnings as ansible_warnings

DESCRIPTION = json.loads(Path(__file__).with_name("specification.json").read_text())
SETS = 9000
DOCUMENTS = 2000
TEXTS_TO_SANITIZE = 5000

TEXTS = [
    "", " ", "abc", "a,b", "a, b ,c", "yes", "No", "ON ", "off", "maybe", "True", "False", "true", "1", "0", "8", " 12 ",
    "1.0", "1.5", "-3", "+4", "1e3", "1_000", "_1", "0x10", "012", "abc def", "x=1", "x=1 y=2", "x=1, y='a b'", "k",
    "x=1, y", "x=a=b", r"x=a\,b y=\"", "x=\"unclosed", "=", "{}", "{", '{"x": 1}', "{'x': True}", "{'x': None, 'y': (1, 2)}",
    "{'x'}", "{1: 'a'}", "{'x': [1, 2,], 'y': {'z': 'it\\'s'}}", '{"x": true} ', "{'x': 1,}", "{'a' 'b': 'c' \"d\"}",
    "{'x': f()}", "{'x': -1.5e3, 'y': 0x1F, 'z': 1_0}", "{'x': r'\\d', 'y': u'\\u00e9\\x41\\101\\q'}", "{'x': '''a\nb'''}",
    "[1, 2]", "present", "absent", "special", "either", "simple", "ask", "a", "b", "standard", "5",
    "~", "~/x", "~root/x", "~nobody-here/y", "$HOME/z", "${TREE}/a", "$UNSET/b", "${UNSET", "$", "x~", "$TREE", "$HOMEx",
    "10", "10K", "1.5 MB", "2Mb", "3mB", "1 kilobyte", "2 Megabit", "7b", "7B", "8bits", "5X", "1.", ".5G", "-1K", " 3K", "4 K B",
    "s3cret", "s3cret-and-more", "it's", 'say "x"', "it's \"x\"", "é", "日本語", "tab\tline\n", "\x00", "\x7f", "\u200b", "😀",
    "ﬁ", "\x1c1\x1f", "\u00a08\u3000", "enabled=yes", "text=x flag=no", "flag=yes", "name=n", "name=n state=absent",
    "user=u token=t0ken", '{"token": "t0ken"}', "{'token': 't0ken', 'user': 5}", "token=' t0ken '", "number=x", "former=f old=o",
]
NUMBERS = [0, 1, -1, 5, 8, 255, 3, 2**31, 2**53 + 1, 2**63 - 1, -(2**63)]
FLOATS = [0.0, -0.0, 1.0, 5.0, 0.5, 1.5, 2.5, -2.25, 1e15, 1e16, 1.5e18, 1e-4, 1e-5, 123456.789, 0.1, 12345678901234567890.0]
EXTREME = [float("nan"), float("inf"), float("-inf"), 2**64 - 1, 2**64, -(2**70), 10**30, 1e300, "nan", "-inf", "Infinity", "1e999",
           "99999999999999999999", "1e30", "100000000Y", "{'x': 99999999999999999999, 'y': 1e999}", '{"x": NaN}']
UNCARRIED = ["{'x': b'y'}", "{'x': {1, 2}}", "{'x': 1j}", "{'x': ...}"]
BROKEN = ["\udcff", "half \ud83d"]

# Whatever chance brings up, each listed difference shows in one of these.
CERTAIN = [
    ("every_type", {"text": "\udcff"}, set()),
    ("every_type", {"number": "Infinity"}, {"extreme"}),
    ("every_type", {"number": 10**30, "fraction": float("nan"), "text": float("-inf")}, {"extreme"}),
    ("every_type", {"text": "x", "_ansible_of_tomorrow": 1}, {"internal"}),
    ("defaults", {"number": True, "numbers": [False]}, set()),
    ("nested", {"outer": "x", "nope": 1, "plain": {"flag": True, "nope": 2}}, set()),
    ("nested", {"several": 5}, set()),
    ("secrets", {"bundle": "a=s3cret", "blob": " s3cret "}, set()),
    ("secrets", {"logins": "{'x': {1, 2}}"}, {"uncarried"}),
]


class Exited(BaseException):
    """Stops a module where it would end its process."""


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.marks = set()

    def value(self, depth=0):
        kind = self.random.random()
        if kind < 0.5:
            return self.random.choice(TEXTS)
        if kind < 0.62:
            return self.random.choice(NUMBERS)
        if kind < 0.68:
            return self.random.choice(FLOATS)
        if kind < 0.76:
            return self.random.choice([True, False])
        if kind < 0.82:
            return None
        if kind < 0.83:
            self.marks.add("extreme")
            return self.random.choice(EXTREME)
        if kind < 0.835:
            self.marks.add("uncarried")
            return self.random.choice(UNCARRIED)
        if kind < 0.837:
            return self.random.choice(BROKEN)
        if depth > 2:
            return []
        if kind < 0.92:
            return [self.value(depth + 1) for _ in range(self.random.randrange(4))]
        return {self.random.choice(["k", "x", "é", "it's", "", "token"]): self.value(depth + 1)
                for _ in range(self.random.randrange(4))}

    def fitting(self, argument):
        """Returns a value that the option probably takes."""
        choose = self.random.choice
        if argument.get("choices") and self.random.random() < 0.7:
            value = choose(argument["choices"])
            return [value] if argument["type"] == "list" else value
        kind = argument["type"]
        if kind == "list":
            element = argument.get("elements", "str")
            inner = {**argument, "type": element}
            if element != "dict" and self.random.random() < 0.2:
                return ",".join(str(self.fitting(inner)) for _ in range(self.random.randrange(1, 4)))
            return [self.fitting(inner) for _ in range(self.random.randrange(4))]
        if kind == "dict":
            return self.arguments(argument) if argument.get("options") else choose([{"x": 1}, {"k": [None]}, "x=1", "{}"])
        return choose({
            "str": ["abc", "s3cret", "x y", "é"],
            "int": [1, 5, 8, "8", "3", 1.0, True, " 1_0"],
            "float": [1, 1.5, "2.5", "1_0.5", True],
            "bool": [True, False, "yes", "no", 1, 0, "T", " off"],
            "path": ["/srv", "~/x", "$TREE/y", "~root", 5],
            "raw": [None, 1, "x", {"a": [1]}],
            "json": ['{"a": 1}', {"a": "é"}, [1.0, True, None], " x "],
            "jsonarg": ['{"a": 1}', {"a": "\x7f😀"}, [1e-7], " x "],
            "bytes": ["1K", 10, "2.5", "1.5 GB", "7b"],
            "bits": ["1Kb", 10, "2.5", "1.5 Gb", "7bit"],
        }[kind])

    def arguments(self, specification):
        options = specification["options"]
        wild = self.random.choice([0.02, 0.1, 0.5])
        chosen = {}
        for name, argument in options.items():
            likely = 0.97 if argument.get("required") else 0.35
            if self.random.random() > likely:
                continue
            for key in self.names(name, argument):
                chosen[key] = self.value() if self.random.random() < wild else self.fitting(argument)
        if self.random.random() < 0.06:
            chosen[self.random.choice(["nope", "Text", "password", "x.y", "é"])] = self.value()
        keys = list(chosen)
        self.random.shuffle(keys)
        return {key: chosen[key] for key in keys}

    def names(self, name, argument):
        aliases = argument.get("aliases", [])
        kind = self.random.random()
        if aliases and kind < 0.3:
            return [self.random.choice(aliases)]
        if aliases and kind < 0.4:
            return [name, *aliases]
        return [name]

    def internals(self):
        if self.random.random() < 0.9:
            return {"_ansible_check_mode": False}
        if self.random.random() < 0.9:
            return {"_ansible_no_log": True, "_ansible_module_name": "goldentooth.cross_compile.typed",
                    "_ansible_ignore_unknown_opts": self.random.choice([True, False])}
        self.marks.add("internal")
        return {"_ansible_of_tomorrow": 1}


def python_specification(options):
    """Returns the shared description as AnsibleModule wants it."""
    prepared = {}
    for name, argument in options.items():
        argument = dict(argument)
        if "fallback" in argument:
            argument["fallback"] = (basic.env_fallback, argument["fallback"])
        if "options" in argument:
            argument["options"] = python_specification(argument["options"])
        prepared[name] = argument
    return prepared


def run(specification, arguments):
    """Returns what AnsibleModule makes of the arguments."""
    seen = {}

    def failed(module, msg, **_):
        seen["message"] = str(msg)
        raise Exited

    class Module(basic.AnsibleModule):
        fail_json = failed

        def __init__(self, **keywords):
            seen["module"] = self
            super().__init__(**keywords)

        def log(self, msg, **_):
            seen["logged"] = msg

    ansible_warnings._global_warnings.clear()
    ansible_warnings._global_deprecations.clear()
    basic._load_params = lambda: json.loads(json.dumps(arguments))
    relations = {key: value for key, value in specification.items() if key != "options"}
    outcome = {"message": None, "crash": None, "alternatives": []}
    try:
        Module(argument_spec=python_specification(specification["options"]), supports_check_mode=True, **relations)
    except Exited:
        outcome["message"] = seen["message"]
        outcome["alternatives"] = alternatives(seen["module"], seen["message"])
    except Exception as error:
        outcome["crash"] = f"{type(error).__name__}: {error}"
        return outcome
    module = seen["module"]
    outcome["parameters"] = module.params
    outcome["logged"] = seen.get("logged")
    outcome["secrets"] = sorted(map(str, module.no_log_values))
    outcome["warnings"] = list(ansible_warnings.get_warning_messages())
    outcome["deprecations"] = list(ansible_warnings.get_deprecation_messages())
    try:
        json.dumps(outcome)
    except TypeError as error:
        return {"message": None, "crash": f"the result cannot be written: {error}", "alternatives": []}
    return outcome


def alternatives(module, message):
    """Returns the messages that another order of Python's sets would have given."""
    head, found, _ = message.partition(" Supported parameters include: ")
    if not found:
        return []
    listed = []
    for names, aliases in module.validation_result._supported_parameters.values():
        supported = ", ".join(sorted(names))
        if aliases:
            supported += f" ({', '.join(sorted(aliases))})"
        listed.append(f"{head}{found}{supported}.")
    return listed


def is_broken(value):
    """Returns whether a text inside is none that can be written."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def cases():
    """Yields a specification's name, arguments for it, and what is special about them."""
    yield from CERTAIN
    names = list(DESCRIPTION["specifications"])
    for index in range(SETS):
        name = names[index % len(names)]
        generator = Generator(index)
        arguments = {**generator.internals(), **generator.arguments(DESCRIPTION["specifications"][name])}
        if index % 2:
            arguments["_ansible_module_name"] = f"goldentooth.cross_compile.{name}"
        yield name, arguments, generator.marks


def write_arguments():
    os.environ.update(DESCRIPTION["environment"])
    basic.AnsibleModule._set_cwd = lambda module: None
    for name, arguments, marks in cases():
        arguments = {"_ansible_module_name": name, **arguments}
        broken = is_broken(arguments)
        print(json.dumps({
            "specification": name,
            "raw": json.dumps(arguments),
            "marks": sorted(marks | {"broken"} if broken else marks),
            "outcome": None if broken else run(DESCRIPTION["specifications"][name], arguments),
        }))


def write_documents():
    pool = ["s3cret", "s3cret-and-more", "abc", "1", "12345", "é", "*", "0.5", "yes, no", "True", "None", ""]
    for index in range(DOCUMENTS):
        generator = Generator(index)
        document = {f"key{number}": generator.value() for number in range(6)}
        document["text"] = " ".join(generator.random.choices([*TEXTS, *pool], k=8))
        if generator.marks or is_broken(document):
            continue
        secrets = generator.random.sample(pool, generator.random.randrange(6))
        secrets = list({len(secret): secret for secret in secrets if secret}.values())
        print(json.dumps({
            "document": document,
            "secrets": secrets,
            "removed": ansible_parameters.remove_values(document, secrets),
        }))


def write_texts():
    pieces = ["@", "@", ":", ":", "://", "/", "user", "s3cret", "é", "https://u:p@h", " ", ", ", "x:y", "😀"]
    for index in range(TEXTS_TO_SANITIZE):
        chance = random.Random(index)
        text = "".join(chance.choices(pieces, k=chance.randrange(12)))
        secrets = chance.choice([[], ["s3cret"], ["user:s3cret"]])
        print(json.dumps({"text": text, "secrets": secrets, "sanitized": basic.heuristic_log_sanitize(text, secrets)}))


if __name__ == "__main__":
    {"arguments": write_arguments, "documents": write_documents, "texts": write_texts}[sys.argv[1]]()
