//! JSON and YAML, written and read.
//!
//! Owns the filters' options; the formats are `json`'s and `yaml`'s.

use std::rc::Rc;

use crate::template::arguments::{Argument, Arguments};
use crate::template::fault::{Fault, Outcome};
use crate::template::json::{self, Style};
use crate::template::value::Value;
use crate::template::yaml;

/// Returns what one level is indented by, if lines are broken at all.
fn indentation(argument: Argument, default: Option<usize>) -> Outcome<Option<String>> {
    match argument.given() {
        None => Ok(default.map(|width| " ".repeat(width))),
        Some(Value::None) => Ok(None),
        Some(Value::Integer(width @ 0..=64)) => Ok(Some(" ".repeat(usize::try_from(width).unwrap_or(0)))),
        Some(Value::Text(text)) => Ok(Some(text.to_string())),
        Some(other) => Err(other.misuse("is no indentation")),
    }
}

pub fn to_json(value: &Value, arguments: Arguments) -> Outcome<Value> {
    keywords_only(&arguments)?;
    let [indent, sort_keys, ascii] = arguments.bind(["indent", "sort_keys", "ensure_ascii"])?;
    let style = Style {
        indent: indentation(indent, None)?,
        sort_keys: sort_keys.truth(false)?,
        ascii: ascii.truth(true)?,
    };
    json::write(value, &style).map(Value::text)
}

pub fn to_nice_json(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [indent, sort_keys, ascii] = arguments.bind(["indent", "sort_keys", "ensure_ascii"])?;
    let style = Style {
        indent: indentation(indent, Some(4))?,
        sort_keys: sort_keys.truth(true)?,
        ascii: ascii.truth(true)?,
    };
    if style.indent.is_none() {
        return Err(Fault::unsupported("`to_nice_json` without an indentation").with_remedy("use `to_json`"));
    }
    json::write(value, &style).map(Value::text)
}

/// Jinja's own: its keys are sorted, and it can stand inside HTML.
pub fn tojson(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [indent] = arguments.bind(["indent"])?;
    let style = Style {
        indent: indentation(indent, None)?,
        sort_keys: true,
        ascii: true,
    };
    let text = json::write(value, &style)?
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\'', "\\u0027");
    Ok(Value::Markup(Rc::from(text)))
}

pub fn from_json(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    match value {
        Value::Text(text) => json::read(text),
        other => Err(other.misuse("is no JSON text")),
    }
}

pub fn to_yaml(value: &Value, arguments: Arguments) -> Outcome<Value> {
    keywords_only(&arguments)?;
    yaml_text(value, arguments, 2, None)
}

pub fn to_nice_yaml(value: &Value, arguments: Arguments) -> Outcome<Value> {
    yaml_text(value, arguments, 4, Some(false))
}

fn yaml_text(value: &Value, arguments: Arguments, indent: i128, flow: Option<bool>) -> Outcome<Value> {
    let names = [
        "indent",
        "default_flow_style",
        "width",
        "sort_keys",
        "explicit_start",
    ];
    let [given_indent, given_flow, width, sort_keys, start] = arguments.bind(names)?;
    let flow = match given_flow.given() {
        None => flow,
        Some(Value::None) => None,
        Some(value) => Some(value.truth()?),
    };
    if flow != Some(false) && !is_scalar(value) {
        return Err(Fault::unsupported("YAML in flow style")
            .with_remedy("use `to_nice_yaml`, or `to_yaml(default_flow_style=false)`"));
    }
    let indent = given_indent.integer(indent)?;
    let width = match width.given() {
        None => 80,
        Some(Value::Integer(width)) => width,
        Some(Value::Float(width)) if width == f64::INFINITY => i128::MAX,
        Some(other) => return Err(other.misuse("is no width")),
    };
    let style = yaml::Style {
        // libyaml takes 2 for anything outside 2 to 9.
        indent: if (2..10).contains(&indent) {
            usize::try_from(indent).unwrap_or(2)
        } else {
            2
        },
        width: if width > indent.saturating_mul(2) {
            usize::try_from(width).unwrap_or(usize::MAX)
        } else {
            80
        },
        sort_keys: sort_keys.truth(true)?,
        explicit_start: start.truth(false)?,
    };
    yaml::write(value, &style).map(Value::text)
}

fn is_scalar(value: &Value) -> bool {
    !matches!(
        value,
        Value::List(_) | Value::Dict(_) | Value::Tuple(_) | Value::Group(_)
    )
}

/// Refuses positional arguments where Python takes none, or takes and ignores them.
fn keywords_only(arguments: &Arguments) -> Outcome<()> {
    match arguments.positional.first() {
        Some(_) => Err(Fault::unsupported("an argument without its name")),
        None => Ok(()),
    }
}
