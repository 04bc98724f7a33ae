//! Ansible's module protocol: the arguments file, and the one line that answers it.
//!
//! Owns the bytes on both sides. What the options mean, and what the result says, is not its business.

mod brief;
pub mod json;

pub use brief::shortened;

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Map, Value};

use crate::arguments::{Parameters, remove_values};
use crate::error::{Error, Kind, Result};
use crate::secret::Secrets;
use crate::signals;

/// The key by which whoever calls without Ansible, and keeps the answer in a log, says how many bytes it may have.
pub const LONGEST_ANSWER: &str = "_cross_compile_longest_answer";

/// A call as Ansible sends it.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are Ansible's own flags, each independent of the others"
)]
pub struct Request {
    /// The module's name as the user typed it.
    pub module: Option<String>,
    /// The options, without Ansible's own keys.
    pub parameters: Parameters,
    pub check_mode: bool,
    pub shows_difference: bool,
    pub no_log: bool,
    pub ignore_unknown_opts: bool,
    /// The facility of the system's log, by name.
    pub syslog_facility: Option<String>,
    /// What the log's line begins with.
    pub target_log_info: Option<String>,
    /// How many bytes the answer may have.
    pub longest_answer: Option<usize>,
}

impl Request {
    /// Reads the arguments file; `-` is the standard input.
    ///
    /// # Errors
    /// When it cannot be read, or is not one JSON object.
    pub fn read(path: &Path) -> Result<Self> {
        let mut bytes = Vec::new();
        let outcome = match path.as_os_str() == "-" {
            true => io::stdin().lock().read_to_end(&mut bytes).map(|_| ()),
            false => fs::read(path).map(|content| bytes = content),
        };
        outcome.map_err(|error| Error::io("read the arguments file", path, &error))?;
        Self::parse(&bytes)
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let malformed = |words: &str| {
            Error::new(Kind::Invalid, format!("the arguments file is not valid: {words}")).with_remedy(
                "call the module through Ansible, or give it a file with one JSON object of options",
            )
        };
        let Value::Object(mut parameters) = json::read(bytes).map_err(|error| malformed(error.cause()))?
        else {
            return Err(malformed("it is not a JSON object"));
        };
        let longest_answer = parameters
            .shift_remove(LONGEST_ANSWER)
            .and_then(|longest| usize::try_from(longest.as_u64()?).ok());
        let mut own = Map::new();
        parameters.retain(|key, value| match key.strip_prefix("_ansible_") {
            Some(name) => {
                own.insert(name.to_owned(), value.take());
                false
            }
            None => true,
        });
        let flag = |name: &str| own.get(name).is_some_and(is_true);
        let text = |name: &str| {
            own.get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        Ok(Self {
            module: text("module_name"),
            syslog_facility: text("syslog_facility"),
            target_log_info: text("target_log_info"),
            longest_answer,
            check_mode: flag("check_mode"),
            shows_difference: flag("diff"),
            no_log: flag("no_log"),
            ignore_unknown_opts: flag("ignore_unknown_opts"),
            parameters,
        })
    }
}

/// Ansible sends these as JSON booleans; whoever writes a file by hand may not.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::String(text) => matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "1"),
        Value::Number(number) => number.as_i64() == Some(1),
        _ => false,
    }
}

/// Remembers the user information of every URL among the options, as it is spelt there.
pub fn remember_user_info(parameters: &Parameters, secrets: &Secrets) {
    parameters.values().for_each(|value| remember_in(value, secrets));
}

fn remember_in(value: &Value, secrets: &Secrets) {
    match value {
        Value::String(text) => secrets.add_user_info(text),
        Value::Array(items) => items.iter().for_each(|item| remember_in(item, secrets)),
        Value::Object(entries) => entries.values().for_each(|entry| remember_in(entry, secrets)),
        _ => {}
    }
}

/// Returns `text` without any secret.
#[must_use]
pub fn scrubbed(text: String, secrets: &Secrets) -> String {
    let mut value = Value::String(text);
    remove_values(&mut value, &secrets.values());
    match value {
        Value::String(text) => text,
        // A text stays one.
        _ => String::new(),
    }
}

/// Prints the one answer, scrubbed. The exit code is 1 when it failed; also, quietly, when nobody listens.
#[must_use]
pub fn print(result: Map<String, Value>, secrets: &Secrets) -> ExitCode {
    let failed = result.get("failed").is_some_and(|failed| failed == true);
    let mut result = Value::Object(result);
    remove_values(&mut result, &secrets.values());
    let mut line = result.to_string();
    line.push('\n');
    if !signals::claim_answer() {
        return ExitCode::FAILURE;
    }
    let mut output = io::stdout().lock();
    let written = output.write_all(line.as_bytes()).and_then(|()| output.flush());
    match (written, failed) {
        (Ok(()), false) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ansibles_keys_are_taken_out_whatever_they_are() {
        let text = r#"{"base_dir":"/x","_ansible_check_mode":true,"_ansible_diff":"yes","_ansible_tmpdir":null,
            "_ansible_module_name":"a.b.cross_compile","_ansible_of_the_future":{"x":[1]}}"#;
        let request = Request::parse(text.as_bytes()).unwrap();
        assert!(request.check_mode && request.shows_difference && !request.no_log);
        assert_eq!(request.module.as_deref(), Some("a.b.cross_compile"));
        assert_eq!(request.parameters.keys().collect::<Vec<_>>(), ["base_dir"]);
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        for text in ["", "[]", "{", "\"x\"", "{} {}", "null"] {
            let error = Request::parse(text.as_bytes()).unwrap_err();
            assert!(
                error.cause().starts_with("the arguments file is not valid"),
                "{text}"
            );
        }
        assert!(Request::parse(b"{\"a\": \"\xff\"}").is_err());
    }
}
