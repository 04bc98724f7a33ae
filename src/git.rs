//! The door to git: what a checkout is, what its remote has, and how the one follows the other.
//!
//! Observing reads the checkout and asks the remote; planning decides from that and nothing else; applying
//! carries the plan out. Nothing outside this module sees libgit2, and nothing here knows of Ansible.

mod beneath;
mod certificates;
mod change;
mod clone;
mod configuration;
mod contents;
mod credentials;
mod deploy;
mod examine;
mod failure;
mod fresh;
mod history;
mod initialise;
mod marker;
mod netrc;
mod observe;
mod ownership;
mod place;
mod plan;
mod redact;
mod remote;
mod stop;
mod submodules;
mod temporary;
mod update;
mod url;
mod version;
mod words;
mod worktree;

use std::path::{Path, PathBuf};

pub use change::Change;
pub use initialise::{Settings, initialise};
pub use observe::{Observed, observe};
pub use redact::redact;
pub use stop::Stop;
pub use url::{GitUrl, Scheme};

use crate::error::{Error, Kind, Result};
use place::Place;
use plan::Situation;
use update::Update;

/// What is wanted: a version of a repository, and how to treat what is already there.
#[derive(Debug, Clone)]
pub struct Source {
    pub url: GitUrl,
    /// A branch, a tag, or a commit in full or abbreviated; `HEAD` for the remote's default branch.
    pub version: String,
    /// How many commits of history to fetch; all of it if unset.
    pub depth: Option<u32>,
    /// Discard local changes instead of refusing them.
    pub force: bool,
    /// Files in the checkout that are others' business, relative to it or absolute: never changes, never touched.
    pub own_files: Vec<PathBuf>,
    /// Where the version may have nothing of its own, relative to the checkout or absolute: others write there.
    pub reserved: Vec<PathBuf>,
}

impl Source {
    fn own_files_in(&self, dest: &Path) -> Vec<PathBuf> {
        relative_to(dest, &self.own_files)
    }

    fn reserved_in(&self, dest: &Path) -> Vec<PathBuf> {
        relative_to(dest, &self.reserved)
    }
}

fn relative_to(dest: &Path, paths: &[PathBuf]) -> Vec<PathBuf> {
    paths
        .iter()
        .map(|path| path.strip_prefix(dest).unwrap_or(path).components().collect())
        .collect()
}

/// What a change did: the checked out commit before and after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    pub before: Option<String>,
    pub after: String,
}

/// Returns the URL, without user information, and the commit of the checkout at `dest`; `None` where none is.
#[must_use]
pub fn source_of(dest: &Path) -> Option<(String, String)> {
    let place::Place::Checkout(repository) = place::look(dest).ok()? else {
        return None;
    };
    let commit = repository.head().ok()?.peel_to_commit().ok()?.id().to_string();
    let remote = repository.find_remote("origin").ok()?;
    let url = redact(std::str::from_utf8(remote.url_bytes()).ok()?);
    Some((url, commit))
}

/// Returns the change that brings the observed checkout to `source`, or `None` when it is there already.
///
/// What is not ours to lose is refused by name, unless `source` forces it.
pub fn plan(observed: &Observed, source: &Source) -> Result<Option<Change>> {
    if let Some(foreign) = &observed.foreign {
        return Err(foreign.clone());
    }
    plan::decide(&Situation {
        dest: &observed.dest,
        url: source.url.as_str(),
        version: &source.version,
        target: observed.wanted.commit,
        force: source.force,
        examined: observed.examined.as_ref(),
    })
}

/// Returns the commit that is checked out at `dest`, whatever its remote has; `None` where nothing is.
pub fn checked_out(dest: &Path) -> Result<Option<String>> {
    match place::look(dest)? {
        Place::Checkout(repository) => Ok(repository
            .head()
            .and_then(|head| head.peel_to_commit())
            .ok()
            .map(|commit| commit.id().to_string())),
        Place::Free | Place::Begun => Ok(None),
        Place::Foreign(error) => Err(error),
    }
}

/// Removes what killed runs left beside `dest` and among the system's temporary files.
///
/// The caller holds the host's lock. What is left inside a checkout is the business of [`apply`], which finishes it.
pub fn sweep(dest: &Path) -> Result<()> {
    let dest = dest.canonicalize().unwrap_or_else(|_| dest.to_path_buf());
    dest.parent().map_or(Ok(()), temporary::sweep)?;
    temporary::sweep(&std::env::temp_dir())
}

/// Carries out `change`, which was planned from `observed` and `source`.
///
/// The caller holds the host's lock, for a killed run's locks in the checkout are removed.
pub fn apply(observed: &Observed, source: &Source, change: &Change, stop: &Stop) -> Result<Applied> {
    let Observed {
        dest,
        wanted,
        references,
        branches,
        ..
    } = observed;
    if wanted.commit.to_string() != change.after() {
        return Err(Error::new(
            Kind::Failed,
            "the change was planned for another commit",
        ));
    }
    let own = source.own_files_in(dest);
    // A link to the checkout stays one.
    let dest = &dest.canonicalize().unwrap_or_else(|_| dest.clone());
    let mut update = Update {
        wanted,
        references: references.clone(),
        branches: Some(branches.clone()),
        depth: source.depth,
        force: source.force,
        own: &own,
        owner: None,
        stop,
    };
    if change.is_clone() {
        clone::carry_out(&mut update, dest)?;
    } else {
        update.owner = ownership::other_owner(dest)?;
        update.carry_out(dest)?;
    }
    Ok(Applied {
        before: change.before(),
        after: change.after(),
    })
}
