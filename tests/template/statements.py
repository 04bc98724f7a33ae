# Copyright (c) the goldentooth project
# MIT License
"""Templates about statements: white space, scopes, loops, macros, captured blocks; and what is refused."""

WRITTEN = [
    "", "\n", "\n\n\n", "x", "x\n", "x\n\n", "\r\nx\r\n", "a\rb", "{{ count }}", "{{ count }}\n", "{{ nothing }}\n", "{{ words }}\n",
    "{{ empty }}\n", "{# only a comment #}\n", "{# a #}\nb\n", "a {# b #} c\n", "{#- a -#}\n b", "a\n  {#- b #}\nc", "{% if no %}x{% endif %}\n",
    "{{ multi }}\n", "{{ multi }}\n\n", "a{{ nothing }}b\n", "{{ none }}{{ 5 }}\n", "{{ 5 }}{{ none }}", "{{ yes }}\n", "{{ (1, 2) }}\n", "{{ range(3) }}",
    "{% if yes %}\n  a\n{% endif %}\nb\n", "  {% if yes %}\n  a\n  {% endif %}\nb\n", "{%- if yes -%}\n  a\n{%- endif -%}\nb\n",
    "a\n{%- if yes %} b {% endif -%}\n\nc\n", "{% if yes +%}\na\n{% endif %}\n", "  {%+ if yes %}a{% endif %}\n", "{{- count -}}\n x", "a {{- ' b' }}\n",
    "x {{ count -}} \n\n y", "{% raw %}{{ x }}{% endraw %}\n", "{% raw %}\n{{ x }}\n{% endraw %}\n", "a\n{% raw %}\n{% endraw %}\nb",
    "{% raw -%}\n  {{ x }}\n{%- endraw %}\n", "{%- raw %}\n {# x #} {% y %}{% endraw -%}\n z", "{% raw %}{% raw %}\n{% endraw %}", "{% raw %}x",
    "{% set x = '{% raw %}' %}\n{{ x }}\n", "{{ '{{' }} x {{ '}}' }}\n", "{{ '{%' }}\n", "{{ \"{# no comment #}\" }}\n",
    "#jinja2: trim_blocks: False\n{% if yes %}\na\n{% endif %}\nb\n", "#jinja2: lstrip_blocks: True\n  {% if yes %}\n  a\n    {% endif %}\nb\n",
    "#jinja2:lstrip_blocks: True, trim_blocks: False\n  {% if yes %}\n\tx {# c #}\n  {# d #}\n  {{ count }}\n  {% endif %}\n",
    "#jinja2: lstrip_blocks: True\n a {% if yes %} b {% endif %}\n   {%+ if yes %}x{% endif %}\n", "#jinja2: variable_start_string: '[['\n[[ count ]]\n",
    "#jinja2: nosuch: True\nx\n", "#jinja2:\nx\n", "#jinja2: trim_blocks: maybe\nx", "#jinja2: trim_blocks: True", " #jinja2: trim_blocks: False\n{% if yes %}\nx{% endif %}",
    "{% for x in words %}{{ loop.index }}/{{ loop.length }}:{{ x }}{{ ',' if not loop.last }}{% endfor %}\n",
    "{% for x in words %}{{ loop.index }}/{{ loop.length }}:{{ x }}{{ ',' if not loop.last else '' }}{% endfor %}\n",
    "{% for x in words %}{{ loop.index0 }} {{ loop.revindex }} {{ loop.revindex0 }} {{ loop.first }} {{ loop.last }} {{ loop.depth }} {{ loop.depth0 }};{% endfor %}",
    "{% for x in words %}{{ loop.cycle('odd', 'even') }} {% endfor %}", "{% for x in ports %}{{ loop.changed(x) }} {% endfor %}",
    "{% for x in ports %}{{ loop.previtem | default('-') }}<{{ x }}>{{ loop.nextitem | default('-') }} {% endfor %}",
    "{% for x in words %}{{ loop.previtem }}{% endfor %}", "{% for x in words if 'a' in x %}{{ loop.index }}{{ x }}{% else %}none{% endfor %}",
    "{% for x in words if x == 'z' %}{{ x }}{% else %}none{% endfor %}\n", "{% for x in [] %}x{% else %}empty\n{% endfor %}\n",
    "{% for k, v in envoy_build.items() %}\n{{ k }}={{ v }}\n{% endfor %}\n", "{% for k in envoy_build %}{{ k }} {% endfor %}", "{% for k, v in envoy_build | dictsort %}{{ k }}:{{ v }};{% endfor %}",
    "{% for item in envoy_build | dict2items %}{{ item.key }}={{ item.value }} {% endfor %}", "{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for a, b in [(1, 2, 3)] %}{{ a }}{% endfor %}", "{% for a, b in ['xy', 'zw'] %}{{ b }}{{ a }}{% endfor %}", "{% for x in 'abc' %}{{ x }}-{% endfor %}",
    "{% for x in count %}{{ x }}{% endfor %}", "{% for x in missing %}{{ x }}{% endfor %}", "{% for x in nothing %}{{ x }}{% endfor %}", "{% for x in range(2, 10, 3) %}{{ x }} {% endfor %}",
    "{% for x in range(5, 0, -2) %}{{ x }} {% endfor %}", "{% for i in range(3) %}{% for j in range(i) %}{{ i }}{{ j }}{{ loop.index }} {% endfor %}{% endfor %}",
    "{% for x in words %}{% set y = x %}{% endfor %}{{ y }}", "{% for x in words %}{% set y = x %}{% endfor %}{{ y | default('unset') }}",
    "{% set y = 0 %}{% for x in ports %}{% set y = y + x %}{{ y }} {% endfor %}{{ y }}\n", "{% set ns = namespace(sum=0, l=[]) %}{% for x in ports %}{% set ns.sum = ns.sum + x %}{% set ns.l = ns.l + [x] %}{% endfor %}{{ ns.sum }} {{ ns.l }}\n",
    "{% set ns = namespace() %}{% set ns.a = 1 %}{{ ns.a }}{{ ns.b | default('-') }}", "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a + ns.b }}", "{% set x.y = 1 %}", "{% set count.y = 1 %}",
    "{% if yes %}{% set z = 1 %}{% endif %}{{ z }}", "{% if no %}{% set z = 1 %}{% endif %}{{ z }}", "{% if no %}{% set count = 1 %}{% endif %}{{ count }}", "{% set count = count + 1 %}{{ count }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}\n", "{% set a = 1, 2 %}{{ a }}{{ a | length }}", "{% set (a, b) = [3, 4] %}{{ a * b }}", "{% set a, b = 1 %}x", "{% set x = [] %}{% set _ = x.append(1) %}{% set _ = x.append('b') %}{{ x }}",
    "{% set d = {} %}{% for k in words %}{% set _ = d.update({k: loop.index}) %}{% endfor %}{{ d }}", "{% set x = [1] %}{% set y = x %}{% set _ = y.append(2) %}{{ x }}", "{% set x = [1] %}{% set y = x | default([]) %}{% set _ = x.append(2) %}{{ y }}{{ x }}",
    "{% set ns = namespace(l=[]) %}{% set _ = ns.l.append(1) %}{{ ns.l }}", "{% set x = [[]] %}{% set _ = x[0].append(1) %}{{ x }}", "{% set d = {'k': []} %}{% set _ = d.k.append(1) %}{{ d }}", "{% set x = [] %}{{ x.append(1) }}{{ x }}",
    "{% set t %}a{{ count }}b{% endset %}[{{ t }}]", "{% set t %}{{ count }}{% endset %}[{{ t + 1 }}]", "{% set t %}{% endset %}[{{ t }}]{{ t is none }}", "{% set t | upper | trim %} abc {{ count }} {% endset %}[{{ t }}]", "{% set t %}\n a\n{% endset %}[{{ t }}]",
    "{% set t %}{% set inner = 1 %}{{ inner }}x{% endset %}{{ t }}{{ inner | default('-') }}", "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a | default('-') }}\n", "{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q | default('-') }}",
    "{% set a = 5 %}{% with a = 1, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}", "{% filter upper %}abc {{ count }} {{ single }}{% endfilter %}\n", "{% filter replace('a', 'b') | indent(2) %}\naa\naa\n{% endfilter %}", "{% filter upper %}{% endfilter %}|",
    "{% filter indent(4, true) %}\nx: 1\ny: {{ count }}\n{% endfilter %}\n", "{% filter upper %}{% set q = 1 %}x{% endfilter %}{{ q | default('-') }}",
    "{% macro m(a, b=2) %}{{ a }}-{{ b }}{% endmacro %}{{ m(1) }} {{ m(1, 3) }} {{ m(b=5, a=4) }}\n", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m() }}", "{% macro m(a) %}{{ a | default('d') }}{% endmacro %}{{ m() }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(5) + 1 }}", "{% macro m() %}{% endmacro %}[{{ m() }}]{{ m() is none }}", "{% macro m(a) %}x{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}x{% endmacro %}{{ m(z=2) }}",
    "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, z=3) }}", "{% macro m(a) %}{{ varargs | length }}{{ a }}{% endmacro %}{{ m(1, 2, 3) }}", "{% macro m() %}{{ count }}{% set count = 1 %}{{ count }}{% endmacro %}{{ m() }}{{ count }}",
    "{% set g = 1 %}{% macro m() %}{{ g }}{% endmacro %}{% set g = 2 %}{{ m() }}", "{% macro m() %}{{ h }}{% endmacro %}{% set h = 2 %}{{ m() }}", "{% macro outer() %}{% macro inner(x) %}<{{ x }}>{% endmacro %}{{ inner(1) }}{% endmacro %}{{ outer() }}",
    "{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(3) }}", "{% macro m(a, b=[]) %}{% set _ = b.append(a) %}{{ b }}{% endmacro %}{{ m(1) }}{{ m(2) }}", "{% macro f(n) %}{{ n }}{% if n > 0 %},{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(4) }}\n",
    "{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}body {{ count }}{% endcall %}\n", "{% macro m() %}{{ caller(1, 2) }}{% endmacro %}{% call(a, b) m() %}{{ a }}+{{ b }}{% endcall %}", "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}",
    "{% macro m() %}x{% endmacro %}{% call m() %}y{% endcall %}", "{% macro m() %}\n  a\n{% endmacro %}\n{{ m() }}\nb\n", "{%- macro m(a) -%}\n  {{ a }}\n{%- endmacro -%}\n{{ m('x') }}|{{ m(y) | default('z') }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(words) | join(',') }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m }}", "{{ loop }}", "{% for x in [1] %}{{ loop }}{% endfor %}", "{% for n in [{'v': 1, 'c': [{'v': 2}]}] recursive %}{{ n.v }}{{ loop.depth }}{% if n.c is defined %}({{ loop(n.c) }}){% endif %}{% endfor %}\n",
    "{% if missing %}x{% endif %}", "{% if missing is defined and missing %}x{% else %}y{% endif %}\n", "{% if no %}{{ missing }}{% endif %}ok\n", "{{ missing }}", "a\n\nb {{ missing.deep }}\n", "{{ cross_compile.nosuch }}", "{{ cross_compile['nosuch'] }}",
    "{{ 'x' if no }}", "{{ ('x' if no) | default('dflt') }}\n", "{{ missing | upper | default('x') }}", "{{ missing + 1 }}", "{{ missing == 1 }}", "{{ missing in words }}", "{{ [missing] | length }}", "{{ missing or 'x' }}", "{{ yes or missing }}\n",
    "{% if count > 5 and count < 10 %}in{% elif count == 5 %}five{% else %}out{% endif %}\n", "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 3 > 2 == 2 }}\n", "{{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 7 // -2 }} {{ -7 % 3 }} {{ 7.5 // 2 }} {{ 1 / 2 }} {{ 4 / 2 }}\n",
    "{{ 1 + 2 ~ 3 }} {{ 'a' ~ 1 + 2 }} {{ 2 * 3 ~ 4 }}\n", "{{ -count | abs }} {{ (-count) | abs }} {{ -5 | string ~ 'x' }}\n", "{{ 1 if yes else 2 if no else 3 }}\n", "{{ not yes == no }} {{ not (yes and no) }}\n", "{{ words | length > 3 }} {{ 3 in ports | map('int') }}\n",
    "{{ count is odd and count is not even }} {{ count is divisibleby 7 }}\n", "{{ 'a' 'b' \"c\" }} {{ 'tab\\there' }} {{ 'nl\\nx' }} {{ '\\x41\\u00e9' }} {{ 'back\\\\slash' }} {{ '\\d\\.' }} {{ \"q\\\"q\" }} {{ '\\101' }} {{ '\\a\\v' | length }}\n", "{{ 'é\\é' }}",
    "{{ 1_000 }} {{ 0x1f }} {{ 0b11 }} {{ 0o17 }} {{ 1.5e3 }} {{ 1e3 }} {{ 00 }}\n", "{{ 012 }}", "{{ 1. }}", "{{ .5 }}", "{{ 1__0 }}", "{{ +1 }}", "{{ 1, 2 }}", "{{ }}", "{{ count", "{% if yes %}", "{% endif %}", "{% nosuch %}", "{{ count | }}", "{{ 'abc }}",
    "{{ count | nosuch }}", "{{ count is nosuch }}", "{{ nosuch() }}", "{{ lookup('env', 'HOME') }}", "{{ query('env', 'HOME') }}", "{{ now() }}", "{{ omit }}", "{% include 'x' %}", "{% import 'x' as y %}", "{% from 'x' import y %}", "{% extends 'x' %}", "{% block a %}x{% endblock %}",
    "{% do count %}", "{% break %}", "{% autoescape true %}{{ '<' }}{% endautoescape %}", "{% trans %}x{% endtrans %}", "{{ self }}", "{{ count +}}", "{{ count }}{{+ count }}", "{{ count is divisibleby -7 }}", "{{ dict(a=1, b=2) }} {{ dict([('x', 1)]) }} {{ dict({'q': 1}, z=2) }}\n",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.current }}", "{% set j = joiner(', ') %}{% for x in words %}{{ j() }}{{ x }}{% endfor %}\n", "{{ range(3) | list }} {{ range(3) | sum }} {{ range(10)[2] }} {{ 3 in range(5) }}\n",
    "{{ '<&>\"' }} {{ '<&>' | e }} {{ {'a': '<'} | tojson }}\n", "{{ '%s-%03d' | format('x', 7) }} {{ '%(a)s' | format(a=1) }} {{ '{:>5}'.format('x') }}\n", "{{ keys_like_methods.items }}", "{{ keys_like_methods['items'] }} {{ keys_like_methods.values() | list }}\n",
    "{{ mirrors | map(attribute='tags') | list }}", "{{ mirrors | map(attribute='tags') | select('defined') | list }}\n", "{{ mirrors | map(attribute='tags') | select('defined') | flatten | join }}\n", "{{ words | map('upper') | map('replace', 'A', '4') | sort | join(' ') }}\n",
    "{% for g, items in mirrors | groupby('enabled') %}{{ g }}: {{ items | map(attribute='name') | join(',') }}\n{% endfor %}", "{% for g in mirrors | groupby('enabled') %}{{ g.grouper }} {{ g.list | length }};{% endfor %}", "{% for row in words | batch(2, '-') %}{{ row | join('|') }}\n{% endfor %}",
    "{% for row in words | slice(2) %}{{ row }}\n{% endfor %}", "{{ words | unique }} {{ ports | unique }} {{ mirrors | unique | length }}\n", "{{ [1, 2] | union([3]) }}", "{{ [1, 2] | union([3]) | sort }}\n", "{% for x in [1, 2] | union([3]) %}{{ x }}{% endfor %}",
    "{{ 'x' * 3 }}{{ [0] * 2 }}{{ 2 * 'ab' }}{{ 'a' * -1 }}\n", "{{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ (1, 2) < (2,) }} {{ 1 == 1.0 }} {{ true == 1 }} {{ '1' == 1 }} {{ [1] == (1,) }}\n", "{{ {'a': 1} == {'a': 1.0} }} {{ {} == [] }} {{ none == false }}\n",
    "{{ 10 ** 20 }} {{ 2 ** 100 }} {{ 9223372036854775807 + 1 }} {{ 18446744073709551616 * 2 }}\n", "{{ 2 ** 200 }}", "{{ 0.1 + 0.2 }} {{ 1e22 }} {{ 1.0 }} {{ 100000.0 }} {{ 1e15 }} {{ 123456789.123 }} {{ 5e-324 }} {{ 1e400 }}\n",
]

