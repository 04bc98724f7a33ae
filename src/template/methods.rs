//! Python's methods on strings, lists and dicts.
//!
//! Owns which methods there are and what they return. One that Python has and that is missing here is refused by
//! name; it must never be taken for an undefined attribute.

use super::arguments::Arguments;
use super::comparison;
use super::fault::{Fault, Outcome};
use super::filters::text as words;
use super::format_spec;
use super::functions;
use super::python::{self, is_space};
use super::value::{Dict, List, Value, ViewKind};

const OF_TEXT: &str = "capitalize casefold center count encode endswith expandtabs find format format_map index \
    isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper \
    join ljust lower lstrip maketrans partition removeprefix removesuffix replace rfind rindex rjust rpartition \
    rsplit rstrip split splitlines startswith strip swapcase title translate upper zfill";
const OF_LIST: &str = "append clear copy count extend index insert pop remove reverse sort";
const OF_DICT: &str = "clear copy fromkeys get items keys pop popitem setdefault update values";
const OF_TUPLE: &str = "count index";
const OF_RANGE: &str = "count index start step stop";
const OF_VIEW: &str = "isdisjoint mapping";
const OF_NUMBER: &str = "as_integer_ratio bit_count bit_length conjugate denominator from_bytes fromhex hex imag \
    is_integer numerator real to_bytes";
const OF_SET: &str = "add append clear copy count difference discard extend index insert intersection isdisjoint \
    issubset issuperset pop remove reverse sort symmetric_difference union update";

/// Returns whether Python's type has a public attribute of that name.
pub fn exists(value: &Value, name: &str) -> bool {
    let names = match value {
        Value::Text(_) => OF_TEXT,
        Value::List(_) => OF_LIST,
        Value::Dict(_) => OF_DICT,
        Value::Tuple(_) | Value::Group(_) => OF_TUPLE,
        Value::View(_, ViewKind::Range) => OF_RANGE,
        Value::View(..) => OF_VIEW,
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) => OF_NUMBER,
        Value::Unordered(_) => OF_SET,
        Value::Cycler(_) => "next reset",
        _ => "",
    };
    names.split_ascii_whitespace().any(|known| known == name)
}

pub fn call(value: &Value, name: &str, arguments: Arguments) -> Outcome<Value> {
    let result = match value {
        Value::Text(text) => text_method(text, name, arguments)?,
        Value::List(list) => list_method(list, name, arguments)?,
        Value::Dict(dict) => dict_method(dict, name, arguments)?,
        Value::Tuple(_) => items_method(&value.iterate()?, name, arguments)?,
        Value::Loop(this) => match name {
            "cycle" if arguments.named.is_empty() => Some(this.cycle(&arguments.positional)?),
            "changed" if arguments.named.is_empty() => Some(this.changed(arguments.positional)?),
            _ => None,
        },
        Value::Cycler(cycler) => match name {
            "next" => {
                let position = cycler.position.get();
                cycler.position.set((position + 1) % cycler.items.len());
                Some(cycler.items[position].clone())
            }
            "reset" => {
                cycler.position.set(0);
                Some(Value::None)
            }
            _ => None,
        },
        _ => None,
    };
    result.ok_or_else(|| {
        Fault::unsupported(format!(
            "the method `{name}` of a value of type `{}`",
            value.type_name()
        ))
    })
}

/// Returns the arguments of a method that takes no keywords.
fn positional<const N: usize>(arguments: Arguments) -> Outcome<[super::arguments::Argument; N]> {
    arguments.bind([""; N])
}

fn text_method(text: &str, name: &str, arguments: Arguments) -> Outcome<Option<Value>> {
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

fn list_method(list: &List, name: &str, arguments: Arguments) -> Outcome<Option<Value>> {
    match name {
        "append" => {
            let [item] = positional(arguments)?;
            let item = item.required()?;
            list.change(|items| items.push(item))?;
            Ok(Some(Value::None))
        }
        "extend" => {
            let [items] = positional(arguments)?;
            let more = items.required()?.iterate()?;
            list.change(|items| items.extend(more))?;
            Ok(Some(Value::None))
        }
        "copy" => {
            arguments.none()?;
            Ok(Some(Value::open_list(list.items().clone())))
        }
        // In other lists Ansible keeps placeholders, which Python counts instead of the values.
        "count" | "index" if !list.is_open() => Err(Fault::unsupported(format!(
            "the method `{name}` of a list that the template has not made itself"
        ))),
        _ => items_method(&list.items(), name, arguments),
    }
}

fn items_method(items: &[Value], name: &str, arguments: Arguments) -> Outcome<Option<Value>> {
    if !matches!(name, "count" | "index") {
        return Ok(None);
    }
    let [wanted] = positional(arguments)?;
    let wanted = wanted.required()?;
    let mut count = 0;
    for (index, item) in items.iter().enumerate() {
        if comparison::equal(item, &wanted)? {
            if name == "index" {
                return Ok(Some(Value::count(index)));
            }
            count += 1;
        }
    }
    match name {
        "count" => Ok(Some(Value::count(count))),
        _ => Err(Fault::new("the value is not in the list")),
    }
}

fn dict_method(dict: &Dict, name: &str, arguments: Arguments) -> Outcome<Option<Value>> {
    let view = |arguments: Arguments, kind: ViewKind| {
        arguments.none()?;
        let items = dict
            .entries()
            .iter()
            .map(|(key, value)| match kind {
                ViewKind::Keys => key.clone(),
                ViewKind::Values => value.clone(),
                _ => Value::tuple(vec![key.clone(), value.clone()]),
            })
            .collect();
        Ok(Some(Value::View(items, kind)))
    };
    match name {
        "keys" => view(arguments, ViewKind::Keys),
        "values" => view(arguments, ViewKind::Values),
        "items" => view(arguments, ViewKind::Items),
        "get" => {
            let [key, default] = positional(arguments)?;
            let found = comparison::find(&dict.entries(), &key.required()?)?.cloned();
            Ok(Some(found.or_else(|| default.given()).unwrap_or(Value::None)))
        }
        "copy" => {
            arguments.none()?;
            Ok(Some(Value::open_dict(dict.entries().clone())))
        }
        "update" => {
            let mut entries = dict.entries().clone();
            functions::collect_entries(arguments, &mut entries)?;
            dict.change(|old| *old = entries)?;
            Ok(Some(Value::None))
        }
        "setdefault" => {
            let [key, default] = positional(arguments)?;
            let key = key.required()?;
            if let Some(found) = comparison::find(&dict.entries(), &key)? {
                return Ok(Some(found.clone()));
            }
            let value = default.given().unwrap_or(Value::None);
            let stored = value.clone();
            dict.change(|entries| entries.push((key, stored)))?;
            Ok(Some(value))
        }
        _ => Ok(None),
    }
}
