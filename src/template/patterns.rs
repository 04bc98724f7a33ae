//! Python's regular expressions on Rust's engine.
//!
//! Owns the translation. Each construct is taken over only if both engines mean the same by it; looking around,
//! back-references and whatever else one of them lacks are refused by name.

use regex::{Captures, Regex};

use super::fault::{Fault, Outcome};
use super::value::Value;

const DIGITS: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = " \\t\\n\\r\\x0b\\x0c\\x1c-\\x1f";

pub struct Pattern {
    regex: Regex,
    /// Classes such as `\w` mean more beyond ASCII in Python.
    is_ascii_only: bool,
    /// Python's `$` also matches before a newline at the end.
    has_end: bool,
    /// Whether another alternative could follow an empty match.
    has_choices: bool,
}

pub struct Found<'t> {
    captures: Captures<'t>,
}

impl Found<'_> {
    pub fn whole(&self) -> &str {
        self.captures.get(0).map_or("", |found| found.as_str())
    }

    pub fn start(&self) -> usize {
        self.captures.get(0).map_or(0, |found| found.start())
    }

    /// Returns a group by number or name; one that took no part is nothing.
    pub fn group(&self, name: &str) -> Outcome<Option<&str>> {
        let missing = || Fault::new(format!("there is no group `{name}`"));
        let found = match name.parse::<usize>() {
            Ok(index) if index < self.captures.len() => self.captures.get(index),
            Ok(_) => return Err(missing()),
            Err(_) => self.captures.name(name),
        };
        Ok(found.map(|found| found.as_str()))
    }
}

impl Pattern {
    pub fn new(pattern: &str, ignore_case: bool, multiline: bool) -> Outcome<Self> {
        let mut translation = Translation {
            rest: pattern,
            out: String::new(),
            is_ascii_only: ignore_case,
            has_end: false,
            has_choices: false,
        };
        translation.run(pattern)?;
        if ignore_case && !pattern.is_ascii() {
            return Err(Fault::unsupported(
                "a regular expression beyond ASCII that ignores case",
            ));
        }
        let flags = match (ignore_case, multiline) {
            // Case is ignored within ASCII: Unicode's tables are not in the binary.
            (true, true) => "(?im-u)",
            (true, false) => "(?i-u)",
            (false, true) => "(?m)",
            (false, false) => "",
        };
        let regex = Regex::new(&format!("{flags}{}", translation.out))
            .map_err(|_| Fault::unsupported(format!("the regular expression `{pattern}`")))?;
        Ok(Self {
            regex,
            is_ascii_only: translation.is_ascii_only,
            has_end: translation.has_end && !multiline,
            has_choices: translation.has_choices,
        })
    }

    fn check(&self, text: &str) -> Outcome<()> {
        if self.is_ascii_only && !text.is_ascii() {
            return Err(Fault::unsupported(
                "a regular expression with classes on a text beyond ASCII",
            ));
        }
        if self.has_end && text.ends_with('\n') {
            return Err(Fault::unsupported(
                "`$` in a regular expression on a text that ends with a newline",
            ));
        }
        Ok(())
    }

