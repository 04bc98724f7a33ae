//! Python's methods on strings.
//!
//! Owns what each returns; that there are more is `methods`' to know.

use super::arguments::Arguments;
use super::fault::{Fault, Outcome};
use super::filters::text as words;
use super::format_spec;
use super::methods::positional;
use super::python::{self, is_space};
use super::value::Value;

/// Returns the result of a method, or nothing for one that is not supported.
#[expect(clippy::too_many_lines, reason = "a table, one method after the other")]
pub fn call(text: &str, name: &str, arguments: Arguments) -> Outcome<Option<Value>> {
    let plain = |arguments: Arguments, result: String| {
        arguments.none()?;
        Ok(Some(Value::text(result)))
    };
    match name {
        "upper" => plain(arguments, text.to_uppercase()),
        "lower" => plain(arguments, text.to_lowercase()),
        "capitalize" => plain(arguments, words::capitalized(text)),
        "title" => plain(arguments, words::titled(text)),
        "strip" | "lstrip" | "rstrip" => {
            let [letters] = positional(arguments)?;
            let letters = match letters.some() {
                Some(Value::Text(letters)) => Some(letters),
                Some(other) => return Err(other.misuse("cannot be stripped")),
                None => None,
            };
            let unwanted = |letter: char| match &letters {
                Some(letters) => letters.contains(letter),
                None => is_space(letter),
            };
            Ok(Some(Value::text(match name {
                "strip" => text.trim_matches(unwanted),
                "lstrip" => text.trim_start_matches(unwanted),
                _ => text.trim_end_matches(unwanted),
            })))
        }
        "removeprefix" | "removesuffix" => {
            let [part] = positional(arguments)?;
            let part = part.required()?;
            let Value::Text(part) = &part else {
                return Err(part.misuse("is no string"));
            };
            let rest = if name == "removeprefix" {
                text.strip_prefix(&**part)
            } else {
                text.strip_suffix(&**part)
            };
            Ok(Some(Value::text(rest.unwrap_or(text))))
        }
        "startswith" | "endswith" => {
            let [part] = positional(arguments)?;
            let parts = match part.required()? {
                Value::Tuple(parts) => parts.to_vec(),
                part => vec![part],
            };
            let mut found = false;
            for part in parts {
                let Value::Text(part) = &part else {
                    return Err(part.misuse("is no string"));
                };
                found |= if name == "startswith" {
                    text.starts_with(&**part)
                } else {
                    text.ends_with(&**part)
                };
            }
            Ok(Some(Value::Bool(found)))
        }
        "split" | "rsplit" => words::split(text, name == "rsplit", arguments).map(Some),
        "splitlines" => {
            let [keep] = arguments.bind(["keepends"])?;
            let lines = python::split_lines(text, keep.truth(false)?);
            Ok(Some(Value::open_list(
                lines.into_iter().map(Value::text).collect(),
            )))
        }
        "partition" | "rpartition" => {
            let [separator] = positional(arguments)?;
            let separator = separator.required()?;
            let Value::Text(separator) = &separator else {
                return Err(separator.misuse("is no string"));
            };
            if separator.is_empty() {
                return Err(Fault::new("the separator is empty"));
            }
            let parts = if name == "partition" {
                text.split_once(&**separator)
            } else {
                text.rsplit_once(&**separator)
            };
            let parts = match (parts, name) {
                (Some((before, after)), _) => [before, separator, after],
                (None, "partition") => [text, "", ""],
                (None, _) => ["", "", text],
            };
            Ok(Some(Value::tuple(parts.iter().map(Value::text).collect())))
        }
        "join" => {
            let [items] = positional(arguments)?;
            let mut joined = String::new();
            for (index, item) in items.required()?.iterate()?.into_iter().enumerate() {
                let Value::Text(item) = &item else {
                    return Err(item.misuse("cannot be joined"));
                };
                if index > 0 {
                    joined.push_str(text);
                }
                joined.push_str(item);
            }
            Ok(Some(Value::text(joined)))
        }
        "replace" => {
            let [old, new, count] = positional(arguments)?;
            let (old, new) = (old.required()?, new.required()?);
            let (Value::Text(old), Value::Text(new)) = (&old, &new) else {
                return Err(old.misuse("or its replacement is no string"));
            };
            Ok(Some(Value::text(words::replaced(
                text,
                old,
                new,
                count.integer(-1)?,
            ))))
        }
        "zfill" | "ljust" | "rjust" | "center" => {
            let [width, fill] = positional(arguments)?;
            let width = words::width(width.required()?)?;
            let fill = fill.text(if name == "zfill" { "0" } else { " " })?;
            let mut fills = fill.chars();
            let (Some(fill), None) = (fills.next(), fills.next()) else {
                return Err(Fault::new("the fill of a string is one character"));
            };
            let padding = width.saturating_sub(text.chars().count());
            let pad = |count: usize| String::from(fill).repeat(count);
            Ok(Some(Value::text(match name {
                "ljust" => format!("{text}{}", pad(padding)),
                "rjust" => format!("{}{text}", pad(padding)),
                "center" => words::centred(text, width, fill),
                _ => match text.chars().next() {
                    Some(sign @ ('+' | '-')) => format!("{sign}{}{}", pad(padding), &text[1..]),
                    _ => format!("{}{text}", pad(padding)),
                },
            })))
        }
        "count" | "find" | "rfind" | "index" | "rindex" => {
            let [part] = positional(arguments)?;
            let part = part.required()?;
            let Value::Text(part) = &part else {
                return Err(part.misuse("cannot be in a string"));
            };
            if name == "count" {
                let count = if part.is_empty() {
                    text.chars().count() + 1
                } else {
                    text.matches(&**part).count()
                };
                return Ok(Some(Value::count(count)));
            }
            let found = if name.starts_with('r') {
                text.rfind(&**part)
            } else {
                text.find(&**part)
            };
            match found {
                Some(offset) => Ok(Some(Value::count(text[..offset].chars().count()))),
                None if name.ends_with("find") => Ok(Some(Value::Integer(-1))),
                None => Err(Fault::new(format!("`{part}` is not in the string"))),
            }
        }
        "format" => format_spec::format_text(text, &arguments).map(|text| Some(Value::text(text))),
        _ if name.starts_with("is") => {
            arguments.none()?;
            question(text, name).map(|answer| answer.map(Value::Bool))
        }
        _ => Ok(None),
    }
}

/// Answers `isdigit` and its like, for ASCII: beyond it Python's tables differ from release to release.
fn question(text: &str, name: &str) -> Outcome<Option<bool>> {
    if name == "isascii" {
        return Ok(Some(text.is_ascii()));
    }
    if !text.is_ascii() {
        return Err(Fault::unsupported(format!("`{name}` of a string beyond ASCII")));
    }
    let all = |holds: fn(char) -> bool| !text.is_empty() && text.chars().all(holds);
    Ok(Some(match name {
        "isdigit" | "isdecimal" | "isnumeric" => all(|letter| letter.is_ascii_digit()),
        "isalpha" => all(|letter| letter.is_ascii_alphabetic()),
        "isalnum" => all(|letter| letter.is_ascii_alphanumeric()),
        "isspace" => all(is_space),
        "islower" => words::is_cased(text, char::is_lowercase, char::is_uppercase),
        "isupper" => words::is_cased(text, char::is_uppercase, char::is_lowercase),
        _ => return Ok(None),
    }))
}
