//! Escaping for HTML and URLs.
//!
//! Owns these escapes. What they mark as safe may be printed and little else: see `Value::Markup`.

use std::rc::Rc;

use crate::template::arguments::Arguments;
use crate::template::fault::Outcome;
use crate::template::python;
use crate::template::value::Value;

pub fn escape(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    if let Value::Markup(_) = value {
        return Ok(value.clone());
    }
    let mut out = String::new();
    for letter in python::text(value)?.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&#34;"),
            letter => out.push(letter),
        }
    }
    Ok(Value::Markup(Rc::from(out)))
}

pub fn safe(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    python::text(value).map(|text| Value::Markup(Rc::from(text)))
}

pub fn urlencode(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    let pairs = match value {
        Value::Dict(dict) => dict.entries().clone(),
        Value::List(_) | Value::Tuple(_) => {
            let mut pairs = Vec::new();
            for pair in value.iterate()? {
                match &pair.iterate()?[..] {
                    [key, value] => pairs.push((key.clone(), value.clone())),
                    _ => return Err(pair.misuse("is no pair of a query")),
                }
            }
            pairs
        }
        other => return Ok(Value::text(quoted(&python::text(other)?, true))),
    };
    let mut query = Vec::new();
    for (key, value) in pairs {
        let [key, value] = [key, value].map(|part| python::text(&part).map(|part| quoted(&part, false)));
        query.push(format!("{}={}", key?, value?));
    }
    Ok(Value::text(query.join("&")))
}

/// Quotes for a path, which keeps its slashes, or for a query, where a space is a plus.
fn quoted(text: &str, is_path: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => out.push(char::from(byte)),
            b'/' if is_path => out.push('/'),
            b' ' if !is_path => out.push('+'),
            byte => out.extend(['%', hexadecimal(byte >> 4), hexadecimal(byte & 15)]),
        }
    }
    out
}

fn hexadecimal(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16)
        .unwrap_or('0')
        .to_ascii_uppercase()
}
