//! Filters on lists and what else can be walked through.
//!
//! Owns taking apart and putting together; what needs an order or equality is in `sorting` and `sets`.

use super::selection::Path;
use crate::template::arguments::{Argument, Arguments};
use crate::template::arithmetic::{self, Operator};
use crate::template::fault::{Fault, Outcome};
use crate::template::python;
use crate::template::value::{Value, ViewKind};

pub fn length(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    value.length().map(Value::count)
}

pub fn list(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    match value {
        Value::Unordered(_) => Ok(value.clone()),
        _ => value.iterate().map(Value::list),
    }
}

pub fn first(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    let first = value.iterate()?.into_iter().next();
    Ok(first.unwrap_or_else(|| Value::undefined("the first item of an empty list is undefined")))
}

pub fn last(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    let last = value.iterate()?.pop();
    Ok(last.unwrap_or_else(|| Value::undefined("the last item of an empty list is undefined")))
}

pub fn reverse(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    if let Value::Text(text) = value {
        return Ok(Value::text(text.chars().rev().collect::<String>()));
    }
    let mut items = value.iterate()?;
    items.reverse();
    Ok(Value::list(items))
}

pub fn join(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [separator, attribute] = arguments.bind(["d", "attribute"])?;
    let separator = separator.into_text("")?;
    let path = attribute
        .some()
        .map(|attribute| Path::new(&attribute))
        .transpose()?;
    let mut parts = Vec::new();
    for item in value.iterate()? {
        let item = match &path {
            Some(path) => path.of(&item)?,
            None => item,
        };
        parts.push(python::text(&item)?);
    }
    Ok(Value::text(parts.join(&separator)))
}

pub fn sum(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [attribute, start] = arguments.bind(["attribute", "start"])?;
    let path = attribute
        .some()
        .map(|attribute| Path::new(&attribute))
        .transpose()?;
    let mut total = start.given().unwrap_or(Value::Integer(0));
    if let Value::Text(_) = total {
        return Err(Fault::new("strings cannot be summed up").with_remedy("use `join`"));
    }
    for item in value.iterate()? {
        let item = match &path {
            Some(path) => path.of(&item)?,
            None => item,
        };
        if let (Value::Float(_), _) | (_, Value::Float(_)) = (&total, &item) {
            // Python 3.12 sums floats with compensation, earlier ones do not.
            if !matches!((&total, &item), (Value::Integer(0), _)) {
                return Err(Fault::unsupported("the sum of several floats"));
            }
        }
        total = arithmetic::apply(Operator::Add, &total, &item)?;
    }
    Ok(total)
}

/// Returns a count of items that must be positive.
fn positive(argument: Argument) -> Outcome<usize> {
    match argument.required()? {
        Value::Integer(count) if count > 0 => {
            usize::try_from(count).map_err(|_| Fault::new("the count is too large"))
        }
        other => Err(other.misuse("is no count of items")),
    }
}

pub fn batch(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [count, fill] = arguments.bind(["linecount", "fill_with"])?;
    let count = positive(count)?;
    let fill = fill.some();
    if fill.is_some() && count > 1 << 16 {
        return Err(Fault::unsupported("so large a batch"));
    }
    let batches = value.iterate()?;
    let batches = batches.chunks(count).map(|batch| {
        let mut batch = batch.to_vec();
        if let Some(fill) = &fill {
            batch.resize(count, fill.clone());
        }
        Value::list(batch)
    });
    Ok(Value::list(batches.collect()))
}

pub fn slice(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [count, fill] = arguments.bind(["slices", "fill_with"])?;
    let count = positive(count)?;
    let fill = fill.some();
    if count > 1 << 16 {
        return Err(Fault::unsupported("so many slices"));
    }
    let items = value.iterate()?;
    let (size, larger) = (items.len() / count, items.len() % count);
    let mut rest = items.into_iter();
    let slices = (0..count).map(|index| {
        let mut slice: Vec<Value> = rest.by_ref().take(size + usize::from(index < larger)).collect();
        if index >= larger {
            slice.extend(fill.clone());
        }
        Value::list(slice)
    });
    Ok(Value::list(slices.collect()))
}

pub fn flatten(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [levels, skip_nulls] = arguments.bind(["levels", "skip_nulls"])?;
    let skip_nulls = skip_nulls.truth(true)?;
    let levels = match levels.some() {
        None => None,
        Some(Value::Integer(levels)) => Some(levels),
        Some(other) => return Err(other.misuse("is no number of levels")),
    };
    let mut flat = Vec::new();
    flatten_into(&mut flat, &value.iterate()?, levels, skip_nulls)?;
    Ok(Value::list(flat))
}

fn flatten_into(
    flat: &mut Vec<Value>,
    items: &[Value],
    levels: Option<i128>,
    skip_nulls: bool,
) -> Outcome<()> {
    for item in items {
        match item {
            Value::None if skip_nulls => {}
            Value::Text(text) if skip_nulls && matches!(&**text, "None" | "null") => {}
            Value::List(_) | Value::Tuple(_) | Value::Group(_) if levels.is_none_or(|levels| levels >= 1) => {
                flatten_into(
                    flat,
                    &item.iterate()?,
                    levels.map(|levels| levels - 1),
                    skip_nulls,
                )?;
            }
            Value::View(_, ViewKind::Range) => return Err(item.misuse("cannot be flattened")),
            item => flat.push(item.clone()),
        }
    }
    Ok(())
}

pub fn zip(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let columns = columns(value, arguments)?;
    let length = columns.iter().map(Vec::len).min().unwrap_or(0);
    let rows =
        (0..length).map(|row| Value::tuple(columns.iter().map(|column| column[row].clone()).collect()));
    Ok(Value::list(rows.collect()))
}

pub fn product(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for column in columns(value, arguments)? {
        if rows.len().saturating_mul(column.len()) > 1 << 20 {
            return Err(Fault::unsupported("so large a product"));
        }
        rows = rows
            .iter()
            .flat_map(|row| {
                column
                    .iter()
                    .map(|item| row.iter().chain([item]).cloned().collect())
            })
            .collect();
    }
    Ok(Value::list(rows.into_iter().map(Value::tuple).collect()))
}

fn columns(value: &Value, arguments: Arguments) -> Outcome<Vec<Vec<Value>>> {
    let Arguments { positional, named } = arguments;
    if let Some((name, _)) = named.first() {
        return Err(Fault::unsupported(format!("the argument `{name}`")));
    }
    std::iter::once(value)
        .chain(&positional)
        .map(Value::iterate)
        .collect()
}
