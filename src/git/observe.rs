//! What a checkout and its remote look like now.
//!
//! Owns the questions that have to be asked before anything can be decided. It never changes the checkout; a
//! commit that is not here yet is fetched into a temporary directory, so that check mode knows its files.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, Repository};

use super::examine::{self, Examined, Wanted};
use super::place::{self, Place};
use super::stop::Stop;
use super::update::EVERYTHING;
use super::version::{self, Head, Version};
use super::{Source, configuration, failure, history, remote, temporary};
use crate::error::{Error, Result};

/// Where a fetch into a temporary repository puts what it was after.
const LOOKED_FOR: &str = "refs/cross_compile/looked-for";

/// What planning needs to know, and what results tell.
pub struct Observed {
    pub(super) dest: PathBuf,
    pub(super) wanted: Wanted,
    pub(super) references: Vec<String>,
    pub(super) branches: Vec<String>,
    /// Why what is at `dest` is never touched.
    pub(super) foreign: Option<Error>,
    /// `None`: there is nothing yet.
    pub(super) examined: Option<Examined>,
    /// How many commits of the wanted version the checkout lacks, where its history tells.
    pub behind: Option<usize>,
    /// What the user should know although nothing fails.
    pub warnings: Vec<String>,
}

impl Observed {
    /// Returns the commit that is checked out.
    #[must_use]
    pub fn before(&self) -> Option<String> {
        self.examined
            .as_ref()
            .and_then(|examined| examined.head)
            .map(|oid| oid.to_string())
    }

    /// Returns whether there is a checkout already, so that a change updates it.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.examined.is_some()
    }

    /// Returns the commit that the wanted version is at the remote.
    #[must_use]
    pub fn after(&self) -> String {
        self.wanted.commit.to_string()
    }

    /// Returns the files that differ from what is checked out, or lie where the wanted version has others.
    #[must_use]
    pub fn changed_files(&self) -> Vec<&Path> {
        let examined = self.examined.iter();
        examined
            .flat_map(|examined| examined.dirty.iter().chain(&examined.in_the_way))
            .map(PathBuf::as_path)
            .collect()
    }

    /// Returns the commits that never came from the remote: abbreviated id and summary.
    #[must_use]
    pub fn own_commits(&self) -> &[String] {
        self.examined
            .as_ref()
            .map_or(&[], |examined| examined.own_commits.as_slice())
    }

    /// Returns the remote's URL without credentials.
    #[must_use]
    pub fn remote_url(&self) -> &str {
        self.wanted.url.as_str()
    }
}

/// Returns the state of the checkout at `dest` and of the remote of `source`. Changes neither.
pub fn observe(dest: &Path, source: &Source, stop: &Stop) -> Result<Observed> {
    let place = place::look(dest)?;
    let heads = remote::list(&source.url, stop)?;
    let version = version::resolve(&source.version, &heads)
        .ok_or_else(|| version::unknown(&source.version, &source.url, &heads))?;
    let (repository, foreign) = match place {
        Place::Checkout(repository) => (Some(repository), None),
        Place::Free | Place::Begun => (None, None),
        Place::Foreign(error) => (None, Some(error)),
    };
    let mut search = Search {
        source,
        heads: &heads,
        repository: repository.as_ref(),
        stop,
        temporary: None,
    };
    let commit = search.commit(&version)?;
    if repository.is_some() {
        search.bring(&version, commit)?;
    }
    let wanted = Wanted {
        url: source.url.clone(),
        commit,
        branch: match &version {
            Version::Branch { name, .. } => Some(name.clone()),
            _ => None,
        },
        reserved: source.reserved_in(dest),
    };
    let advertised: Vec<Oid> = heads.iter().map(|head| head.oid).collect();
    let more = search
        .temporary
        .as_ref()
        .map(|directory| directory.path().join("objects"));
    let mut behind = None;
    let examined = match &repository {
        None => None,
        Some(repository) => {
            let own = source.own_files_in(dest);
            let examined = examine::examine(dest, repository, &wanted, &own, &advertised, more.as_deref())?;
            behind = examined
                .head
                .and_then(|head| history::missing(repository, head, commit, more.as_deref()));
            Some(examined)
        }
    };
    let is_local = source.url.scheme() == super::Scheme::File;
    let ignored = source.depth.filter(|_| is_local).map(|_| {
        format!(
            "`toolkit_depth` has no effect on the local repository `{}`",
            source.url
        )
    });
    Ok(Observed {
        dest: dest.to_path_buf(),
        wanted,
        references: references(&version, commit, &heads, source.depth.filter(|_| !is_local)),
        branches: branches(&heads),
        foreign,
        examined,
        behind,
        warnings: ignored.into_iter().collect(),
    })
}

fn branches(heads: &[Head]) -> Vec<String> {
    heads
        .iter()
        .filter_map(|head| head.name.strip_prefix("refs/heads/"))
        .map(str::to_owned)
        .collect()
}

/// Returns the refspecs that bring `version`: all branches and tags, or with a `depth` that version alone.
fn references(version: &Version, commit: Oid, heads: &[Head], depth: Option<u32>) -> Vec<String> {
    if depth.is_none() {
        return EVERYTHING.map(str::to_owned).to_vec();
    }
    let name = match version {
        Version::Branch { name, .. } => Some(format!("refs/heads/{name}")),
        Version::Tag { name, .. } => Some(format!("refs/tags/{name}")),
        Version::Commit { .. } | Version::Unadvertised { .. } => name_of(commit, heads).map(str::to_owned),
    };
    vec![match name {
        Some(name) => match name.strip_prefix("refs/heads/") {
            Some(branch) => format!("+{name}:refs/remotes/origin/{branch}"),
            None => format!("+{name}:{name}"),
        },
        None => commit.to_string(),
    }]
}

