//! Python's comparisons: `==`, `<`, `in`, and sorting by them.
//!
//! Owns equality, order and membership. It must not convert: what Python refuses to compare is a fault.

use std::cmp::Ordering;

use super::fault::{Fault, Outcome};
use super::numbers::{self, to_float};
use super::value::{Value, ViewKind};

/// A number of Python's: bools count as integers.
#[derive(Clone, Copy)]
pub enum Number {
    Integer(i128),
    Float(f64),
}

impl Number {
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(truth) => Some(Self::Integer(i128::from(*truth))),
            Value::Integer(integer) => Some(Self::Integer(*integer)),
            Value::Float(float) => Some(Self::Float(*float)),
            _ => None,
        }
    }

    pub fn as_float(self) -> f64 {
        match self {
            Self::Integer(integer) => to_float(integer),
            Self::Float(float) => float,
        }
    }

    /// Compares exactly, as Python does, also where a float cannot hold the integer.
    fn order(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => Some(left.cmp(&right)),
            (Self::Float(left), Self::Float(right)) => left.partial_cmp(&right),
            (Self::Integer(left), Self::Float(right)) => integer_to_float(left, right),
            (Self::Float(left), Self::Integer(right)) => integer_to_float(right, left).map(Ordering::reverse),
        }
    }
}

fn integer_to_float(integer: i128, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float.abs() >= 1e38 {
        return Some(if float > 0.0 {
            Ordering::Less
        } else {
            Ordering::Greater
        });
    }
    let whole = float.trunc();
    Some(
        integer
            .cmp(&numbers::whole(whole))
            .then_with(|| 0.0_f64.partial_cmp(&(float - whole)).unwrap_or(Ordering::Equal)),
    )
}

