//! `str.format` and Python's format specifications: `{:>10}`, `{0:.2f}`.
//!
//! Owns how numbers and strings are laid out in a field, which `percent` shares.

use super::arguments::Arguments;
use super::comparison::{Number, find};
use super::digits::{float_digits, grouped, integer_digits};
use super::fault::{Fault, Outcome};
use super::python;
use super::value::Value;

pub const WIDEST: usize = 1 << 16;

/// Returns `template.format(*positional, **named)`.
pub fn format_text(template: &str, arguments: &Arguments) -> Outcome<String> {
    let mut out = String::new();
    let mut automatic = 0;
    let mut rest = template;
    while let Some(position) = rest.find(['{', '}']) {
        out.push_str(&rest[..position]);
        let brace = &rest[position..=position];
        let inner = &rest[position + 1..];
        if inner.starts_with(brace) {
            out.push_str(brace);
            rest = &inner[1..];
            continue;
        }
        let end = inner
            .find('}')
            .filter(|_| brace == "{")
            .ok_or_else(|| Fault::new("a single brace in a format string"))?;
        out.push_str(&field(&inner[..end], arguments, &mut automatic)?);
        rest = &inner[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

fn field(field: &str, arguments: &Arguments, automatic: &mut usize) -> Outcome<String> {
    if field.contains('{') {
        return Err(Fault::unsupported("a field within a field of a format string"));
    }
    let (name, specification) = field.split_once(':').unwrap_or((field, ""));
    let (name, conversion) = match name.split_once('!') {
        Some((name, conversion)) => (name, Some(conversion)),
        None => (name, None),
    };
    let value = if name.is_empty() || name.bytes().all(|byte| byte.is_ascii_digit()) {
        let index = if name.is_empty() {
            *automatic += 1;
            *automatic - 1
        } else if *automatic > 0 {
            return Err(Fault::new("a format string numbers all its fields or none"));
        } else {
            name.parse().unwrap_or(usize::MAX)
        };
        arguments.positional.get(index)
    } else {
        if name.contains(['.', '[']) {
            return Err(Fault::unsupported(format!(
                "the field `{name}` of a format string"
            )));
        }
        let named = arguments.named.iter();
        named
            .rev()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value)
    };
    let value = value.ok_or_else(|| {
        Fault::new(format!(
            "nothing is given for the field `{name}` of a format string"
        ))
    })?;
    match conversion {
        None => format_value(value, specification),
        Some("s") => format_value(&Value::text(python::text(value)?), specification),
        Some("r") => format_value(&Value::text(python::repr(value)?), specification),
        Some(other) => Err(Fault::unsupported(format!("the conversion `!{other}`"))),
    }
}

#[derive(Default)]
pub struct Specification {
    pub fill: Option<char>,
    pub align: Option<char>,
    pub sign: Option<char>,
    pub alternate: bool,
    pub zero: bool,
    pub width: usize,
    pub grouping: Option<char>,
    pub precision: Option<usize>,
    pub kind: Option<char>,
}

impl Specification {
    fn parse(text: &str) -> Outcome<Self> {
        let wrong = || Fault::new(format!("`{text}` is no format specification"));
        let mut parsed = Self::default();
        let letters: Vec<char> = text.chars().collect();
        let is_align = |index: usize| letters.get(index).is_some_and(|letter| "<>=^".contains(*letter));
        let mut at = 0;
        if is_align(1) {
            (parsed.fill, parsed.align, at) = (Some(letters[0]), Some(letters[1]), 2);
        } else if is_align(0) {
            (parsed.align, at) = (Some(letters[0]), 1);
        }
        let mut take = |wanted: &str| {
            let letter = letters.get(at).copied().filter(|letter| wanted.contains(*letter));
            at += usize::from(letter.is_some());
            letter
        };
        parsed.sign = take("+- ");
        parsed.alternate = take("#").is_some();
        parsed.zero = take("0").is_some();
        while let Some(digit) = take("0123456789") {
            parsed.width = parsed.width * 10 + digit.to_digit(10).unwrap_or(0) as usize;
            if parsed.width > WIDEST {
                return Err(Fault::unsupported("so wide a field"));
            }
        }
        parsed.grouping = take(",_");
        if take(".").is_some() {
            let mut precision = None;
            while let Some(digit) = take("0123456789") {
                let digits = precision.unwrap_or(0) * 10 + digit.to_digit(10).unwrap_or(0) as usize;
                if digits > WIDEST {
                    return Err(Fault::unsupported("so high a precision"));
                }
                precision = Some(digits);
            }
            parsed.precision = Some(precision.ok_or_else(wrong)?);
        }
        parsed.kind = take("bcdeEfFgGnosxX%");
        if at == letters.len() {
            Ok(parsed)
        } else {
            Err(wrong())
        }
    }
}

fn format_value(value: &Value, specification: &str) -> Outcome<String> {
    if specification.is_empty() {
        return python::text(value);
    }
    let wanted = Specification::parse(specification)?;
    let unsuited = || {
        Fault::new(format!(
            "`{specification}` does not fit a value of type `{}`",
            value.type_name()
        ))
    };
    if let Value::Text(text) = value {
        if wanted.sign.is_some() || wanted.alternate || wanted.grouping.is_some() || wanted.align == Some('=')
        {
            return Err(unsuited());
        }
        if wanted.zero || !matches!(wanted.kind, None | Some('s')) {
            return Err(unsuited());
        }
        let text: String = text
            .chars()
            .take(wanted.precision.unwrap_or(usize::MAX))
            .collect();
        return Ok(padded("", &text, &wanted, '<'));
    }
    let number = Number::of(value).ok_or_else(unsuited)?;
    let (negative, digits) = match (number, wanted.kind) {
        (Number::Integer(integer), None | Some('d' | 'b' | 'o' | 'x' | 'X')) => {
            if wanted.precision.is_some() {
                return Err(unsuited());
            }
            let kind = wanted.kind.unwrap_or('d');
            (
                integer < 0,
                integer_digits(integer.unsigned_abs(), kind, wanted.alternate),
            )
        }
        (number, Some(kind @ ('e' | 'E' | 'f' | 'F' | 'g' | 'G'))) => {
            let float = number.as_float();
            let digits = float_digits(float.abs(), kind, wanted.precision.unwrap_or(6), wanted.alternate);
            (float.is_sign_negative() && !float.is_nan(), digits)
        }
        (number, Some('%')) => {
            let float = number.as_float() * 100.0;
            let digits = float_digits(float.abs(), 'f', wanted.precision.unwrap_or(6), false);
            (float.is_sign_negative() && !float.is_nan(), digits + "%")
        }
        (Number::Float(float), None) if wanted.precision.is_none() => (
            float.is_sign_negative() && !float.is_nan(),
            python::float(float.abs()),
        ),
        _ => {
            return Err(Fault::unsupported(format!(
                "the format specification `{specification}`"
            )));
        }
    };
    let digits = match wanted.grouping {
        Some(_) if wanted.zero || !matches!(wanted.kind, None | Some('d' | 'f' | 'F')) => {
            return Err(Fault::unsupported(format!(
                "the format specification `{specification}`"
            )));
        }
        Some(separator) => grouped(&digits, separator),
        None => digits,
    };
    let sign = match (negative, wanted.sign) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    };
    Ok(padded(sign, &digits, &wanted, '>'))
}

/// Lays sign and digits out in the field.
pub fn padded(sign: &str, digits: &str, wanted: &Specification, default: char) -> String {
    let padding = wanted
        .width
        .saturating_sub(sign.chars().count() + digits.chars().count());
    let fill = wanted.fill.unwrap_or(if wanted.zero { '0' } else { ' ' });
    let pad = |count: usize| String::from(fill).repeat(count);
    match wanted.align.unwrap_or(if wanted.zero { '=' } else { default }) {
        '<' => format!("{sign}{digits}{}", pad(padding)),
        '^' => format!("{}{sign}{digits}{}", pad(padding / 2), pad(padding - padding / 2)),
        '=' => {
            // The base's prefix stays in front of the zeros.
            let prefix = if digits.starts_with("0x")
                || digits.starts_with("0X")
                || digits.starts_with("0o")
                || digits.starts_with("0b")
            {
                2
            } else {
                0
            };
            format!("{sign}{}{}{}", &digits[..prefix], pad(padding), &digits[prefix..])
        }
        _ => format!("{}{sign}{digits}", pad(padding)),
    }
}

/// Returns the value of `%(name)s` in a dict.
pub fn by_name(value: &Value, name: &str) -> Outcome<Value> {
    let Value::Dict(dict) = value else {
        return Err(value.misuse("has no names to format"));
    };
    find(&dict.entries(), &Value::text(name))?
        .cloned()
        .ok_or_else(|| Fault::new(format!("nothing is given for `%({name})` of a format string")))
}
