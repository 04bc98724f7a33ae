//! Bringing one repository to the commit that it should have, from whatever state it is in.
//!
//! Owns the order that makes a kill harmless: note what is under way, fetch, write files, index, references,
//! forget the note. The same steps make a clone, an update, a repair, and finish an interrupted one.

use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, Repository};

use super::change::named;
use super::configuration::Edit;
use super::contents::{self, Contents};
use super::deploy::{self, Deployment};
use super::examine::{self, Examined, Wanted};
use super::history::DEPLOYED;
use super::ownership::{self, Owner};
use super::stop::Stop;
use super::worktree::Worktree;
use super::{configuration, failure, marker, plan, remote, submodules};
use crate::error::{Error, Kind, Result};

/// Fetches every branch and tag, as `git clone` sets it up.
pub(super) const EVERYTHING: [&str; 2] = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];

/// How a repository is brought to what is wanted of it.
pub(super) struct Update<'a> {
    pub wanted: &'a Wanted,
    /// What to fetch at first; what is still missing then is looked for in everything.
    pub references: Vec<String>,
    /// The remote's branches, where they are known.
    pub branches: Option<Vec<String>>,
    pub depth: Option<u32>,
    pub force: bool,
    pub own: &'a [PathBuf],
    pub owner: Option<Owner>,
    pub stop: &'a Stop,
}

