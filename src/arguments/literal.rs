//! Reads Python literals, as `ast.literal_eval` does.
//!
//! Owns the second way in which Ansible understands a dict that arrives as text: `{'a': True}`. Only what JSON
//! can carry is read; sets, bytes, complex numbers and named characters are refused. A tuple becomes a list, a
//! key that is no string becomes the string that JSON writes for it.

use serde_json::{Map, Value};

use super::python;

/// How many containers may lie inside each other.
const DEPTH: usize = 100;

/// Returns the value that `text` states, when it states one.
pub fn evaluate(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text, depth: 0 };
    let value = reader.value()?;
    reader.skip_space();
    (reader.rest.is_empty() && !text.contains('\0')).then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> Option<Value> {
        self.skip_space();
        match self.rest.chars().next()? {
            '{' => self.nested('{', Self::dict),
            '[' => self.nested('[', |reader| Some(Value::Array(reader.items(']')?.0))),
            '(' => self.nested('(', Self::group),
            '"' | '\'' => self.strings(),
            '+' | '-' | '.' | '0'..='9' => self.number(),
            _ => self.word(),
        }
    }

    fn nested(&mut self, open: char, read: fn(&mut Self) -> Option<Value>) -> Option<Value> {
        if self.depth == DEPTH {
            return None;
        }
        self.take(open);
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Some(value)
    }

    fn dict(&mut self) -> Option<Value> {
        let mut entries = Map::new();
        while !self.follows('}') {
            let key = match self.value()? {
                Value::String(key) => key,
                Value::Array(_) | Value::Object(_) => return None,
                key => python::dumps(&key),
            };
            if !self.follows(':') {
                return None;
            }
            entries.insert(key, self.value()?);
            if !self.follows(',') {
                return self.follows('}').then_some(Value::Object(entries));
            }
        }
        Some(Value::Object(entries))
    }

    /// Reads up to `close`; tells whether a comma was among it.
    fn items(&mut self, close: char) -> Option<(Vec<Value>, bool)> {
        let (mut items, mut comma) = (Vec::new(), false);
        while !self.follows(close) {
            items.push(self.value()?);
            if !self.follows(',') {
                return self.follows(close).then_some((items, comma));
            }
            comma = true;
        }
        Some((items, comma))
    }

    fn group(&mut self) -> Option<Value> {
        let (mut items, comma) = self.items(')')?;
        if items.len() == 1 && !comma {
            return items.pop();
        }
        Some(Value::Array(items))
    }

    fn number(&mut self) -> Option<Value> {
        let mut negative = false;
        while let Some(sign @ ('+' | '-')) = self.rest.chars().next() {
            negative ^= sign == '-';
            self.take(sign);
            self.skip_space();
        }
        let mut last = ' ';
        let end = self
            .rest
            .find(|letter: char| {
                let exponent = matches!(letter, '+' | '-') && matches!(last, 'e' | 'E');
                last = letter;
                !(exponent || letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_'))
            })
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        number(digits, negative)
    }

    fn word(&mut self) -> Option<Value> {
        let end = self
            .rest
            .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        if rest.starts_with(['"', '\'']) {
            return self.strings();
        }
        self.rest = rest;
        match word {
            "None" => Some(Value::Null),
            "True" => Some(Value::Bool(true)),
            "False" => Some(Value::Bool(false)),
            _ => None,
        }
    }

    /// Reads strings side by side, which are one.
    fn strings(&mut self) -> Option<Value> {
        let mut string = String::new();
        loop {
            let unprefixed = self.rest.trim_start_matches(['r', 'R', 'u', 'U']);
            let raw = match self.rest.get(..self.rest.len() - unprefixed.len())? {
                "" | "u" | "U" => false,
                "r" | "R" => true,
                _ => return None,
            };
            self.rest = unprefixed;
            self.string(raw, &mut string)?;
            self.skip_space();
            let next = self.rest.trim_start_matches(['r', 'R', 'u', 'U']);
            if !next.starts_with(['"', '\'']) {
                return Some(Value::String(string));
            }
        }
    }

    fn string(&mut self, raw: bool, string: &mut String) -> Option<()> {
        let quote = self
            .rest
            .chars()
            .next()
            .filter(|letter| matches!(letter, '"' | '\''))?;
        let triple = quote.to_string().repeat(3);
        let long = self.rest.starts_with(&triple);
        let close = if long { triple } else { quote.to_string() };
        self.rest = self.rest.strip_prefix(&close)?;
        loop {
            if let Some(rest) = self.rest.strip_prefix(&close) {
                self.rest = rest;
                return Some(());
            }
            match self.next()? {
                '\\' if raw => string.extend(['\\', self.next()?]),
                '\\' => self.escape(string)?,
                '\n' | '\r' if !long => return None,
                letter => string.push(letter),
            }
        }
    }

    fn escape(&mut self, string: &mut String) -> Option<()> {
        let letter = match self.next()? {
            '\n' => return Some(()),
            'a' => '\x07',
            'b' => '\x08',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0b',
            'x' => self.code(2)?,
            'u' => self.code(4)?,
            'U' => self.code(8)?,
            'N' => return None,
            first @ '0'..='7' => self.octal(first)?,
            letter @ ('\\' | '\'' | '"') => letter,
            letter => {
                string.push('\\');
                letter
            }
        };
        string.push(letter);
        Some(())
    }

    fn code(&mut self, length: usize) -> Option<char> {
        let digits = self.rest.get(..length)?;
        self.rest = self.rest.get(length..)?;
        digits
            .bytes()
            .all(|digit| digit.is_ascii_hexdigit())
            .then(|| u32::from_str_radix(digits, 16).ok())
            .flatten()
            .and_then(char::from_u32)
    }

    fn octal(&mut self, first: char) -> Option<char> {
        let mut code = first.to_digit(8)?;
        for _ in 0..2 {
            let Some(digit) = self.rest.chars().next().and_then(|letter| letter.to_digit(8)) else {
                break;
            };
            self.next();
            code = code * 8 + digit;
        }
        char::from_u32(code)
    }

    fn next(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let letter = letters.next();
        self.rest = letters.as_str();
        letter
    }

    fn take(&mut self, mark: char) -> bool {
        match self.rest.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Steps over `mark`, if it is what comes next.
    fn follows(&mut self, mark: char) -> bool {
        self.skip_space();
        self.take(mark)
    }

    fn skip_space(&mut self) {
        loop {
            let rest: &'a str = self.rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0c']);
            let Some(comment) = rest.strip_prefix('#') else {
                self.rest = rest;
                return;
            };
            self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
        }
    }
}

/// Returns the number of `digits`; what does not fit becomes text, as the JSON reader makes it.
fn number(digits: &str, negative: bool) -> Option<Value> {
    let underscored = digits.starts_with('_') || digits.ends_with('_') || digits.contains("__");
    if underscored || !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    let plain = digits.replace('_', "");
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = plain.to_ascii_lowercase().strip_prefix(prefix) {
            let number = i64::from_str_radix(digits, radix).ok()?;
            return Some(Value::from(if negative { -number } else { number }));
        }
    }
    let sign = if negative { "-" } else { "" };
    if plain.bytes().all(|digit| digit.is_ascii_digit()) {
        let padded = plain.starts_with('0') && plain.bytes().any(|digit| digit != b'0');
        let signed = format!("{sign}{plain}");
        let number = signed.parse::<i64>().map(Value::from);
        let number = number.or_else(|_| signed.parse::<u64>().map(Value::from));
        return (!padded).then(|| number.unwrap_or(Value::from(signed)));
    }
    let number: f64 = format!("{sign}{plain}").parse().ok()?;
    Some(if number.is_finite() {
        Value::from(number)
    } else {
        Value::from(python::float_text(number))
    })
}

#[cfg(test)]
mod tests;
