//! Which commits of a checkout never came from its remote.
//!
//! Reads references, their logs and the commit graph; it judges nothing but reachability.

use std::collections::HashSet;
use std::path::Path;

use git2::{Oid, Repository, Sort};

use super::{examine, failure};
use crate::error::Result;

/// Points to what this project checked out last, and logs what it checked out before.
pub(super) const DEPLOYED: &str = "refs/cross_compile/deployed";

/// The most commits of the user's own that are looked up by name.
const MOST: usize = 50;

/// Returns the commits reachable from `tips` that never came from the remote: abbreviated id and summary.
///
/// `advertised` and `others` are known to have come from there.
pub(super) fn own_commits(
    repository: &Repository,
    tips: &[Oid],
    advertised: &[Oid],
    others: &[Oid],
) -> Result<Vec<String>> {
    let walk = || {
        let mut theirs: HashSet<Oid> = advertised.iter().chain(others).copied().collect();
        for glob in ["refs/remotes/*", "refs/tags/*", DEPLOYED] {
            for reference in repository.references_glob(glob)?.flatten() {
                theirs.extend(reference.peel_to_commit().ok().map(|commit| commit.id()));
                let Ok(name) = reference.name() else { continue };
                // A branch that was forced on the remote is no local change: its log tells where it was.
                // Reading a log that is not there would make an empty one, in check mode too.
                if !repository.reference_has_log(name)? {
                    continue;
                }
                if let Ok(log) = repository.reflog(name) {
                    theirs.extend(log.iter().flat_map(|entry| [entry.id_old(), entry.id_new()]));
                }
            }
        }
        if tips.iter().all(|tip| theirs.contains(tip)) {
            return Ok(Vec::new());
        }
        let mut walk = repository.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL)?;
        for tip in tips {
            walk.push(*tip)?;
        }
        for known in theirs.iter().filter(|oid| repository.find_commit(**oid).is_ok()) {
            walk.hide(*known)?;
        }
        walk.take(MOST)
            .map(|oid| {
                let commit = repository.find_commit(oid?)?;
                let summary = commit
                    .summary_bytes()
                    .map(String::from_utf8_lossy)
                    .unwrap_or_default();
                Ok(format!("{} {summary}", short(commit.id())).trim_end().to_owned())
            })
            .collect()
    };
    walk().map_err(|source: git2::Error| failure::local("read the history of", repository.path(), &source))
}

/// Returns how many commits of `target` are not in the history of `head`; `None` where that history is not whole.
///
/// `more_objects` is a directory of objects that the repository itself may lack.
pub(super) fn missing(
    repository: &Repository,
    head: Oid,
    target: Oid,
    more_objects: Option<&Path>,
) -> Option<usize> {
    if head == target {
        return Some(0);
    }
    if repository.is_shallow() {
        return None;
    }
    let handle = examine::reading(repository, more_objects).ok()?;
    let (missing, _) = handle.graph_ahead_behind(target, head).ok()?;
    Some(missing)
}

/// Returns the first digits of an object id, as git shows them.
pub(super) fn short(oid: Oid) -> String {
    oid.to_string()[..8].to_owned()
}
