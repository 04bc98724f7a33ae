//! Filters that need an order: `sort`, `min`, `groupby`.
//!
//! Owns their keys, which ignore case unless told otherwise.

use std::rc::Rc;

use super::selection::Path;
use crate::template::arguments::Arguments;
use crate::template::comparison::{equal, order, sort_by_keys};
use crate::template::fault::{Fault, Outcome};
use crate::template::value::Value;

/// Returns what a key is compared as where case is ignored.
pub fn folded(key: Value) -> Value {
    match key {
        Value::Text(text) => Value::text(text.to_lowercase()),
        key => key,
    }
}

/// What to compare items by: some attributes, or the item.
struct Key {
    paths: Vec<Path>,
    sensitive: bool,
}

impl Key {
    fn new(attribute: Option<Value>, sensitive: bool) -> Outcome<Self> {
        let paths = match attribute {
            None => Vec::new(),
            Some(Value::Text(attributes)) => attributes
                .split(',')
                .map(|attribute| Path::new(&Value::text(attribute)))
                .collect::<Outcome<_>>()?,
            Some(other) => vec![Path::new(&other)?],
        };
        Ok(Self { paths, sensitive })
    }

    fn of(&self, item: &Value) -> Outcome<Value> {
        let fold = |key: Value| if self.sensitive { key } else { folded(key) };
        if self.paths.is_empty() {
            return Ok(fold(item.clone()));
        }
        let keys = self.paths.iter().map(|path| path.of(item)?.defined().map(fold));
        keys.collect::<Outcome<_>>().map(Value::list)
    }
}

pub fn sort(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [reverse, sensitive, attribute] = arguments.bind(["reverse", "case_sensitive", "attribute"])?;
    let key = Key::new(attribute.some(), sensitive.truth(false)?)?;
    let reverse = reverse.truth(false)?;
    let items = match value {
        Value::Unordered(items) => items.to_vec(),
        other => other.iterate()?,
    };
    let mut keyed = Vec::new();
    for item in items {
        keyed.push((key.of(&item)?, item));
    }
    let sorted = sort_by_keys(keyed, reverse)?;
    if let Value::Unordered(_) = value {
        for pair in sorted.windows(2) {
            if equal(&key.of(&pair[0])?, &key.of(&pair[1])?)? {
                return Err(
                    Fault::unsupported("sorting a set with members that differ in case only")
                        .with_remedy("use `sort(case_sensitive=true)`"),
                );
            }
        }
    }
    Ok(Value::list(sorted))
}

pub fn min(value: &Value, arguments: Arguments) -> Outcome<Value> {
    extreme(value, arguments, std::cmp::Ordering::is_lt)
}

pub fn max(value: &Value, arguments: Arguments) -> Outcome<Value> {
    extreme(value, arguments, std::cmp::Ordering::is_gt)
}

fn extreme(value: &Value, arguments: Arguments, beats: fn(std::cmp::Ordering) -> bool) -> Outcome<Value> {
    let [sensitive, attribute] = arguments.bind(["case_sensitive", "attribute"])?;
    let sensitive = sensitive.truth(false)?;
    let path = attribute
        .some()
        .map(|attribute| Path::new(&attribute))
        .transpose()?;
    let mut best: Option<(Value, Value)> = None;
    for item in value.iterate()? {
        let key = match &path {
            Some(path) => path.of(&item)?.defined()?,
            None => item.clone(),
        };
        let key = if sensitive { key } else { folded(key) };
        let wins = match &best {
            Some((other, _)) => order(&key, other)?.is_some_and(beats),
            None => true,
        };
        if wins {
            best = Some((key, item));
        }
    }
    Ok(match best {
        Some((_, item)) => item,
        None => Value::undefined("the extreme of an empty list is undefined"),
    })
}

pub fn dictsort(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [sensitive, by, reverse] = arguments.bind(["case_sensitive", "by", "reverse"])?;
    let (sensitive, by, reverse) = (sensitive.truth(false)?, by.text("key")?, reverse.truth(false)?);
    let Value::Dict(dict) = value else {
        return Err(value.misuse("is no dict"));
    };
    let mut keyed = Vec::new();
    for (key, value) in dict.entries().iter() {
        let by = match &*by {
            "key" => key.clone(),
            "value" => value.clone(),
            other => return Err(Fault::new(format!("a dict cannot be sorted by `{other}`"))),
        };
        let item = Value::tuple(vec![key.clone(), value.clone()]);
        keyed.push((if sensitive { by } else { folded(by) }, item));
    }
    sort_by_keys(keyed, reverse).map(Value::list)
}

pub fn groupby(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [attribute, default, sensitive] = arguments.bind(["attribute", "default", "case_sensitive"])?;
    let path = Path::new(&attribute.required()?)?;
    let default = default.some();
    let sensitive = sensitive.truth(false)?;
    let mut keyed = Vec::new();
    for item in value.iterate()? {
        let found = path.of(&item)?;
        let key = match &default {
            Some(default) if found.is_undefined() => default.clone(),
            _ => found.defined()?,
        };
        let folded = if sensitive {
            key.clone()
        } else {
            folded(key.clone())
        };
        keyed.push((folded.clone(), Value::tuple(vec![folded, key, item])));
    }
    let mut groups: Vec<(Value, Value, Vec<Value>)> = Vec::new();
    for entry in sort_by_keys(keyed, false)? {
        let [folded, key, item] =
            <[Value; 3]>::try_from(entry.iterate()?).map_err(|_| Fault::new("the groups fell apart"))?;
        match groups.last_mut() {
            Some((last, _, items)) if equal(last, &folded)? => items.push(item),
            _ => groups.push((folded, key, vec![item])),
        }
    }
    let groups = groups
        .into_iter()
        .map(|(_, key, items)| Value::Group(Rc::new([key, Value::list(items)])));
    Ok(Value::list(groups.collect()))
}
