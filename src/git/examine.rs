//! What a repository on this host looks like against the commit that it should have checked out.
//!
//! Owns the local half of observing, submodules included. It reads, and never changes anything.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use git2::{ErrorCode, Oid, Repository, RepositoryOpenFlags};

use super::contents::{self, Contents};
use super::history;
use super::url::GitUrl;
use super::worktree::Worktree;
use super::{configuration, failure, marker, ownership};
use crate::error::{Error, Result};

/// How long another git is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a repository should be.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub url: GitUrl,
    pub commit: Oid,
    /// The local branch to be on; a detached `HEAD` without one.
    pub branch: Option<String>,
    /// Where it may have nothing of its own.
    pub reserved: Vec<PathBuf>,
}

/// What a repository is, as far as it matters for what it should be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Examined {
    pub head: Option<Oid>,
    /// `HEAD` is on the wanted branch, or detached as wanted.
    pub attached: bool,
    /// The remote's URL is the wanted one.
    pub url: bool,
    /// An update was interrupted.
    pub unfinished: bool,
    pub dirty: BTreeSet<PathBuf>,
    pub in_the_way: BTreeSet<PathBuf>,
    pub own_commits: Vec<String>,
    pub locks: Vec<PathBuf>,
    /// Links by which somebody else could lead root out of the repository.
    pub links: BTreeSet<PathBuf>,
    /// Reserved places where the wanted commit has something.
    pub occupied: BTreeSet<PathBuf>,
    pub submodules: Vec<Submodule>,
}

/// A submodule that is not as its superproject records it, or that has changes of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Submodule {
    pub path: PathBuf,
    pub from: Option<Oid>,
    pub to: Oid,
    pub stale: bool,
    pub examined: Examined,
}

/// Opens the repository whose files lie at `path`, not one of a parent directory.
pub(super) fn open(path: &Path) -> Result<Repository, git2::Error> {
    Repository::open_ext(path, RepositoryOpenFlags::NO_SEARCH, std::iter::empty::<&Path>())
        .and_then(configuration::freeze)
}

/// Returns a second handle on `repository` whose new objects stay in memory.
pub(super) fn reading(repository: &Repository, more_objects: Option<&Path>) -> Result<Repository> {
    let handle = || {
        let root = repository.workdir().unwrap_or_else(|| repository.path());
        let handle = open(root)?;
        let objects = handle.odb()?;
        if let Some(more) = more_objects.and_then(Path::to_str) {
            objects.add_disk_alternate(more)?;
        }
        objects.add_new_mempack_backend(1000)?;
        drop(objects);
        Ok(handle)
    };
    handle().map_err(|source| failure::local("open", repository.path(), &source))
}

