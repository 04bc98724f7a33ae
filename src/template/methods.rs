//! Python's methods on strings, lists and dicts.
//!
//! Owns which methods there are and what they return. One that Python has and that is missing here is refused by
//! name; it must never be taken for an undefined attribute.

use super::arguments::Arguments;
use super::comparison;
use super::containers::{Dict, List};
use super::fault::{Fault, Outcome};
use super::functions;
use super::methods_of_text;
use super::value::{Value, ViewKind};

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
        Value::Text(text) => methods_of_text::call(text, name, arguments)?,
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
pub fn positional<const N: usize>(arguments: Arguments) -> Outcome<[super::arguments::Argument; N]> {
    arguments.bind([""; N])
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
