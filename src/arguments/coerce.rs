//! Values as each of Ansible's types takes them.
//!
//! Owns the coercions, with the complaints of `ansible.module_utils.common.validation`; the caller says which
//! option it was. It must not know options, nor what is required of them.

use serde_json::{Map, Value};

use super::argument::Type;
use super::bytes::{self, Unit};
use super::environment::Environment;
use super::{literal, number, path, python};
use crate::protocol::json;

/// Returns `value` as `kind` takes it, or Python's words for why it does not.
pub fn coerce(kind: Type, value: &Value, environment: &dyn Environment) -> Result<Value, String> {
    match kind {
        Type::Str => Ok(Value::from(string(value))),
        Type::Int => number::integer(value),
        Type::Float => number::float(value),
        Type::Bool => boolean(value).map(Value::from),
        Type::List => list(value),
        Type::Dict => dict(value).map(Value::Object),
        Type::Path => Ok(Value::from(path::expand(&string(value), environment))),
        Type::Raw => Ok(value.clone()),
        Type::Json | Type::Jsonarg => json_text(value),
        Type::Bytes => bytes::size(value, Unit::Byte),
        Type::Bits => bytes::size(value, Unit::Bit),
    }
}

/// Returns `value` as a dict: itself, or what a text states as JSON, as a Python literal, or as `key=value`.
pub fn dict(value: &Value) -> Result<Map<String, Value>, String> {
    let text = match value {
        Value::Object(entries) => return Ok(entries.clone()),
        Value::String(text) => text,
        _ => return Err(format!("{} cannot be converted to a dict", python::class(value))),
    };
    if text.starts_with('{') {
        let stated = json::read(text.as_bytes())
            .ok()
            .or_else(|| literal::evaluate(text));
        return match stated {
            Some(Value::Object(entries)) => Ok(entries),
            _ => Err("unable to evaluate string as dictionary".to_owned()),
        };
    }
    if !text.contains('=') {
        return Err("dictionary requested, could not parse JSON or key=value".to_owned());
    }
    fields(python::strip(text))
        .iter()
        .map(|field| {
            let (key, value) = field.split_once('=')?;
            Some((key.to_owned(), Value::from(value)))
        })
        .collect::<Option<_>>()
        .ok_or_else(|| "unable to evaluate string in the \"key=value\" format as dictionary".to_owned())
}

/// The words that are booleans, as Python shows them.
const BOOLEANS: &str = "'y', 'yes', 'on', '1', 'true', 't', 1, 'n', 'no', 'off', '0', 'false', 'f', 0";

fn string(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        _ => python::text(value),
    }
}

