//! The digits of numbers as C's `printf` has them.
//!
//! Owns bases, precision and grouping. Signs and fields are `format_spec`'s.

pub fn integer_digits(magnitude: u128, kind: char, alternate: bool) -> String {
    match (kind, alternate) {
        ('b', false) => format!("{magnitude:b}"),
        ('b', true) => format!("{magnitude:#b}"),
        ('o', false) => format!("{magnitude:o}"),
        ('o', true) => format!("{magnitude:#o}"),
        ('x', false) => format!("{magnitude:x}"),
        ('x', true) => format!("{magnitude:#x}"),
        ('X', false) => format!("{magnitude:X}"),
        ('X', true) => format!("0X{magnitude:X}"),
        _ => magnitude.to_string(),
    }
}

/// Returns the digits of a positive float as C's `printf` has them.
pub fn float_digits(number: f64, kind: char, precision: usize, alternate: bool) -> String {
    if !number.is_finite() {
        let name = if number.is_nan() { "nan" } else { "inf" };
        return if kind.is_ascii_uppercase() {
            name.to_uppercase()
        } else {
            name.to_owned()
        };
    }
    let digits = match kind {
        'f' | 'F' => format!("{number:.precision$}"),
        'e' | 'E' => scientific(number, precision),
        _ => general(number, precision.max(1), alternate),
    };
    if kind.is_ascii_uppercase() {
        digits.to_uppercase()
    } else {
        digits
    }
}

fn scientific(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{exponent:0>2}")
}

fn general(number: f64, precision: usize, alternate: bool) -> String {
    let rounded = format!("{number:.*e}", precision - 1);
    let exponent: i128 = rounded
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or(0);
    let without_zeros = |digits: &str| {
        if alternate || !digits.contains('.') {
            digits.to_owned()
        } else {
            digits.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    };
    if exponent < -4 || exponent >= precision as i128 {
        let text = scientific(number, precision - 1);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "+00"));
        return format!("{}e{exponent}", without_zeros(mantissa));
    }
    let decimals = usize::try_from(precision as i128 - 1 - exponent).unwrap_or(0);
    without_zeros(&format!("{number:.decimals$}"))
}

/// Puts `separator` between each three digits of the whole part.
pub fn grouped(digits: &str, separator: char) -> String {
    let (whole, rest) = digits.split_at(digits.bytes().take_while(u8::is_ascii_digit).count());
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(separator);
        }
        out.push(digit);
    }
    out + rest
}
