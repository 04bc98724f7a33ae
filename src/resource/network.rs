//! The external network of the override: compose refuses to start where it does not exist.

use serde_json::{Value, json};

use crate::difference::Difference;
use crate::docker::Engine;
use crate::error::Result;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub name: String,
}

/// # Errors
/// The engine's.
pub async fn observe(name: &str, engine: &Engine) -> Result<bool> {
    engine.has_network(name).await
}

#[must_use]
pub fn plan(name: &str, exists: bool) -> Option<Change> {
    (!exists).then(|| Change {
        name: name.to_owned(),
    })
}

impl Change {
    #[must_use]
    pub fn action(&self) -> String {
        format!("Created network `{}`", self.name)
    }

    #[must_use]
    pub fn difference(&self) -> Difference {
        Difference::new(
            format!("network {}", self.name),
            json!({ "state": "absent" }),
            json!({ "state": "present", "driver": "bridge" }),
        )
    }

    /// # Errors
    /// The engine's.
    pub async fn apply(&self, engine: &Engine) -> Result<()> {
        engine.create_network(&self.name).await
    }
}

/// Returns what the result says of the network.
#[must_use]
pub fn report(name: &str, change: Option<&Change>) -> Value {
    json!({ "name": name, "changed": change.is_some() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missing_network_is_created() {
        assert_eq!(plan("builds", true), None);
        let change = plan("builds", false).unwrap();
        assert_eq!(change.action(), "Created network `builds`");
    }
}
