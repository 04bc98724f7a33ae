//! Facts about rendering that are worth a sentence; the comparison with Ansible itself is in `tests/template`.

use serde_json::{Map, Value, json};

use super::render;

fn context() -> Map<String, Value> {
    let json = json!({
        "cross_compile": {"registry": "ghcr.io/goldentooth", "owner": null},
        "envoy_build": {"create_deb_package": true, "parallel_jobs": 8},
        "words": ["pear", "Apple"],
        "items": {"items": 1},
    });
    json.as_object().cloned().unwrap_or_default()
}

#[track_caller]
fn renders(template: &str, expected: &str) {
    assert_eq!(
        render("a.j2", template, &context()).as_deref(),
        Ok(expected),
        "{template}"
    );
}

#[track_caller]
fn fails(template: &str, expected: &str) {
    let error = render("a.j2", template, &context()).expect_err(template);
    assert_eq!(error.to_string(), expected, "{template}");
}

#[test]
fn values_print_as_python_prints_them() {
    renders(
        "<{{ envoy_build }}>",
        "<{'create_deb_package': True, 'parallel_jobs': 8}>",
    );
    renders("<{{ cross_compile.owner }}>", "<>");
    renders(
        "<{{ [none, 1.0, 1e16, \"it's\"] }}>",
        "<[None, 1.0, 1e+16, \"it's\"]>",
    );
    renders("<{{ true ~ none ~ 1.5 }}>", "<TrueNone1.5>");
}

#[test]
fn one_newline_follows_a_block_and_none_is_lost_at_the_end() {
    renders("{% if true %}\na\n{% endif %}\nb\n\n", "a\nb\n\n");
    renders("{% raw %}\n{{ x }}{% endraw %}\n.", "\n{{ x }}.");
}

#[test]
fn a_text_without_delimiters_stays_as_it_is() {
    renders("a\r\nb", "a\r\nb");
}

#[test]
fn a_name_set_in_a_loop_does_not_leave_it() {
    renders(
        "{% set x = 0 %}{% for i in [1, 2] %}{% set x = i %}{% endfor %}{{ x }}.",
        "0.",
    );
}

#[test]
fn a_dict_answers_with_its_methods_first_and_its_keys_by_subscript() {
    renders("<{{ items['items'] }}>", "<1>");
    fails(
        "<{{ items.items }}>",
        "template `a.j2` line 1: printing a value of type `method` is not supported; make a list of it with \
         `| list`, or call it",
    );
}

#[test]
fn an_undefined_name_is_a_fault_with_its_line_and_a_remedy() {
    fails(
        "a\n\n{{ envoy_build.parallel_jobs }} {{ missing }}\n",
        "template `a.j2` line 3: `missing` is undefined; define it in `override_variables`, or give it a value \
         with `| default(…)`",
    );
    fails(
        "{{ cross_compile.nosuch.deeper | upper }}",
        "template `a.j2` line 1: `cross_compile.nosuch` is undefined; give it a value with `| default(…)`",
    );
    renders("<{{ cross_compile.nosuch.deeper | default('x') }}>", "<x>");
}

#[test]
fn what_is_not_known_to_be_the_same_is_refused_by_name() {
    for (template, expected) in [
        (
            "x\n{{ lookup('env', 'HOME') }}",
            "template `a.j2` line 2: `lookup` is not supported",
        ),
        (
            "x\n{{ 1 | nosuch }}",
            "template `a.j2` line 2: the filter `nosuch` is not supported",
        ),
        (
            "x\n{{ 1 is nosuch }}",
            "template `a.j2` line 2: the test `nosuch` is not supported",
        ),
        (
            "x\n{% include 'y' %}",
            "template `a.j2` line 2: `{% include %}` is not supported; put everything into one template",
        ),
        ("{{ 012 }}", "template `a.j2` line 1: `012` is not a number"),
        (
            "{{ 'x' | regex_search('(?=a)') }}",
            "template `a.j2` line 1: `(?=a` in a regular expression is not supported",
        ),
    ] {
        fails(template, expected);
    }
}

#[test]
fn a_variable_of_ansible_itself_is_refused_even_with_a_default() {
    fails(
        "{{ ansible_managed | default('') }}",
        "template `a.j2` line 1: `ansible_managed` is undefined: only a running Ansible knows it; hand its value \
         over in `override_variables`",
    );
}

#[test]
fn lines_are_counted_with_the_header() {
    fails(
        "#jinja2: trim_blocks: False\n\n{{ missing.x + 1 }}",
        "template `a.j2` line 3: `missing` is undefined; define it in `override_variables`, or give it a value \
         with `| default(…)`",
    );
}

#[test]
fn the_result_of_a_set_operation_must_be_sorted() {
    renders(
        "<{{ words | union(['fig']) | sort }}>",
        "<['Apple', 'fig', 'pear']>",
    );
    assert!(render("a.j2", "{{ words | union(['fig']) | join }}", &context()).is_err());
}

#[test]
fn only_what_the_template_made_itself_can_be_changed() {
    renders("{% set l = [] %}{% set _ = l.append(1) %}<{{ l }}>", "<[1]>");
    assert!(render("a.j2", "{% set _ = words.append(1) %}", &context()).is_err());
}

#[test]
fn endless_templates_end() {
    for template in [
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% for i in range(1000) %}{% for j in range(1000) %}{% for k in [1, 2] %}{% endfor %}{% endfor %}{% endfor %}",
        "{{ range(99999999999) }}",
        "{{ 'x' * 99999999999 }}",
        "{% set n = namespace(x=[]) %}{% for i in range(1000) %}{% set n.x = [n.x] %}{% endfor %}",
        "{{ '%99999999d' % 1 }}",
        "{{ 'x'.zfill(99999999999) }}",
    ] {
        assert!(render("a.j2", template, &context()).is_err(), "{template}");
    }
}
