//! Sizes as Ansible's `bytes` and `bits` options take them: `10`, `1.5 GB`, `2Mb`.
//!
//! Owns the units, all powers of 1024, and their rounding. It must not know where a size comes from.

use serde_json::Value;

use super::python;

/// What is counted: it decides whether the unit ends in `B` or in `b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Byte,
    Bit,
}

impl Unit {
    const fn title(self) -> &'static str {
        match self {
            Self::Byte => "Byte",
            Self::Bit => "Bit",
        }
    }

    /// Returns whether `text`, of two letters and more, is `MB` or `megabyte`, with `prefix` for `mega`.
    fn is_spelt(self, text: &str, letter: char, prefix: &str) -> bool {
        let (short, long) = match self {
            Self::Byte => ("B", "byte"),
            Self::Bit => ("b", "bit"),
        };
        let letter = if letter == 'B' {
            String::new()
        } else {
            letter.to_string()
        };
        text == format!("{letter}{short}") || text.to_ascii_lowercase() == format!("{prefix}{long}")
    }
}

/// Returns the size that `value` states, in units.
pub fn size(value: &Value, unit: Unit) -> Result<Value, String> {
    count(&python::text(value), unit).map(Value::from).ok_or_else(|| {
        format!(
            "{} cannot be converted to a {} value",
            python::class(value),
            unit.title()
        )
    })
}

fn count(text: &str, unit: Unit) -> Option<u64> {
    let text = text.trim_end_matches(python::is_space);
    let end = text
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(text.len());
    let (number, name) = text.split_at(end);
    if !number.ends_with(|digit: char| digit.is_ascii_digit()) || number.matches('.').count() > 1 {
        return None;
    }
    let number: f64 = number.parse().ok()?;
    let name = name.trim_start_matches(python::is_space);
    let Some(first) = name.chars().next() else {
        return rounded(number);
    };
    if !name.bytes().all(|letter| letter.is_ascii_alphabetic()) {
        return None;
    }
    let letter = first.to_ascii_uppercase();
    let (prefix, power) = scale(letter)?;
    (name.len() == 1 || unit.is_spelt(name, letter, prefix))
        .then(|| rounded(number * 1024_f64.powi(power)))
        .flatten()
}

fn scale(letter: char) -> Option<(&'static str, i32)> {
    Some(match letter {
        'B' => ("", 0),
        'K' => ("kilo", 1),
        'M' => ("mega", 2),
        'G' => ("giga", 3),
        'T' => ("tera", 4),
        'P' => ("peta", 5),
        'E' => ("exa", 6),
        'Z' => ("zetta", 7),
        'Y' => ("yotta", 8),
        _ => return None,
    })
}

/// Rounds halves to even, as Python does; a size beyond 64 bits is none.
fn rounded(number: f64) -> Option<u64> {
    // With a precision all digits are exact, and reading them back is the range check.
    format!("{:.0}", number.round_ties_even()).parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sizes_are_counted_by_1024() {
        for (given, unit, count) in [
            (json!("10"), Unit::Byte, 10_u64),
            (json!(10), Unit::Byte, 10),
            (json!(2.5), Unit::Byte, 2),
            (json!("3.5"), Unit::Byte, 4),
            (json!("1K"), Unit::Byte, 1024),
            (json!("1.5 GB \n"), Unit::Byte, 1_610_612_736),
            (json!("2b"), Unit::Byte, 2),
            (json!("1megaByte"), Unit::Byte, 1_048_576),
            (json!("7 byte"), Unit::Byte, 7),
            (json!(".5k"), Unit::Byte, 512),
            (json!("1Mb"), Unit::Bit, 1_048_576),
            (json!("1M"), Unit::Bit, 1_048_576),
            (json!("3bit"), Unit::Bit, 3),
            (json!("8E"), Unit::Byte, 1 << 63),
        ] {
            assert_eq!(size(&given, unit), Ok(json!(count)), "{given}");
        }
    }

    #[test]
    fn wrong_units_and_numbers_are_refused() {
        for (given, unit, message) in [
            (
                json!("1Mb"),
                Unit::Byte,
                "<class 'str'> cannot be converted to a Byte value",
            ),
            (
                json!("1MB"),
                Unit::Bit,
                "<class 'str'> cannot be converted to a Bit value",
            ),
            (
                json!("12."),
                Unit::Byte,
                "<class 'str'> cannot be converted to a Byte value",
            ),
            (
                json!(" 12"),
                Unit::Byte,
                "<class 'str'> cannot be converted to a Byte value",
            ),
            (
                json!("-1"),
                Unit::Byte,
                "<class 'str'> cannot be converted to a Byte value",
            ),
            (
                json!("1.2.3"),
                Unit::Byte,
                "<class 'str'> cannot be converted to a Byte value",
            ),
            (
                json!("7bytes"),
                Unit::Byte,
                "<class 'str'> cannot be converted to a Byte value",
            ),
            (
                json!("1X"),
                Unit::Byte,
                "<class 'str'> cannot be converted to a Byte value",
            ),
            (
                json!("1 K B"),
                Unit::Byte,
                "<class 'str'> cannot be converted to a Byte value",
            ),
            (
                json!("100Y"),
                Unit::Byte,
                "<class 'str'> cannot be converted to a Byte value",
            ),
            (
                json!(1e16),
                Unit::Byte,
                "<class 'float'> cannot be converted to a Byte value",
            ),
            (
                json!(true),
                Unit::Byte,
                "<class 'bool'> cannot be converted to a Byte value",
            ),
            (
                json!(null),
                Unit::Bit,
                "<class 'NoneType'> cannot be converted to a Bit value",
            ),
        ] {
            assert_eq!(size(&given, unit), Err(message.to_owned()), "{given}");
        }
    }
}
