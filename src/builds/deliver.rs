//! From a build that ended well to artifacts that are proven: collected, expected, recorded.
//!
//! Blocks: it reads and hashes everything that was left. Doing it again after a kill goes on where that one ended.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::{Map, Value};

use super::desired::{Desired, Owner};
use super::inputs::IMAGE;
use super::moment;
use super::place::Place;
use super::record::{Artifact, Delivery, Run, Statement};
use crate::artifacts::patterns::Patterns;
use crate::artifacts::statement::{Build, Image, Toolkit, hash_environment};
use crate::artifacts::{
    self, Architecture, Collection, Digest, Kind as FileKind, Owner as FileOwner, Request, Tree, generation,
};
use crate::error::{Error, Kind, Result};
use crate::{files, git};

/// What all builds of this project are made for.
const ARCHITECTURE: Architecture = Architecture::Arm64;

/// All that collecting needs, to be handed to a thread.
#[derive(Debug)]
pub struct Order {
    place: Place,
    artifacts_target: PathBuf,
    owner: Owner,
    expect: Vec<String>,
    toolkit: PathBuf,
    build: Build,
    run: Run,
}

/// Returns the name by which results and statements call a kind.
fn kind_name(kind: FileKind) -> String {
    serde_json::to_value(kind)
        .ok()
        .and_then(|name| name.as_str().map(str::to_owned))
        .unwrap_or_default()
}

impl Order {
    /// # Errors
    /// `Failed` when what is remembered of the run is not what a run leaves.
    pub fn new(desired: &Desired, run: &Run) -> Result<Self> {
        let time = |time: &Option<String>| time.as_deref().and_then(moment::parse);
        let parameters: Map<String, Value> = run
            .inputs
            .iter()
            .filter(|(name, _)| !name.starts_with("environment.") && *name != IMAGE && *name != "command")
            .map(|(name, value)| (name.clone(), Value::from(value.clone())))
            .collect();
        let log = match &run.log.sha256 {
            Some(digest) => Some(("log".to_owned(), digest.parse::<Digest>()?)),
            None => None,
        };
        Ok(Self {
            place: desired.place.clone(),
            artifacts_target: PathBuf::from(&desired.artifacts_target),
            owner: desired.builder,
            expect: desired.expect.clone(),
            toolkit: desired.toolkit.clone(),
            build: Build {
                name: run.name.clone(),
                image: Image {
                    reference: run.image.reference.clone(),
                    digest: run.image.digest.clone().unwrap_or_else(|| run.image.id.clone()),
                },
                command: desired.command.clone().unwrap_or_default(),
                environment: hash_environment(desired.variables.given()),
                parameters,
                toolkit: None,
                fingerprint: run.fingerprint.parse()?,
                invocation: run.invocation.clone(),
                started: time(&run.started_on).unwrap_or(SystemTime::UNIX_EPOCH),
                finished: time(&run.finished_on).unwrap_or_else(SystemTime::now),
                log,
            },
            run: run.clone(),
        })
    }

    /// Collects what the build left, and returns what that is.
    ///
    /// # Errors
    /// `Refused` where something may not be collected, `Failed` where something is missing; staging is then as the
    /// build left it. The system's.
    pub fn carry_out(mut self) -> Result<Delivery> {
        self.build.toolkit = git::source_of(&self.toolkit).map(|(url, commit)| Toolkit { url, commit });
        let staging = Tree::open(&self.place.staging())?;
        let (uid, gid) = (Some(self.owner.uid), Some(self.owner.gid));
        let is_new = files::attributes(&self.place.category())?.is_none();
        if is_new {
            files::create_directory(&self.place.category(), 0o755, uid, gid)?;
        }
        let category = Tree::open(&self.place.category())?;
        // Named after the end of the build: whoever finishes what a killed run began finds the same.
        let generation = generation(self.build.finished);
        let request = Request {
            staging: &staging,
            category: &category,
            name: self.place.name(),
            artifacts_target: &self.artifacts_target,
            architecture: ARCHITECTURE,
            owner: Some(FileOwner {
                uid: self.owner.uid,
                gid: self.owner.gid,
            }),
            generation: &generation,
        };
        let listing = artifacts::list(&request).map_err(|error| self.refused(error))?;
        self.check_expected(&listing.paths().collect::<Vec<_>>())?;
        let collection = listing.plan(&request).map_err(|error| self.refused(error))?;
        if collection.files.is_empty() && collection.links.is_empty() {
            if is_new {
                files::remove_directory(&self.place.category())?;
            }
            return self.delivery(&category, &collection, &[]);
        }
        let statements = artifacts::apply(&request, &collection)
            .and_then(|_| artifacts::record(&category, &collection, &self.build))
            .map_err(|error| self.refused(error))?;
        self.delivery(&category, &collection, &statements)
    }

    fn check_expected(&self, paths: &[&Path]) -> Result<()> {
        let patterns = Patterns::new(&self.expect)?;
        let missing: Vec<String> = patterns
            .unmatched(paths)
            .iter()
            .map(|pattern| format!("`{pattern}`"))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let cause = format!(
            "the build of `{}` ended well, but did not leave {}",
            self.place.name(),
            missing.join(", ")
        );
        Err(self.refused(
            Error::new(Kind::Failed, cause).with_remedy("mend the build, or `expect` something else"),
        ))
    }

    /// Says where to look for what was not collected.
    fn refused(&self, error: Error) -> Error {
        let place = format!("what it left is in `{}`", self.place.staging().display());
        let remedy = match error.remedy() {
            Some(remedy) => format!("{remedy}; {place}"),
            None => place,
        };
        error.with_remedy(remedy)
    }

    fn delivery(&self, category: &Tree, collection: &Collection, statements: &[PathBuf]) -> Result<Delivery> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let files = collection.files.iter().map(|file| Artifact {
            path: text(&file.path),
            target: None,
            size: file.size,
            sha256: Some(file.sha256.to_string()),
            architecture: file
                .architecture
                .map(|architecture| architecture.name().to_owned()),
            kind: kind_name(file.kind),
        });
        let links = collection.links.iter().map(|link| Artifact {
            path: text(&link.path),
            target: Some(text(&link.target)),
            size: 0,
            sha256: None,
            architecture: None,
            kind: "link".to_owned(),
        });
        let manifest = artifacts::Manifest::read(category)?.unwrap_or_default();
        Ok(Delivery {
            fingerprint: self.run.fingerprint.clone(),
            inputs: self.run.inputs.clone(),
            invocation: self.run.invocation.clone(),
            finished_on: self.run.finished_on.clone(),
            artifacts: files.chain(links).collect(),
            statements: statements
                .iter()
                .map(|path| Statement {
                    path: text(path),
                    sha256: manifest
                        .digest(path)
                        .map(|digest| digest.to_string())
                        .unwrap_or_default(),
                })
                .collect(),
        })
    }
}