/// Returns `value` as a boolean, which many words are.
///
/// # Errors
/// Python's words for what is none.
pub fn boolean(value: &Value) -> Result<bool, String> {
    let meant = match value {
        Value::Bool(flag) => return Ok(*flag),
        Value::Number(number) => match number.as_f64() {
            Some(1.0) => Some(true),
            Some(0.0) => Some(false),
            _ => None,
        },
        Value::String(text) => match python::strip(&text.to_lowercase()) {
            "y" | "yes" | "on" | "1" | "true" | "t" => Some(true),
            "n" | "no" | "off" | "0" | "false" | "f" => Some(false),
            _ => None,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => {
            return Err(format!("{} cannot be converted to a bool", python::class(value)));
        }
    };
    meant.ok_or_else(|| {
        format!(
            "The value '{}' is not a valid boolean. Valid booleans include: {BOOLEANS}",
            python::text(value)
        )
    })
}

fn list(value: &Value) -> Result<Value, String> {
    match value {
        Value::Array(_) => Ok(value.clone()),
        Value::String(text) => Ok(text.split(',').map(Value::from).collect()),
        Value::Number(_) | Value::Bool(_) => Ok(Value::Array(vec![Value::from(python::text(value))])),
        Value::Null | Value::Object(_) => {
            Err(format!("{} cannot be converted to a list", python::class(value)))
        }
    }
}

fn json_text(value: &Value) -> Result<Value, String> {
    match value {
        Value::String(text) => Ok(Value::from(python::strip(text))),
        Value::Array(_) | Value::Object(_) => Ok(Value::from(python::dumps(value))),
        Value::Null | Value::Bool(_) | Value::Number(_) => Err(format!(
            "{} cannot be converted to a json string",
            python::class(value)
        )),
    }
}

/// Splits at commas and spaces, but for those inside quotes or behind a backslash.
fn fields(text: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quote = None;
    let mut escaped = false;
    for letter in text.chars() {
        if escaped {
            field.push(letter);
            escaped = false;
            continue;
        }
        match (letter, quote) {
            ('\\', _) => escaped = true,
            ('\'' | '"', None) => quote = Some(letter),
            (_, Some(open)) if open == letter => quote = None,
            (',' | ' ', None) => fields.push(std::mem::take(&mut field)),
            _ => field.push(letter),
        }
    }
    fields.push(field);
    fields.retain(|field| !field.is_empty());
    fields
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::environment::System;
    use super::*;

    fn coerced(kind: Type, value: &Value) -> Result<Value, String> {
        coerce(kind, value, &System)
    }

    #[test]
    fn every_type_takes_what_ansible_lets_it_take() {
        for (kind, given, value) in [
            (Type::Str, json!(null), json!("")),
            (Type::Str, json!(1.0), json!("1.0")),
            (Type::Str, json!({"a": [true]}), json!("{'a': [True]}")),
            (Type::Bool, json!(" Yes\t"), json!(true)),
            (Type::Bool, json!("OFF"), json!(false)),
            (Type::Bool, json!(0.0), json!(false)),
            (Type::List, json!("a, b"), json!(["a", " b"])),
            (Type::List, json!(""), json!([""])),
            (Type::List, json!(5), json!(["5"])),
            (Type::List, json!(true), json!(["True"])),
            (Type::Dict, json!(r#"{"a": [1]}"#), json!({"a": [1]})),
            (Type::Dict, json!("{'a': True}"), json!({"a": true})),
            (
                Type::Dict,
                json!(r#" a=1, b="x y=z" c=\, "#),
                json!({"a": "1", "b": "x y=z", "c": ","}),
            ),
            (Type::Path, json!(5), json!("5")),
            (Type::Path, json!("~root/x"), json!("/root/x")),
            (Type::Raw, json!([null]), json!([null])),
            (Type::Json, json!(" {} "), json!("{}")),
            (Type::Jsonarg, json!({"a": 1}), json!(r#"{"a": 1}"#)),
            (Type::Bytes, json!("1K"), json!(1024)),
            (Type::Bits, json!("1Kb"), json!(1024)),
        ] {
            assert_eq!(coerced(kind, &given), Ok(value), "{kind}: {given}");
        }
    }

    #[test]
    fn refusals_use_pythons_words() {
        for (kind, given, message) in [
            (
                Type::Bool,
                json!(null),
                "<class 'NoneType'> cannot be converted to a bool",
            ),
            (
                Type::Bool,
                json!([]),
                "<class 'list'> cannot be converted to a bool",
            ),
            (
                Type::List,
                json!({}),
                "<class 'dict'> cannot be converted to a list",
            ),
            (
                Type::Dict,
                json!(1),
                "<class 'int'> cannot be converted to a dict",
            ),
            (
                Type::Dict,
                json!("a"),
                "dictionary requested, could not parse JSON or key=value",
            ),
            (Type::Dict, json!("{a"), "unable to evaluate string as dictionary"),
            (
                Type::Dict,
                json!("a=1, b"),
                "unable to evaluate string in the \"key=value\" format as dictionary",
            ),
            (
                Type::Json,
                json!(1.5),
                "<class 'float'> cannot be converted to a json string",
            ),
        ] {
            assert_eq!(coerced(kind, &given), Err(message.to_owned()), "{kind}: {given}");
        }
    }

    #[test]
    fn a_wrong_boolean_names_the_right_ones() {
        let message = coerced(Type::Bool, &json!("maybe")).unwrap_err();
        assert!(
            message
                .starts_with("The value 'maybe' is not a valid boolean. Valid booleans include: 'y', 'yes'"),
            "{message}"
        );
    }
}
