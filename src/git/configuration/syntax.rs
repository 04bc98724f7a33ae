//! The syntax of git's configuration, as git-config(1) describes it: where its sections and variables stand.
//!
//! Pure. It reads names and places, never what a value means.

use std::ops::Range;

/// What a variable stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    /// In lower case: git does not tell the two apart here.
    pub name: String,
    pub subsection: Option<Vec<u8>>,
}

impl Section {
    /// Returns the line that begins it.
    pub(super) fn header(&self) -> Result<String, String> {
        let Some(subsection) = &self.subsection else {
            return Ok(format!("[{}]\n", self.name));
        };
        let subsection = String::from_utf8_lossy(subsection);
        if subsection.contains(['\n', '\0']) {
            return Err(format!("no section can be called {subsection:?}"));
        }
        let escaped = subsection.replace('\\', "\\\\").replace('"', "\\\"");
        Ok(format!("[{} \"{escaped}\"]\n", self.name))
    }
}

/// The head of a section, or a variable in it.
pub(super) struct Item {
    pub section: Section,
    /// `None`: the head.
    pub name: Option<String>,
    /// Without blanks and comments around it.
    pub place: Range<usize>,
}

/// Returns what stands in `text`, in order.
pub(super) fn items(text: &[u8]) -> Result<Vec<Item>, String> {
    Parser::new(text).items()
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a [u8]) -> Self {
        let byte_order_mark = b"\xef\xbb\xbf";
        Self {
            text,
            at: if text.starts_with(byte_order_mark) { 3 } else { 0 },
        }
    }

    fn items(&mut self) -> Result<Vec<Item>, String> {
        let mut items: Vec<Item> = Vec::new();
        while let Some(byte) = self.peek() {
            let start = self.at;
            match byte {
                byte if byte.is_ascii_whitespace() => self.at += 1,
                b'#' | b';' => self.at = end_of_line(self.text, self.at),
                b'[' => {
                    let section = self.section().ok_or_else(|| self.wrong(start))?;
                    items.push(Item {
                        section,
                        name: None,
                        place: start..self.at,
                    });
                }
                _ => {
                    let section = items.last().ok_or_else(|| self.wrong(start))?.section.clone();
                    let (name, end) = self.variable().ok_or_else(|| self.wrong(start))?;
                    items.push(Item {
                        section,
                        name: Some(name),
                        place: start..end,
                    });
                }
            }
        }
        Ok(items)
    }

    fn wrong(&self, start: usize) -> String {
        let line = self.text[..start].split(|byte| *byte == b'\n').count();
        format!("line {line} is not in the syntax of git's configuration")
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let start = self.at;
        while self.peek().is_some_and(&wanted) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    /// Reads `[name]`, `[name "subsection"]`, or `[name.subsection]` of old.
    fn section(&mut self) -> Option<Section> {
        self.at += 1;
        let name = self.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        let blanks = self.take_while(|byte| matches!(byte, b' ' | b'\t'));
        let section = match self.next()? {
            b']' if blanks.is_empty() => match name.split_once('.') {
                Some((name, subsection)) => Section {
                    name: name.to_owned(),
                    subsection: Some(subsection.as_bytes().to_vec()),
                },
                None => Section {
                    name,
                    subsection: None,
                },
            },
            b'"' if !blanks.is_empty() => {
                let subsection = Some(self.quoted_subsection()?);
                (self.next()? == b']').then_some(Section { name, subsection })?
            }
            _ => return None,
        };
        (!section.name.is_empty()).then_some(section)
    }

    fn quoted_subsection(&mut self) -> Option<Vec<u8>> {
        let mut subsection = Vec::new();
        loop {
            match self.next()? {
                b'"' => return Some(subsection),
                b'\n' => return None,
                b'\\' => subsection.push(self.next().filter(|byte| *byte != b'\n')?),
                byte => subsection.push(byte),
            }
        }
    }

    /// Reads a variable, and returns its name and where its value ends.
    fn variable(&mut self) -> Option<(String, usize)> {
        let name = self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let name = String::from_utf8_lossy(name).into_owned();
        if !name.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
            return None;
        }
        let mut end = self.at;
        self.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
        match self.peek() {
            Some(b'=') => {
                self.at += 1;
                end = self.at;
            }
            None | Some(b'\n' | b'#' | b';') => return Some((name, end)),
            Some(_) => return None,
        }
        let mut in_quotes = false;
        while let Some(byte) = self.peek() {
            match byte {
                b'\n' if in_quotes => return None,
                b'\n' => break,
                b'#' | b';' if !in_quotes => break,
                _ => self.at += 1,
            }
            match byte {
                b'"' => in_quotes = !in_quotes,
                b'\\' => {
                    let carriage_return = usize::from(self.text[self.at..].starts_with(b"\r\n"));
                    self.at += carriage_return;
                    self.next()
                        .filter(|byte| matches!(byte, b'\n' | b'\\' | b'"' | b'n' | b't' | b'b'))?;
                }
                _ => {}
            }
            if in_quotes || !byte.is_ascii_whitespace() {
                end = self.at;
            }
        }
        (!in_quotes).then_some((name, end))
    }
}

/// Returns the place after the line that holds `from`.
pub(super) fn end_of_line(text: &[u8], from: usize) -> usize {
    text[from..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(text.len(), |newline| from + newline + 1)
}
