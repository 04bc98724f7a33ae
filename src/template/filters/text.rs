//! Filters on text, and the string functions that Python's methods share with them.
//!
//! Owns letters, words and padding.

use crate::template::arguments::Arguments;
use crate::template::fault::{Fault, Outcome};
use crate::template::format_spec::WIDEST;
use crate::template::percent;
use crate::template::python::{self, is_space, split_lines};
use crate::template::value::Value;

pub fn string(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    python::text(value).map(Value::text)
}

pub fn upper(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    Ok(Value::text(python::text(value)?.to_uppercase()))
}

pub fn lower(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    Ok(Value::text(python::text(value)?.to_lowercase()))
}

pub fn capitalize(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    Ok(Value::text(capitalized(&python::text(value)?)))
}

pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().collect::<String>() + &letters.as_str().to_lowercase(),
        None => String::new(),
    }
}

/// The filter's words begin behind white space, hyphens and opening brackets.
pub fn title(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    let text = python::text(value)?;
    let is_gap = |letter: char| is_space(letter) || "-({[<".contains(letter);
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let gap = is_gap(first);
        let end = rest.find(|letter| is_gap(letter) != gap).unwrap_or(rest.len());
        out.push_str(&capitalized(&rest[..end]));
        rest = &rest[end..];
    }
    Ok(Value::text(out))
}

/// The method's words begin behind anything that is no letter.
pub fn titled(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for letter in text.chars() {
        let cased = letter.is_lowercase() || letter.is_uppercase();
        if inside && cased {
            out.extend(letter.to_lowercase());
        } else {
            out.extend(letter.to_uppercase());
        }
        inside = cased;
    }
    out
}

pub fn is_cased(text: &str, wanted: fn(char) -> bool, unwanted: fn(char) -> bool) -> bool {
    text.chars().any(wanted) && !text.chars().any(unwanted)
}

/// Returns `text`, marked as safe if `value` is.
fn like(value: &Value, text: &str) -> Value {
    match value {
        Value::Markup(_) => Value::Markup(text.into()),
        _ => Value::text(text),
    }
}

pub fn trim(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [letters] = arguments.bind(["chars"])?;
    let text = python::text(value)?;
    let trimmed = match letters.some() {
        None => text.trim_matches(is_space),
        Some(Value::Text(letters)) => text.trim_matches(|letter| letters.contains(letter)),
        Some(other) => return Err(other.misuse("cannot be trimmed")),
    };
    Ok(like(value, trimmed))
}

pub fn replace(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [old, new, count] = arguments.bind(["old", "new", "count"])?;
    let (old, new) = (python::text(&old.required()?)?, python::text(&new.required()?)?);
    let count = match count.some() {
        None => -1,
        Some(Value::Integer(count)) => count,
        Some(other) => return Err(other.misuse("is no count")),
    };
    Ok(Value::text(replaced(&python::text(value)?, &old, &new, count)))
}

/// Returns `text.replace(old, new, count)`; a negative count is all of them.
pub fn replaced(text: &str, old: &str, new: &str, count: i128) -> String {
    match usize::try_from(count) {
        Ok(count) => text.replacen(old, new, count),
        Err(_) => text.replace(old, new),
    }
}

/// Returns a width that a field may have.
pub fn width(value: Value) -> Outcome<usize> {
    match value {
        Value::Integer(width) if width <= WIDEST as i128 => Ok(usize::try_from(width).unwrap_or(0)),
        other => Err(other.misuse("is no width of a field")),
    }
}

pub fn center(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [wanted] = arguments.bind(["width"])?;
    let wanted = wanted.given().map_or(Ok(80), width)?;
    Ok(Value::text(centred(&python::text(value)?, wanted, ' ')))
}

pub fn centred(text: &str, width: usize, fill: char) -> String {
    let padding = width.saturating_sub(text.chars().count());
    let left = padding / 2 + (padding & width & 1);
    let pad = |count: usize| String::from(fill).repeat(count);
    format!("{}{text}{}", pad(left), pad(padding - left))
}

