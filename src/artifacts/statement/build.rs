//! From a build to the statements about what it left.
//!
//! Owns which part of a build stands where in a statement. It takes digests of the environment's values, never the
//! values: they may be secrets, and statements are for everybody.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::super::timestamp::rfc3339;
use super::{
    ANNOTATION, BUILD_TYPE, BUILDER, BuildDefinition, BuildMetadata, Builder, FINGERPRINT, PREDICATE_TYPE,
    Provenance, ResourceDescriptor, RunDetails, STATEMENT_TYPE, Statement, Subject,
};
use crate::artifacts::Digest;
use crate::git::redact;

/// The image that a build ran in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// As it was asked for.
    pub reference: String,
    /// `sha256:…`: the registry's, or the image's own for one that was built locally.
    pub digest: String,
}

/// The checkout that a build used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolkit {
    pub url: String,
    pub commit: String,
}

/// Everything that is told of a build.
#[derive(Debug, Clone, PartialEq)]
pub struct Build {
    /// The category.
    pub name: String,
    pub image: Image,
    pub command: Vec<String>,
    /// As [`hash_environment`] makes it.
    pub environment: BTreeMap<String, Digest>,
    /// Other options that change what comes out.
    pub parameters: Map<String, Value>,
    pub toolkit: Option<Toolkit>,
    /// The digest of all that goes in.
    pub fingerprint: Digest,
    pub invocation: String,
    pub started: SystemTime,
    pub finished: SystemTime,
    /// Name and digest of the log.
    pub log: Option<(String, Digest)>,
}

/// Returns the digest of `name=value` for every variable: of the value alone, equal ones would show.
#[must_use]
pub fn hash_environment<'a>(
    environment: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> BTreeMap<String, Digest> {
    environment
        .into_iter()
        .map(|(name, value)| {
            let digest = Digest::of(format!("{name}={value}").as_bytes());
            (name.to_owned(), digest)
        })
        .collect()
}

impl Build {
    /// Returns what this build says of one artifact that it left.
    #[must_use]
    pub fn statement(&self, subject: &Subject<'_>) -> Statement {
        let Self {
            name,
            image,
            command,
            environment,
            parameters,
            toolkit,
            fingerprint,
            invocation,
            started,
            finished,
            log,
        } = self;
        let mut external_parameters = parameters.clone();
        external_parameters.insert("name".to_owned(), json!(name));
        external_parameters.insert("image".to_owned(), json!(image.reference));
        external_parameters.insert("command".to_owned(), json!(command));
        let environment: Map<String, Value> = environment
            .iter()
            .map(|(name, digest)| (name.clone(), json!({ "sha256": digest })))
            .collect();
        external_parameters.insert("environment".to_owned(), Value::Object(environment));
        let internal_parameters = Map::from_iter([(FINGERPRINT.to_owned(), json!(fingerprint))]);
        Statement {
            statement_type: STATEMENT_TYPE.to_owned(),
            subject: vec![ResourceDescriptor {
                name: Some(subject.path.to_string_lossy().into_owned()),
                digest: sha256(subject.digest.to_string()),
                annotations: Map::from_iter([(ANNOTATION.to_owned(), json!(subject.noted))]),
                ..ResourceDescriptor::default()
            }],
            predicate_type: PREDICATE_TYPE.to_owned(),
            predicate: Provenance {
                build_definition: BuildDefinition {
                    build_type: BUILD_TYPE.to_owned(),
                    external_parameters,
                    internal_parameters,
                    resolved_dependencies: [
                        Some(image.descriptor()),
                        toolkit.as_ref().map(Toolkit::descriptor),
                    ]
                    .into_iter()
                    .flatten()
                    .collect(),
                },
                run_details: RunDetails {
                    builder: Builder {
                        id: BUILDER.to_owned(),
                        version: [("cross_compile".to_owned(), env!("CARGO_PKG_VERSION").to_owned())].into(),
                    },
                    metadata: BuildMetadata {
                        invocation_id: Some(invocation.clone()),
                        started_on: Some(rfc3339(*started)),
                        finished_on: Some(rfc3339(*finished)),
                    },
                    byproducts: log
                        .iter()
                        .map(|(name, digest)| ResourceDescriptor {
                            name: Some(name.clone()),
                            digest: sha256(digest.to_string()),
                            media_type: Some("text/plain".to_owned()),
                            ..ResourceDescriptor::default()
                        })
                        .collect(),
                },
            },
        }
    }
}

fn sha256(digits: String) -> BTreeMap<String, String> {
    [("sha256".to_owned(), digits)].into()
}

impl Image {
    fn descriptor(&self) -> ResourceDescriptor {
        let digits = self.digest.strip_prefix("sha256:").unwrap_or(&self.digest);
        ResourceDescriptor {
            name: Some("image".to_owned()),
            uri: Some(self.package_url()),
            digest: sha256(digits.to_owned()),
            ..ResourceDescriptor::default()
        }
    }

    /// Returns the image's package URL, in which the digest is the version and the registry a qualifier.
    fn package_url(&self) -> String {
        let reference = self.reference.split('@').next().unwrap_or_default();
        let (repository, tag) = match reference.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
            _ => (reference, None),
        };
        let name = repository.rsplit('/').next().unwrap_or_default();
        let digest = self.digest.replace(':', "%3A");
        let tag = tag.map(|tag| format!("&tag={tag}")).unwrap_or_default();
        let repository = repository.replace(':', "%3A");
        format!("pkg:oci/{name}@{digest}?repository_url={repository}{tag}")
    }
}

impl Toolkit {
    fn descriptor(&self) -> ResourceDescriptor {
        let url = redact(&self.url);
        ResourceDescriptor {
            name: Some("toolkit".to_owned()),
            uri: Some(match url.starts_with("git+") {
                true => url,
                false => format!("git+{url}"),
            }),
            digest: [("gitCommit".to_owned(), self.commit.to_ascii_lowercase())].into(),
            ..ResourceDescriptor::default()
        }
    }
}
