//! Looking into a value: `a.b`, `a['b']`, `a[1:2]`.
//!
//! Owns the order in which Jinja looks: `.` asks for methods first and items then, `[]` the other way round.

use std::rc::Rc;

use super::comparison;
use super::fault::{Fault, Outcome};
use super::methods;
use super::value::{Missing, Value};

/// Returns `value.name`. `path` says how the template writes it.
pub fn attribute(value: &Value, name: &str, path: impl Fn() -> String) -> Outcome<Value> {
    if let Some(found) = member(value, name)? {
        return Ok(found);
    }
    let found = match value {
        Value::Dict(dict) => comparison::find(&dict.entries(), &Value::text(name))?.cloned(),
        _ => None,
    };
    Ok(found.unwrap_or_else(|| missing(value, &path)))
}

/// Returns `value[key]`.
pub fn item(value: &Value, key: &Value, path: impl Fn() -> String) -> Outcome<Value> {
    let found = match (value, key) {
        (Value::Dict(dict), key) => comparison::find(&dict.entries(), key)?.cloned(),
        (Value::Text(text), Value::Integer(_) | Value::Bool(_)) => {
            let letters: Vec<char> = text.chars().collect();
            position(key, letters.len()).map(|index| Value::text(letters[index].encode_utf8(&mut [0; 4])))
        }
        (
            Value::List(_)
            | Value::Tuple(_)
            | Value::Group(_)
            | Value::View(_, super::value::ViewKind::Range),
            Value::Integer(_) | Value::Bool(_),
        ) => {
            let items = value.iterate()?;
            position(key, items.len()).map(|index| items[index].clone())
        }
        _ => None,
    };
    match (found, key) {
        (Some(found), _) => Ok(found),
        (None, Value::Text(name)) => Ok(member(value, name)?.unwrap_or_else(|| missing(value, &path))),
        (None, _) => Ok(missing(value, &path)),
    }
}

/// Returns what an undefined lookup is: looking into something undefined names the outermost missing part.
fn missing(value: &Value, path: &impl Fn() -> String) -> Value {
    match value {
        Value::Undefined(_) => value.clone(),
        _ => Value::Undefined(Rc::new(Missing {
            message: format!("`{}` is undefined", path()),
            remedy: Some("give it a value with `| default(…)`".to_owned()),
        })),
    }
}

fn position(key: &Value, length: usize) -> Option<usize> {
    let index = match key {
        Value::Integer(index) => *index,
        Value::Bool(truth) => i128::from(*truth),
        _ => return None,
    };
    let index = if index < 0 { index + length as i128 } else { index };
    usize::try_from(index).ok().filter(|index| *index < length)
}

/// Returns what Python's `getattr` finds.
fn member(value: &Value, name: &str) -> Outcome<Option<Value>> {
    match value {
        Value::Undefined(_) => Ok(None),
        Value::Namespace(members) => Ok(members
            .borrow()
            .iter()
            .find(|(member, _)| **member == *name)
            .map(|(_, value)| value.clone())),
        Value::Loop(this) => match name {
            "cycle" | "changed" => Ok(Some(bound(value, name))),
            _ => Ok(Some(this.attribute(name))),
        },
        Value::Group(pair) if name == "grouper" => Ok(Some(pair[0].clone())),
        Value::Group(pair) if name == "list" => Ok(Some(pair[1].clone())),
        Value::Cycler(cycler) if name == "current" => Ok(Some(cycler.items[cycler.position.get()].clone())),
        Value::Blank
        | Value::Macro(_)
        | Value::Function(_)
        | Value::Method(_)
        | Value::Joiner(_)
        | Value::Markup(_) => Err(Fault::unsupported(format!(
            "`.{name}` on a value of type `{}`",
            value.type_name()
        ))),
        _ if methods::exists(value, name) => Ok(Some(bound(value, name))),
        _ => Ok(None),
    }
}

fn bound(value: &Value, name: &str) -> Value {
    Value::Method(Rc::new((value.clone(), name.to_owned())))
}

/// Returns `value[start:stop:step]`.
pub fn slice(value: &Value, bounds: &[Option<Value>; 3]) -> Outcome<Value> {
    let mut numbers = [None; 3];
    for (number, bound) in numbers.iter_mut().zip(bounds) {
        *number = match bound {
            None | Some(Value::None) => None,
            Some(Value::Integer(integer)) => Some(*integer),
            Some(Value::Bool(truth)) => Some(i128::from(*truth)),
            Some(other) => return Err(other.misuse("is no bound of a slice")),
        };
    }
    match value {
        Value::Text(text) => {
            let letters: Vec<char> = text.chars().collect();
            let chosen: String = indices(letters.len(), numbers)?
                .into_iter()
                .map(|index| letters[index])
                .collect();
            Ok(Value::text(chosen))
        }
        Value::List(_) | Value::Tuple(_) => {
            let items = value.iterate()?;
            let chosen = indices(items.len(), numbers)?
                .into_iter()
                .map(|index| items[index].clone())
                .collect();
            Ok(if matches!(value, Value::List(_)) {
                Value::open_list(chosen)
            } else {
                Value::tuple(chosen)
            })
        }
        other => Err(other.misuse("cannot be sliced")),
    }
}

fn indices(length: usize, [from, to, step]: [Option<i128>; 3]) -> Outcome<Vec<usize>> {
    let length = length as i128;
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(Fault::new("the step of a slice cannot be zero"));
    }
    let (lowest, highest) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let clamp = |bound: i128| {
        (if bound < 0 {
            bound.saturating_add(length)
        } else {
            bound
        })
        .clamp(lowest, highest)
    };
    let first = from.map_or(if step > 0 { lowest } else { highest }, clamp);
    let end = to.map_or(if step > 0 { highest } else { lowest }, clamp);
    let mut chosen = Vec::new();
    let mut next = first;
    while if step > 0 { next < end } else { next > end } {
        chosen.extend(usize::try_from(next).ok());
        next = next.saturating_add(step);
    }
    Ok(chosen)
}
