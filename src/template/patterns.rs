//! Python's regular expressions on Rust's engine.
//!
//! Owns searching and replacing by Python's rules; the syntax is `pattern_syntax`'s.

use regex::{Captures, Regex};

use super::fault::{Fault, Outcome};
use super::pattern_syntax::Translation;
use super::value::Value;

pub struct Pattern {
    regex: Regex,
    is_ascii_only: bool,
    has_end: bool,
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
        let translation = Translation::of(pattern)?;
        if ignore_case && !pattern.is_ascii() {
            return Err(Fault::unsupported(
                "a regular expression beyond ASCII that ignores case",
            ));
        }
        let flags = match (ignore_case, multiline) {
            (true, true) => "(?im)",
            (true, false) => "(?i)",
            (false, true) => "(?m)",
            (false, false) => "",
        };
        let regex = Regex::new(&format!("{flags}{}", translation.out))
            .map_err(|_| Fault::unsupported(format!("the regular expression `{pattern}`")))?;
        Ok(Self {
            regex,
            is_ascii_only: ignore_case || translation.is_ascii_only,
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
        // Python reads the replacement also where nothing matches.
        expand(&mut String::new(), replacement, &|name| {
            self.has_group(name).then_some("")
        })?;
        let mut out = String::new();
        let mut copied = 0;
        for (index, captures) in self.matches(text)?.iter().enumerate() {
            if count > 0 && index >= count {
                break;
            }
            let Some(whole) = captures.get(0) else { break };
            out.push_str(&text[copied..whole.start()]);
            expand(&mut out, replacement, &|name| {
                let found = match name.parse::<usize>() {
                    Ok(index) => captures.get(index),
                    Err(_) => captures.name(name),
                };
                self.has_group(name)
                    .then(|| found.map_or("", |found| found.as_str()))
            })?;
            copied = whole.end();
        }
        out.push_str(&text[copied..]);
        Ok(out)
    }

    fn has_group(&self, name: &str) -> bool {
        match name.parse::<usize>() {
            Ok(index) => index < self.regex.captures_len(),
            Err(_) => self.regex.capture_names().flatten().any(|known| known == name),
        }
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
fn expand<'t>(out: &mut String, replacement: &str, group: &dyn Fn(&str) -> Option<&'t str>) -> Outcome<()> {
    let named = |name: &str| group(name).ok_or_else(|| Fault::new(format!("there is no group `{name}`")));
    let mut rest = replacement;
    while let Some(position) = rest.find('\\') {
        out.push_str(&rest[..position]);
        let escape = &rest[position + 1..];
        let letter = escape
            .chars()
            .next()
            .ok_or_else(|| Fault::new("a replacement ends with `\\`"))?;
        let mut used = letter.len_utf8();
        match letter {
            '1'..='9' => {
                let digits = escape.bytes().take_while(u8::is_ascii_digit).count();
                if digits > 1 {
                    return Err(Fault::unsupported(format!(
                        "`\\{}` in a replacement",
                        &escape[..digits]
                    )));
                }
                out.push_str(named(&escape[..1])?);
            }
            'g' => {
                let name = escape[1..]
                    .strip_prefix('<')
                    .and_then(|name| name.split_once('>'))
                    .map(|(name, _)| name)
                    .ok_or_else(|| Fault::new("`\\g` lacks the name of a group"))?;
                out.push_str(named(name)?);
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
