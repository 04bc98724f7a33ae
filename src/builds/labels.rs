//! By what a container is known to be a build of ours, and which.
//!
//! Owns the names. Deciding what to do with a container that has them, or has not, is the plan's business.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// On everything that this program makes in an engine; its value is the version that made it.
pub const OURS: &str = "io.goldentooth.cross_compile";
/// The build's name.
pub const BUILD: &str = "io.goldentooth.cross_compile.build";
/// The directory that its artifacts go under: one engine may serve several.
pub const ARTIFACTS: &str = "io.goldentooth.cross_compile.artifacts";
pub const FINGERPRINT: &str = "io.goldentooth.cross_compile.fingerprint";
/// The invocation that the record and the provenance name.
pub const INVOCATION: &str = "io.goldentooth.cross_compile.invocation";

/// What the labels of a build's container say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    pub build: String,
    pub artifacts: PathBuf,
    pub fingerprint: String,
    pub invocation: String,
}

impl Labels {
    /// Reads a container's labels; `None` for a container that is not a build of ours.
    #[must_use]
    pub fn read(labels: &HashMap<String, String>) -> Option<Self> {
        let text = |name: &str| labels.get(name).cloned();
        text(OURS)?;
        Some(Self {
            build: text(BUILD)?,
            artifacts: PathBuf::from(text(ARTIFACTS)?),
            fingerprint: text(FINGERPRINT)?,
            invocation: text(INVOCATION)?,
        })
    }

    #[must_use]
    pub fn write(&self) -> HashMap<String, String> {
        let Self {
            build,
            artifacts,
            fingerprint,
            invocation,
        } = self;
        [
            (OURS, env!("CARGO_PKG_VERSION").to_owned()),
            (BUILD, build.clone()),
            (ARTIFACTS, artifacts.to_string_lossy().into_owned()),
            (FINGERPRINT, fingerprint.clone()),
            (INVOCATION, invocation.clone()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    /// Returns whether the container builds `name` into `artifacts`.
    #[must_use]
    pub fn is_of(&self, name: &str, artifacts: &Path) -> bool {
        self.build == name && self.artifacts == artifacts
    }
}

/// Returns the name of the container that builds `name`, by which users follow its log.
#[must_use]
pub fn container_name(name: &str) -> String {
    format!("goldentooth-{name}-builder")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_less_is_not_ours() {
        let labels = Labels {
            build: "envoy".to_owned(),
            artifacts: PathBuf::from("/srv/artifacts"),
            fingerprint: "f".to_owned(),
            invocation: "i".to_owned(),
        };
        let written = labels.write();
        assert_eq!(Labels::read(&written), Some(labels.clone()));
        assert!(labels.is_of("envoy", Path::new("/srv/artifacts")));
        assert!(!labels.is_of("envoy", Path::new("/srv/other")));
        for name in written.keys() {
            let mut less = written.clone();
            less.remove(name);
            assert_eq!(Labels::read(&less), None, "{name}");
        }
    }
}
