# Copyright (c) the goldentooth project
# MIT License
"""The templates to compare: written ones, from `corpus/`, and ones that combine the language's parts.

Deterministic: the same cases in the same order at each run.
"""

import itertools
import os
import random

import statements

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")

STANDARD = {
    "cross_compile": {
        "toolkit_repo": "https://github.com/goldentooth/cross-compile-toolkit.git",
        "toolkit_version": "main",
        "registry": "ghcr.io/goldentooth",
        "base_dir": "/opt/goldentooth",
        "artifacts_dir": "/opt/goldentooth/artifacts",
        "cache_dir": "/opt/goldentooth/build-cache",
        "workspace_dir": "/opt/goldentooth/workspace",
        "artifact_categories": ["envoy", "consul", "vault", "packages", "containers"],
        "owner": None,
        "builder_uid": 1000,
        "builder_gid": 1000,
        "containers": {
            "base_builder": "ghcr.io/goldentooth/base-builder:latest",
            "envoy_builder": "ghcr.io/goldentooth/envoy-builder:latest",
            "ci_builder": "ghcr.io/goldentooth/ci-builder:latest",
        },
        "container": {
            "compose_file": "docker-compose.yml",
            "override_file": "docker-compose.override.yml",
            "network_name": "goldentooth-builds",
        },
        "build_automation": {"auto_pull_images": True, "artifact_retention_days": 30},
        "system_requirements": {"min_disk_space_gb": 50, "min_memory_gb": 8, "min_engine_version": "20.10"},
    },
    "envoy_build": {
        "version": "v1.32.0",
        "memory_allocator": "disabled",
        "build_config": "release",
        "parallel_jobs": 8,
        "create_deb_package": True,
    },
    "ansible_processor_vcpus": 16,
    "ansible_memtotal_mb": 64215,
    "proxy": "http://proxy.example:3128",
    "extra_environment": {"HTTP_PROXY": "http://proxy.example:3128", "NO_PROXY": "localhost,127.0.0.1", "DEBUG": 0},
    "mirrors": [
        {"name": "alpha", "url": "https://a.example/", "weight": 3, "enabled": True, "tags": ["eu", "fast"]},
        {"name": "Beta", "url": "https://b.example/", "weight": 1, "enabled": False, "tags": []},
        {"name": "gamma", "url": "https://c.example/", "weight": 2, "enabled": True},
    ],
    "ports": [8080, 443, 22, 8080],
    "ratio": 0.75,
    "large": 1e16,
    "third": 0.1,
    "count": 7,
    "negative": -3,
    "nothing": None,
    "yes": True,
    "no": False,
    "empty": "",
    "quoted": "it's a \"test\"",
    "single": "it's",
    "umlaut": "Größe \u20ac",
    "emoji": "go \U0001f680",
    "control": "a\tb\nc\\d",
    "multi": "first line\n\n  second line\nthird",
    "padded": "  spaced out  ",
    "number_text": "42",
    "float_text": " 1.50 ",
    "version": "1.10.3",
    "csv": "a,b,,c",
    "nested": [1, [2, [3, None]], "x", {"k": [True, 1.0]}],
    "words": ["pear", "Apple", "fig", "apple", "banana"],
    "mixed": [1, "a", None, True, 2.5],
    "empty_list": [],
    "empty_dict": {},
    "keys_like_methods": {"items": 1, "values": [2], "get": "g", "count": 3, "update": None},
}

CONTEXTS = {"standard": STANDARD, "bare": {}}

# What the combinations are made of: variables and literals of every type.
VALUES = [
    "count", "negative", "0", "1", "-7", "2.5", "-0.0", "1e16", "1e-5", "third", "large", "123456789012345678901",
    "yes", "no", "nothing", "true", "none",
    "empty", "quoted", "single", "umlaut", "emoji", "control", "multi", "padded", "number_text", "float_text",
    "version", "csv", "'abc'", "'Hello World'", "'yes'", "'/etc/app/conf.d/x.tar.gz'", "'ÄÖß'", "'10.5 MB'",
    "words", "ports", "mixed", "nested", "empty_list", "[3, 1, 2]", "['b', 'A', 'c']", "[1.5, 2]", "(1, 2)",
    "[[1, 2], [3]]", "[{'a': 1}, {'a': 2}]", "mirrors", "range(3)",
    "empty_dict", "envoy_build", "{'b': 1, 'a': [2, 'x']}", "{1: 'one', true: 'yes'}", "cross_compile.containers",
    "missing", "cross_compile.missing", "cross_compile.missing.deeper", "mirrors[0]", "mirrors[9]",
]
SOME_VALUES = [
    "count", "2.5", "yes", "nothing", "empty", "quoted", "multi", "'abc'", "number_text", "words", "ports",
    "mixed", "[3, 1, 2]", "(1, 2)", "{'b': 1, 'a': [2, 'x']}", "missing", "mirrors",
]

