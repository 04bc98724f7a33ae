//! One thing before and after: what `--diff` shows.

use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// What it is that differs: a path, or the name of a network or an image.
    pub subject: String,
    pub before: Value,
    pub after: Value,
}

impl Difference {
    #[must_use]
    pub fn new(subject: impl Into<String>, before: Value, after: Value) -> Self {
        Self {
            subject: subject.into(),
            before,
            after,
        }
    }

    /// Returns the form that Ansible's callbacks render.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Self {
            subject,
            before,
            after,
        } = self;
        json!({ "before_header": subject, "after_header": subject, "before": before, "after": after })
    }
}
