//! `<artifact>.intoto.json`, which says how an artifact came about.
//!
//! Owns the two formats, the in-toto Statement v1 and in it SLSA's provenance v1, and their meaning here: what
//! [`BUILD_TYPE`] stands for. It is data in and text out; values of the environment never come here, only digests.

mod build;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{Architecture, Digest, Kind, Moment};
use crate::error::{Error, Kind as ErrorKind, Result};

pub use build::{Build, Image, Toolkit, hash_environment};

pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
pub const PREDICATE_TYPE: &str = "https://slsa.dev/provenance/v1";

/// One command in one container, as `cross_compile_build` runs it.
pub const BUILD_TYPE: &str = "https://github.com/goldentooth/cross_compile/container-build/v1";

/// The module, on whatever host it ran: SLSA's build level 1, for nobody signs.
pub const BUILDER: &str = "https://github.com/goldentooth/cross_compile";

/// How large a statement may be.
pub(super) const LIMIT: u64 = 1 << 20;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    #[serde(rename = "_type")]
    pub statement_type: String,
    pub subject: Vec<ResourceDescriptor>,
    pub predicate_type: String,
    pub predicate: Provenance,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    pub build_definition: BuildDefinition,
    pub run_details: RunDetails,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildDefinition {
    pub build_type: String,
    pub external_parameters: Map<String, Value>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Map::is_empty")]
    pub internal_parameters: Map<String, Value>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub resolved_dependencies: Vec<ResourceDescriptor>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunDetails {
    pub builder: Builder,
    #[serde(default, deserialize_with = "nullable")]
    pub metadata: BuildMetadata,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub byproducts: Vec<ResourceDescriptor>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Builder {
    pub id: String,
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub version: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BuildMetadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invocation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_on: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_on: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceDescriptor {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Map::is_empty")]
    pub annotations: Map<String, Value>,
}

/// What is noted of an artifact beside its digest, so that it can be listed without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    pub kind: Kind,
    #[serde(default)]
    pub architecture: Option<Architecture>,
    pub size: u64,
    pub modified: Moment,
}

/// The annotation that holds what is [`Noted`]; named so as not to meet anybody else's.
const ANNOTATION: &str = "goldentooth_artifact";

const FINGERPRINT: &str = "fingerprint";

/// One artifact that a build left.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Relative to the category.
    pub path: &'a Path,
    pub digest: Digest,
    pub noted: Noted,
}

impl Statement {
    /// # Errors
    /// `Refused` when this is no provenance v1 in a Statement v1, or has no valid subject.
    pub fn parse(content: &[u8]) -> Result<Self> {
        let wrong = |what: String| Error::new(ErrorKind::Refused, format!("is no valid statement: {what}"));
        let statement: Self = serde_json::from_slice(content).map_err(|error| wrong(error.to_string()))?;
        for (found, expected) in [
            (&statement.statement_type, STATEMENT_TYPE),
            (&statement.predicate_type, PREDICATE_TYPE),
        ] {
            if found != expected {
                return Err(wrong(format!("`{found}` is not `{expected}`")));
            }
        }
        if statement.subject.is_empty() || statement.subject.iter().any(|one| one.sha256().is_none()) {
            return Err(wrong("a subject has no SHA-256 digest".to_owned()));
        }
        Ok(statement)
    }

    /// Returns the text as it is written to a file.
    ///
    /// # Errors
    /// `Failed`; it takes a number that JSON does not have.
    pub fn render(&self) -> Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::new(ErrorKind::Failed, format!("cannot write a statement: {error}")))?;
        text.push(b'\n');
        Ok(text)
    }

    /// Tells whether this module wrote it, by its own word.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.predicate.build_definition.build_type == BUILD_TYPE
            && self.predicate.run_details.builder.id == BUILDER
    }

    /// Returns the digest of the artifact at `path`, if it is a subject.
    ///
    /// What a later build replaced lies deeper than where it was made, under the same name.
    #[must_use]
    pub fn digest_of(&self, path: &Path) -> Option<Digest> {
        self.subject_at(path)?.sha256()
    }

    #[must_use]
    pub fn noted_of(&self, path: &Path) -> Option<Noted> {
        let annotation = self.subject_at(path)?.annotations.get(ANNOTATION)?;
        Noted::deserialize(annotation).ok()
    }

    /// Returns the digest of everything that went into the build.
    #[must_use]
    pub fn fingerprint(&self) -> Option<Digest> {
        let parameters = &self.predicate.build_definition.internal_parameters;
        parameters.get(FINGERPRINT)?.as_str()?.parse().ok()
    }

    fn subject_at(&self, path: &Path) -> Option<&ResourceDescriptor> {
        self.subject
            .iter()
            .find(|subject| subject.name.as_deref().is_some_and(|name| path.ends_with(name)))
    }
}

impl ResourceDescriptor {
    #[must_use]
    pub fn sha256(&self) -> Option<Digest> {
        self.digest.get("sha256")?.parse().ok()
    }
}

/// Unset, null and empty mean the same.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests;