PARTS = {
    "value": [
        "count", "words", "ports", "envoy_build", "nothing", "yes", "no", "single", "x", "y", "'s'", "3", "[1, 2]",
        "{'k': 1}", "mirrors", "missing",
    ],
    "filter": ["length", "string", "upper", "list", "first", "default('d')", "join(',')", "int", "sort", "to_json"],
    "test": ["defined", "none", "string", "mapping", "number", "sequence"],
}


def generated(chooser, count):
    """Yields templates that nest statements at random, with white space control at random."""

    def tag(inner):
        return "{%" + chooser.choice(["", "", "", "-", "+"]) + f" {inner} " + chooser.choice(["", "", "-", "+"]) + "%}" + chooser.choice(["", "\n", "\n", " \n"])

    def value():
        made = chooser.choice(PARTS["value"])
        roll = chooser.random()
        if roll < 0.3:
            made += " | " + chooser.choice(PARTS["filter"])
        elif roll < 0.4:
            made = f"{made} ~ {chooser.choice(PARTS['value'])}"
        return made

    def condition():
        return f"{chooser.choice(PARTS['value'])} is {chooser.choice(PARTS['test'])}"

    def block(depth):
        return "".join(statement(depth) for _ in range(chooser.randint(1, 3)))

    def statement(depth):
        kind = chooser.randrange(10 if depth > 0 else 4)
        if kind == 0:
            return chooser.choice(["text\n", "  ", "\n\n", "a: b\n", "\t- ", "{# note #}\n", "{#- note -#} "])
        if kind == 1:
            return "{{" + chooser.choice(["", "-"]) + f" {value()} " + chooser.choice(["", "-"]) + "}}" + chooser.choice(["", "\n", " "])
        if kind == 2:
            return tag(f"set {chooser.choice('xy')} = {value()}")
        if kind == 3:
            return "{{ x | default('no x') }}{{ y | default('no y') }}\n"
        if kind in (4, 5):
            middle = tag("else") + block(depth - 1) if chooser.random() < 0.5 else ""
            return tag(f"if {condition()}") + block(depth - 1) + middle + tag("endif")
        if kind in (6, 7):
            source = chooser.choice(["words", "ports", "[1, 2]", "envoy_build", "'ab'", "[]", "range(2)"])
            extra = chooser.choice(["", "", " if loop is not defined", " if x is defined"])
            return tag(f"for x in {source}{extra if 'loop' not in extra else ''}") + block(depth - 1) + "{{ loop.index }}" + tag("endfor")
        if kind == 8:
            return tag(f"with x = {value()}") + block(depth - 1) + tag("endwith")
        return tag("set y") + block(depth - 1) + tag("endset")

    for _ in range(count):
        yield block(chooser.randint(1, 3)) + chooser.choice(["", "\n", "\n\n"])
