//! What goes into a build and decides what comes out: by name, as it is recorded, compared and shown.
//!
//! Owns the fingerprint. Pure. Jobs, memory and processors are no inputs: they change how long a build takes. Values
//! of the user's environment are in it as hashes, since they may be secrets.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

/// The name of the input that is the image's digest.
pub const IMAGE: &str = "image";

/// The inputs by name, each as a text that differs when the input does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inputs(BTreeMap<String, String>);

impl Inputs {
    pub fn add(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// Adds an input whose value is not to be seen. The name is hashed with it: of the value alone, equal ones show.
    pub fn add_hashed(&mut self, name: &str, value: &str) {
        let hash = hash(format!("{name}={value}").as_bytes());
        self.add(name, format!("sha256:{hash}"));
    }

    /// Returns the image's digest.
    #[must_use]
    pub fn image(&self) -> &str {
        self.0.get(IMAGE).map_or("", String::as_str)
    }

    #[must_use]
    pub fn as_map(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// Returns the one text that stands for all of them.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        // Serialising a map of texts cannot fail, and its order is that of the names.
        hash(&serde_json::to_vec(&self.0).unwrap_or_default())
    }

    /// Returns a sentence's part for each input that `before` did not have or had otherwise.
    #[must_use]
    pub fn changes(&self, before: &BTreeMap<String, String>) -> Vec<String> {
        let added_or_changed = self.0.iter().filter_map(|(name, value)| match before.get(name) {
            Some(old) if old == value => None,
            Some(old) if is_hash(old) || is_hash(value) => Some(format!("`{name}` changed")),
            Some(old) => Some(format!("`{name}` changed from `{old}` to `{value}`")),
            None => Some(format!("`{name}` is new")),
        });
        let gone = before.keys().filter(|name| !self.0.contains_key(*name));
        added_or_changed
            .chain(gone.map(|name| format!("`{name}` is gone")))
            .collect()
    }
}

/// As they are remembered.
impl From<&BTreeMap<String, String>> for Inputs {
    fn from(remembered: &BTreeMap<String, String>) -> Self {
        Self(remembered.clone())
    }
}

fn is_hash(value: &str) -> bool {
    value.starts_with("sha256:")
}

fn hash(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Returns the digits by which digests are written.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            // Writing into a string cannot fail.
            write!(text, "{byte:02x}").unwrap_or_default();
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(entries: &[(&str, &str)]) -> Inputs {
        let mut inputs = Inputs::default();
        for (name, value) in entries {
            inputs.add(*name, *value);
        }
        inputs
    }

    #[test]
    fn the_fingerprint_follows_every_name_and_value_and_no_order() {
        let one = inputs(&[("a", "1"), ("b", "2")]);
        assert_eq!(one.fingerprint(), inputs(&[("b", "2"), ("a", "1")]).fingerprint());
        assert_eq!(one.fingerprint().len(), 64);
        for other in [
            inputs(&[("a", "1")]),
            inputs(&[("a", "1"), ("b", "3")]),
            inputs(&[("a", "1"), ("c", "2")]),
            inputs(&[("a", "1b"), ("", "2")]),
        ] {
            assert_ne!(one.fingerprint(), other.fingerprint(), "{other:?}");
        }
    }

    #[test]
    fn changes_name_the_input_and_show_what_may_be_shown() {
        let before = inputs(&[
            ("image", "sha256:1"),
            ("envoy_build.version", "v1"),
            ("gone", "x"),
        ]);
        let mut after = inputs(&[("image", "sha256:2"), ("envoy_build.version", "v2")]);
        after.add_hashed("environment.A", "secret");
        assert_eq!(
            after.changes(before.as_map()),
            [
                "`environment.A` is new",
                "`envoy_build.version` changed from `v1` to `v2`",
                "`image` changed",
                "`gone` is gone",
            ]
        );
        assert!(after.changes(after.as_map()).is_empty());
        assert!(!format!("{after:?}").contains("secret"));
    }
}
