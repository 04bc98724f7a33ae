//! What is remembered of a build's last run, and of the last that delivered.
//!
//! Owns the file `record.json`: its type, its seal, reading and writing it whole. It holds no secrets: values of the
//! environment are in it as hashes only.
//!
//! What a build is judged by is in it, so that a changed bit of it must not go unnoticed either: the file ends in the
//! digest of all that stands before, and what does not fit its digest is no record.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::inputs::hexadecimal;
use super::place::Place;
use crate::error::{Error, Kind, Result};
use crate::files;

/// How an object ends that is written over several lines.
const END: &str = "\n}";
/// The length of every seal.
const SEAL: usize = ",\n  \"sha256\": \"\"\n}\n".len() + 64;

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
    pub statements: Vec<Statement>,
}

/// What says how one artifact came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Relative to the category.
    pub path: String,
    pub sha256: String,
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

/// What the file of a record holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remembered {
    /// There is none: the build never ran.
    Nothing,
    Whole(Box<Record>),
    /// Something, and not what was written.
    Damaged,
}

impl Record {
    /// Looks for what is remembered of the build at `place`.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn look(place: &Place) -> Result<Remembered> {
        Ok(match files::read(&place.record())? {
            None => Remembered::Nothing,
            Some(content) => match Self::parse(&content) {
                Some(record) => Remembered::Whole(Box::new(record)),
                None => Remembered::Damaged,
            },
        })
    }

    /// Reads what is remembered of the build at `place`; `None` where it never ran.
    ///
    /// # Errors
    /// The system's; `Refused` for a file that is not as it was written.
    pub fn read(place: &Place) -> Result<Option<Self>> {
        match Self::look(place)? {
            Remembered::Nothing => Ok(None),
            Remembered::Whole(record) => Ok(Some(*record)),
            Remembered::Damaged => Err(Error::new(
                Kind::Refused,
                format!("`{}` is not as it was written", place.record().display()),
            )
            .with_remedy("run `cross_compile_build` for it: the build then runs anew")),
        }
    }

    fn parse(content: &[u8]) -> Option<Self> {
        let (body, end) = content.split_at_checked(content.len().checked_sub(SEAL)?)?;
        (end == seal(body).as_bytes()).then(|| serde_json::from_slice(content).ok())?
    }

    fn serialise(&self) -> serde_json::Result<Vec<u8>> {
        let mut content = serde_json::to_vec_pretty(self)?;
        content.truncate(content.len() - END.len());
        let seal = seal(&content);
        content.extend_from_slice(seal.as_bytes());
        Ok(content)
    }

    /// Replaces what is remembered, in one step.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn write(&self, place: &Place) -> Result<()> {
        let path = place.record();
        let content = self.serialise().map_err(|error| {
            Error::new(
                Kind::Failed,
                format!("cannot write `{}`: {error}", path.display()),
            )
        })?;
        files::write_atomically(&path, &content)
    }
}

/// Returns the end of the object whose text so far is `body`.
fn seal(body: &[u8]) -> String {
    let digest = hexadecimal(&Sha256::digest(body));
    format!(",\n  \"sha256\": \"{digest}\"\n}}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn every_bit_counts() {
        let mut record = record();
        record.delivery = Some(Delivery {
            fingerprint: "f".to_owned(),
            inputs: BTreeMap::from([("image".to_owned(), "sha256:1".to_owned())]),
            invocation: "i".to_owned(),
            finished_on: None,
            artifacts: vec![Artifact {
                path: "link".to_owned(),
                target: Some("x".to_owned()),
                size: 0,
                sha256: None,
                architecture: None,
                kind: "link".to_owned(),
            }],
            statements: Vec::new(),
        });
        let content = record.serialise().unwrap();
        assert_eq!(Record::parse(&content), Some(record));
        for position in 0..content.len() {
            for bit in 0..8 {
                let mut changed = content.clone();
                changed[position] ^= 1 << bit;
                assert_eq!(Record::parse(&changed), None, "bit {bit} of byte {position}");
            }
            assert_eq!(Record::parse(&content[..position]), None, "{position}");
        }
    }

    #[test]
    fn a_file_that_is_no_record_is_refused_by_name() {
        let artifacts = tempfile::tempdir().unwrap();
        let place = Place::new(artifacts.path(), "envoy").unwrap();
        std::fs::create_dir_all(place.directory()).unwrap();
        // The second is sealed, and still no record.
        for content in ["{}", &format!("{{\"run\": 1{}", seal(b"{\"run\": 1"))] {
            std::fs::write(place.record(), content).unwrap();
            assert_eq!(Record::look(&place), Ok(Remembered::Damaged), "{content}");
            let error = Record::read(&place).unwrap_err();
            assert!(error.cause().contains("record.json"), "{error}");
        }
    }
}
