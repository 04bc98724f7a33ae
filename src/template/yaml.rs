//! YAML in block style, as `PyYAML`'s safe dumper writes it.
//!
//! Owns the layout of lists and dicts; scalars are `yaml_scalar`'s. Flow style is not written here.

use std::rc::Rc;

use super::fault::{Fault, Outcome};
use super::json;
use super::python;
use super::value::Value;
use super::yaml_scalar::{self, Writer};

pub struct Style {
    pub indent: usize,
    pub width: usize,
    pub sort_keys: bool,
    pub explicit_start: bool,
}

/// A key longer than this would be written on a line of its own, behind `?`.
const LONGEST_KEY: usize = 120;

pub fn write(value: &Value, style: &Style) -> Outcome<String> {
    let mut writer = Writer::new(style.width);
    if style.explicit_start {
        writer.push("---");
    }
    if let Some(block) = block_of(value)? {
        if style.explicit_start {
            writer.newline(0);
        }
        write_block(&mut writer, &block, 0, style)?;
    } else {
        if style.explicit_start {
            writer.push(" ");
        }
        write_scalar(&mut writer, value, style.indent, false)?;
    }
    writer.push("\n");
    Ok(writer.finish())
}

/// A list or dict with something in it.
enum Block {
    Sequence(Vec<Value>),
    Mapping(Vec<(Value, Value)>),
}

fn block_of(value: &Value) -> Outcome<Option<Block>> {
    Ok(match value {
        Value::List(list) if !list.items().is_empty() => Some(Block::Sequence(list.items().clone())),
        Value::Tuple(items) if !items.is_empty() => Some(Block::Sequence(items.to_vec())),
        Value::Dict(dict) if !dict.entries().is_empty() => Some(Block::Mapping(dict.entries().clone())),
        Value::Group(_) | Value::View(..) | Value::Unordered(_) => {
            return Err(value
                .misuse("cannot be written as YAML")
                .with_remedy("make a list of it with `| list`"));
        }
        _ => None,
    })
}

/// Writes a block whose first line has been begun at the column `indent`.
fn write_block(writer: &mut Writer, block: &Block, indent: usize, style: &Style) -> Outcome<()> {
    match block {
        Block::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    writer.newline(indent);
                }
                writer.push("-");
                if let Some(inner) = block_of(item)? {
                    writer.push(&" ".repeat(style.indent - 1));
                    write_block(writer, &inner, indent + style.indent, style)?;
                } else {
                    writer.push(" ");
                    write_scalar(writer, item, indent + style.indent, false)?;
                }
            }
        }
        Block::Mapping(entries) => {
            let entries = if style.sort_keys {
                // Keys without an order stay as they are.
                json::sorted(entries.clone()).unwrap_or_else(|_| entries.clone())
            } else {
                entries.clone()
            };
            for (index, (key, value)) in entries.iter().enumerate() {
                if index > 0 {
                    writer.newline(indent);
                }
                let is_long = python::text(key)?.len() > LONGEST_KEY;
                if is_long
                    || !matches!(
                        key,
                        Value::Text(_) | Value::Integer(_) | Value::Bool(_) | Value::None
                    )
                {
                    return Err(Fault::unsupported("such a key in YAML"));
                }
                write_scalar(writer, key, indent, true)?;
                writer.push(":");
                if let Some(inner) = block_of(value)? {
                    let deeper = match inner {
                        Block::Sequence(_) => indent,
                        Block::Mapping(_) => indent + style.indent,
                    };
                    writer.newline(deeper);
                    write_block(writer, &inner, deeper, style)?;
                } else {
                    writer.push(" ");
                    write_scalar(writer, value, indent + style.indent, false)?;
                }
            }
        }
    }
    Ok(())
}

/// Writes a scalar or an empty container.
fn write_scalar(writer: &mut Writer, value: &Value, indent: usize, is_key: bool) -> Outcome<()> {
    match value {
        Value::Text(text) => return yaml_scalar::write(writer, text, indent, is_key),
        Value::None => writer.push("null"),
        Value::Bool(true) => writer.push("true"),
        Value::Bool(false) => writer.push("false"),
        Value::Integer(integer) => writer.push(&integer.to_string()),
        Value::Float(float) => writer.push(&float_text(*float)),
        Value::List(_) | Value::Tuple(_) => writer.push("[]"),
        Value::Dict(_) => writer.push("{}"),
        other => return Err(other.misuse("cannot be written as YAML")),
    }
    Ok(())
}

fn float_text(float: f64) -> String {
    match float {
        float if float.is_nan() => ".nan".to_owned(),
        f64::INFINITY => ".inf".to_owned(),
        f64::NEG_INFINITY => "-.inf".to_owned(),
        float => {
            let text = python::float(float);
            if text.contains('.') {
                text
            } else {
                text.replacen('e', ".0e", 1)
            }
        }
    }
}

/// Refuses a value that holds one list or dict in two places: `PyYAML` writes an anchor and an alias, depending on
/// what Ansible has copied before.
pub fn refuse_aliases(value: &Value) -> Outcome<()> {
    let mut seen = Vec::new();
    no_alias(value, &mut seen)
}

fn no_alias(value: &Value, seen: &mut Vec<Value>) -> Outcome<()> {
    let is_container = matches!(value, Value::List(_) | Value::Dict(_) | Value::Tuple(_));
    if !is_container {
        return Ok(());
    }
    if seen.iter().any(|earlier| is_same(earlier, value)) {
        return Err(Fault::unsupported(
            "YAML of a value that holds one list or dict twice",
        ));
    }
    seen.push(value.clone());
    match value {
        Value::List(list) => list.items().iter().try_for_each(|item| no_alias(item, seen)),
        Value::Tuple(items) => items.iter().try_for_each(|item| no_alias(item, seen)),
        Value::Dict(dict) => dict
            .entries()
            .iter()
            .try_for_each(|(_, value)| no_alias(value, seen)),
        _ => Ok(()),
    }
}

fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::List(left), Value::List(right)) => left.is(right),
        (Value::Dict(left), Value::Dict(right)) => left.is(right),
        (Value::Tuple(left), Value::Tuple(right)) => Rc::ptr_eq(left, right),
        _ => false,
    }
}
