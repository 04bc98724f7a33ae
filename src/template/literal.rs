//! Constants, read from the template's own text by Jinja's rules.
//!
//! Owns literals: minijinja decodes some escapes and reads some numbers otherwise, so only the place of a
//! constant is taken from it.

use minijinja::machinery::Span;

use super::fault::{Fault, Outcome};
use super::numbers;
use super::source::Source;
use super::value::Value;

pub fn value(source: &Source, span: Span) -> Outcome<Value> {
    let text = source
        .text()
        .get(span.start_offset as usize..span.end_offset as usize)
        .unwrap_or_default();
    match text {
        "true" | "True" => Ok(Value::Bool(true)),
        "false" | "False" => Ok(Value::Bool(false)),
        "none" | "None" => Ok(Value::None),
        quoted if quoted.starts_with(['"', '\'']) => strings(quoted).map(Value::text),
        number => read_number(number)?.ok_or_else(|| Fault::new(format!("`{number}` is not a number"))),
    }
}

/// Decodes string literals, of which several side by side are one.
fn strings(mut rest: &str) -> Outcome<String> {
    let mut out = String::new();
    while let Some(quote) = rest.chars().next() {
        let mut end = 1;
        let mut letters = rest[1..].chars();
        while let Some(letter) = letters.next() {
            end += letter.len_utf8();
            match letter {
                '\\' => end += letters.next().map_or(0, char::len_utf8),
                letter if letter == quote => break,
                _ => {}
            }
        }
        let inner = rest.get(1..end - 1).unwrap_or_default();
        decode(&mut out, inner)?;
        rest = rest.get(end..).unwrap_or_default().trim_start();
    }
    Ok(out)
}

/// Decodes the escapes of Python's string literals, as Jinja does.
fn decode(out: &mut String, text: &str) -> Outcome<()> {
    let mut rest = text;
    while let Some(position) = rest.find('\\') {
        out.push_str(&rest[..position]);
        let escape = &rest[position + 1..];
        let letter = escape.chars().next().unwrap_or('\\');
        let mut used = letter.len_utf8();
        let digits = |count: usize| escape.get(1..=count).unwrap_or_default();
        match letter {
            '\n' => {}
            '\\' | '\'' | '"' => out.push(letter),
            'a' => out.push('\x07'),
            'b' => out.push('\x08'),
            'f' => out.push('\x0c'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'v' => out.push('\x0b'),
            'x' | 'u' | 'U' => {
                let count = match letter {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let code = digits(count);
                let decoded = (code.len() == count && code.bytes().all(|digit| digit.is_ascii_hexdigit()))
                    .then(|| u32::from_str_radix(code, 16).ok())
                    .flatten()
                    .and_then(char::from_u32);
                out.push(
                    decoded.ok_or_else(|| Fault::unsupported(format!("the escape `\\{letter}{code}`")))?,
                );
                used += count;
            }
            '0'..='7' => {
                let octal: String = escape
                    .chars()
                    .take(3)
                    .take_while(|digit| digit.is_digit(8))
                    .collect();
                let code = u32::from_str_radix(&octal, 8).ok().and_then(char::from_u32);
                out.push(code.unwrap_or('\0'));
                used = octal.len();
            }
            'N' => return Err(Fault::unsupported("the escape `\\N`")),
            letter if !letter.is_ascii() => {
                return Err(Fault::unsupported(format!("the escape `\\{letter}`")));
            }
            letter => out.extend(['\\', letter]),
        }
        rest = escape.get(used..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(())
}

fn read_number(text: &str) -> Outcome<Option<Value>> {
    let is_based = text
        .get(..2)
        .is_some_and(|prefix| ["0x", "0o", "0b"].contains(&prefix.to_ascii_lowercase().as_str()));
    if is_based || is_digits(text) {
        return Ok(numbers::integer(text, 0)?.map(Value::Integer));
    }
    Ok(if is_float(text) {
        numbers::float(text)?
            .filter(|float| float.is_finite())
            .map(Value::Float)
    } else {
        None
    })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('_')
        && !text.ends_with('_')
        && !text.contains("__")
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

/// `1.5`, `1e3`, `1.5e-3`: digits on both sides of a point, where there is one.
fn is_float(text: &str) -> bool {
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (text, None),
    };
    let has_point = number.contains('.');
    let number_fits = match number.split_once('.') {
        Some((whole, fraction)) => is_digits(whole) && is_digits(fraction),
        None => is_digits(number),
    };
    let exponent_fits = match exponent {
        Some(exponent) => is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        None => has_point,
    };
    number_fits && exponent_fits
}