/// Returns a branch or tag of the remote that points to `oid`.
fn name_of(oid: Oid, heads: &[Head]) -> Option<&str> {
    let named = |prefix: &str| {
        heads
            .iter()
            .find(|head| head.oid == oid && head.name.starts_with(prefix))
    };
    named("refs/heads/")
        .or_else(|| named("refs/tags/"))
        .map(|head| head.name.as_str())
}

/// The search for a commit: here, then at the remote.
struct Search<'a> {
    source: &'a Source,
    heads: &'a [Head],
    repository: Option<&'a Repository>,
    stop: &'a Stop,
    temporary: Option<temporary::Directory>,
}

impl Search<'_> {
    /// Returns the commit that `version` means.
    fn commit(&mut self, version: &Version) -> Result<Oid> {
        let digits = match version {
            Version::Branch { oid, .. } | Version::Tag { oid, .. } | Version::Commit { oid } => {
                return Ok(*oid);
            }
            Version::Unadvertised { digits } => digits,
        };
        if let Some(oid) = self.repository.and_then(|repository| find(repository, digits)) {
            return Ok(oid);
        }
        let url = &self.source.url;
        let unknown = || version::unknown(&self.source.version, url, self.heads);
        let directory = temporary::directory(&env::temp_dir())?;
        let repository = self.open(&directory)?;
        let oid = if digits.len() == 40
            && remote::fetch(&repository, url, std::slice::from_ref(digits), None, self.stop).is_ok()
        {
            find(&repository, digits)
        } else {
            let everything = EVERYTHING.map(str::to_owned);
            remote::fetch(&repository, url, &everything, None, self.stop)?;
            find(&repository, digits)
        };
        let oid = oid.ok_or_else(unknown)?;
        self.temporary = Some(directory);
        Ok(oid)
    }

    /// Makes the objects of `commit` readable, without writing to the checkout.
    fn bring(&mut self, version: &Version, commit: Oid) -> Result<()> {
        let known = self
            .repository
            .is_some_and(|repository| repository.find_commit(commit).is_ok());
        if known || self.temporary.is_some() {
            return Ok(());
        }
        let name = match version {
            Version::Branch { name, .. } => Some(format!("refs/heads/{name}")),
            Version::Tag { name, .. } => Some(format!("refs/tags/{name}")),
            Version::Commit { oid } => name_of(*oid, self.heads).map(str::to_owned),
            Version::Unadvertised { .. } => None,
        };
        let reference = name.map_or_else(|| commit.to_string(), |name| format!("+{name}:{LOOKED_FOR}"));
        let directory = temporary::directory(&env::temp_dir())?;
        let repository = self.open(&directory)?;
        let is_shallow = self.repository.is_some_and(Repository::is_shallow);
        let depth = self.source.depth.filter(|_| is_shallow);
        remote::fetch(&repository, &self.source.url, &[reference], depth, self.stop)?;
        self.temporary = Some(directory);
        Ok(())
    }

    /// Creates a repository in `directory` that shares the checkout's objects, so that only what is new is fetched.
    fn open(&self, directory: &temporary::Directory) -> Result<Repository> {
        let path = directory.path();
        let failed = |source: git2::Error| failure::local("create", path, &source);
        let fresh = Repository::init_bare(path)
            .and_then(configuration::freeze)
            .map_err(failed)?;
        let Some(checkout) = self.repository else {
            return Ok(fresh);
        };
        let objects = checkout.commondir().join("objects");
        let share = || {
            fs::write(
                path.join("objects/info/alternates"),
                format!("{}\n", objects.display()),
            )?;
            let shallow = checkout.commondir().join("shallow");
            if shallow.exists() {
                fs::copy(shallow, path.join("shallow")).map(drop)
            } else {
                Ok(())
            }
        };
        share().map_err(|source| Error::io("write", path, &source))?;
        let repository = Repository::open(path)
            .and_then(configuration::freeze)
            .map_err(failed)?;
        let refer = || {
            for (number, reference) in checkout.references()?.flatten().enumerate() {
                match reference.peel_to_commit() {
                    Ok(commit) => {
                        drop(repository.reference(&format!("refs/here/{number}"), commit.id(), true, "")?);
                    }
                    Err(source) if matches!(source.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => {}
                    Err(source) if source.code() == ErrorCode::Peel => {}
                    Err(source) => return Err(source),
                }
            }
            Ok(())
        };
        refer().map_err(|source: git2::Error| {
            failure::local("read the references of", checkout.path(), &source)
        })?;
        Ok(repository)
    }
}

/// Returns the commit that `digits` abbreviate in `repository`.
fn find(repository: &Repository, digits: &str) -> Option<Oid> {
    let object = repository.revparse_single(&format!("{digits}^{{commit}}")).ok()?;
    object.id().to_string().starts_with(digits).then(|| object.id())
}

impl std::fmt::Debug for Observed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Observed")
            .field("dest", &self.dest)
            .field("remote", &self.wanted.url)
            .field("before", &self.before())
            .field("after", &self.after())
            .finish_non_exhaustive()
    }
}
