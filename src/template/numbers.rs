//! Reading numbers from text as Python's `int()` and `float()` do.
//!
//! Owns their syntax. Digits of other scripts, which Python reads too, are refused rather than misread.

use super::fault::{Fault, Outcome};
use super::python::is_space;

fn trimmed(text: &str) -> Outcome<&str> {
    let text = text.trim_matches(is_space);
    if text
        .chars()
        .any(|letter| !letter.is_ascii() && letter.is_numeric())
    {
        return Err(Fault::unsupported(format!("the number `{text}`")));
    }
    Ok(text)
}

/// Removes underscores between digits; any other underscore spoils the number.
fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let misplaced = bytes.iter().enumerate().any(|(index, byte)| {
        *byte == b'_'
            && !(index > 0
                && bytes[index - 1].is_ascii_alphanumeric()
                && bytes.get(index + 1).is_some_and(u8::is_ascii_alphanumeric))
    });
    (!misplaced).then(|| text.replace('_', ""))
}

/// Returns `int(text, base)`, or nothing where Python raises `ValueError`.
pub fn integer(text: &str, base: u32) -> Outcome<Option<i128>> {
    let text = trimmed(text)?;
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let prefix = digits.get(..2).map(str::to_ascii_lowercase);
    let (base, digits) = match (base, prefix.as_deref()) {
        (0 | 16, Some("0x")) => (16, &digits[2..]),
        (0 | 8, Some("0o")) => (8, &digits[2..]),
        (0 | 2, Some("0b")) => (2, &digits[2..]),
        (0, _) if digits.starts_with('0') && digits.bytes().any(|byte| byte != b'0' && byte != b'_') => {
            return Ok(None);
        }
        (0, _) => (10, digits),
        (base, _) => (base, digits),
    };
    if !(2..=36).contains(&base) {
        return Err(Fault::new(format!("`{base}` is no base of a number")));
    }
    let Some(digits) = without_underscores(digits) else {
        return Ok(None);
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(base)) {
        return Ok(None);
    }
    let magnitude = i128::from_str_radix(&digits, base).map_err(|_| too_large())?;
    Ok(Some(if negative { -magnitude } else { magnitude }))
}

/// Returns `float(text)`, or nothing where Python raises `ValueError`.
pub fn float(text: &str) -> Outcome<Option<f64>> {
    let text = trimmed(text)?;
    let Some(digits) = without_underscores(text) else {
        return Ok(None);
    };
    // Rust reads the same words and forms, apart from these.
    if text.contains('_') && digits.to_ascii_lowercase().contains(['n', 'x']) {
        return Ok(None);
    }
    Ok(digits.parse().ok())
}

/// Returns the float next to an integer, as Python's `float()` does.
#[expect(
    clippy::cast_precision_loss,
    reason = "rounding to the next float is what is asked for"
)]
pub fn to_float(integer: i128) -> f64 {
    integer as f64
}

/// Returns the whole part of a float that is known to lie between the bounds of integers.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the fraction is to go, and callers check the bounds"
)]
pub fn whole(float: f64) -> i128 {
    float as i128
}

/// Returns `int(number)` for a float, or nothing for infinity and NaN.
pub fn truncated(number: f64) -> Outcome<Option<i128>> {
    if !number.is_finite() {
        return Ok(None);
    }
    if number.abs() >= 1e38 {
        return Err(too_large());
    }
    Ok(Some(whole(number)))
}

pub fn too_large() -> Fault {
    Fault::unsupported("an integer of more than 127 bits")
}