pub fn indent(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [wanted, first, blank] = arguments.bind(["width", "first", "blank"])?;
    let indentation = match wanted.given() {
        None => " ".repeat(4),
        Some(Value::Text(text)) => text.to_string(),
        Some(other) => " ".repeat(width(other)?),
    };
    let (first, blank) = (first.truth(false)?, blank.truth(false)?);
    let (Value::Text(text) | Value::Markup(text)) = value else {
        return Err(value.misuse("cannot be indented"));
    };
    let text = format!("{text}\n");
    let mut out = String::new();
    for (index, line) in split_lines(&text, false).into_iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        if (index > 0 && (blank || !line.is_empty())) || (index == 0 && first) {
            out.push_str(&indentation);
        }
        out.push_str(line);
    }
    Ok(like(value, &out))
}

pub fn truncate(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [length, kill, end, leeway] = arguments.bind(["length", "killwords", "end", "leeway"])?;
    let (length, leeway, end) = (length.integer(255)?, leeway.integer(5)?, end.text("...")?);
    let kill = kill.truth(false)?;
    let Value::Text(text) = value else {
        return Err(value.misuse("cannot be truncated"));
    };
    let letters: Vec<char> = text.chars().collect();
    let kept = length.saturating_sub(end.chars().count() as i128);
    if kept < 0 || leeway < 0 {
        return Err(Fault::new("the length is too small"));
    }
    if letters.len() as i128 <= length.saturating_add(leeway) {
        return Ok(value.clone());
    }
    let kept: String = letters
        .iter()
        .take(usize::try_from(kept).unwrap_or(usize::MAX))
        .collect();
    let kept = match kept.rsplit_once(' ') {
        Some((words, _)) if !kill => words,
        _ => &kept,
    };
    Ok(Value::text(format!("{kept}{end}")))
}

pub fn wordcount(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    let text = python::text(value)?;
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    if !text.is_ascii() {
        return Err(Fault::unsupported("counting words beyond ASCII"));
    }
    Ok(Value::count(
        text.split(|letter| !is_word(letter))
            .filter(|word| !word.is_empty())
            .count(),
    ))
}

pub fn format(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let Arguments { positional, named } = arguments;
    let values = match (positional.is_empty(), named.is_empty()) {
        (false, false) => return Err(Fault::new("positions and keywords cannot be mixed")),
        (true, false) => Value::dict(
            named
                .into_iter()
                .map(|(name, value)| (Value::text(name), value))
                .collect(),
        ),
        _ => Value::tuple(positional),
    };
    percent::format(&python::text(value)?, &values).map(Value::text)
}

pub fn split_filter(value: &Value, arguments: Arguments) -> Outcome<Value> {
    match value {
        Value::Text(text) => split(text, false, arguments),
        other => Err(other.misuse("cannot be split")),
    }
}

/// Returns `text.split(sep, maxsplit)`, or `rsplit`'s result.
pub fn split(text: &str, from_right: bool, arguments: Arguments) -> Outcome<Value> {
    let [separator, most] = arguments.bind(["sep", "maxsplit"])?;
    let most = usize::try_from(most.integer(-1)?).unwrap_or(usize::MAX - 1);
    let parts: Vec<&str> = match separator.some() {
        Some(Value::Text(separator)) if separator.is_empty() => {
            return Err(Fault::new("the separator is empty"));
        }
        Some(Value::Text(separator)) if from_right => {
            let mut parts: Vec<&str> = text.rsplitn(most + 1, &*separator).collect();
            parts.reverse();
            parts
        }
        Some(Value::Text(separator)) => text.splitn(most + 1, &*separator).collect(),
        Some(other) => return Err(other.misuse("is no separator")),
        None => by_space(text, most, from_right),
    };
    Ok(Value::open_list(parts.into_iter().map(Value::text).collect()))
}

fn by_space(text: &str, most: usize, from_right: bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        rest = if from_right {
            rest.trim_end_matches(is_space)
        } else {
            rest.trim_start_matches(is_space)
        };
        if rest.is_empty() {
            break;
        }
        if parts.len() == most {
            parts.push(rest);
            break;
        }
        let part = if from_right {
            let start = rest.rfind(is_space).map_or(0, |index| {
                index + rest[index..].chars().next().map_or(0, char::len_utf8)
            });
            let (before, part) = rest.split_at(start);
            rest = before;
            part
        } else {
            let (part, after) = rest.split_at(rest.find(is_space).unwrap_or(rest.len()));
            rest = after;
            part
        };
        parts.push(part);
    }
    if from_right {
        parts.reverse();
    }
    parts
}
