//! JSON as Python's `json` module writes and reads it.
//!
//! Owns `json.dumps` with the options that the filters have.

use std::cmp::Ordering;

use super::comparison;
use super::fault::{Fault, Outcome};
use super::numbers::too_large;
use super::python;
use super::value::Value;

pub struct Style {
    pub indent: Option<String>,
    pub sort_keys: bool,
    pub ascii: bool,
}

pub fn write(value: &Value, style: &Style) -> Outcome<String> {
    let mut out = String::new();
    write_value(&mut out, value, style, 0)?;
    Ok(out)
}

fn write_value(out: &mut String, value: &Value, style: &Style, level: usize) -> Outcome<()> {
    match value {
        Value::None => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Integer(integer) => out.push_str(&integer.to_string()),
        Value::Float(float) => out.push_str(&write_float(*float)),
        Value::Text(text) => write_text(out, text, style.ascii),
        Value::List(_) | Value::Tuple(_) | Value::Group(_) => {
            let items = value.iterate()?;
            block(out, '[', ']', items.len(), style, level, |out, index| {
                write_value(out, &items[index], style, level + 1)
            })?;
        }
        Value::Dict(dict) => {
            let mut entries = dict.entries().clone();
            if style.sort_keys {
                entries = sorted(entries)?;
            }
            block(out, '{', '}', entries.len(), style, level, |out, index| {
                let (key, value) = &entries[index];
                write_text(out, &key_text(key)?, style.ascii);
                out.push_str(": ");
                write_value(out, value, style, level + 1)
            })?;
        }
        other => return Err(other.misuse("is not serialisable as JSON")),
    }
    Ok(())
}

fn block(
    out: &mut String,
    open: char,
    close: char,
    length: usize,
    style: &Style,
    level: usize,
    mut write_item: impl FnMut(&mut String, usize) -> Outcome<()>,
) -> Outcome<()> {
    out.push(open);
    let line = |out: &mut String, level: usize| {
        if let Some(indent) = &style.indent {
            out.push('\n');
            out.push_str(&indent.repeat(level));
        }
    };
    for index in 0..length {
        if index > 0 {
            out.push_str(if style.indent.is_some() { "," } else { ", " });
        }
        line(out, level + 1);
        write_item(out, index)?;
    }
    if length > 0 {
        line(out, level);
    }
    out.push(close);
    Ok(())
}

fn write_float(float: f64) -> String {
    match float {
        float if float.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        float => python::float(float),
    }
}

fn key_text(key: &Value) -> Outcome<String> {
    match key {
        Value::Text(text) => Ok(text.to_string()),
        Value::None => Ok("null".to_owned()),
        Value::Bool(truth) => Ok(truth.to_string()),
        Value::Integer(integer) => Ok(integer.to_string()),
        Value::Float(float) => Ok(write_float(*float)),
        other => Err(other.misuse("cannot be a key in JSON")),
    }
}

/// Returns the entries in the order of their keys; keys without an order are a fault, as in Python.
pub fn sorted(entries: Vec<(Value, Value)>) -> Outcome<Vec<(Value, Value)>> {
    let mut fault = None;
    let mut entries = entries;
    entries.sort_by(|(left, _), (right, _)| match comparison::order(left, right) {
        Ok(ordering) => ordering.unwrap_or(Ordering::Equal),
        Err(reason) => {
            fault.get_or_insert(reason);
            Ordering::Equal
        }
    });
    fault.map_or(Ok(entries), Err)
}

fn write_text(out: &mut String, text: &str, ascii: bool) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            letter if letter < ' ' || (ascii && letter > '~') => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    out.push_str("\\u");
                    out.extend(
                        (0..4)
                            .rev()
                            .filter_map(|place| char::from_digit(u32::from(*unit >> (4 * place)) & 15, 16)),
                    );
                }
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
}

/// Returns `json.loads(text)`.
pub fn read(text: &str) -> Outcome<Value> {
    let json: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| Fault::new(format!("`from_json` cannot read this: {error}")))?;
    let value = Value::from_json(&json);
    no_large_integers(&value)?;
    Ok(value)
}

/// Refuses numbers that Python reads as integers and that came as floats.
fn no_large_integers(value: &Value) -> Outcome<()> {
    match value {
        Value::Float(float) if float.abs() >= 1e18 => Err(too_large()),
        Value::List(list) => list.items().iter().try_for_each(no_large_integers),
        Value::Dict(dict) => dict
            .entries()
            .iter()
            .try_for_each(|(_, value)| no_large_integers(value)),
        _ => Ok(()),
    }
}
