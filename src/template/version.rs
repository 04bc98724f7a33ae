//! Comparing versions: the test `version`.
//!
//! Owns Ansible's loose versions, the default. The other kinds are refused by name.

use std::cmp::Ordering;

use super::arguments::Arguments;
use super::comparison::order;
use super::fault::{Fault, Outcome};
use super::python;
use super::value::Value;

pub fn test(value: &Value, arguments: Arguments) -> Outcome<bool> {
    let [version, operator, strict, kind] =
        arguments.bind(["version", "operator", "strict", "version_type"])?;
    let version = version.required()?;
    let operator = operator.text("eq")?;
    if strict.truth(false)? {
        return Err(Fault::unsupported("a strict version"));
    }
    match kind.some() {
        None => {}
        Some(Value::Text(kind)) if &*kind == "loose" => {}
        Some(other) => {
            return Err(Fault::unsupported(format!(
                "the version type `{}`",
                python::text(&other)?
            )));
        }
    }
    if !value.truth()? || !version.truth()? {
        return Err(Fault::new("a version is empty"));
    }
    let accepts: fn(Ordering) -> bool = match &*operator {
        "==" | "=" | "eq" => Ordering::is_eq,
        "<" | "lt" => Ordering::is_lt,
        "<=" | "le" => Ordering::is_le,
        ">" | "gt" => Ordering::is_gt,
        ">=" | "ge" => Ordering::is_ge,
        "!=" | "<>" | "ne" => Ordering::is_ne,
        other => return Err(Fault::new(format!("`{other}` is no comparison of versions"))),
    };
    let [left, right] = [value, &version].map(|version| python::text(version).map(|text| parts(&text)));
    Ok(order(&left?, &right?)?.is_some_and(accepts))
}

/// Splits into numbers, lower-case words and whatever is between them, without the dots.
fn parts(version: &str) -> Value {
    #[derive(PartialEq, Clone, Copy)]
    enum Kind {
        Digits,
        Letters,
        Dot,
        Other,
    }
    let kind_of = |letter: char| match letter {
        '0'..='9' => Kind::Digits,
        'a'..='z' => Kind::Letters,
        '.' => Kind::Dot,
        _ => Kind::Other,
    };
    let mut parts = Vec::new();
    let mut rest = version;
    while let Some(first) = rest.chars().next() {
        let kind = kind_of(first);
        let end = match kind {
            Kind::Dot => 1,
            kind => rest.find(|letter| kind_of(letter) != kind).unwrap_or(rest.len()),
        };
        let part = &rest[..end];
        rest = &rest[end..];
        match kind {
            Kind::Dot => {}
            Kind::Digits => parts.push(part.parse().map_or_else(|_| Value::text(part), Value::Integer)),
            _ => parts.push(Value::text(part)),
        }
    }
    Value::list(parts)
}