FILTERS = [
    "abs", "b64decode", "b64encode", "basename", "bool", "capitalize", "center", "combine", "comment", "count", "d",
    "default", "dict2items", "dictsort", "dirname", "e", "escape", "filesizeformat", "first", "flatten", "float",
    "from_json", "human_readable", "human_to_bytes", "indent", "int", "items", "items2dict", "join", "last", "length",
    "list", "lower", "mandatory", "max", "min", "path_join", "quote", "regex_escape", "reverse", "round", "safe",
    "sort", "split", "splitext", "string", "sum", "title", "to_json", "to_nice_json", "to_nice_yaml", "tojson", "trim",
    "truncate", "type_debug", "unique", "upper", "urlencode", "wordcount", "hash('sha256')", "to_yaml",
]

FILTERS_WITH_ARGUMENTS = [
    "default('d')", "default('d', true)", "default(none)", "d(missing)", "default(boolean=true)",
    "default(default_value=5)", "ternary('y', 'n')", "ternary('y', 'n', 'none')", "ternary(missing, 'n')",
    "batch(2)", "batch(2, 'x')", "slice(2)", "slice(3, 'f')", "join(',')", "join(', ', attribute='name')", "join(1)",
    "replace('a', 'b')", "replace('l', 'L', 1)", "replace(1, 2)", "indent(2)", "indent(2, true)", "indent('> ')",
    "indent(width=3, first=true, blank=true)", "center(11)", "center(6)", "truncate(5)", "truncate(6, true)",
    "truncate(5, false, '…')", "truncate(4, leeway=0)", "round(1)", "round(2, 'floor')", "round(method='ceil')",
    "round(0, 'floor')", "int(-1)", "int(base=16)", "int(default=none)", "float(9.5)", "sort(reverse=true)",
    "sort(case_sensitive=true)", "sort(attribute='name')", "sort(false, false, 'weight')", "sort(attribute='enabled,name')",
    "unique(case_sensitive=true)", "unique(attribute='enabled')", "min(attribute='weight')", "max(true)",
    "map('upper') | list", "map('int') | list", "map('string') | join('-')", "map(attribute='name') | list",
    "map(attribute='tags', default=[]) | list", "map(attribute='missing') | list", "map('default', 'x') | list",
    "map('regex_replace', '^', 'x') | list", "select | list", "select('string') | list", "select('odd') | list",
    "reject('none') | list", "select('gt', 2) | list", "select('in', [1, 'a']) | list", "reject('equalto', 1) | list",
    "selectattr('enabled') | map(attribute='name') | join(' ')", "rejectattr('enabled') | list | length",
    "selectattr('weight', '>', 1) | map(attribute='name') | list", "selectattr('tags', 'defined') | list | length",
    "selectattr('name', 'match', '^[a-z]') | list | length", "selectattr('tags', 'contains', 'eu') | list | length",
    "groupby('enabled') | length", "groupby('weight') | map('first') | list", "groupby('name')", "sum(start=10)",
    "sum(attribute='weight')", "sum('weight', 1)", "flatten(1)", "flatten(levels=0)", "flatten(skip_nulls=false)",
    "zip([1, 2, 3]) | list", "zip('ab', [true, none])", "product([1, 2]) | list", "dictsort(true)",
    "dictsort(by='value')", "dictsort(false, 'key', true)", "dict2items(key_name='k', value_name='v')",
    "items2dict(key_name='name', value_name='url')", "combine({'b': 2, 'z': 0})", "combine({'a': [3]}, recursive=true)",
    "combine({'a': [3]}, list_merge='append')", "combine({'a': [3]}, list_merge='prepend_rp', recursive=true)",
    "combine({'a': ['x', 9]}, list_merge='append_rp')", "combine({'a': 1}, list_merge='keep')", "combine([{'q': 1}])",
    "to_json(indent=2)", "to_json(sort_keys=true)", "to_json(ensure_ascii=false)", "to_nice_json(indent=2)",
    "to_nice_json(sort_keys=false)", "to_nice_yaml(indent=2)", "to_nice_yaml(indent=2, width=1000)",
    "to_nice_yaml(sort_keys=false)", "to_yaml(default_flow_style=false)", "to_nice_yaml(indent=3)", "tojson(2)",
    "regex_replace('[aeiou]', '<\\\\g<0>>')", "regex_replace('(\\\\w)(\\\\w)', '\\\\2\\\\1')",
    "regex_replace('^', '- ')", "regex_replace('$', '!')", "regex_replace('x*', '-')", "regex_replace('\\\\d+')",
    "regex_replace('A', 'b', ignorecase=true)", "regex_replace('[^a-m].', '_', ignorecase=true)", "regex_replace('^\\\\s*', '> ', multiline=true)",
    "regex_replace('l', 'L', count=1)", "regex_search('[0-9]+')", "regex_search('(\\\\d+)\\\\.(\\\\d+)', '\\\\1', '\\\\2')",
    "regex_search('(?P<x>b)', '\\\\g<x>')", "regex_findall('[a-z]+')", "regex_findall('(.)(.)')", "regex_findall('(a)|b')",
    "regex_escape('posix_basic')", "split(',')", "split(None, 1)", "split('b')", "trim('a ')", "comment('c')",
    "comment('cblock')", "comment('xml')", "comment('plain', prefix='##', postfix='')", "comment('erlang')",
    "comment(decoration='! ')", "hash('sha512')", "b64encode | b64decode", "difference([1, 'a']) | sort",
    "union([1]) | list | length", "intersect(['fig', 'x', 1])", "symmetric_difference([3, 4]) | sort",
    "difference(['fig', 'pear', 'apple', 'banana'])", "filesizeformat(true)", "human_readable(unit='K')",
    "human_readable(isbits=true)", "human_to_bytes('M')", "format(1)", "extract(['x', 'y', 'z'])",
    "extract({'abc': 5, '42': 6})", "subelements('tags', skip_missing=true) | length", "to_json | from_json",
    "string | length", "list | length", "first | default('none')", "last | string", "ansible.builtin.to_json",
    "ansible.builtin.default('x')", "ansible.builtin.regex_replace('a', 'b')", "e | string", "tojson | string | length",
    "random_missing_filter", "urlize", "reverse | list", "reverse | join", "sort | first", "map('length') | sum",
    "wordwrap(5)", "striptags", "xmlattr", "pprint", "md5", "sha1", "password_hash('sha512')", "to_uuid", "strftime",
]

