//! What the binary answered, and what every answer must be.

use std::process::Output;

use serde_json::Value;

/// One JSON object on stdout, nothing on stderr, an exit code that agrees with it.
#[derive(Debug)]
pub struct Answer {
    pub json: Value,
}

impl Answer {
    #[track_caller]
    pub fn new(output: &Output) -> Self {
        let stdout = String::from_utf8(output.stdout.clone()).unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(stderr, "", "stdout: {stdout}");
        let json: Value = serde_json::from_str(&stdout)
            .unwrap_or_else(|error| panic!("not one JSON object: {error}: {stdout}"));
        assert!(json.is_object(), "{stdout}");
        let expected = i32::from(json["failed"] == true);
        assert_eq!(output.status.code(), Some(expected), "{stdout}");
        Self { json }
    }

    #[track_caller]
    pub fn changed(self) -> Self {
        self.succeeded();
        assert_eq!(self.json["changed"], true, "{:#}", self.json);
        self
    }

    #[track_caller]
    pub fn unchanged(self) -> Self {
        self.succeeded();
        assert_eq!(self.json["changed"], false, "{:#}", self.json);
        assert_eq!(self.actions(), [""; 0], "{:#}", self.json);
        self
    }

    #[track_caller]
    pub fn succeeded(&self) {
        assert_eq!(self.json.get("failed"), None, "{:#}", self.json);
    }

    /// Asserts that the run failed and that its message holds every one of `parts`.
    #[track_caller]
    pub fn failed(self, parts: &[&str]) -> Self {
        assert_eq!(self.json["failed"], true, "{:#}", self.json);
        for part in parts {
            assert!(
                self.message().contains(part),
                "`{part}` is not in: {}",
                self.message()
            );
        }
        self
    }

    /// Asserts that nothing was changed.
    #[track_caller]
    pub fn untouched(self) -> Self {
        assert_eq!(self.json["changed"], false, "{:#}", self.json);
        self
    }

    /// Asserts that exactly these sentences tell the changes.
    #[track_caller]
    pub fn did(self, actions: &[&str]) -> Self {
        assert_eq!(self.actions(), actions, "{:#}", self.json);
        self
    }

    /// Asserts that one warning holds `part`.
    #[track_caller]
    pub fn warned(self, part: &str) -> Self {
        assert!(
            self.warnings().iter().any(|warning| warning.contains(part)),
            "{:?}",
            self.warnings()
        );
        self
    }

    #[track_caller]
    pub fn without_warnings(self) -> Self {
        assert_eq!(self.warnings(), [""; 0]);
        self
    }

    pub fn message(&self) -> &str {
        self.json["msg"].as_str().unwrap_or_default()
    }

    pub fn actions(&self) -> Vec<&str> {
        strings(&self.json["actions"])
    }

    pub fn warnings(&self) -> Vec<&str> {
        strings(&self.json["warnings"])
    }

    pub fn get(&self, pointer: &str) -> &Value {
        self.json.pointer(pointer).unwrap_or(&Value::Null)
    }
}

fn strings(list: &Value) -> Vec<&str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}
