//! From a build's staging directory into its category.
//!
//! Owns the three steps: look at everything (`survey`), decide everything (`decide`, pure), carry it out (`apply`). What
//! can be refused by names and kinds alone is refused before any file is read. What a container left is refused as a whole or collected as a whole. Staging stays as it was, so that a run that was
//! killed at any point is finished by doing the same again.

mod apply;
mod decide;
mod survey;

use std::path::{Path, PathBuf};

use super::{Architecture, Digest, Kind, Moment, Owner, Tree, is_ours};
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::files::tree::is_beneath;

pub use apply::{Applied, apply};
use survey::Survey;

/// What is to be collected, and where to.
#[derive(Debug)]
pub struct Request<'a> {
    /// What the container saw as `artifacts_target`.
    pub staging: &'a Tree,
    /// `<artifacts_dir>/<name>`.
    pub category: &'a Tree,
    /// The category: what the container left lies in a directory of that name.
    pub name: &'a str,
    /// Absolute, in the container: links may lead there.
    pub artifacts_target: &'a Path,
    pub architecture: Architecture,
    /// Who owns what is collected; `None` leaves it to whoever runs.
    pub owner: Option<Owner>,
    /// The name, within `previous`, for what is replaced: see [`generation`](super::generation).
    pub generation: &'a str,
}

/// What collecting changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collection {
    /// Everything that the build left, in the order of the paths.
    pub files: Vec<File>,
    /// Put in place after all files.
    pub links: Vec<Link>,
    /// Older files and where they are kept; the first step of all.
    pub kept: Vec<Kept>,
    /// What stays in staging.
    pub left: Vec<Left>,
}

/// One regular file; paths are relative to the category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub path: PathBuf,
    /// Which file was looked at, so that no other is collected in its place.
    pub(in crate::artifacts) identity: (u64, u64),
    pub size: u64,
    pub modified: Moment,
    pub sha256: Digest,
    pub kind: Kind,
    pub architecture: Option<Architecture>,
    pub mode: u32,
    pub change: Change,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    New,
    /// A file of that name with other content is kept below `previous`.
    Replaces,
    /// The same content is there already.
    Unchanged,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub path: PathBuf,
    /// Relative, whatever the container wrote.
    pub target: PathBuf,
    pub change: Change,
}

/// An older file on its way to `previous`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub from: PathBuf,
    pub to: PathBuf,
    pub(in crate::artifacts) identity: (u64, u64),
    /// Nothing takes its place, because it belongs to the old file alone.
    pub vacates: bool,
}

/// Something in staging that is not collected, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub path: PathBuf,
    pub reason: &'static str,
}

impl Collection {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            files,
            links,
            kept,
            left: _,
        } = self;
        kept.is_empty()
            && files.iter().all(|file| file.change == Change::Unchanged)
            && links.iter().all(|link| link.change == Change::Unchanged)
    }

    /// Returns one sentence for each change, in order: "Collected `envoy/envoy-v1.32.0-arm64`".
    #[must_use]
    pub fn actions(&self, name: &str) -> Vec<String> {
        let told = |path: &Path, change| match change {
            Change::New => Some(format!("Collected `{name}/{}`", path.display())),
            Change::Replaces => Some(format!(
                "Collected `{name}/{}` and kept the older one",
                path.display()
            )),
            Change::Unchanged => None,
        };
        let files = self.files.iter().filter_map(|file| told(&file.path, file.change));
        let links = self.links.iter().filter_map(|link| told(&link.path, link.change));
        files.chain(links).collect()
    }
}

/// What a build left, as far as it can be told without reading it.
#[derive(Debug)]
pub struct Listing {
    survey: Survey,
    paths: Vec<PathBuf>,
}

impl Listing {
    /// Returns the paths that `expect` is matched against: files and links.
    pub fn paths(&self) -> impl Iterator<Item = &Path> + Clone {
        self.paths.iter().map(PathBuf::as_path)
    }

    /// Reads it, and says what collecting it changes. `request` is the one that it was listed by. Nothing is changed.
    ///
    /// # Errors
    /// As [`list`].
    pub fn plan(mut self, request: &Request<'_>) -> Result<Collection> {
        survey::read(request, &mut self.survey)?;
        decide::decide(request, &self.survey)
    }
}

/// Lists what a build left. Nothing is read or changed.
///
/// # Errors
/// `Refused`, with everything that speaks against it at once; the system's.
pub fn list(request: &Request<'_>) -> Result<Listing> {
    for (what, name) in [("category", request.name), ("generation", request.generation)] {
        if !is_beneath(Path::new(name)) || Path::new(name).iter().count() != 1 {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("`{name}` cannot be the name of a {what}"),
            ));
        }
    }
    let survey = survey::list(request)?;
    let unread = decide::decide(request, &survey)?;
    let files = survey.files.keys().filter(|path| !is_ours(path)).cloned();
    let links = unread.links.into_iter().map(|link| link.path);
    Ok(Listing {
        paths: files.chain(links).collect(),
        survey,
    })
}

/// Looks at what a build left, and says what collecting it changes. Nothing is changed.
///
/// # Errors
/// As [`list`].
pub fn plan(request: &Request<'_>) -> Result<Collection> {
    list(request)?.plan(request)
}
