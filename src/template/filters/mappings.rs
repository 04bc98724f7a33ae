//! Filters on dicts.
//!
//! Owns merging them and turning them into lists and back.

use crate::template::arguments::Arguments;
use crate::template::attributes;
use crate::template::comparison::{contains_item, equal, find, insert};
use crate::template::containers::Dict;
use crate::template::fault::{Fault, Outcome};
use crate::template::value::Value;

fn dict_of(value: &Value) -> Outcome<&Dict> {
    match value {
        Value::Dict(dict) => Ok(dict),
        other => Err(other.misuse("is no dict")),
    }
}

pub fn items(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    let pairs = dict_of(value)?
        .entries()
        .iter()
        .map(|(key, value)| Value::tuple(vec![key.clone(), value.clone()]))
        .collect();
    Ok(Value::list(pairs))
}

pub fn dict2items(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [key_name, value_name] = arguments.bind(["key_name", "value_name"])?;
    let (key_name, value_name) = (
        Value::Text(key_name.text("key")?),
        Value::Text(value_name.text("value")?),
    );
    let mut items = Vec::new();
    for (key, value) in dict_of(value)?.entries().iter() {
        let mut entries = vec![(key_name.clone(), key.clone())];
        insert(&mut entries, value_name.clone(), value.clone())?;
        items.push(Value::dict(entries));
    }
    Ok(Value::list(items))
}

pub fn items2dict(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [key_name, value_name] = arguments.bind(["key_name", "value_name"])?;
    let (key_name, value_name) = (
        Value::Text(key_name.text("key")?),
        Value::Text(value_name.text("value")?),
    );
    let (Value::List(_) | Value::Tuple(_)) = value else {
        return Err(value.misuse("is no list"));
    };
    let mut entries = Vec::new();
    for item in value.iterate()? {
        let item = dict_of(&item)?.entries();
        match (find(&item, &key_name)?, find(&item, &value_name)?) {
            (Some(key), Some(value)) => insert(&mut entries, key.clone(), value.clone())?,
            _ => return Err(Fault::new("an item of the list lacks its key or its value")),
        }
    }
    Ok(Value::dict(entries))
}

pub fn combine(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let Arguments { positional, named } = arguments;
    let [recursive, list_merge] = Arguments {
        positional: Vec::new(),
        named,
    }
    .bind(["recursive", "list_merge"])?;
    let (recursive, list_merge) = (recursive.truth(false)?, list_merge.text("replace")?);
    if !["replace", "keep", "append", "prepend", "append_rp", "prepend_rp"].contains(&&*list_merge) {
        return Err(Fault::new(format!("lists cannot be merged by `{list_merge}`")));
    }
    let mut dicts = Vec::new();
    for term in std::iter::once(value.clone()).chain(positional) {
        match term {
            Value::List(_) | Value::Tuple(_) => dicts.extend(term.iterate()?),
            Value::None => {}
            term => dicts.push(term),
        }
    }
    dicts.retain(|dict| !matches!(dict, Value::None));
    let Some(mut result) = dicts.pop() else {
        return Ok(Value::dict(Vec::new()));
    };
    while let Some(lower) = dicts.pop() {
        result = merged(&lower, &result, recursive, &list_merge)?;
    }
    Ok(result)
}

/// Merges `high` into `low`, from right to left as Ansible does, which decides the order of the keys.
fn merged(low: &Value, high: &Value, recursive: bool, list_merge: &str) -> Outcome<Value> {
    let (low_entries, high_entries) = (dict_of(low)?.entries(), dict_of(high)?.entries());
    if low_entries.is_empty() || equal(low, high)? {
        return Ok(high.clone());
    }
    let mut entries = low_entries.clone();
    for (key, high) in high_entries.iter() {
        let value = match (find(&entries, key)?, high) {
            (Some(low @ Value::Dict(_)), Value::Dict(_)) if recursive => {
                merged(low, high, recursive, list_merge)?
            }
            (Some(low @ Value::List(_)), Value::List(_)) if recursive || list_merge != "replace" => {
                merged_lists(low, high, list_merge)?
            }
            _ => high.clone(),
        };
        insert(&mut entries, key.clone(), value)?;
    }
    Ok(Value::dict(entries))
}

fn merged_lists(low: &Value, high: &Value, list_merge: &str) -> Outcome<Value> {
    let (mut low, high) = (low.iterate()?, high.iterate()?);
    if list_merge.ends_with("_rp") {
        let mut kept = Vec::new();
        for item in low {
            if !contains_item(&high, &item)? {
                kept.push(item);
            }
        }
        low = kept;
    }
    Ok(Value::list(match list_merge {
        "keep" => low,
        "append" | "append_rp" => [low, high].concat(),
        "prepend" | "prepend_rp" => [high, low].concat(),
        _ => high,
    }))
}

pub fn extract(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [container, more] = arguments.bind(["container", "morekeys"])?;
    let mut keys = vec![value.clone()];
    match more.some() {
        None => {}
        Some(Value::List(list)) => keys.extend(list.items().iter().cloned()),
        Some(key) => keys.push(key),
    }
    let mut found = container.required()?;
    for key in &keys {
        found = attributes::item(&found, key, || "the extracted item".to_owned())?;
    }
    Ok(found)
}

pub fn subelements(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [path, skip_missing] = arguments.bind(["subelements", "skip_missing"])?;
    let skip_missing = skip_missing.truth(false)?;
    let elements = match value {
        Value::Dict(dict) => dict.entries().iter().map(|(_, value)| value.clone()).collect(),
        Value::List(list) => list.items().clone(),
        other => return Err(other.misuse("has no elements")),
    };
    let path = match path.required()? {
        Value::Text(path) => path.split('.').map(Value::text).collect(),
        path @ Value::List(_) => path.iterate()?,
        other => return Err(other.misuse("is no path to elements")),
    };
    let mut pairs = Vec::new();
    for element in elements {
        let mut inner = element.clone();
        for key in &path {
            let found = find(&dict_of(&inner)?.entries(), key)?.cloned();
            let is_missing = found.is_none();
            if is_missing && !skip_missing {
                return Err(Fault::new("an element lacks its sub-elements"));
            }
            inner = found.unwrap_or_else(|| Value::list(Vec::new()));
            if is_missing {
                break;
            }
        }
        let Value::List(inner) = &inner else {
            return Err(inner.misuse("is no list of sub-elements"));
        };
        for item in inner.items().iter() {
            pairs.push(Value::tuple(vec![element.clone(), item.clone()]));
        }
    }
    Ok(Value::list(pairs))
}
