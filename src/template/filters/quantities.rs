//! Filters on numbers and sizes.
//!
//! Owns conversion to numbers, rounding and human-readable sizes.

use crate::template::arguments::Arguments;
use crate::template::comparison::Number;
use crate::template::fault::{Fault, Outcome};
use crate::template::numbers::{self, to_float, too_large};
use crate::template::python;
use crate::template::value::Value;

pub fn int(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [default, base] = arguments.bind(["default", "base"])?;
    let default = default.given().unwrap_or(Value::Integer(0));
    let base = u32::try_from(base.integer(10)?).map_err(|_| Fault::new("the base is negative"))?;
    let float = match value {
        Value::Text(text) => {
            if let Some(integer) = numbers::integer(text, base)? {
                return Ok(Value::Integer(integer));
            }
            // "42.23" is 42 to this filter.
            numbers::float(text)?
        }
        Value::Float(float) => {
            return match numbers::truncated(*float)? {
                Some(integer) => Ok(Value::Integer(integer)),
                None if float.is_nan() => Ok(default),
                None => Err(Fault::new("infinity is no integer")),
            };
        }
        Value::None | Value::List(_) | Value::Tuple(_) | Value::Dict(_) => None,
        other => match Number::of(other) {
            Some(Number::Integer(integer)) => return Ok(Value::Integer(integer)),
            _ => return Err(other.misuse("is no number")),
        },
    };
    Ok(match float {
        Some(float) => numbers::truncated(float)?.map_or(default, Value::Integer),
        None => default,
    })
}

pub fn float(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [default] = arguments.bind(["default"])?;
    let default = default.given().unwrap_or(Value::Float(0.0));
    Ok(match value {
        Value::Text(text) => numbers::float(text)?.map_or(default, Value::Float),
        Value::None | Value::List(_) | Value::Tuple(_) | Value::Dict(_) => default,
        other => match Number::of(other) {
            Some(number) => Value::Float(number.as_float()),
            None => return Err(other.misuse("is no number")),
        },
    })
}

pub fn abs(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    match Number::of(value) {
        Some(Number::Integer(integer)) => integer.checked_abs().map(Value::Integer).ok_or_else(too_large),
        Some(Number::Float(float)) => Ok(Value::Float(float.abs())),
        None => Err(value.misuse("is no number")),
    }
}

pub fn round(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [precision, method] = arguments.bind(["precision", "method"])?;
    let precision = precision.integer(0)?;
    let method = method.text("common")?;
    let number = Number::of(value).ok_or_else(|| value.misuse("is no number"))?;
    if !(0..=15).contains(&precision) {
        return Err(Fault::unsupported(format!("rounding to `{precision}` places")));
    }
    let places = usize::try_from(precision).unwrap_or(0);
    let scale = (0..places).fold(1, |scale, _| scale * 10);
    match (&*method, number) {
        ("common", Number::Integer(integer)) => Ok(Value::Integer(integer)),
        ("common", Number::Float(float)) if float.is_finite() => {
            // Rust rounds the exact binary value, half to even, as Python does.
            let rounded = format!("{float:.places$}");
            rounded
                .parse()
                .map(Value::Float)
                .map_err(|_| Fault::new("rounding failed"))
        }
        ("ceil" | "floor", number) => {
            let scaled = match number {
                Number::Integer(integer) => return scaled(integer, scale),
                Number::Float(float) if float.is_finite() => float * to_float(scale),
                Number::Float(_) => return Err(Fault::new("infinity and NaN cannot be rounded")),
            };
            let whole = if &*method == "ceil" {
                scaled.ceil()
            } else {
                scaled.floor()
            };
            let whole = numbers::truncated(whole)?.ok_or_else(too_large)?;
            Ok(Value::Float(to_float(whole) / to_float(scale)))
        }
        ("common", Number::Float(_)) => Ok(value.clone()),
        (other, _) => Err(Fault::new(format!("there is no rounding `{other}`"))),
    }
}

fn scaled(integer: i128, scale: i128) -> Outcome<Value> {
    let scaled = integer.checked_mul(scale).ok_or_else(too_large)?;
    Ok(Value::Float(to_float(scaled) / to_float(scale)))
}

/// The sizes that Ansible knows, largest first.
const SIZES: [(char, i32); 9] = [
    ('Y', 80),
    ('Z', 70),
    ('E', 60),
    ('P', 50),
    ('T', 40),
    ('G', 30),
    ('M', 20),
    ('K', 10),
    ('B', 0),
];