impl Update<'_> {
    /// Carries the update out at `root`.
    pub(super) fn carry_out(&self, root: &Path) -> Result<()> {
        let repository = deploy::open(root)?;
        let directory = repository.path().to_path_buf();
        plan::refuse_links(&ownership::links(repository.commondir())?)?;
        let head = head(&repository).map_err(|source| failure::local("read", root, &source))?;
        let marked = marker::read(&directory)?;
        if marked.is_some() {
            marker::sweep(&directory)?;
        }
        let mut commits: Vec<Oid> = marked
            .iter()
            .flatten()
            .copied()
            .chain(head)
            .chain([self.wanted.commit])
            .collect();
        commits.sort_unstable();
        commits.dedup();
        marker::write(&directory, &commits)?;
        let fetched = self
            .configure(root, &repository)
            .and_then(|repository| self.fetch(&repository, head));
        if let Err(error) = fetched {
            if marked.is_none() {
                // Nothing of the worktree was touched, so there is nothing to finish.
                marker::sweep(&directory)?;
                marker::remove(&directory)?;
            }
            ownership::hand_over(&directory, self.owner)?;
            return Err(error);
        }
        self.converge(root, &commits, head)?;
        ownership::hand_over(&directory, self.owner)?;
        marker::remove(&directory)
    }

    /// Returns whether the repository at `root` is not what is wanted of it.
    pub(super) fn is_needed(&self, root: &Path) -> Result<bool> {
        let repository = deploy::open(root)?;
        let examined = examine::examine(root, &repository, self.wanted, self.own, &[], None)?;
        let settled = Examined {
            head: Some(self.wanted.commit),
            attached: true,
            url: true,
            ..Examined::default()
        };
        Ok(examined != settled)
    }

    fn converge(&self, root: &Path, commits: &[Oid], head: Option<Oid>) -> Result<()> {
        let repository = deploy::open(root)?;
        let target = contents::of(&repository, self.wanted.commit)?.ok_or_else(|| self.gone())?;
        // Before a clone, nobody could know.
        plan::refuse_occupied(&target.occupying(&self.wanted.reserved), self.wanted.url.as_str())?;
        let mut known: Vec<Contents> = Vec::new();
        for commit in commits {
            known.extend(contents::of(&repository, *commit)?);
        }
        if head.is_none() {
            // Before a first checkout has ended, no file at all is as it should be, too.
            known.push(Contents::default());
        }
        let difference = {
            let handle = examine::reading(&repository, None)?;
            let worktree = Worktree::new(root, &handle)?;
            worktree.difference(&known.iter().collect::<Vec<_>>(), &target, self.own)?
        };
        if !self.force {
            // Planning has refused these already; they can only have appeared since.
            let appeared: Vec<PathBuf> = difference
                .dirty
                .iter()
                .chain(&difference.in_the_way)
                .cloned()
                .collect();
            if !appeared.is_empty() {
                return Err(Error::new(
                    Kind::Refused,
                    format!(
                        "`{}` was changed during the update: {}",
                        root.display(),
                        named(&appeared)
                    ),
                )
                .with_remedy("save those files elsewhere, or set `toolkit_force: true` to discard them"));
            }
        }
        let deployment = Deployment {
            repository: &repository,
            root,
            commit: self.wanted.commit,
            contents: &target,
            owner: self.owner,
        };
        deployment.files(&difference, self.stop)?;
        deployment.index(self.own)?;
        self.references(&repository)?;
        submodules::carry_out(self, &repository, root, &target)
    }

    fn gone(&self) -> Error {
        Error::new(
            Kind::NotFound,
            format!(
                "the commit {} is not in `{}`",
                self.wanted.commit, self.wanted.url
            ),
        )
        .with_remedy("it may just have been replaced there: run again")
    }

    /// Writes the remote and the branch's upstream as `git clone` does, and returns the repository as it is then.
    fn configure(&self, root: &Path, repository: &Repository) -> Result<Repository> {
        let url = self.wanted.url.as_str();
        let value = |key: &str| configuration::value(repository, key);
        let mut edits = Vec::new();
        if examine::stored_url(repository).as_deref() != Some(url) {
            edits.push(Edit::set("remote.origin.url", url));
            // Credentials of another tool's making would stay behind here.
            edits.push(Edit::remove("remote.origin.pushurl"));
        }
        if value("remote.origin.fetch").is_none() {
            edits.push(Edit::set("remote.origin.fetch", EVERYTHING[0]));
        }
        if let Some(name) = &self.wanted.branch {
            let merge = format!("refs/heads/{name}");
            for (key, wanted) in [("remote", "origin"), ("merge", &merge)] {
                let key = format!("branch.{name}.{key}");
                if value(&key).as_deref() != Some(wanted) {
                    edits.push(Edit::set(&key, wanted));
                }
            }
        }
        configuration::edit(repository.commondir(), &edits)?;
        let repository = deploy::open(root)?;
        if examine::stored_url(&repository).as_deref() != Some(url) {
            let path = repository.commondir().join("config");
            return Err(Error::new(
                Kind::Refused,
                format!(
                    "`remote.origin.url` is set by a file that `{}` includes",
                    path.display()
                ),
            )
            .with_remedy("remove it from there, or move the checkout away to have it cloned anew"));
        }
        Ok(repository)
    }

    fn fetch(&self, repository: &Repository, head: Option<Oid>) -> Result<()> {
        let Self {
            wanted, depth, stop, ..
        } = self;
        let has_target = || repository.find_commit(wanted.commit).is_ok();
        if has_target() && head == Some(wanted.commit) {
            return Ok(());
        }
        if let Some(branches) = &self.branches {
            prune(repository, branches)?;
        }
        // Deepening is not wanted, and a full history is never cut.
        let depth = depth.filter(|_| head.is_none() || repository.is_shallow());
        let fetched = remote::fetch(repository, &wanted.url, &self.references, depth, stop);
        if has_target() || fetched.as_ref().is_err_and(|error| error.kind() != Kind::Failed) {
            return fetched;
        }
        let everything = EVERYTHING.map(str::to_owned);
        if fetched.is_err() || self.references != everything {
            remote::fetch(repository, &wanted.url, &everything, None, stop)?;
        }
        if !has_target() {
            // Only some servers give away what they do not advertise.
            remote::fetch(repository, &wanted.url, &[wanted.commit.to_string()], None, stop).map_err(
                |error| {
                    if error.kind() == Kind::Failed {
                        self.gone()
                    } else {
                        error
                    }
                },
            )?;
        }
        Ok(())
    }

    /// Moves the branch and `HEAD`, and records what came from the remote.
    fn references(&self, repository: &Repository) -> Result<()> {
        let Wanted {
            commit,
            branch,
            url: _,
            reserved: _,
        } = self.wanted;
        let log = "cross_compile: update";
        let write = || {
            repository.reference_ensure_log(DEPLOYED)?;
            repository.reference(DEPLOYED, *commit, true, log)?;
            let Some(name) = branch else {
                return repository.set_head_detached(*commit);
            };
            let reference = format!("refs/heads/{name}");
            if repository.refname_to_id(&reference).ok() != Some(*commit) {
                repository.reference(&reference, *commit, true, log)?;
            }
            repository.set_head(&reference)
        };
        write()
            .map_err(|source: git2::Error| failure::local("move the branch of", repository.path(), &source))
    }
}

/// Deletes remote-tracking branches that the remote has no longer: they would stand in the way of new ones.
fn prune(repository: &Repository, branches: &[String]) -> Result<()> {
    let prune = || {
        for reference in repository.references_glob("refs/remotes/origin/*")? {
            let mut reference = reference?;
            let gone = reference
                .name()
                .ok()
                .and_then(|name| name.strip_prefix("refs/remotes/origin/"))
                .is_some_and(|name| name != "HEAD" && !branches.iter().any(|branch| branch == name));
            if gone {
                reference.delete()?;
            }
        }
        Ok(())
    };
    prune().map_err(|source: git2::Error| failure::local("prune", repository.path(), &source))
}

fn head(repository: &Repository) -> Result<Option<Oid>, git2::Error> {
    match repository.head() {
        Ok(head) => Ok(Some(head.peel_to_commit()?.id())),
        Err(source) if matches!(source.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => Ok(None),
        Err(source) => Err(source),
    }
}
