//! Reads the JSON that Python writes.
//!
//! Owns the way from the text of an args file to a [`Value`]. Python's `json` writes what the standard does not
//! know; here each such thing either has one meaning or is refused, so that nothing is corrupted in silence:
//!
//! - `NaN`, `Infinity`, `-Infinity`, and floats too large to hold, become the strings that Python's `str` makes
//!   of them: `nan`, `inf`, `-inf`. A text option takes them as Ansible's would; a number refuses them by name.
//! - An integer beyond 64 bits becomes the string of its digits, for the same reason.
//! - Half a surrogate pair (a byte that is no UTF-8, to Python) is refused: no Rust string can hold it.
//! - Nesting deeper than [`DEPTH`] is refused; no option needs it, and everything behind may recurse.
//! - Of a repeated key the last value counts, at the place of the first, as in a Python dict.
//!
//! It must not know options, and its messages never quote values: they may be secret.

use serde_json::{Map, Number, Value};

use crate::error::{Error, Kind, Result};

/// How many lists and objects may lie inside each other.
pub const DEPTH: usize = 128;

/// Returns the value that `text` holds.
///
/// # Errors
///
/// Returns where and why `text` cannot be read, under the keys that lead there.
pub fn read(text: &[u8]) -> Result<Value> {
    let text = std::str::from_utf8(text).map_err(|error| {
        Error::new(
            Kind::Invalid,
            format!("byte {} of the JSON is not UTF-8", error.valid_up_to() + 1),
        )
    })?;
    let mut reader = Reader {
        text,
        position: 0,
        depth: 0,
    };
    let value = reader.value()?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.expected("the end")),
    }
}

struct Reader<'a> {
    text: &'a str,
    /// Always between two characters.
    position: usize,
    depth: usize,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Value> {
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value>) -> Result<Value> {
        if self.depth == DEPTH {
            return Err(self.fault(&format!("nested deeper than {DEPTH} levels")));
        }
        self.position += 1;
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Value> {
        let mut entries = Map::new();
        if self.follows(b'}') {
            return Ok(Value::Object(entries));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.expected("a key in double quotes"));
            }
            let key = self.string()?;
            if !self.follows(b':') {
                return Err(self.expected("`:`"));
            }
            let value = self
                .value()
                .map_err(|error| error.context(format_args!("`{key}`")))?;
            entries.insert(key, value);
            if self.follows(b'}') {
                return Ok(Value::Object(entries));
            }
            if !self.follows(b',') {
                return Err(self.expected("`,` or `}`"));
            }
        }
    }

    fn array(&mut self) -> Result<Value> {
        let mut items = Vec::new();
        if self.follows(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value()?);
            if self.follows(b']') {
                return Ok(Value::Array(items));
            }
            if !self.follows(b',') {
                return Err(self.expected("`,` or `]`"));
            }
        }
    }

    fn word(&mut self) -> Result<Value> {
        for (word, value) in [
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("NaN", Value::from("nan")),
            ("Infinity", Value::from("inf")),
        ] {
            if self.rest().starts_with(word) {
                self.position += word.len();
                return Ok(value);
            }
        }
        Err(self.expected("a value"))
    }

    fn number(&mut self) -> Result<Value> {
        let start = self.position;
        if self.rest().starts_with("-Infinity") {
            self.position += "-Infinity".len();
            return Ok(Value::from("-inf"));
        }
        if self.peek() == Some(b'-') {
            self.position += 1;
        }
        if self.peek() == Some(b'0') {
            self.position += 1;
        } else if self.skip_digits() == 0 {
            return Err(self.expected("a digit"));
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            self.position += 1;
            whole = false;
            if self.skip_digits() == 0 {
                return Err(self.expected("a digit"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.position += 1;
            whole = false;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.position += 1;
            }
            if self.skip_digits() == 0 {
                return Err(self.expected("a digit"));
            }
        }
        let digits = self.text.get(start..self.position).unwrap_or_default();
        Ok(if whole { integer(digits) } else { float(digits) })
    }

    fn string(&mut self) -> Result<String> {
        self.position += 1;
        let mut string = String::new();
        loop {
            let rest = self.rest();
            let plain = rest
                .find(|letter| matches!(letter, '"' | '\\' | '\0'..='\x1f'))
                .unwrap_or(rest.len());
            let (plain, _) = rest.split_at(plain);
            string.push_str(plain);
            self.position += plain.len();
            match self.peek() {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(string);
                }
                Some(b'\\') => string.push(self.escape()?),
                Some(_) => return Err(self.fault("a control character stands unescaped in a string")),
                None => return Err(self.expected("the end of a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char> {
        self.position += 1;
        let letter = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.expected("an escape that JSON knows")),
        };
        self.position += 1;
        Ok(letter)
    }

    fn unicode_escape(&mut self) -> Result<char> {
        let first = self.code_unit()?;
        if let Some(letter) = char::from_u32(u32::from(first)) {
            return Ok(letter);
        }
        if self.rest().starts_with("\\u") {
            self.position += 1;
            let second = self.code_unit()?;
            if let Some(Ok(letter)) = char::decode_utf16([first, second]).next() {
                return Ok(letter);
            }
        }
        Err(self
            .fault(&format!("`\\u{first:04x}` is half a character"))
            .with_remedy("write the value in UTF-8: Python escapes so a byte that is not"))
    }

    /// Reads `uXXXX`.
    fn code_unit(&mut self) -> Result<u16> {
        let digits = self.text.get(self.position + 1..self.position + 5);
        let unit = digits
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u16::from_str_radix(digits, 16).ok());
        match unit {
            Some(unit) => {
                self.position += 5;
                Ok(unit)
            }
            None => Err(self.expected("four hexadecimal digits")),
        }
    }

    fn rest(&self) -> &str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
    }

    fn skip_digits(&mut self) -> usize {
        let start = self.position;
        while self.peek().is_some_and(|digit| digit.is_ascii_digit()) {
            self.position += 1;
        }
        self.position - start
    }

    /// Steps over `mark`, if it is what comes next.
    fn follows(&mut self, mark: u8) -> bool {
        self.skip_space();
        let follows = self.peek() == Some(mark);
        if follows {
            self.position += 1;
        }
        follows
    }

    fn expected(&self, what: &str) -> Error {
        self.fault(&format!("expected {what}"))
    }

    fn fault(&self, what: &str) -> Error {
        let before = self.text.get(..self.position).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
        Error::new(
            Kind::Invalid,
            format!("{what} at line {line}, column {column} of the JSON"),
        )
    }
}

fn integer(digits: &str) -> Value {
    if let Ok(number) = digits.parse::<i64>() {
        return Value::from(number);
    }
    match digits.parse::<u64>() {
        Ok(number) => Value::from(number),
        Err(_) => Value::from(digits),
    }
}

fn float(digits: &str) -> Value {
    let number = digits.parse().unwrap_or(f64::NAN);
    match Number::from_f64(number) {
        Some(number) => Value::Number(number),
        // `{}` of what is not finite reads as Python's: `inf`, `-inf`.
        None => Value::from(number.to_string()),
    }
}

#[cfg(test)]
mod tests;
