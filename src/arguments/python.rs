//! Values as Python writes and compares them: `str`, `repr`, `type`, `==`, `json.dumps`.
//!
//! Owns the parts of Python's behaviour that show in Ansible's messages and coercions. It must not know options.

use std::fmt::Write;

use serde_json::{Number, Value};

/// Returns `type(value).__name__`.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// Returns `str(type(value))`.
pub fn class(value: &Value) -> String {
    format!("<class '{}'>", type_name(value))
}

/// Returns `str(value)`.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        _ => repr(value),
    }
}

/// Returns `repr(value)`.
pub fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number_text(number),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(repr).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", quoted(key), repr(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// Returns `left == right`, where `True`, `1` and `1.0` are the same.
pub fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, value)| right.get(key).is_some_and(|other| equal(value, other)))
        }
        _ => match (numeric(left), numeric(right)) {
            (Some(left), Some(right)) => left == right || left.as_f64() == right.as_f64(),
            _ => left == right,
        },
    }
}

/// Returns `bool(value)`.
pub fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
    }
}

/// Returns `text.strip()`; Python counts the four separators of ASCII among its spaces.
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Returns `letter.isspace()`.
pub fn is_space(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\x1c'..='\x1f')
}

/// Returns `json.dumps(value)`: all ASCII, a space behind each comma and colon.
pub fn dumps(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number_text(number),
        Value::String(text) => dumped(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(dumps).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", dumped(key), dumps(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// Returns the shortest digits that read back as `number`, with an exponent where Python uses one.
pub fn float_text(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-4..1e16).contains(&size) {
        return format!("{number:?}");
    }
    let scientific = format!("{number:e}");
    match scientific.split_once('e') {
        Some((digits, exponent)) => match exponent.strip_prefix('-') {
            Some(exponent) => format!("{digits}e-{exponent:0>2}"),
            None => format!("{digits}e+{exponent:0>2}"),
        },
        // Infinite: Python and Rust agree on `inf` and `-inf`.
        None => scientific,
    }
}

fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => float_text(float),
        _ => number.to_string(),
    }
}

fn numeric(value: &Value) -> Option<Number> {
    match value {
        Value::Bool(flag) => Some(Number::from(u8::from(*flag))),
        Value::Number(number) => Some(number.clone()),
        _ => None,
    }
}

fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for letter in text.chars() {
        match letter {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\\' => quoted.push_str("\\\\"),
            _ if letter == quote => quoted.extend(['\\', quote]),
            _ if is_printable(letter) => quoted.push(letter),
            _ => quoted.push_str(&escape(u32::from(letter))),
        }
    }
    quoted.push(quote);
    quoted
}

fn escape(code: u32) -> String {
    match code {
        0..=0xff => format!("\\x{code:02x}"),
        0x100..=0xffff => format!("\\u{code:04x}"),
        _ => format!("\\U{code:08x}"),
    }
}

/// Rust escapes the same classes of characters as Python's `repr`, and combining marks where they come first.
fn is_printable(letter: char) -> bool {
    matches!(letter, '"' | '\'') || format!("x{letter}").escape_debug().count() == 2
}

fn dumped(text: &str) -> String {
    let mut dumped = String::with_capacity(text.len() + 2);
    dumped.push('"');
    for letter in text.chars() {
        match letter {
            '"' => dumped.push_str("\\\""),
            '\\' => dumped.push_str("\\\\"),
            '\n' => dumped.push_str("\\n"),
            '\r' => dumped.push_str("\\r"),
            '\t' => dumped.push_str("\\t"),
            '\x08' => dumped.push_str("\\b"),
            '\x0c' => dumped.push_str("\\f"),
            ' '..='~' => dumped.push(letter),
            _ => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(dumped, "\\u{unit:04x}");
                }
            }
        }
    }
    dumped.push('"');
    dumped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn containers_read_as_python_writes_them() {
        let value = json!({"a": [true, null, 1, 1.0, "x'y"], "b\n": {}});
        assert_eq!(repr(&value), r#"{'a': [True, None, 1, 1.0, "x'y"], 'b\n': {}}"#);
    }

    #[test]
    fn strings_are_quoted_as_python_quotes_them() {
        for (text, quoted) in [
            ("it's", r#""it's""#),
            (r#"it's "it""#, r#"'it\'s "it"'"#),
            ("\u{7f}\u{0}", r"'\x7f\x00'"),
            ("é\u{301}", "'é\u{301}'"),
            ("\u{200b}\u{e000}", r"'\u200b\ue000'"),
            ("\u{e0001}", r"'\U000e0001'"),
            ("\u{a0}", r"'\xa0'"),
        ] {
            assert_eq!(repr(&json!(text)), quoted);
        }
    }

    #[test]
    fn floats_switch_to_exponents_where_python_does() {
        for (number, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (-1.25e-7, "-1.25e-07"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(float_text(number), text);
        }
    }

    #[test]
    fn json_is_ascii_with_surrogate_pairs() {
        assert_eq!(
            dumps(&json!({"é": ["😀\u{7f}\n", 1.0, false, null]})),
            r#"{"\u00e9": ["\ud83d\ude00\u007f\n", 1.0, false, null]}"#
        );
    }

    #[test]
    fn numbers_and_booleans_compare_by_value() {
        assert!(equal(&json!(true), &json!(1.0)));
        assert!(equal(&json!([{"a": 0}]), &json!([{"a": false}])));
        assert!(!equal(&json!("1"), &json!(1)));
        assert!(!equal(&json!(null), &json!(0)));
        assert!(!equal(&json!({"a": 1}), &json!({"b": 1})));
    }
}
