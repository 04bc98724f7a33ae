//! Numbers as Ansible's `int` and `float` options take them.
//!
//! Owns the reading of numbers from text, by the rules of Python's `Decimal` and `float`. What does not fit
//! 64 bits, or is not finite, is refused here: no result could carry it.

use serde_json::{Number, Value};

use super::python;

/// Returns `value` as an integer. A boolean stays one: it is an integer to Python, until [`settle`].
pub fn integer(value: &Value) -> Result<Value, String> {
    let number = match value {
        Value::Number(number) if !number.is_f64() => Some(number.clone()),
        Value::Bool(_) => return Ok(value.clone()),
        // A precision makes the digits exact: without one they are the shortest, padded with zeros.
        Value::Number(number) => number
            .as_f64()
            .filter(|float| float.fract() == 0.0)
            .and_then(|float| whole(&format!("{float:.0}"))),
        Value::String(text) => whole(&python::strip(text).replace('_', "")),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    number
        .map(Value::Number)
        .ok_or_else(|| format!("\"{}\" cannot be converted to an int", python::repr(value)))
}

/// Makes of a boolean the integer that it equals, once no message can show it any more.
pub fn settle(value: &mut Value) {
    if let Value::Bool(flag) = value {
        *value = Value::from(u8::from(*flag));
    }
}

/// Returns `value` as a float.
pub fn float(value: &Value) -> Result<Value, String> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        // Python's `float` does not take ASCII's separators for spaces, as `Decimal` does; nor does `trim`.
        Value::String(text) => without_underscores(text.trim()).and_then(|text| text.parse().ok()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let number = number.ok_or_else(|| format!("{} cannot be converted to a float", python::class(value)))?;
    Number::from_f64(number)
        .map(Value::Number)
        .ok_or_else(|| format!("{} is not a finite number", python::text(value)))
}

/// Reads a decimal number, with fraction and exponent, that is a whole one of at most 64 bits.
fn whole(text: &str) -> Option<Number> {
    /// More digits than any number of 64 bits has.
    const TOO_MANY: usize = 21;

    let (negative, text) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{before}{after}");
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some(Number::from(0));
    }
    let trimmed = i64::try_from(digits.len() - significant.len()).ok()?;
    let fraction = i64::try_from(after.len()).ok()?;
    let shift = exponent.checked_add(trimmed)?.checked_sub(fraction)?;
    let zeros = usize::try_from(shift).ok().filter(|zeros| *zeros < TOO_MANY)?;
    let digits = format!("{significant}{}", "0".repeat(zeros));
    if negative {
        format!("-{digits}").parse::<i64>().ok().map(Number::from)
    } else {
        digits.parse::<u64>().ok().map(Number::from)
    }
}

/// Takes out the underscores that Python allows: single ones, between digits.
fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digit = |place: Option<usize>| {
        place
            .and_then(|place| bytes.get(place))
            .is_some_and(u8::is_ascii_digit)
    };
    text.match_indices('_')
        .all(|(place, _)| digit(place.checked_sub(1)) && digit(Some(place + 1)))
        .then(|| text.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_in_any_spelling_are_integers() {
        for (given, number) in [
            (json!("8"), json!(8)),
            (json!(" +8\n"), json!(8)),
            (json!("1_000"), json!(1000)),
            (json!("1.0"), json!(1)),
            (json!(1.0), json!(1)),
            (json!("1e3"), json!(1000)),
            (json!("12.50e1"), json!(125)),
            (json!(".5e1"), json!(5)),
            (json!("5."), json!(5)),
            (json!("0.000"), json!(0)),
            (json!("-0"), json!(0)),
            (json!("0e99999"), json!(0)),
            (json!(true), json!(true)),
            (json!("18446744073709551615"), json!(u64::MAX)),
            (json!("-9223372036854775808"), json!(i64::MIN)),
            (json!(1e19), json!(10_000_000_000_000_000_000_u64)),
            (
                json!(12_345_678_901_234_567_890.0),
                json!(12_345_678_901_234_567_168_u64),
            ),
        ] {
            assert_eq!(integer(&given), Ok(number), "{given}");
        }
    }

    #[test]
    fn other_values_are_no_integers() {
        for (given, shown) in [
            (json!("abc"), "'abc'"),
            (json!(""), "''"),
            (json!("."), "'.'"),
            (json!("1.5"), "'1.5'"),
            (json!(1.5), "1.5"),
            (json!("1e-3"), "'1e-3'"),
            (json!("1 0"), "'1 0'"),
            (json!("--1"), "'--1'"),
            (json!("0x10"), "'0x10'"),
            (json!("nan"), "'nan'"),
            (json!("1e9223372036854775807"), "'1e9223372036854775807'"),
            (json!("18446744073709551616"), "'18446744073709551616'"),
            (json!(1e300), "1e+300"),
            (json!(null), "None"),
            (json!([1]), "[1]"),
        ] {
            assert_eq!(
                integer(&given),
                Err(format!("\"{shown}\" cannot be converted to an int"))
            );
        }
    }

    #[test]
    fn floats_are_read_as_python_reads_them() {
        for (given, number) in [
            (json!(1), json!(1.0)),
            (json!(" 1_0.5 "), json!(10.5)),
            (json!("1e5"), json!(100_000.0)),
            (json!(".5"), json!(0.5)),
            (json!(true), json!(1.0)),
            (
                json!("340282366920938463463374607431768211456"),
                json!(3.402_823_669_209_385e38),
            ),
        ] {
            assert_eq!(float(&given), Ok(number), "{given}");
        }
        for (given, message) in [
            (json!("_1"), "<class 'str'> cannot be converted to a float"),
            (json!("\x1c1"), "<class 'str'> cannot be converted to a float"),
            (json!("1__0"), "<class 'str'> cannot be converted to a float"),
            (json!(null), "<class 'NoneType'> cannot be converted to a float"),
            (json!("-Infinity"), "-Infinity is not a finite number"),
            (json!("1e999"), "1e999 is not a finite number"),
        ] {
            assert_eq!(float(&given), Err(message.to_owned()));
        }
    }
}
