//! Where a build keeps its things: `<artifacts_dir>/.builds/<name>/`, and what it makes in `<artifacts_dir>/<name>`.
//!
//! Owns these paths and the names that a build may have. Staging lies on the file system of the artifacts, so that
//! collecting is renaming. It touches nothing.

use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};
use crate::files;

/// The directory of all builds' things; a category cannot have this name.
pub const BUILDS: &str = ".builds";
/// The directory, among a build's own things, that its container writes to.
pub const STAGING: &str = "staging";
/// A container's name has to hold it, and a file's name in turn.
const LONGEST_NAME: usize = 64;

/// The places of the build `name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    artifacts: PathBuf,
    name: String,
}

impl Place {
    /// # Errors
    /// `Invalid` for a name that cannot be a category's and a container's.
    pub fn new(artifacts: &Path, name: &str) -> Result<Self> {
        let starts = name.starts_with(|letter: char| letter.is_ascii_alphanumeric());
        let consists = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
        if !starts || !consists || name.len() > LONGEST_NAME {
            return Err(
                Error::new(Kind::Invalid, format!("`name` cannot be `{name}`")).with_remedy(format!(
                    "give a name of up to {LONGEST_NAME} letters, digits, dots, hyphens and underscores that \
                     starts with a letter or digit"
                )),
            );
        }
        Ok(Self {
            artifacts: artifacts.to_path_buf(),
            name: name.to_owned(),
        })
    }

    /// Returns the places of every build that left something in `artifacts`, in the order of their names.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn all(artifacts: &Path) -> Result<Vec<Self>> {
        let names = files::directories_in(&artifacts.join(BUILDS))?;
        Ok(names
            .iter()
            .filter_map(|name| Self::new(artifacts, name).ok())
            .collect())
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the directory under which all categories lie.
    #[must_use]
    pub fn artifacts(&self) -> &Path {
        &self.artifacts
    }

    /// Returns the directory that the artifacts go to.
    #[must_use]
    pub fn category(&self) -> PathBuf {
        self.artifacts.join(&self.name)
    }

    /// Returns the directory that holds everything below.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        self.artifacts.join(BUILDS).join(&self.name)
    }

    /// Returns the directory that the container sees in place of the artifacts.
    #[must_use]
    pub fn staging(&self) -> PathBuf {
        self.directory().join(STAGING)
    }

    /// Returns the log of the last build.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.directory().join("log")
    }

    /// Returns the log of the build `age` builds before the last.
    #[must_use]
    pub fn older_log(&self, age: u32) -> PathBuf {
        self.directory().join(format!("log.{age}"))
    }

    /// Returns what is remembered of the last build.
    #[must_use]
    pub fn record(&self) -> PathBuf {
        self.directory().join("record.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_lies_beside_the_category() {
        let place = Place::new(Path::new("/srv/artifacts"), "envoy").unwrap();
        assert_eq!(place.category(), Path::new("/srv/artifacts/envoy"));
        assert_eq!(place.staging(), Path::new("/srv/artifacts/.builds/envoy/staging"));
        assert_eq!(
            place.older_log(2),
            Path::new("/srv/artifacts/.builds/envoy/log.2")
        );
    }

    #[test]
    fn a_name_that_would_lead_elsewhere_is_refused() {
        for name in ["", ".", "..", ".builds", "a/b", "-x", "a b", "ü", &"a".repeat(65)] {
            assert_eq!(
                Place::new(Path::new("/x"), name).unwrap_err().kind(),
                Kind::Invalid,
                "{name}"
            );
        }
        Place::new(Path::new("/x"), "llama.cpp-2_x").unwrap();
    }

    #[test]
    fn all_builds_are_found_by_their_directories() {
        let artifacts = tempfile::tempdir().unwrap();
        assert_eq!(Place::all(artifacts.path()).unwrap(), []);
        for name in ["vault", "envoy", "-stray"] {
            std::fs::create_dir_all(artifacts.path().join(BUILDS).join(name)).unwrap();
        }
        std::fs::write(artifacts.path().join(BUILDS).join("file"), "").unwrap();
        let places = Place::all(artifacts.path()).unwrap();
        let names: Vec<&str> = places.iter().map(Place::name).collect();
        assert_eq!(names, ["envoy", "vault"]);
    }
}
