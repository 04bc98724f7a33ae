//! What is a literal to Python, and what this reader refuses.

use serde_json::json;

use super::*;

#[test]
fn literals_are_read_as_python_reads_them() {
    for (text, value) in [
        ("{}", json!({})),
        ("{'a': True, \"b\": None,}", json!({"a": true, "b": null})),
        (
            "{ 'a' : [1, -2.5, (3,), (4), ()] } ",
            json!({"a": [1, -2.5, [3], 4, []]}),
        ),
        (
            "{1: 'x', None: 'y', 1.5: 'z', True: 0}",
            json!({"1": "x", "null": "y", "1.5": "z", "true": 0}),
        ),
        (
            r"{'a': 'it\'s \x41\u00e9\101\n\q' ' too'}",
            json!({"a": "it's AéA\n\\q too"}),
        ),
        (r#"{'a': r'\n' u"b" '''c"d'''}"#, json!({"a": "\\nbc\"d"})),
        (
            "{'a': 0x1f, 'b': 1_000, 'c': 00, 'd': 1e3, 'e': .5, 'f': --1}",
            json!({"a": 31, "b": 1000, "c": 0, "d": 1000.0, "e": 0.5, "f": 1}),
        ),
        ("{'a': 1, # one\n 'b': 2}", json!({"a": 1, "b": 2})),
        (
            "{'a': 99999999999999999999, 'b': -1e999}",
            json!({"a": "99999999999999999999", "b": "-inf"}),
        ),
    ] {
        assert_eq!(evaluate(text), Some(value), "{text}");
    }
}

#[test]
fn what_json_cannot_carry_or_python_refuses_is_no_literal() {
    for text in [
        "",
        "{",
        "{'a'}",
        "{'a': 1",
        "{'a' 1}",
        "{'a': b}",
        "{'a': b'x'}",
        "{'a': 1j}",
        "{'a': 012}",
        "{'a': 1__0}",
        "{'a': '\n'}",
        "{'a': 'x}",
        "{[1]: 2}",
        "{'a': '\\N{DASH}'}",
        "{'a': '\\ud800'}",
        "{'a': f()}",
        "{'a': 1} x",
        "{,}",
        "{'a': [1,,2]}",
        "{'a': '\0'}",
        "{'a': ur'x'}",
        "{'a': -}",
        "{'a': -'b'}",
        "{'a': '\\x+1'}",
    ] {
        assert_eq!(evaluate(text), None, "{text}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(evaluate(&nested(DEPTH)).is_some());
    assert_eq!(evaluate(&nested(100_000)), None);
}
