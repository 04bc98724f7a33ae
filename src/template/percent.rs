//! Python's `%` formatting of strings.
//!
//! Owns the conversions. How digits are laid out is in `format_spec`.

use super::comparison::Number;
use super::digits::{float_digits, integer_digits};
use super::fault::{Fault, Outcome};
use super::format_spec::{Specification, WIDEST, by_name, padded};
use super::numbers::truncated;
use super::python;
use super::value::Value;

/// The values to format, handed out in order.
struct Values<'a> {
    whole: &'a Value,
    items: Vec<Value>,
    next: usize,
}

impl Values<'_> {
    fn take(&mut self) -> Outcome<Value> {
        self.next += 1;
        self.items
            .get(self.next - 1)
            .cloned()
            .ok_or_else(|| Fault::new("a format string has more fields than values"))
    }
}

/// Returns `template % value`.
pub fn format(template: &str, value: &Value) -> Outcome<String> {
    let items = match value {
        Value::Tuple(items) => items.to_vec(),
        other => vec![other.clone()],
    };
    let mut values = Values {
        whole: value,
        items,
        next: 0,
    };
    let mut out = String::new();
    let mut rest = template;
    while let Some(position) = rest.find('%') {
        out.push_str(&rest[..position]);
        rest = &rest[position + 1..];
        rest = conversion(&mut out, rest, &mut values)?;
    }
    out.push_str(rest);
    if values.next < values.items.len() && !matches!(value, Value::Dict(_) | Value::List(_)) {
        return Err(Fault::new("a format string has fewer fields than values"));
    }
    Ok(out)
}

/// Formats one conversion and returns what follows it.
fn conversion<'a>(out: &mut String, mut rest: &'a str, values: &mut Values<'_>) -> Outcome<&'a str> {
    let incomplete = || Fault::new("a format string ends in the middle of a field");
    let mut named = None;
    if let Some(inner) = rest.strip_prefix('(') {
        let (name, after) = inner.split_once(')').ok_or_else(incomplete)?;
        named = Some(by_name(values.whole, name)?);
        rest = after;
    }
    let mut wanted = Specification::default();
    let flags = rest.len() - rest.trim_start_matches(['-', '+', ' ', '#', '0']).len();
    for flag in rest[..flags].chars() {
        match flag {
            '-' => wanted.align = Some('<'),
            '+' => wanted.sign = Some('+'),
            ' ' if wanted.sign.is_none() => wanted.sign = Some(' '),
            '#' => wanted.alternate = true,
            '0' => wanted.zero = true,
            _ => {}
        }
    }
    rest = &rest[flags..];
    wanted.width = digits(&mut rest, values, &mut wanted.align)?.unwrap_or(0);
    if let Some(after) = rest.strip_prefix('.') {
        rest = after;
        wanted.precision = Some(digits(&mut rest, values, &mut None)?.unwrap_or(0));
    }
    rest = rest.trim_start_matches(['h', 'l', 'L']);
    let kind = rest.chars().next().ok_or_else(incomplete)?;
    rest = &rest[kind.len_utf8()..];
    if kind == '%' {
        out.push('%');
        return Ok(rest);
    }
    let value = match named {
        Some(value) => value,
        None => values.take()?,
    };
    out.push_str(&formatted(kind, &value, wanted)?);
    Ok(rest)
}

/// Reads a width or precision, which may be `*`: the next value.
fn digits(rest: &mut &str, values: &mut Values<'_>, align: &mut Option<char>) -> Outcome<Option<usize>> {
    let number = if let Some(after) = rest.strip_prefix('*') {
        *rest = after;
        match values.take()? {
            Value::Integer(number) => {
                if number < 0 {
                    *align = Some('<');
                }
                Some(usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX))
            }
            other => return Err(other.misuse("is no width")),
        }
    } else {
        let count = rest.bytes().take_while(u8::is_ascii_digit).count();
        let text = &rest[..count];
        *rest = &rest[count..];
        (count > 0).then(|| text.parse().unwrap_or(usize::MAX))
    };
    if number.is_some_and(|number| number > WIDEST) {
        return Err(Fault::unsupported("so wide a field"));
    }
    Ok(number)
}

fn formatted(kind: char, value: &Value, mut wanted: Specification) -> Outcome<String> {
    let unsuited = || value.misuse(&format!("does not fit `%{kind}`"));
    if matches!(kind, 's' | 'r') {
        let text = if kind == 's' {
            python::text(value)?
        } else {
            python::repr(value)?
        };
        let text: String = text
            .chars()
            .take(wanted.precision.unwrap_or(usize::MAX))
            .collect();
        wanted.zero = false;
        return Ok(padded("", &text, &wanted, '>'));
    }
    let number = Number::of(value).ok_or_else(unsuited)?;
    let (negative, digits) = match kind {
        'd' | 'i' | 'u' | 'o' | 'x' | 'X' => {
            let integer = match number {
                Number::Integer(integer) => integer,
                Number::Float(float) if matches!(kind, 'd' | 'i' | 'u') => {
                    truncated(float)?.ok_or_else(unsuited)?
                }
                Number::Float(_) => return Err(unsuited()),
            };
            let digits = integer_digits(integer.unsigned_abs(), kind, wanted.alternate);
            let digits = match wanted.precision {
                Some(_) if wanted.alternate => {
                    return Err(Fault::unsupported("`#` together with a precision"));
                }
                Some(precision) => format!("{digits:0>precision$}"),
                None => digits,
            };
            (integer < 0, digits)
        }
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
            let float = number.as_float();
            let digits = float_digits(float.abs(), kind, wanted.precision.unwrap_or(6), wanted.alternate);
            (float.is_sign_negative() && !float.is_nan(), digits)
        }
        _ => return Err(Fault::unsupported(format!("the conversion `%{kind}`"))),
    };
    let sign = match (negative, wanted.sign) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(_)) => " ",
        (false, None) => "",
    };
    Ok(padded(sign, &digits, &wanted, '>'))
}
