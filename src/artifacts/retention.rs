//! Which artifacts are to go.
//!
//! Owns the rule: what is older than the retention goes, with what belongs to it; what a link leads to, the newest of
//! each name, and files that are not what a build of ours recorded stay. Choosing is pure; [`remove`] carries it out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::inventory::{Artifact, Inventory, Origin};
use super::{Moment, PREVIOUS, Tree, companions, rewrite_without};
use crate::error::Result;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What came since then stays.
    pub before: Moment,
    /// How many of a name stay, however old.
    pub keep: usize,
    /// Whether files may go that no build of ours recorded, or that somebody replaced since.
    pub unmanaged: bool,
}

/// One artifact that is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    pub artifact: PathBuf,
    /// What goes with it.
    pub companions: Vec<PathBuf>,
    pub bytes: u64,
}

impl Rule {
    /// Returns the rule by which everything older than `days` may go.
    #[must_use]
    pub fn new(now: SystemTime, days: u64, keep: usize, unmanaged: bool) -> Self {
        let age = Duration::from_secs(days.saturating_mul(24 * 60 * 60));
        let before = now
            .checked_sub(age)
            .and_then(|moment| moment.duration_since(SystemTime::UNIX_EPOCH).ok())
            .unwrap_or_default();
        Self {
            before: Moment {
                seconds: i64::try_from(before.as_secs()).unwrap_or(i64::MAX),
                nanoseconds: before.subsec_nanos(),
            },
            keep,
            unmanaged,
        }
    }
}

/// Returns what is to go from a category, in the order of the paths. `targets` is what links lead to, relative to it.
#[must_use]
pub fn select(inventory: &Inventory, rule: &Rule, targets: &BTreeSet<PathBuf>) -> Vec<Removal> {
    let is_target = |path: &Path| path.ancestors().any(|path| targets.contains(path));
    let kept = newest(&inventory.artifacts, rule.keep);
    let goes = |artifact: &Artifact| {
        artifact.since() < rule.before
            && !artifact.paths().any(is_target)
            && !kept.contains(artifact.path.as_path())
            && (rule.unmanaged || artifact.origin == Origin::Recorded)
    };
    let (going, staying): (Vec<&Artifact>, Vec<&Artifact>) =
        inventory.artifacts.iter().partition(|artifact| goes(artifact));
    let inhabited: BTreeSet<&Path> = staying.iter().filter_map(|one| one.path.parent()).collect();
    let mut described = BTreeSet::new();
    going
        .into_iter()
        .map(|artifact| {
            let mut removal = Removal {
                artifact: artifact.path.clone(),
                companions: artifact.companions.iter().map(|one| one.path.clone()).collect(),
                bytes: artifact.bytes(),
            };
            // What describes a directory goes with the last artifact that it describes.
            if let Some(directory) = artifact.path.parent()
                && !inhabited.contains(directory)
                && described.insert(directory)
            {
                let is_here = |path: &Path| path.parent() == Some(directory);
                for description in &inventory.descriptions {
                    if is_here(&description.path) && !is_target(&description.path) {
                        removal.companions.push(description.path.clone());
                        removal.bytes += description.size;
                    }
                }
            }
            removal
        })
        .collect()
}

/// Returns the newest artifacts of each name. What was replaced counts as of the place where it lay before.
fn newest(artifacts: &[Artifact], keep: usize) -> BTreeSet<&Path> {
    let mut named: BTreeMap<(PathBuf, &str), Vec<&Artifact>> = BTreeMap::new();
    // A statement that outlived its artifact, since pruning was killed between the two, keeps nothing, itself included.
    let is_bereft = |artifact: &&Artifact| {
        companions::is_statement(&artifact.path) && artifact.is_recorded() && artifact.recorded.is_none()
    };
    for artifact in artifacts.iter().filter(|artifact| !is_bereft(artifact)) {
        let place = match artifact.path.strip_prefix(PREVIOUS) {
            Ok(inner) => inner.iter().skip(1).collect(),
            Err(_) => artifact.path.clone(),
        };
        let directory = place.parent().map(Path::to_path_buf).unwrap_or_default();
        named
            .entry((directory, &artifact.name))
            .or_default()
            .push(artifact);
    }
    let mut newest = BTreeSet::new();
    for mut same in named.into_values() {
        // Of two that are as old, the one that was not replaced is the newer.
        same.sort_by(|one, other| {
            let age = |artifact: &Artifact| (artifact.since(), !artifact.is_previous());
            age(other).cmp(&age(one)).then_with(|| other.path.cmp(&one.path))
        });
        newest.extend(
            same.into_iter()
                .take(keep)
                .map(|artifact| artifact.path.as_path()),
        );
    }
    newest
}

/// Removes what [`select`] chose, from `SHA256SUMS` first.
///
/// # Errors
/// The system's, with the path. Doing it again goes on where this ended.
pub fn remove(tree: &Tree, removals: &[Removal]) -> Result<()> {
    if removals.is_empty() {
        return Ok(());
    }
    let going = removals
        .iter()
        .flat_map(|removal| removal.companions.iter().chain([&removal.artifact]))
        .map(PathBuf::as_path)
        .collect();
    rewrite_without(tree, &going)?;
    for removal in removals {
        // The statement last: without it, nothing tells the next run that the artifact was ours.
        let (statements, others): (Vec<&PathBuf>, Vec<&PathBuf>) = removal
            .companions
            .iter()
            .partition(|path| companions::is_statement(path));
        for path in others.into_iter().chain([&removal.artifact]).chain(statements) {
            tree.remove(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
