//! `unique` and the operations on sets.
//!
//! Owns the difference between what Python can hash, and then returns in an order of its own, and what it cannot.

use std::rc::Rc;

use super::selection::Path;
use super::sorting::folded;
use crate::template::arguments::Arguments;
use crate::template::comparison::{contains_item, hashable};
use crate::template::fault::{Fault, Outcome};
use crate::template::value::Value;

pub fn unique(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [sensitive, attribute] = arguments.bind(["case_sensitive", "attribute"])?;
    let is_insensitive_by_choice = sensitive.is_false();
    let sensitive = sensitive.truth(false)?;
    let path = attribute
        .some()
        .map(|attribute| Path::new(&attribute))
        .transpose()?;
    let items = members(value)?;
    let mut keys = Vec::new();
    for item in &items {
        let key = match &path {
            Some(path) => path.of(item)?.defined()?,
            None => item.clone(),
        };
        keys.push(if sensitive { key } else { folded(key) });
    }
    if let Err(fault) = keys.iter().try_for_each(hashable) {
        if path.is_some() || is_insensitive_by_choice {
            return Err(fault);
        }
        // What cannot be hashed is compared as it is.
        keys.clone_from(&items);
    }
    let mut seen: Vec<Value> = Vec::new();
    let mut kept = Vec::new();
    for (item, key) in items.into_iter().zip(keys) {
        if !contains_item(&seen, &key)? {
            seen.push(key);
            kept.push(item);
        }
    }
    match value {
        Value::Unordered(_) if !sensitive => {
            Err(Fault::unsupported("`unique` of a set without `case_sensitive`"))
        }
        Value::Unordered(_) => Ok(Value::Unordered(Rc::from(kept))),
        _ => Ok(Value::list(kept)),
    }
}

/// Returns the items, of a set too: set operations do not mind their order.
fn members(value: &Value) -> Outcome<Vec<Value>> {
    match value {
        Value::Unordered(items) => Ok(items.to_vec()),
        _ => value.iterate(),
    }
}

type Combination = fn(&[Value], &[Value]) -> Outcome<Vec<Value>>;

fn combined(value: &Value, arguments: Arguments, combine: Combination) -> Outcome<Value> {
    let [other] = arguments.bind(["b"])?;
    let other = other.required()?;
    let (left, right) = (members(value)?, members(&other)?);
    let is_set = left.iter().chain(&right).all(|item| hashable(item).is_ok());
    let mut kept = Vec::new();
    for item in combine(&left, &right)? {
        if !contains_item(&kept, &item)? {
            kept.push(item);
        }
    }
    // One item has but one order.
    Ok(if is_set && kept.len() > 1 {
        Value::Unordered(Rc::from(kept))
    } else {
        Value::list(kept)
    })
}

fn those(items: &[Value], others: &[Value], wanted: bool) -> Outcome<Vec<Value>> {
    let mut kept = Vec::new();
    for item in items {
        if contains_item(others, item)? == wanted {
            kept.push(item.clone());
        }
    }
    Ok(kept)
}

pub fn union(value: &Value, arguments: Arguments) -> Outcome<Value> {
    combined(value, arguments, |left, right| Ok([left, right].concat()))
}

pub fn intersect(value: &Value, arguments: Arguments) -> Outcome<Value> {
    combined(value, arguments, |left, right| those(left, right, true))
}

pub fn difference(value: &Value, arguments: Arguments) -> Outcome<Value> {
    combined(value, arguments, |left, right| those(left, right, false))
}

pub fn symmetric_difference(value: &Value, arguments: Arguments) -> Outcome<Value> {
    combined(value, arguments, |left, right| {
        Ok([those(left, right, false)?, those(right, left, false)?].concat())
    })
}
