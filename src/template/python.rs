//! Python's `str` and `repr`.
//!
//! Owns how values look as text. It must not know where the text goes.

use super::fault::{Fault, Outcome};
use super::value::Value;

/// Returns Python's `str(value)`.
pub fn text(value: &Value) -> Outcome<String> {
    match value {
        Value::Text(text) | Value::Markup(text) => Ok(text.to_string()),
        Value::Blank => Ok(String::new()),
        other => repr(other),
    }
}

/// Returns what `{{ value }}` prints: Ansible makes lists of all tuples, at any depth.
pub fn printed(value: &Value) -> Outcome<String> {
    text(&without_tuples(value))
}

fn without_tuples(value: &Value) -> Value {
    match value {
        Value::List(list) => Value::list(list.items().iter().map(without_tuples).collect()),
        Value::Tuple(items) => Value::list(items.iter().map(without_tuples).collect()),
        Value::Dict(dict) => Value::dict(
            dict.entries()
                .iter()
                .map(|(key, value)| (key.clone(), without_tuples(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Returns Python's `repr(value)`.
pub fn repr(value: &Value) -> Outcome<String> {
    let mut out = String::new();
    write_repr(&mut out, value)?;
    Ok(out)
}

fn write_repr(out: &mut String, value: &Value) -> Outcome<()> {
    match value {
        Value::None => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Integer(integer) => out.push_str(&integer.to_string()),
        Value::Float(number) => out.push_str(&float(*number)),
        Value::Text(text) => write_text(out, text),
        Value::List(list) => {
            out.push('[');
            write_items(out, &list.items())?;
            out.push(']');
        }
        Value::Tuple(items) => {
            out.push('(');
            write_items(out, items)?;
            out.push_str(if items.len() == 1 { ",)" } else { ")" });
        }
        Value::Group(pair) => {
            out.push('(');
            write_items(out, &pair[..])?;
            out.push(')');
        }
        Value::Dict(dict) => {
            out.push('{');
            for (index, (key, value)) in dict.entries().iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_repr(out, key)?;
                out.push_str(": ");
                write_repr(out, value)?;
            }
            out.push('}');
        }
        Value::Undefined(_) => {
            value.clone().defined()?;
        }
        other => {
            return Err(
                Fault::unsupported(format!("printing a value of type `{}`", other.type_name()))
                    .with_remedy("make a list of it with `| list`, or call it"),
            );
        }
    }
    Ok(())
}

fn write_items(out: &mut String, items: &[Value]) -> Outcome<()> {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_repr(out, item)?;
    }
    Ok(())
}

fn write_text(out: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    out.push(quote);
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if letter == quote => out.extend(['\\', letter]),
            letter if is_printable(letter) => out.push(letter),
            letter => {
                let code = u32::from(letter);
                let escape = match code {
                    0..=0xff => format!("\\x{code:02x}"),
                    0x100..=0xffff => format!("\\u{code:04x}"),
                    _ => format!("\\U{code:08x}"),
                };
                out.push_str(&escape);
            }
        }
    }
    out.push(quote);
}

/// Returns Python's `str.isprintable` for one character.
///
/// Rust's debug escaping goes by the same categories; the letter in front keeps it from escaping combining marks
/// too, as it does at the start of a string.
pub fn is_printable(letter: char) -> bool {
    let mut buffer = String::from("a");
    buffer.push(letter);
    !matches!(letter, '\0'..='\x1f' | '\x7f')
        && !buffer
            .escape_debug()
            .skip(1)
            .collect::<String>()
            .starts_with("\\u")
}

/// Returns Python's `repr(float)`: the shortest digits that read back the same.
pub fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{number}");
        return if plain.contains('.') {
            plain
        } else {
            format!("{plain}.0")
        };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// Returns whether Python's `str.isspace` holds, by which it strips and splits.
pub fn is_space(letter: char) -> bool {
    letter.is_whitespace() || ('\x1c'..='\x1f').contains(&letter)
}

/// Returns the lines of `text` as `str.splitlines` does.
pub fn split_lines(text: &str, keep_ends: bool) -> Vec<&str> {
    let is_end = |letter| {
        matches!(
            letter,
            '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(is_end).unwrap_or(rest.len());
        let after = &rest[end..];
        let width = if after.starts_with("\r\n") {
            2
        } else {
            after.chars().next().map_or(0, char::len_utf8)
        };
        lines.push(&rest[..if keep_ends { end + width } else { end }]);
        rest = &rest[end + width..];
    }
    lines
}
