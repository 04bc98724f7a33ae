//! A template that cannot be rendered: why, where, and what to do.
//!
//! Owns the failure that travels inside the engine. It must not know the template's name; `render` adds that.

use super::source::Source;

pub type Outcome<T> = std::result::Result<T, Fault>;

/// Where a fault lies: a byte of the template's text, or a line that the parser has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Offset(usize),
    Line(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    message: String,
    remedy: Option<String>,
    place: Option<Place>,
    header_lines: usize,
}

impl Fault {
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            remedy: None,
            place: None,
            header_lines: 0,
        }
    }

    /// Returns the fault of something that Ansible has and that is refused here.
    pub fn unsupported(what: impl std::fmt::Display) -> Self {
        Self::new(format!("{what} is not supported"))
    }

    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Names the filter or test that the fault comes from, unless it tells by itself.
    pub fn within(mut self, name: &str) -> Self {
        if !self.message.contains(" is undefined") && !self.message.contains('`') {
            self.message = format!("`{name}`: {}", self.message);
        }
        self
    }

    /// Places the fault at a byte of the text, unless it has a place already: the innermost one is the best.
    pub fn at(mut self, offset: usize) -> Self {
        self.place.get_or_insert(Place::Offset(offset));
        self
    }

    pub fn at_line(mut self, line: usize) -> Self {
        self.place.get_or_insert(Place::Line(line));
        self
    }

    /// Counts the lines of the header that `source` has taken off.
    pub fn after_header(mut self, source: &Source) -> Self {
        self.header_lines = source.header_lines();
        self
    }

    pub fn line_in(&self, text: &str) -> Option<usize> {
        let line = match self.place? {
            Place::Line(line) => line,
            Place::Offset(offset) => 1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count(),
        };
        Some(line + self.header_lines)
    }

    pub fn into_parts(self) -> (String, Option<String>) {
        (self.message, self.remedy)
    }
}
