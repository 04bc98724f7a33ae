//! The two sides of one case: what Ansible made of an argument set, and what we did.
//!
//! Owns the run of Python and the comparison to the letter. It must not excuse anything.

use std::env;
use std::path::Path;
use std::process::Command;

use cross_compile::error::Error;
use cross_compile::protocol::json;
use serde_json::Value;

/// Returns what the Python side writes, a line each.
pub fn lines(mode: &str) -> Vec<String> {
    let python = env::var("ANSIBLE_PYTHON")
        .unwrap_or_else(|_| panic!("set `ANSIBLE_PYTHON` to a Python that can import ansible"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/arguments/ansible_module.py");
    let output = Command::new(&python)
        .arg(script)
        .arg(mode)
        .env("PYTHONHASHSEED", "1")
        .output()
        .unwrap_or_else(|error| panic!("cannot run `{python}`: {error}"));
    assert!(
        output.status.success(),
        "`{python}` failed; can it import ansible? {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

/// What Ansible made of one argument set.
pub struct Theirs {
    pub specification: String,
    pub raw: String,
    /// What is special about the set.
    pub marks: Vec<String>,
    /// The exception that ended Ansible's own run.
    pub crash: Option<String>,
    pub message: Option<String>,
    /// What the message might have been: the order of Python's sets is left to chance.
    pub alternatives: Vec<String>,
    pub parameters: Value,
    pub secrets: Vec<String>,
    pub warnings: Vec<String>,
    pub deprecations: Value,
    /// What went into the system's log.
    pub logged: Option<String>,
}

/// What we made of it.
pub struct Ours {
    pub message: Option<String>,
    pub parameters: Value,
    pub secrets: Vec<String>,
    pub warnings: Vec<String>,
    pub deprecations: Value,
    pub logged: Option<String>,
}

impl Theirs {
    pub fn read(line: &str) -> Self {
        let case = json::read(line.as_bytes()).unwrap();
        let outcome = &case["outcome"];
        let mut deprecations = outcome["deprecations"].clone();
        for deprecation in deprecations.as_array_mut().into_iter().flatten() {
            deprecation.sort_all_objects();
        }
        Self {
            specification: text(&case["specification"]).unwrap(),
            raw: text(&case["raw"]).unwrap(),
            marks: texts(&case["marks"]),
            crash: text(&outcome["crash"]),
            message: text(&outcome["message"]),
            alternatives: texts(&outcome["alternatives"]),
            parameters: outcome["parameters"].clone(),
            secrets: texts(&outcome["secrets"]),
            warnings: texts(&outcome["warnings"]),
            deprecations,
            logged: text(&outcome["logged"]),
        }
    }

    pub fn agrees_with(&self, ours: &Ours) -> bool {
        self.crash.is_none()
            && self.agrees_but_for_secrets(ours)
            && self.secrets.len() == ours.secrets.len()
            && self.covers_secrets(ours)
    }

    pub fn agrees_but_for_secrets(&self, ours: &Ours) -> bool {
        self.same_message(ours) && self.parameters == ours.parameters && self.same_notes(ours)
    }

    pub fn same_message(&self, ours: &Ours) -> bool {
        self.message.as_deref().map(settled) == ours.message.as_deref().map(settled)
    }

    /// Returns whether warnings and deprecations are the same, in the same order.
    pub fn same_notes(&self, ours: &Ours) -> bool {
        self.warnings == ours.warnings && self.deprecations == ours.deprecations
    }

    /// Returns whether we hide all that Ansible hides.
    pub fn covers_secrets(&self, ours: &Ours) -> bool {
        self.secrets.iter().all(|secret| ours.secrets.contains(secret))
    }

    pub fn is_marked(&self, mark: &str) -> bool {
        self.marks.iter().any(|other| other == mark)
    }
}

impl Ours {
    pub fn unreadable(error: &Error) -> Self {
        Self {
            message: Some(error.to_string()),
            parameters: Value::Null,
            secrets: Vec::new(),
            warnings: Vec::new(),
            deprecations: Value::Null,
            logged: None,
        }
    }
}

/// Returns `message` with the words that are booleans in order: Python lists them as its set has them.
pub fn settled(message: &str) -> String {
    const LIST: &str = "Valid booleans include: ";
    match message.split_once(LIST) {
        Some((before, words)) => {
            let mut words: Vec<&str> = words.split(", ").collect();
            words.sort_unstable();
            format!("{before}{LIST}{}", words.join(", "))
        }
        None => message.to_owned(),
    }
}

/// Returns both sides of a case for a person to compare.
pub fn report(theirs: &Theirs, ours: &Ours) -> String {
    format!(
        "{}: {}\n  Ansible: {:?} {:?}\n    {}\n    {:?} {:?} {}\n  we: {:?}\n    {}\n    {:?} {:?} {}\n",
        theirs.specification,
        theirs.raw,
        theirs.crash,
        theirs.message,
        theirs.parameters,
        theirs.secrets,
        theirs.warnings,
        theirs.deprecations,
        ours.message,
        ours.parameters,
        ours.secrets,
        ours.warnings,
        ours.deprecations,
    )
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(text).collect()
}
