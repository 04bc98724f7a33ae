//! Filters that choose: a default, one of two, a truth.
//!
//! Owns the filters that may see undefined values.

use crate::template::arguments::Arguments;
use crate::template::fault::{Fault, Outcome};
use crate::template::python;
use crate::template::value::Value;

pub fn default(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [default, boolean] = arguments.bind(["default_value", "boolean"])?;
    let boolean = match boolean.given() {
        None => false,
        Some(Value::Bool(boolean)) => boolean,
        // Releases before 2.19 take the truth of whatever it is.
        Some(other) => return Err(other.misuse("is no bool for `boolean`")),
    };
    if value.is_undefined() || (boolean && !value.truth()?) {
        return Ok(default.given().unwrap_or_else(|| Value::text("")));
    }
    Ok(value.clone())
}

pub fn mandatory(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [message] = arguments.bind(["msg"])?;
    match (value, message.some()) {
        (Value::Undefined(_), Some(message)) => {
            Err(Fault::new(format!("`mandatory`: {}", python::text(&message)?)))
        }
        _ => value.clone().defined(),
    }
}

pub fn ternary(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [yes, no, none] = arguments.bind(["true_val", "false_val", "none_val"])?;
    let (yes, no) = (yes.required()?, no.required()?);
    match (value, none.some()) {
        (Value::None, Some(none)) => Ok(none),
        _ => Ok(if value.truth()? { yes } else { no }),
    }
}

/// Ansible's `bool`: a few words are true or false. For others releases differ, and the coming ones fail.
pub fn bool(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    truth_of_word(value)
        .map(Value::Bool)
        .ok_or_else(|| match python::repr(value) {
            Ok(text) => Fault::unsupported(format!("`{text}` as a bool"))
                .with_remedy("use true or false, yes or no, on or off, 1 or 0"),
            Err(fault) => fault,
        })
}

pub fn truth_of_word(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Integer(0) => Some(false),
        Value::Integer(1) => Some(true),
        Value::Text(word) => match word.to_lowercase().as_str() {
            "yes" | "on" | "true" | "1" => Some(true),
            "no" | "off" | "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

pub fn type_debug(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    match value {
        Value::None | Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Text(_) => {
            Ok(Value::text(value.type_name()))
        }
        Value::List(_) | Value::Dict(_) | Value::Tuple(_) => Ok(Value::text(value.type_name())),
        other => Err(other.misuse("has a type that differs between releases")),
    }
}
