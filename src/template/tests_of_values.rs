//! The tests behind `is`, by name.
//!
//! Owns Jinja's and Ansible's tests. Those on files and on task results are refused: they ask another host, or
//! about what no template of a file has.

use super::arguments::Arguments;
use super::arithmetic::{self, Operator};
use super::comparison::{self, Number};
use super::fault::{Fault, Outcome};
use super::filters;
use super::filters::text::is_cased;
use super::patterns::Pattern;
use super::python;
use super::value::{Value, ViewKind};
use super::version;

pub type Test = fn(&Value, Arguments) -> Outcome<bool>;

pub fn named(name: &str) -> Option<Test> {
    if let Some(short) = name.strip_prefix("ansible.builtin.") {
        return named(short);
    }
    Some(match name {
        "defined" => |value, arguments| alone(arguments, !is_missing(value)),
        "undefined" => |value, arguments| alone(arguments, is_missing(value)),
        "none" => |value, arguments| alone(arguments, matches!(value, Value::None)),
        "boolean" => |value, arguments| alone(arguments, matches!(value, Value::Bool(_))),
        "true" => |value, arguments| alone(arguments, matches!(value, Value::Bool(true))),
        "false" => |value, arguments| alone(arguments, matches!(value, Value::Bool(false))),
        "integer" => |value, arguments| alone(arguments, matches!(value, Value::Integer(_))),
        "float" => |value, arguments| alone(arguments, matches!(value, Value::Float(_))),
        "number" => |value, arguments| alone(arguments, Number::of(value).is_some()),
        "string" => |value, arguments| alone(arguments, matches!(value, Value::Text(_) | Value::Markup(_))),
        "mapping" => |value, arguments| alone(arguments, matches!(value, Value::Dict(_))),
        "sequence" => |value, arguments| {
            let is_sequence = matches!(
                value,
                Value::Text(_)
                    | Value::List(_)
                    | Value::Tuple(_)
                    | Value::Group(_)
                    | Value::Dict(_)
                    | Value::View(_, ViewKind::Range)
            );
            alone(arguments, is_sequence)
        },
        "iterable" => |value, arguments| alone(arguments, value.iterate().is_ok()),
        "odd" => |value, arguments| remainder_is(value, arguments, 2, 1),
        "even" => |value, arguments| remainder_is(value, arguments, 2, 0),
        "divisibleby" => divisible,
        "lower" => |value, arguments| {
            let text = python::text(value)?;
            alone(arguments, is_cased(&text, char::is_lowercase, char::is_uppercase))
        },
        "upper" => |value, arguments| {
            let text = python::text(value)?;
            alone(arguments, is_cased(&text, char::is_uppercase, char::is_lowercase))
        },
        "eq" | "equalto" | "==" => |value, arguments| comparison::equal(value, &other(arguments)?),
        "ne" | "!=" => |value, arguments| Ok(!comparison::equal(value, &other(arguments)?)?),
        "lt" | "lessthan" | "<" => |value, arguments| ordered(value, arguments, std::cmp::Ordering::is_lt),
        "le" | "<=" => |value, arguments| ordered(value, arguments, std::cmp::Ordering::is_le),
        "gt" | "greaterthan" | ">" => |value, arguments| ordered(value, arguments, std::cmp::Ordering::is_gt),
        "ge" | ">=" => |value, arguments| ordered(value, arguments, std::cmp::Ordering::is_ge),
        "in" => |value, arguments| comparison::contains(&other(arguments)?, value),
        "contains" => |value, arguments| comparison::contains(value, &other(arguments)?),
        "sameas" => same,
        "match" => |value, arguments| matches_pattern(value, arguments, true),
        "search" => |value, arguments| matches_pattern(value, arguments, false),
        "regex" => regex,
        "version" | "version_compare" => version::test,
        "subset" | "issubset" => |value, arguments| is_subset(value, &other(arguments)?),
        "superset" | "issuperset" => |value, arguments| is_subset(&other(arguments)?, value),
        "truthy" => truthy,
        "falsy" => |value, arguments| Ok(!truthy(value, arguments)?),
        "any" => |value, arguments| {
            arguments.none()?;
            value
                .iterate()?
                .iter()
                .try_fold(false, |found, item| Ok(found || item.truth()?))
        },
        "all" => |value, arguments| {
            arguments.none()?;
            value
                .iterate()?
                .iter()
                .try_fold(true, |held, item| Ok(held && item.truth()?))
        },
        "nan" | "isnan" => {
            |value, arguments| alone(arguments, matches!(value, Value::Float(float) if float.is_nan()))
        }
        "abs" => |value, arguments| match value {
            Value::Text(path) => alone(arguments, path.starts_with('/')),
            other => Err(other.misuse("is no path")),
        },
        _ => return None,
    })
}