TESTS = [
    "defined", "undefined", "none", "boolean", "true", "false", "integer", "float", "number", "string", "mapping",
    "sequence", "iterable", "odd", "even", "lower", "upper", "truthy", "falsy", "any", "all", "nan",
    "not defined", "not none",
]
TESTS_WITH_ARGUMENTS = [
    "divisibleby(3)", "divisibleby 2", "eq(1)", "equalto 'abc'", "ne 1", "lt 5", "le 2.5", "gt(1)", "ge 'a'", "in [1, 'abc']",
    "in 'xabcx'", "in {'abc': 1}", "not in [1]", "contains('a')", "contains(1)", "sameas true", "sameas none",
    "match('[a-z]+$')", "match('b')", "search('b|t')", "regex('^\\\\S+$')", "search('ABC', ignorecase=true)", "search('A.C|E$', ignorecase=true)",
    "version('1.9', '>')", "version('1.10.3', '==')", "version_compare('2', 'lt')", "version('1.10.3')",
    "version('v2', '>=')", "subset([1, 2, 3, 4])", "superset([3])", "truthy(convert_bool=true)",
    "falsy(convert_bool=true)", "ansible.builtin.version('1.0', 'ge')", "abs", "filter", "file", "callable", "escaped",
    "unknown_test",
]

METHODS = [
    "upper()", "lower()", "capitalize()", "title()", "strip()", "lstrip()", "rstrip()", "strip('a')", "split()",
    "split(',')", "split(',', 1)", "split(maxsplit=1)", "rsplit('b', 1)", "rsplit(None, 1)", "splitlines()",
    "splitlines(true)", "partition('b')", "rpartition(' ')", "replace('a', 'x')", "replace('l', 'L', 1)", "zfill(6)",
    "ljust(6)", "rjust(6, '.')", "center(8, '*')", "count('a')", "find('c')", "rfind('l')", "index('b')", "startswith('a')",
    "startswith(('x', 'a'))", "endswith('c')", "isdigit()", "isalpha()", "isalnum()", "isupper()", "islower()",
    "isspace()", "isnumeric()", "join(['x', 'y'])", "join([1])", "format(1)", "removeprefix('a')", "removesuffix('c')",
    "swapcase()", "casefold()", "encode()", "expandtabs()", "items()", "items() | list", "keys() | list",
    "values() | list", "get('a')", "get('zz', 'dflt')", "get('a', missing)", "copy()", "pop('a')", "append(4)", "extend([5])",
    "index(1)", "count(8080)", "update({'q': 1})", "setdefault('q', 2)", "bit_length()", "is_integer()", "nosuch",
    "nosuch()", "nosuch | default('x')", "items | default('x')", "__class__", "_private | default('u')",
]

OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"]

