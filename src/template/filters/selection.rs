//! `map`, `select` and their like.
//!
//! Owns the filters that apply another filter or test to each item, and the attribute paths that they share.

use crate::template::arguments::Arguments;
use crate::template::attributes;
use crate::template::fault::{Fault, Outcome};
use crate::template::filters;
use crate::template::tests_of_values;
use crate::template::value::Value;

/// A dotted path to look up in each item, such as `spec.ports.0`.
pub struct Path {
    parts: Vec<Value>,
    text: String,
}

impl Path {
    pub fn new(attribute: &Value) -> Outcome<Self> {
        match attribute {
            Value::Text(text) => Ok(Self {
                parts: text
                    .split('.')
                    .map(|part| match part.parse() {
                        Ok(index) if part.bytes().all(|byte| byte.is_ascii_digit()) => Value::Integer(index),
                        _ => Value::text(part),
                    })
                    .collect(),
                text: text.to_string(),
            }),
            Value::Integer(index) => Ok(Self {
                parts: vec![attribute.clone()],
                text: index.to_string(),
            }),
            other => Err(other.misuse("is no attribute")),
        }
    }

    pub fn of(&self, item: &Value) -> Outcome<Value> {
        let mut value = item.clone();
        for part in &self.parts {
            value = attributes::item(&value, part, || format!("….{}", self.text))?;
        }
        Ok(value)
    }
}

pub fn map(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let items = value.iterate()?;
    let Arguments {
        mut positional,
        named,
    } = arguments;
    if positional.is_empty() && named.iter().any(|(name, _)| name == "attribute") {
        let [attribute, default] = Arguments { positional, named }.bind(["attribute", "default"])?;
        let path = Path::new(&attribute.required()?)?;
        let default = default.some();
        let mapped = items.iter().map(|item| {
            let found = path.of(item)?;
            Ok(match (&default, found.is_undefined()) {
                (Some(default), true) => default.clone(),
                _ => found,
            })
        });
        return mapped.collect::<Outcome<_>>().map(Value::list);
    }
    if positional.is_empty() {
        return Err(Fault::new("`map` needs the name of a filter or `attribute`"));
    }
    let name = name_of(positional.remove(0), "filter")?;
    let arguments = Arguments { positional, named };
    let mapped = items
        .iter()
        .map(|item| filters::apply(&name, item, arguments.clone()));
    mapped.collect::<Outcome<_>>().map(Value::list)
}

fn name_of(value: Value, kind: &str) -> Outcome<String> {
    match value {
        Value::Text(name) => Ok(name.to_string()),
        other => Err(other.misuse(&format!("is no name of a {kind}"))),
    }
}

/// Keeps the items for which the test comes out as `wanted`.
fn filtered(items: Vec<Value>, path: Option<&Path>, arguments: Arguments, wanted: bool) -> Outcome<Value> {
    let Arguments {
        mut positional,
        named,
    } = arguments;
    let test = match positional.is_empty() {
        true if !named.is_empty() => return Err(Fault::new("keywords need a test that they are for")),
        true => None,
        false => Some(name_of(positional.remove(0), "test")?),
    };
    let arguments = Arguments { positional, named };
    let mut kept = Vec::new();
    for item in items {
        let value = match path {
            Some(path) => path.of(&item)?,
            None => item.clone(),
        };
        let holds = match &test {
            Some(test) => tests_of_values::apply(test, &value, arguments.clone())?,
            None => value.truth()?,
        };
        if holds == wanted {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

pub fn select(value: &Value, arguments: Arguments) -> Outcome<Value> {
    filtered(value.iterate()?, None, arguments, true)
}

pub fn reject(value: &Value, arguments: Arguments) -> Outcome<Value> {
    filtered(value.iterate()?, None, arguments, false)
}

pub fn selectattr(value: &Value, arguments: Arguments) -> Outcome<Value> {
    by_attribute(value, arguments, true)
}

pub fn rejectattr(value: &Value, arguments: Arguments) -> Outcome<Value> {
    by_attribute(value, arguments, false)
}

fn by_attribute(value: &Value, mut arguments: Arguments, wanted: bool) -> Outcome<Value> {
    if arguments.positional.is_empty() {
        return Err(Fault::new("the attribute is missing"));
    }
    let path = Path::new(&arguments.positional.remove(0))?;
    filtered(value.iterate()?, Some(&path), arguments, wanted)
}