pub fn apply(name: &str, value: &Value, arguments: Arguments) -> Outcome<bool> {
    let test = named(name).ok_or_else(|| Fault::unsupported(format!("the test `{name}`")))?;
    let short = name.strip_prefix("ansible.builtin.").unwrap_or(name);
    if !matches!(short, "defined" | "undefined") {
        value.clone().defined()?;
        if let Value::Blank = value {
            return Err(value.misuse("cannot be tested"));
        }
    }
    test(value, arguments.defined()?).map_err(|fault| fault.within(short))
}

fn is_missing(value: &Value) -> bool {
    matches!(value, Value::Undefined(_) | Value::Blank)
}

fn alone(arguments: Arguments, answer: bool) -> Outcome<bool> {
    arguments.none()?;
    Ok(answer)
}

fn other(arguments: Arguments) -> Outcome<Value> {
    let [other] = arguments.bind(["other"])?;
    other.required()
}

fn ordered(value: &Value, arguments: Arguments, accepts: fn(std::cmp::Ordering) -> bool) -> Outcome<bool> {
    Ok(comparison::order(value, &other(arguments)?)?.is_some_and(accepts))
}

fn remainder_is(value: &Value, arguments: Arguments, divisor: i128, wanted: i128) -> Outcome<bool> {
    arguments.none()?;
    if Number::of(value).is_none() {
        return Err(value.misuse("is no number"));
    }
    let rest = arithmetic::apply(Operator::Remainder, value, &Value::Integer(divisor))?;
    comparison::equal(&rest, &Value::Integer(wanted))
}

fn divisible(value: &Value, arguments: Arguments) -> Outcome<bool> {
    let [divisor] = arguments.bind(["num"])?;
    let divisor = divisor.required()?;
    if Number::of(value).is_none() {
        return Err(value.misuse("is no number"));
    }
    comparison::equal(
        &arithmetic::apply(Operator::Remainder, value, &divisor)?,
        &Value::Integer(0),
    )
}

/// Identity is Python's own business but for its singletons.
fn same(value: &Value, arguments: Arguments) -> Outcome<bool> {
    match (value, other(arguments)?) {
        (Value::None, Value::None) => Ok(true),
        (Value::Bool(left), Value::Bool(right)) => Ok(*left == right),
        (_, Value::None | Value::Bool(_)) => Ok(false),
        _ => Err(Fault::unsupported(
            "`sameas` with anything but true, false and none",
        )),
    }
}

fn matches_pattern(value: &Value, arguments: Arguments, at_start: bool) -> Outcome<bool> {
    let [pattern, ignorecase, multiline] = arguments.bind(["pattern", "ignorecase", "multiline"])?;
    let pattern = Pattern::new(
        &pattern.text("")?,
        ignorecase.truth(false)?,
        multiline.truth(false)?,
    )?;
    found(&pattern, value, at_start)
}

fn regex(value: &Value, arguments: Arguments) -> Outcome<bool> {
    let [pattern, ignorecase, multiline, kind] =
        arguments.bind(["pattern", "ignorecase", "multiline", "match_type"])?;
    let pattern = Pattern::new(
        &pattern.text("")?,
        ignorecase.truth(false)?,
        multiline.truth(false)?,
    )?;
    match &*kind.text("search")? {
        "search" => found(&pattern, value, false),
        "match" => found(&pattern, value, true),
        other => Err(Fault::unsupported(format!("the match type `{other}`"))),
    }
}

fn found(pattern: &Pattern, value: &Value, at_start: bool) -> Outcome<bool> {
    Ok(pattern
        .search(&python::text(value)?)?
        .is_some_and(|found| !at_start || found.start() == 0))
}

fn is_subset(small: &Value, large: &Value) -> Outcome<bool> {
    let members = |value: &Value| match value {
        Value::Unordered(items) => Ok(items.to_vec()),
        other => other.iterate(),
    };
    let (small, large) = (members(small)?, members(large)?);
    small.iter().chain(&large).try_for_each(comparison::hashable)?;
    for item in &small {
        if !comparison::contains_item(&large, item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn truthy(value: &Value, arguments: Arguments) -> Outcome<bool> {
    let [convert] = arguments.bind(["convert_bool"])?;
    let word = if convert.truth(false)? {
        filters::truth_of_word(value)
    } else {
        None
    };
    word.map_or_else(|| value.truth(), Ok)
}
