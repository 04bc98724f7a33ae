//! Files that belong to others.
//!
//! Owns the names by which a file is known as the checksum, signature, statement or description of an artifact beside
//! it. It looks at names alone.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::files::tree::{Entry, EntryKind};

const STATEMENT: &str = ".intoto.json";
const CHECKSUM: &str = ".sha256";
const SUFFIXES: [&str; 4] = [CHECKSUM, STATEMENT, ".asc", ".sig"];

/// Describes every artifact of its directory.
const SHARED: &str = "build-info.txt";

pub(super) fn is_statement(path: &Path) -> bool {
    without(path, STATEMENT).is_some()
}

/// Returns where the statement of `artifact` lies.
pub(super) fn statement(artifact: &Path) -> PathBuf {
    with(artifact, STATEMENT)
}

/// Returns whose checksum `path` is.
pub(super) fn checksum_of(path: &Path) -> Option<PathBuf> {
    without(path, CHECKSUM)
}

/// Returns where the companions of `artifact` would lie that are its alone.
pub(super) fn all(artifact: &Path) -> impl Iterator<Item = PathBuf> + '_ {
    SUFFIXES.iter().map(move |suffix| with(artifact, suffix))
}

/// Tells whether `path` belongs to a file beside it that is there.
pub(super) fn is_one(path: &Path, is_there: impl Fn(&Path) -> bool) -> bool {
    let artifacts = SUFFIXES.iter().filter_map(|suffix| without(path, suffix));
    artifacts.into_iter().any(|artifact| is_there(&artifact))
}

/// The regular files among `entries`: artifacts, with what belongs to each; what belongs to all of a directory.
#[derive(Debug, Default)]
pub(super) struct Grouped<'a> {
    pub artifacts: BTreeMap<&'a Path, (&'a Entry, Vec<&'a Entry>)>,
    /// By directory; only where there are artifacts.
    pub shared: BTreeMap<&'a Path, Vec<&'a Entry>>,
}

pub(super) fn group(entries: &[Entry]) -> Grouped<'_> {
    let files = || entries.iter().filter(|entry| entry.kind == EntryKind::File);
    let paths: BTreeSet<&Path> = files().map(|entry| entry.path.as_path()).collect();
    let mut grouped = Grouped::default();
    let mut belonging = Vec::new();
    for entry in files() {
        match owner(&entry.path, &paths) {
            Some(owner) => belonging.push((owner, entry)),
            None => drop(grouped.artifacts.insert(&entry.path, (entry, Vec::new()))),
        }
    }
    for (owner, entry) in belonging {
        if let Some((_, companions)) = grouped.artifacts.get_mut(owner) {
            companions.push(entry);
        }
    }
    let directories: BTreeSet<&Path> = grouped
        .artifacts
        .keys()
        .filter(|path| !is_shared(path))
        .filter_map(|path| path.parent())
        .collect();
    for entry in files().filter(|entry| is_shared(&entry.path)) {
        if let Some(directory) = entry.path.parent()
            && directories.contains(directory)
            && let Some((_, companions)) = grouped.artifacts.remove(entry.path.as_path())
        {
            let described = grouped.shared.entry(directory).or_default();
            described.push(entry);
            described.extend(companions);
        }
    }
    grouped
}

fn is_shared(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == SHARED)
}

/// Returns the artifact that `path` belongs to, through as many companions as need be.
fn owner<'a>(path: &Path, paths: &BTreeSet<&'a Path>) -> Option<&'a Path> {
    let inner = SUFFIXES.iter().find_map(|suffix| without(path, suffix))?;
    let found = paths.get(inner.as_path())?;
    Some(owner(found, paths).unwrap_or(found))
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn without(path: &Path, suffix: &str) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?.strip_suffix(suffix)?;
    (!name.is_empty()).then(|| path.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::tree::Moment;

    fn entries(paths: &[&str]) -> Vec<Entry> {
        let entry = |path: &&str| Entry {
            path: path.into(),
            kind: EntryKind::File,
            size: 1,
            modified: Moment {
                seconds: 0,
                nanoseconds: 0,
            },
            mode: 0o644,
            uid: 0,
            gid: 0,
            identity: (0, 0),
            names: 1,
        };
        paths.iter().map(entry).collect()
    }

    #[track_caller]
    fn assert_grouped(paths: &[&str], artifacts: &[(&str, &[&str])], shared: &[(&str, &[&str])]) {
        fn told<'a>(path: &'a Path, of: &[&'a Entry]) -> (&'a str, Vec<&'a str>) {
            let name = |path: &'a Path| path.to_str().unwrap();
            (name(path), of.iter().map(|entry| name(&entry.path)).collect())
        }
        fn wanted<'a>(of: &[(&'a str, &[&'a str])]) -> Vec<(&'a str, Vec<&'a str>)> {
            of.iter().map(|(path, names)| (*path, names.to_vec())).collect()
        }
        let entries = entries(paths);
        let grouped = group(&entries);
        let found: Vec<_> = grouped
            .artifacts
            .iter()
            .map(|(path, (_, of))| told(path, of))
            .collect();
        assert_eq!(found, wanted(artifacts));
        let found: Vec<_> = grouped.shared.iter().map(|(path, of)| told(path, of)).collect();
        assert_eq!(found, wanted(shared));
    }

    #[test]
    fn companions_go_with_their_artifact_and_descriptions_with_their_directory() {
        assert_grouped(
            &[
                "a",
                "a.sha256",
                "a.sha256.asc",
                "a.intoto.json",
                "build-info.txt",
                "sub/b",
            ],
            &[
                ("a", &["a.sha256", "a.sha256.asc", "a.intoto.json"]),
                ("sub/b", &[]),
            ],
            &[("", &["build-info.txt"])],
        );
    }

    #[test]
    fn a_companion_of_nothing_is_an_artifact() {
        assert_grouped(
            &["a.sha256", "sub/build-info.txt", ".asc"],
            &[(".asc", &[]), ("a.sha256", &[]), ("sub/build-info.txt", &[])],
            &[],
        );
    }
}