/// Returns how the checkout at `root` differs from what is `wanted` of it.
///
/// `more_objects` is a directory of objects that the repository itself may lack; `advertised` are commits of the
/// remote; files in `own` are left out of account.
pub(super) fn examine(
    root: &Path,
    repository: &Repository,
    wanted: &Wanted,
    own: &[PathBuf],
    advertised: &[Oid],
    more_objects: Option<&Path>,
) -> Result<Examined> {
    let handle = reading(repository, more_objects)?;
    let failed = |source: git2::Error| failure::local("read", root, &source);
    let head = match handle.head() {
        Ok(head) => Some(head.peel_to_commit().map_err(failed)?.id()),
        Err(source) if matches!(source.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => None,
        Err(source) => return Err(failed(source)),
    };
    let marked = marker::read(handle.path())?;
    let mut commits: Vec<Oid> = head.into_iter().chain(marked.iter().flatten().copied()).collect();
    commits.dedup();
    let mut known: Vec<Contents> = Vec::new();
    for commit in &commits {
        known.extend(contents::of(&handle, *commit)?);
    }
    if head.is_none() {
        // Before a first checkout has ended, no file at all is as it should be, too.
        known.push(Contents::default());
    }
    let target = contents::of(&handle, wanted.commit)?;
    let worktree = Worktree::new(root, &handle)?;
    // An update that has not fetched its target yet cannot have written any of it.
    let assumed = target
        .as_ref()
        .or_else(|| known.first())
        .cloned()
        .unwrap_or_default();
    let difference = worktree.difference(&known.iter().collect::<Vec<_>>(), &assumed, own)?;
    let attached = is_attached(&handle, wanted).map_err(failed)?;
    let branch = wanted
        .branch
        .as_ref()
        .and_then(|name| handle.refname_to_id(&format!("refs/heads/{name}")).ok());
    let mut tips: Vec<Oid> = head
        .into_iter()
        .chain(branch)
        .filter(|tip| *tip != wanted.commit)
        .collect();
    tips.dedup();
    let theirs = if handle.is_shallow() {
        Vec::new()
    } else {
        vec![wanted.commit]
    };
    let others: Vec<Oid> = theirs
        .into_iter()
        .chain(marked.iter().flatten().copied())
        .collect();
    let own_commits = history::own_commits(&handle, &tips, advertised, &others)?;
    let interrupted = marked.is_some() || (head.is_some() && !worktree.has_index());
    let settled = !interrupted && head == Some(wanted.commit) && attached;
    Ok(Examined {
        head,
        attached,
        url: stored_url(&handle).as_deref() == Some(wanted.url.as_str()),
        unfinished: interrupted,
        dirty: difference.dirty,
        in_the_way: difference.in_the_way,
        own_commits,
        locks: if marked.is_some() || settled {
            Vec::new()
        } else {
            locks(handle.path(), wanted.branch.as_deref())
        },
        links: ownership::links(handle.commondir())?,
        occupied: target
            .as_ref()
            .map(|target| target.occupying(&wanted.reserved))
            .unwrap_or_default(),
        submodules: submodules(root, &handle, wanted, target.as_ref(), own)?,
    })
}

fn is_attached(repository: &Repository, wanted: &Wanted) -> Result<bool, git2::Error> {
    let head = repository.find_reference("HEAD")?;
    let on = head.symbolic_target()?.map(str::to_owned);
    Ok(on == wanted.branch.as_ref().map(|name| format!("refs/heads/{name}")))
}

/// Returns the URL of the remote `origin` as the repository's own configuration has it.
pub(super) fn stored_url(repository: &Repository) -> Option<String> {
    configuration::value(repository, "remote.origin.url")
}

/// Returns the locks in the way of an update, after a moment's patience with whoever holds them.
fn locks(repository: &Path, branch: Option<&str>) -> Vec<PathBuf> {
    let names = [
        "index.lock",
        "HEAD.lock",
        "config.lock",
        "packed-refs.lock",
        "shallow.lock",
    ];
    let paths: Vec<PathBuf> = names
        .into_iter()
        .map(|name| repository.join(name))
        .chain(branch.map(|branch| repository.join(format!("refs/heads/{branch}.lock"))))
        .collect();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let held: Vec<PathBuf> = paths.iter().filter(|path| path.exists()).cloned().collect();
        if held.is_empty() || Instant::now() >= deadline {
            return held;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn submodules(
    root: &Path,
    repository: &Repository,
    wanted: &Wanted,
    target: Option<&Contents>,
    own: &[PathBuf],
) -> Result<Vec<Submodule>> {
    let Some(target) = target else {
        return Ok(Vec::new());
    };
    let mut submodules = Vec::new();
    for described in contents::described(repository, target)? {
        let Some(to) = target.submodules.get(&described.path).copied() else {
            continue;
        };
        let place = root.join(&described.path);
        let wanted = Wanted {
            url: wanted.url.submodule(&described.url)?,
            commit: to,
            branch: None,
            reserved: Vec::new(),
        };
        let own: Vec<PathBuf> = own
            .iter()
            .filter_map(|path| path.strip_prefix(&described.path).ok())
            .map(Path::to_path_buf)
            .collect();
        let examined = if place.join(".git").symlink_metadata().is_ok() {
            let inner =
                open(&place).map_err(|source| failure::local("open the submodule", &place, &source))?;
            examine(&place, &inner, &wanted, &own, &[], None)?
        } else {
            Examined {
                in_the_way: occupants(&place)?,
                unfinished: true,
                ..Examined::default()
            }
        };
        let stale = examined.unfinished || examined.head != Some(to) || !examined.attached || !examined.url;
        let untouched = examined.dirty.is_empty() && examined.in_the_way.is_empty();
        if stale || !untouched || !examined.submodules.is_empty() {
            submodules.push(Submodule {
                path: described.path,
                from: examined.head,
                to,
                stale,
                examined,
            });
        }
    }
    Ok(submodules)
}

/// Returns what lies where a submodule that is not there yet belongs.
fn occupants(place: &Path) -> Result<BTreeSet<PathBuf>> {
    match fs::read_dir(place) {
        Ok(entries) => Ok(entries
            .flatten()
            .map(|entry| PathBuf::from(entry.file_name()))
            .collect()),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(source) if source.kind() == io::ErrorKind::NotADirectory => Ok(BTreeSet::from([PathBuf::new()])),
        Err(source) => Err(Error::io("list", place, &source)),
    }
}