    pub fn search<'t>(&self, text: &'t str) -> Outcome<Option<Found<'t>>> {
        self.check(text)?;
        Ok(self.regex.captures(text).map(|captures| Found { captures }))
    }

    /// Returns all matches, in the way of Python: an empty one may follow another match immediately.
    fn matches<'t>(&self, text: &'t str) -> Outcome<Vec<Captures<'t>>> {
        self.check(text)?;
        let mut all = Vec::new();
        let mut position = 0;
        while let Some(captures) = self.regex.captures_at(text, position) {
            let Some(whole) = captures.get(0) else { break };
            let is_empty = whole.is_empty();
            if is_empty && self.has_choices {
                return Err(Fault::unsupported(
                    "a regular expression with alternatives that matches nothing",
                ));
            }
            let end = whole.end();
            all.push(captures);
            position = if is_empty {
                end + text[end..].chars().next().map_or(1, char::len_utf8)
            } else {
                end
            };
            if position > text.len() {
                break;
            }
        }
        Ok(all)
    }

    pub fn replace(&self, text: &str, replacement: &str, count: usize) -> Outcome<String> {
        let mut out = String::new();
        let mut copied = 0;
        for (index, captures) in self.matches(text)?.iter().enumerate() {
            if count > 0 && index >= count {
                break;
            }
            let Some(whole) = captures.get(0) else { break };
            out.push_str(&text[copied..whole.start()]);
            expand(&mut out, replacement, captures)?;
            copied = whole.end();
        }
        // Python reads the replacement even where nothing matches.
        if let Some(captures) = Regex::new("").ok().and_then(|regex| regex.captures("")) {
            if self.regex.captures_len() == 1 {
                expand(&mut String::new(), replacement, &captures)?;
            }
        }
        out.push_str(&text[copied..]);
        Ok(out)
    }

    pub fn find_all(&self, text: &str) -> Outcome<Vec<Value>> {
        let group = |captures: &Captures<'_>, index: usize| {
            Value::text(captures.get(index).map_or("", |found| found.as_str()))
        };
        Ok(self
            .matches(text)?
            .iter()
            .map(|captures| match captures.len() {
                1 => group(captures, 0),
                2 => group(captures, 1),
                length => Value::tuple((1..length).map(|index| group(captures, index)).collect()),
            })
            .collect())
    }
}

/// Expands `\1`, `\g<name>` and escapes in a replacement.
fn expand(out: &mut String, replacement: &str, captures: &Captures<'_>) -> Outcome<()> {
    let mut rest = replacement;
    while let Some(position) = rest.find('\\') {
        out.push_str(&rest[..position]);
        let escape = &rest[position + 1..];
        let letter = escape
            .chars()
            .next()
            .ok_or_else(|| Fault::new("a replacement ends with `\\`"))?;
        let mut used = letter.len_utf8();
        let mut push_group = |name: &str| {
            let missing = || Fault::new(format!("there is no group `{name}`"));
            let found = match name.parse::<usize>() {
                Ok(index) if index < captures.len() => captures.get(index),
                Ok(_) => return Err(missing()),
                Err(_) => Some(captures.name(name).ok_or_else(missing)?),
            };
            out.push_str(found.map_or("", |found| found.as_str()));
            Ok(())
        };
        match letter {
            '1'..='9' => {
                let digits = escape.bytes().take_while(u8::is_ascii_digit).count();
                if digits > 1 {
                    return Err(Fault::unsupported(format!(
                        "`\\{}` in a replacement",
                        &escape[..digits]
                    )));
                }
                push_group(&escape[..1])?;
            }
            'g' => {
                let name = escape[1..]
                    .strip_prefix('<')
                    .and_then(|name| name.split_once('>'))
                    .map(|(name, _)| name)
                    .ok_or_else(|| Fault::new("`\\g` lacks the name of a group"))?;
                push_group(name)?;
                used = name.len() + 3;
            }
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            '\\' => out.push('\\'),
            letter if letter.is_ascii_alphanumeric() => {
                return Err(Fault::unsupported(format!("`\\{letter}` in a replacement")));
            }
            letter => out.extend(['\\', letter]),
        }
        rest = &escape[used..];
    }
    out.push_str(rest);
    Ok(())
}

fn refuse(what: &str) -> Fault {
    Fault::unsupported(format!("`{what}` in a regular expression"))
}

struct Translation<'p> {
    rest: &'p str,
    out: String,
    is_ascii_only: bool,
    has_end: bool,
    has_choices: bool,
}

impl Translation<'_> {
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
        if let Some((name, _)) = self
            .rest
            .strip_prefix("?P<")
            .and_then(|rest| rest.split_once('>'))
        {
            if name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            {
                self.rest = &self.rest[name.len() + 4..];
                self.out.push_str(&format!("?P<{name}>"));
                return Ok(());
            }
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
                self.out.push_str(&format!("[{class}]"));
            }
            'D' | 'W' | 'S' => {
                let class = self.named_class(letter.to_ascii_lowercase());
                self.out.push_str(&format!("[^{class}]"));
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
