//! Python's syntax of regular expressions, rewritten for Rust's engine.
//!
//! Owns the translation. Each construct is taken over only if both engines mean the same by it; looking around,
//! back-references and whatever else one of them lacks are refused by name.

use super::fault::{Fault, Outcome};

const DIGITS: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = " \\t\\n\\r\\x0b\\x0c\\x1c-\\x1f";

fn refuse(what: &str) -> Fault {
    Fault::unsupported(format!("`{what}` in a regular expression"))
}

pub struct Translation<'p> {
    rest: &'p str,
    pub out: String,
    /// Classes such as `\w` mean more beyond ASCII in Python.
    pub is_ascii_only: bool,
    /// Python's `$` also matches before a newline at the end.
    pub has_end: bool,
    /// Whether another alternative could follow an empty match.
    pub has_choices: bool,
}

impl<'p> Translation<'p> {
    pub fn of(pattern: &'p str) -> Outcome<Self> {
        let mut translation = Self {
            rest: pattern,
            out: String::new(),
            is_ascii_only: false,
            has_end: false,
            has_choices: false,
        };
        translation.run(pattern)?;
        Ok(translation)
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.rest.chars().next()?;
        self.rest = &self.rest[letter.len_utf8()..];
        Some(letter)
    }

    fn run(&mut self, pattern: &str) -> Outcome<()> {
        while let Some(letter) = self.next() {
            match letter {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => self.group()?,
                '$' => {
                    self.has_end = true;
                    self.out.push('$');
                }
                '|' => {
                    self.has_choices = true;
                    self.out.push('|');
                }
                '*' | '+' | '?' => self.quantifier(&letter.to_string())?,
                '{' => self.counted(pattern)?,
                '.' | '^' | ')' => self.out.push(letter),
                letter => self.literal(letter),
            }
        }
        Ok(())
    }

    fn literal(&mut self, letter: char) {
        self.out.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4])));
    }

    /// Writes a quantifier and its `?`; refuses what only newer Pythons read otherwise.
    fn quantifier(&mut self, quantifier: &str) -> Outcome<()> {
        self.out.push_str(quantifier);
        if self.rest.starts_with('?') {
            self.has_choices = true;
            self.rest = &self.rest[1..];
            self.out.push('?');
        }
        if self.rest.starts_with(['+', '*', '?']) {
            return Err(refuse("a quantifier behind a quantifier"));
        }
        Ok(())
    }

    fn counted(&mut self, pattern: &str) -> Outcome<()> {
        let bounds = self.rest.split_once('}').map(|(bounds, _)| bounds);
        let is_count = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let Some(bounds) = bounds else {
            return Err(refuse(pattern));
        };
        let quantifier = match bounds.split_once(',') {
            None if is_count(bounds) => format!("{{{bounds}}}"),
            Some((low, high)) if is_count(low) && (high.is_empty() || is_count(high)) => {
                format!("{{{low},{high}}}")
            }
            Some(("", high)) if is_count(high) => format!("{{0,{high}}}"),
            // Anything else is text to Python.
            _ => {
                self.literal('{');
                return Ok(());
            }
        };
        self.rest = &self.rest[bounds.len() + 1..];
        self.quantifier(&quantifier)
    }

    fn group(&mut self) -> Outcome<()> {
        self.out.push('(');
        if !self.rest.starts_with('?') {
            return Ok(());
        }
        if self.rest.starts_with("?:") {
            self.rest = &self.rest[2..];
            self.out.push_str("?:");
            return Ok(());
        }
        let name = self
            .rest
            .strip_prefix("?P<")
            .and_then(|rest| rest.split_once('>'))
            .map(|(name, _)| name);
        let is_plain = |name: &&str| {
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        if let Some(name) = name.filter(is_plain) {
            self.rest = &self.rest[name.len() + 4..];
            self.out.extend(["?P<", name, ">"]);
            return Ok(());
        }
        let shown: String = self.rest.chars().take(3).collect();
        Err(refuse(&format!("({shown}")))
    }

    fn escape(&mut self) -> Outcome<()> {
        let letter = self
            .next()
            .ok_or_else(|| Fault::new("a regular expression ends with `\\`"))?;
        match letter {
            'd' | 'w' | 's' => {
                let class = self.named_class(letter);
                self.out.extend(["[", class, "]"]);
            }
            'D' | 'W' | 'S' => {
                let class = self.named_class(letter.to_ascii_lowercase());
                self.out.extend(["[^", class, "]"]);
            }
            'b' => {
                self.is_ascii_only = true;
                self.out.push_str("(?-u:\\b)");
            }
            'A' => self.out.push_str("\\A"),
            'Z' => self.out.push_str("\\z"),
            letter => match simple_escape(letter) {
                Some(letter) => self.literal(letter),
                None => return Err(refuse(&format!("\\{letter}"))),
            },
        }
        Ok(())
    }

    fn named_class(&mut self, letter: char) -> &'static str {
        self.is_ascii_only = true;
        match letter {
            'd' => DIGITS,
            'w' => WORD,
            _ => SPACE,
        }
    }

    fn class(&mut self) -> Outcome<()> {
        self.out.push('[');
        if self.rest.starts_with('^') {
            self.rest = &self.rest[1..];
            self.out.push('^');
        }
        let mut is_first = true;
        loop {
            let letter = self
                .next()
                .ok_or_else(|| Fault::new("a class of a regular expression is not closed"))?;
            match letter {
                ']' if !is_first => break,
                '\\' => {
                    let escaped = self
                        .next()
                        .ok_or_else(|| Fault::new("a regular expression ends with `\\`"))?;
                    match escaped {
                        'd' | 'w' | 's' => {
                            let class = self.named_class(escaped);
                            self.out.push_str(class);
                        }
                        escaped => match simple_escape(escaped) {
                            Some(letter) => self.literal(letter),
                            None => return Err(refuse(&format!("[\\{escaped}]"))),
                        },
                    }
                }
                '-' => self.out.push_str(if is_first || self.rest.starts_with(']') {
                    "\\-"
                } else {
                    "-"
                }),
                letter => self.class_literal(letter),
            }
            is_first = false;
        }
        self.out.push(']');
        Ok(())
    }

    fn class_literal(&mut self, letter: char) {
        if letter.is_ascii_punctuation() {
            self.out.push('\\');
        }
        self.out.push(letter);
    }
}

/// Returns the character that an escape stands for in both engines.
fn simple_escape(letter: char) -> Option<char> {
    match letter {
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        'f' => Some('\x0c'),
        'v' => Some('\x0b'),
        letter if letter.is_ascii_alphanumeric() => None,
        letter => Some(letter),
    }
}
