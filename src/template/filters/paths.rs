//! Filters on file names, by `os.path`'s rules.
//!
//! Owns names only: a filter that asks the file system or the environment is refused, since Ansible asks another
//! host's.

use crate::template::arguments::Arguments;
use crate::template::fault::Outcome;
use crate::template::value::Value;

fn path(value: &Value, arguments: Arguments) -> Outcome<&str> {
    arguments.none()?;
    match value {
        Value::Text(path) => Ok(path),
        other => Err(other.misuse("is no path")),
    }
}

fn split(path: &str) -> (&str, &str) {
    path.split_at(path.rfind('/').map_or(0, |slash| slash + 1))
}

pub fn basename(value: &Value, arguments: Arguments) -> Outcome<Value> {
    Ok(Value::text(split(path(value, arguments)?).1))
}

pub fn dirname(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let head = split(path(value, arguments)?).0;
    let trimmed = head.trim_end_matches('/');
    Ok(Value::text(if trimmed.is_empty() { head } else { trimmed }))
}

pub fn splitext(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let path = path(value, arguments)?;
    let name = split(path).1;
    let start = path.len() - name.len();
    let dot = name
        .rfind('.')
        .filter(|dot| name[..*dot].bytes().any(|byte| byte != b'.'));
    let (root, extension) = path.split_at(dot.map_or(path.len(), |dot| start + dot));
    Ok(Value::tuple(vec![Value::text(root), Value::text(extension)]))
}

pub fn path_join(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    let parts = match value {
        Value::Text(_) => vec![value.clone()],
        Value::List(_) | Value::Tuple(_) => value.iterate()?,
        other => return Err(other.misuse("is no path and no list of them")),
    };
    let mut joined: Option<String> = None;
    for part in parts {
        let Value::Text(part) = &part else {
            return Err(part.misuse("is no path"));
        };
        joined = Some(match joined {
            Some(before) if !part.starts_with('/') => {
                let separator = if before.is_empty() || before.ends_with('/') {
                    ""
                } else {
                    "/"
                };
                format!("{before}{separator}{part}")
            }
            _ => part.to_string(),
        });
    }
    joined
        .map(Value::text)
        .ok_or_else(|| value.misuse("has no paths to join"))
}