/// Returns `left == right`. Undefined values are equal to nothing: comparing one is a fault.
pub fn equal(left: &Value, right: &Value) -> Outcome<bool> {
    if let (Some(left), Some(right)) = (Number::of(left), Number::of(right)) {
        return Ok(left.order(right) == Some(Ordering::Equal));
    }
    match (left, right) {
        (Value::Undefined(_), _) => left.clone().defined().map(|_| false),
        (_, Value::Undefined(_)) => right.clone().defined().map(|_| false),
        (Value::None, Value::None) => Ok(true),
        (Value::Text(left) | Value::Markup(left), Value::Text(right) | Value::Markup(right)) => {
            Ok(left == right)
        }
        (Value::List(left), Value::List(right)) => {
            Ok(left.is(right) || equal_items(&left.items(), &right.items())?)
        }
        (Value::Tuple(_) | Value::Group(_), Value::Tuple(_) | Value::Group(_)) => {
            equal_items(&left.iterate()?, &right.iterate()?)
        }
        (Value::View(left, ViewKind::Range), Value::View(right, ViewKind::Range)) => equal_items(left, right),
        (Value::Dict(left), Value::Dict(right)) => {
            if left.is(right) {
                return Ok(true);
            }
            let (left, right) = (left.entries(), right.entries());
            if left.len() != right.len() {
                return Ok(false);
            }
            for (key, value) in left.iter() {
                match find(&right, key)? {
                    Some(other) if equal(value, other)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
        _ if is_plain(left) && is_plain(right) => Ok(false),
        _ => Err(Fault::unsupported(format!(
            "comparing `{}` with `{}`",
            left.type_name(),
            right.type_name()
        ))),
    }
}

/// Returns whether a value is one that Python compares to others without a look inside.
fn is_plain(value: &Value) -> bool {
    matches!(
        value,
        Value::None
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::Markup(_)
            | Value::List(_)
            | Value::Tuple(_)
            | Value::Group(_)
            | Value::Dict(_)
            | Value::View(_, ViewKind::Range)
    )
}

fn equal_items(left: &[Value], right: &[Value]) -> Outcome<bool> {
    if left.len() != right.len() {
        return Ok(false);
    }
    for (left, right) in left.iter().zip(right) {
        if !equal(left, right)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns the value under `key` in a dict's entries.
pub fn find<'a>(entries: &'a [(Value, Value)], key: &Value) -> Outcome<Option<&'a Value>> {
    hashable(key)?;
    for (candidate, value) in entries {
        if equal(candidate, key)? {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// Puts `value` under `key`, in the place that the key has already or at the end.
pub fn insert(entries: &mut Vec<(Value, Value)>, key: Value, value: Value) -> Outcome<()> {
    hashable(&key)?;
    for entry in entries.iter_mut() {
        if equal(&entry.0, &key)? {
            entry.1 = value;
            return Ok(());
        }
    }
    entries.push((key, value));
    Ok(())
}

/// Fails on what Python cannot use as a key.
pub fn hashable(value: &Value) -> Outcome<()> {
    match value {
        Value::List(_) | Value::Dict(_) | Value::Unordered(_) => Err(value.misuse("is not hashable")),
        Value::Tuple(items) => items.iter().try_for_each(hashable),
        Value::Group(pair) => pair.iter().try_for_each(hashable),
        Value::Undefined(_) => value.clone().defined().map(|_| ()),
        Value::Blank => Err(value.misuse("is no key")),
        _ => Ok(()),
    }
}

/// Returns the order of two values by Python's `<`; `None` where no order is (NaN).
pub fn order(left: &Value, right: &Value) -> Outcome<Option<Ordering>> {
    if let (Some(left), Some(right)) = (Number::of(left), Number::of(right)) {
        return Ok(left.order(right));
    }
    match (left, right) {
        // UTF-8 keeps the order of code points.
        (Value::Text(left) | Value::Markup(left), Value::Text(right) | Value::Markup(right)) => {
            Ok(Some(left.cmp(right)))
        }
        (Value::List(left), Value::List(right)) => order_items(&left.items(), &right.items()),
        (Value::Tuple(_) | Value::Group(_), Value::Tuple(_) | Value::Group(_)) => {
            order_items(&left.iterate()?, &right.iterate()?)
        }
        _ => {
            left.clone().defined()?;
            right.clone().defined()?;
            Err(Fault::new(format!(
                "values of type `{}` and `{}` have no order",
                left.type_name(),
                right.type_name()
            )))
        }
    }
}

fn order_items(left: &[Value], right: &[Value]) -> Outcome<Option<Ordering>> {
    for (left, right) in left.iter().zip(right) {
        if !equal(left, right)? {
            return order(left, right);
        }
    }
    Ok(Some(left.len().cmp(&right.len())))
}

/// Returns `needle in haystack`.
pub fn contains(haystack: &Value, needle: &Value) -> Outcome<bool> {
    needle.clone().defined()?;
    match haystack {
        Value::Text(text) => match needle {
            Value::Text(part) => Ok(text.contains(&**part)),
            other => Err(other.misuse("cannot be in a string")),
        },
        Value::Dict(dict) => Ok(find(&dict.entries(), needle)?.is_some()),
        Value::Unordered(items) => {
            hashable(needle)?;
            contains_item(items, needle)
        }
        other => contains_item(&other.iterate()?, needle),
    }
}

pub fn contains_item(items: &[Value], needle: &Value) -> Outcome<bool> {
    for item in items {
        if equal(item, needle)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Sorts stably by keys, as Python's `sorted` does; `reverse` keeps equal ones in their order too.
pub fn sort_by_keys(mut keyed: Vec<(Value, Value)>, reverse: bool) -> Outcome<Vec<Value>> {
    // Python compares neighbours only and fails on the first pair without order; so does this, on any pair.
    let mut fault = None;
    keyed.sort_by(|(left, _), (right, _)| {
        let ordering = match order(left, right) {
            Ok(Some(ordering)) => ordering,
            Ok(None) => {
                fault.get_or_insert_with(|| Fault::unsupported("sorting NaN"));
                Ordering::Equal
            }
            Err(reason) => {
                fault.get_or_insert(reason);
                Ordering::Equal
            }
        };
        if reverse { ordering.reverse() } else { ordering }
    });
    match fault {
        Some(fault) => Err(fault),
        None => Ok(keyed.into_iter().map(|(_, item)| item).collect()),
    }
}