const WORDS: [(char, &str); 9] = [
    ('B', ""),
    ('K', "kilo"),
    ('M', "mega"),
    ('G', "giga"),
    ('T', "tera"),
    ('P', "peta"),
    ('E', "exa"),
    ('Z', "zetta"),
    ('Y', "yotta"),
];

pub fn human_readable(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [isbits, unit] = arguments.bind(["isbits", "unit"])?;
    let isbits = isbits.truth(false)?;
    let unit = match unit.some() {
        Some(Value::Text(unit)) => Some(unit.to_uppercase()),
        Some(other) => return Err(other.misuse("is no unit")),
        None => None,
    };
    let size = match Number::of(value) {
        Some(Number::Integer(integer)) if integer.unsigned_abs() < 1 << 53 => to_float(integer),
        Some(Number::Float(float)) => float,
        _ => return Err(value.misuse("is no size")),
    };
    let (letter, power) = SIZES
        .into_iter()
        .find(|(letter, power)| match &unit {
            Some(unit) => *unit == letter.to_string(),
            None => size >= 2_f64.powi(*power),
        })
        .unwrap_or(('B', 0));
    let base = if isbits { "bits" } else { "Bytes" };
    let suffix = if power == 0 {
        base.to_owned()
    } else {
        format!("{letter}{}", &base[..1])
    };
    Ok(Value::text(format!("{:.2} {suffix}", size / 2_f64.powi(power))))
}

pub fn human_to_bytes(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [default_unit, isbits] = arguments.bind(["default_unit", "isbits"])?;
    let isbits = isbits.truth(false)?;
    let text = python::text(value)?;
    let wrong = || Fault::new(format!("`{text}` is no size"));
    let digits = text.len()
        - text
            .trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.')
            .len();
    let (number, unit) = text.split_at(digits);
    if number.ends_with('.') || number.matches('.').count() > 1 {
        return Err(wrong());
    }
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let unit = unit.trim_matches(python::is_space);
    let unit = match (unit, default_unit.some()) {
        ("", Some(Value::Text(unit))) => unit.to_string(),
        ("", Some(other)) => return Err(other.misuse("is no unit")),
        (unit, _) => unit.to_owned(),
    };
    let mut factor = 1.0;
    if let Some(letter) = unit.chars().next() {
        let range = letter.to_ascii_uppercase();
        let power = SIZES
            .iter()
            .find(|(letter, _)| *letter == range)
            .ok_or_else(wrong)?
            .1;
        let word = WORDS
            .iter()
            .find(|(letter, _)| *letter == range)
            .map_or("", |(_, word)| word);
        let (name, short) = if isbits { ("bit", "b") } else { ("byte", "B") };
        let full = if range == 'B' {
            short.to_owned()
        } else {
            format!("{range}{short}")
        };
        if unit.len() > 1 && unit.to_lowercase() != format!("{word}{name}") && unit != full {
            return Err(wrong());
        }
        factor = 2_f64.powi(power);
    }
    let size = number * factor;
    // Python rounds half to even.
    let rounded = numbers::truncated(size.round_ties_even())?;
    rounded.map(Value::Integer).ok_or_else(too_large)
}

pub fn filesizeformat(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [binary] = arguments.bind(["binary"])?;
    let binary = binary.truth(false)?;
    let bytes = match value {
        Value::Text(text) => numbers::float(text)?,
        other => Number::of(other).map(Number::as_float),
    };
    let bytes = bytes
        .filter(|bytes| bytes.is_finite())
        .ok_or_else(|| value.misuse("is no size"))?;
    let base: f64 = if binary { 1024.0 } else { 1000.0 };
    if (bytes - 1.0).abs() < f64::EPSILON {
        return Ok(Value::text("1 Byte"));
    }
    if bytes < base {
        return Ok(Value::text(format!("{} Bytes", numbers::whole(bytes))));
    }
    let prefixes = if binary {
        ["KiB", "MiB", "GiB", "TiB"]
    } else {
        ["kB", "MB", "GB", "TB"]
    };
    let mut unit = base;
    for prefix in prefixes {
        unit *= base;
        if bytes < unit {
            return Ok(Value::text(format!("{:.1} {prefix}", base * bytes / unit)));
        }
    }
    Err(Fault::unsupported("so large a size"))
}
