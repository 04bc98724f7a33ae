//! What is remembered of a build's last run, and of the last that delivered.
//!
//! Owns the file `record.json`: its type, reading and writing it whole. It holds no secrets: values of the
//! environment are in it as hashes only.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::place::Place;
use crate::error::{Error, Kind, Result};
use crate::files;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The last run, whatever became of it.
    pub run: Run,
    /// What the last run that succeeded left; a failure later does not undo it.
    pub delivery: Option<Delivery>,
}

/// One run of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub name: String,
    pub state: State,
    /// Why it failed.
    pub reason: Option<String>,
    pub fingerprint: String,
    pub inputs: BTreeMap<String, String>,
    pub image: Image,
    pub container: Container,
    /// Names this run in the artifacts' provenance.
    pub invocation: String,
    /// The engine's times, as RFC 3339 has them.
    pub started_on: Option<String>,
    pub finished_on: Option<String>,
    pub exit_code: Option<i64>,
    pub log: Log,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was started, and nobody has looked at its end yet.
    Started,
    Succeeded,
    Failed,
}

impl State {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    pub reference: String,
    /// The registry's; none for an image that was built locally.
    pub digest: Option<String>,
    pub id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    pub name: String,
    pub id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    pub path: PathBuf,
    pub size: u64,
    /// Known once it is complete.
    pub sha256: Option<String>,
}

/// What a run that succeeded left in its category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub fingerprint: String,
    pub inputs: BTreeMap<String, String>,
    pub invocation: String,
    pub finished_on: Option<String>,
    pub artifacts: Vec<Artifact>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Relative to the category.
    pub path: String,
    /// Where it points, for a symbolic link; it then has no digest of its own.
    pub target: Option<String>,
    pub size: u64,
    pub sha256: Option<String>,
    pub architecture: Option<String>,
    pub kind: String,
}

impl Record {
    /// Reads what is remembered of the build at `place`; `None` where it never ran.
    ///
    /// # Errors
    /// The system's; `Refused` for a file that is not a record.
    pub fn read(place: &Place) -> Result<Option<Self>> {
        let path = place.record();
        let Some(content) = files::read(&path)? else {
            return Ok(None);
        };
        serde_json::from_slice(&content).map(Some).map_err(|error| {
            Error::new(
                Kind::Refused,
                format!("`{}` is not the record of a build: {error}", path.display()),
            )
            .with_remedy("remove that file; the build then runs anew")
        })
    }

    /// Replaces what is remembered, in one step.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn write(&self, place: &Place) -> Result<()> {
        let path = place.record();
        let mut content = serde_json::to_vec_pretty(self).map_err(|error| {
            Error::new(
                Kind::Failed,
                format!("cannot write `{}`: {error}", path.display()),
            )
        })?;
        content.push(b'\n');
        files::write_atomically(&path, &content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn record() -> Record {
        Record {
            run: Run {
                name: "envoy".to_owned(),
                state: State::Failed,
                reason: Some("exit code 2".to_owned()),
                fingerprint: "f".to_owned(),
                inputs: BTreeMap::from([("image".to_owned(), "sha256:1".to_owned())]),
                image: Image {
                    reference: "r.io/x/envoy-builder:latest".to_owned(),
                    digest: None,
                    id: "sha256:2".to_owned(),
                },
                container: Container {
                    name: "goldentooth-envoy-builder".to_owned(),
                    id: "c".to_owned(),
                },
                invocation: "i".to_owned(),
                started_on: Some("2026-01-01T00:00:00Z".to_owned()),
                finished_on: None,
                exit_code: Some(2),
                log: Log {
                    path: PathBuf::from("/srv/artifacts/.builds/envoy/log"),
                    size: 3,
                    sha256: None,
                },
            },
            delivery: None,
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let artifacts = tempfile::tempdir().unwrap();
        let place = Place::new(artifacts.path(), "envoy").unwrap();
        std::fs::create_dir_all(place.directory()).unwrap();
        assert_eq!(Record::read(&place).unwrap(), None);
        record().write(&place).unwrap();
        assert_eq!(Record::read(&place).unwrap(), Some(record()));
    }

    #[test]
    fn a_file_that_is_no_record_is_refused_by_name() {
        let artifacts = tempfile::tempdir().unwrap();
        let place = Place::new(artifacts.path(), "envoy").unwrap();
        std::fs::create_dir_all(place.directory()).unwrap();
        std::fs::write(place.record(), "{}").unwrap();
        let error = Record::read(&place).unwrap_err();
        assert!(error.cause().contains("record.json"), "{error}");
        assert!(Path::new(&place.record()).exists());
    }
}