SUBSCRIPTS = [
    "[0]", "[-1]", "[5]", "['a']", "['name']", "[1:]", "[:2]", "[::-1]", "[-2:]", "[1:3]", "[5:]", "[::2]", "[:-1]",
    "[true]", "[none]", "[1.0]", "['items']", ".0", ".a", ".name", ".items", "[missing]", "[0][0]", "[3:0:-1]", "[::0]",
]

FORMATS = [
    "'%s'", "'%d'", "'%5d|'", "'%-5d|'", "'%05d'", "'%+d'", "'%x'", "'%#x'", "'%o'", "'%X'", "'%.2f'", "'%8.3f'",
    "'%e'", "'%g'", "'%.3s|'", "'%10s|'", "'%-10s|'", "'%r'", "'%%'", "'%s %s'", "'%c'", "'%i'", "'%(a)s'", "'% d'",
    "'%(b)s-%(a)s'", "'no field'", "'%.0f'", "'%5.1f%%'", "'%G'", "'%E'",
]
SPECIFICATIONS = [
    "{}", "{:>8}", "{:<8}|", "{:^9}|", "{:*^9}", "{:05d}", "{:+}", "{:,}", "{:.2f}", "{:x}", "{:#x}", "{:#06x}", "{:b}", "{:e}",
    "{:g}", "{:%}", "{:.1%}", "{:s}", "{!r}", "{!r:>9}", "{0}{0}", "{0:>{1}}", "{a}", "{{}}", "{:_}", "{:010.3f}",
    "{", "}", "{:d}", "{:08}", "{: d}", "{:G}", "{:,.2f}", "{:o}",
]


def expressions():
    """Yields (kind, expression)."""
    for value in VALUES:
        yield "printing", value
        yield "printing", f"[{value}]"
        yield "printing", f"{value} | string"
        yield "printing", f"{value} ~ ''"
        yield "operators", f"not {value}"
        yield "operators", f"-{value}"
        yield "operators", f"'t' if {value} else 'f'"
    for value, name in itertools.product(VALUES, FILTERS):
        yield "filters", f"{value} | {name}"
    for value, name in itertools.product(SOME_VALUES, FILTERS_WITH_ARGUMENTS):
        yield "filters", f"{value} | {name}"
    for value, name in itertools.product(VALUES, TESTS):
        yield "tests", f"{value} is {name}"
    for value, name in itertools.product(SOME_VALUES + ["version"], TESTS_WITH_ARGUMENTS):
        yield "tests", f"{value} is {name}"
    chooser = random.Random(20261122)
    pairs = list(itertools.product(VALUES, OPERATORS, VALUES))
    for left, operator, right in chooser.sample(pairs, 2200):
        yield "operators", f"({left}) {operator} ({right})"
    targets = ["'abc'", "'Hello World'", "count", "words", "ports", "{'b': 1, 'a': [2, 'x']}", "keys_like_methods", "nothing", "csv"]
    for value, name in itertools.product(targets, METHODS):
        yield "methods", f"{value}.{name}"
    for value, name in itertools.product(targets + ["(1, 2)", "mirrors", "missing", "range(4)"], SUBSCRIPTS):
        yield "lookups", f"{value}{name}"
    arguments = ["count", "2.5", "'abc'", "(1, 'b')", "{'a': 1, 'b': 'x'}", "negative", "nothing", "words", "yes", "1e20"]
    for text, value in itertools.product(FORMATS, arguments):
        yield "formats", f"{text} % {value}"
    for text, value in itertools.product(SPECIFICATIONS, ["count", "-1234567", "2.5", "'abc'", "true", "none", "words", "1e20"]):
        yield "formats", f"'{text}'.format({value}, 4)"
    # Chains of filters, where the types that come out of one go into the next.
    for _ in range(500):
        chain = " | ".join(chooser.choice(FILTERS + FILTERS_WITH_ARGUMENTS) for _ in range(chooser.randint(2, 3)))
        yield "chains", f"{chooser.choice(VALUES)} | {chain}"


def written():
    """Yields the templates of the corpus; the first directory says what is expected of them."""
    for directory in ("renders", "refused"):
        folder = os.path.join(CORPUS, directory)
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
                yield directory, name, file.read()


def everything():
    cases = []

    def add(kind, name, template, context="standard"):
        cases.append({"kind": kind, "name": name, "template": template, "context": context})

    for kind, name, template in written():
        add(kind, name, template)
    for index, template in enumerate(statements.WRITTEN):
        add("statements", f"statement {index}", template)
    for index, template in enumerate(statements.generated(random.Random(1), 500)):
        add("statements", f"generated {index}", template)
    seen = set()
    for kind, expression in expressions():
        if expression not in seen:
            seen.add(expression)
            # Text around the value: alone it would not be printed but handed over.
            add(kind, expression, "<{{ " + expression + " }}>\n")
    return cases
