//! What a commit holds: its files and its submodules, by path.
//!
//! Reads objects only; it never looks at a worktree.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use git2::{ErrorCode, FileMode, Oid, Repository, TreeWalkMode, TreeWalkResult};
use rustix::fs::{MemfdFlags, memfd_create};

use super::failure;
use crate::error::{Error, Kind, Result};

/// What git knows of a file besides its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Regular,
    Executable,
    Link,
}

/// A tracked file: its mode, and its content by object id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct File {
    pub mode: Mode,
    pub oid: Oid,
}

/// The files and the submodules of one commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub files: BTreeMap<PathBuf, File>,
    pub submodules: BTreeMap<PathBuf, Oid>,
}

impl Contents {
    /// Returns those of `paths` where this commit has something, or where something of it is in the way.
    pub(super) fn occupying(&self, paths: &[PathBuf]) -> BTreeSet<PathBuf> {
        let own = || self.files.keys().chain(self.submodules.keys());
        paths
            .iter()
            .filter(|path| own().any(|has| has.starts_with(path) || path.starts_with(has)))
            .cloned()
            .collect()
    }
}

/// A submodule as `.gitmodules` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Described {
    pub name: String,
    pub path: PathBuf,
    pub url: String,
}

/// Returns what `commit` holds; `None` if `repository` lacks it. The zero id stands for no files at all.
pub(super) fn of(repository: &Repository, commit: Oid) -> Result<Option<Contents>> {
    if commit.is_zero() {
        return Ok(Some(Contents::default()));
    }
    let read = || {
        let commit = match repository.find_commit(commit) {
            Ok(commit) => commit,
            Err(source) if source.code() == ErrorCode::NotFound => return Ok(None),
            Err(source) => return Err(source),
        };
        let mut contents = Contents::default();
        let mut unsafe_path = None;
        commit
            .tree()?
            .walk(TreeWalkMode::PreOrder, |folder, entry| {
                let mut path = PathBuf::from(folder);
                path.push(OsStr::from_bytes(entry.name_bytes()));
                if !is_safe(&path) {
                    unsafe_path = Some(path);
                    return TreeWalkResult::Abort;
                }
                match mode(entry.filemode()) {
                    Some(mode) => drop(contents.files.insert(
                        path,
                        File {
                            mode,
                            oid: entry.id(),
                        },
                    )),
                    None if entry.filemode() == i32::from(FileMode::Commit) => {
                        contents.submodules.insert(path, entry.id());
                    }
                    None => {}
                }
                TreeWalkResult::Ok
            })
            .or_else(|source| {
                if unsafe_path.is_some() {
                    Ok(())
                } else {
                    Err(source)
                }
            })?;
        Ok(Some((contents, unsafe_path)))
    };
    match read().map_err(|source| failure::local("read", repository.path(), &source))? {
        None => Ok(None),
        Some((contents, None)) => Ok(Some(contents)),
        Some((_, Some(path))) => Err(Error::new(
            Kind::Refused,
            format!(
                "the commit {commit} has a file that leads out of its checkout: `{}`",
                path.display()
            ),
        )),
    }
}

pub(super) fn mode(bits: i32) -> Option<Mode> {
    match bits & 0o170_000 {
        0o100_000 if bits & 0o100 != 0 => Some(Mode::Executable),
        0o100_000 => Some(Mode::Regular),
        0o120_000 => Some(Mode::Link),
        _ => None,
    }
}

/// Returns whether `path` stays in its checkout and out of git's own directory.
pub(super) fn is_safe(path: &Path) -> bool {
    path.components().all(|component| match component {
        Component::Normal(name) => !name.eq_ignore_ascii_case(".git"),
        _ => false,
    }) && path.components().next().is_some()
}

/// Returns the submodules that the `.gitmodules` of `contents` describes, those marked `update = none` apart.
pub(super) fn described(repository: &Repository, contents: &Contents) -> Result<Vec<Described>> {
    let Some(file) = contents.files.get(Path::new(".gitmodules")) else {
        return Ok(Vec::new());
    };
    let read = || {
        // libgit2 reads configuration from files only; one in memory is never left over.
        let copy = in_memory(repository.find_blob(file.oid)?.content())
            .map_err(|source| git2::Error::from_str(&source.to_string()))?;
        let path = format!("/proc/self/fd/{}", copy.as_raw_fd());
        let configuration = git2::Config::open(Path::new(&path))?.snapshot()?;
        let mut described = Vec::new();
        configuration
            .entries(Some(r"^submodule\..*\.path$"))?
            .for_each(|entry| {
                let (Ok(key), Ok(path)) = (entry.name(), entry.value()) else {
                    return;
                };
                let Some(name) = key
                    .strip_prefix("submodule.")
                    .and_then(|rest| rest.strip_suffix(".path"))
                else {
                    return;
                };
                let value = |of: &str| configuration.get_string(&format!("submodule.{name}.{of}")).ok();
                if let Some(url) = value("url").filter(|_| value("update").as_deref() != Some("none")) {
                    described.push(Described {
                        name: name.to_owned(),
                        path: PathBuf::from(path),
                        url,
                    });
                }
            })?;
        Ok(described)
    };
    let mut described: Vec<Described> =
        read().map_err(|source| failure::local("read `.gitmodules` in", repository.path(), &source))?;
    // A name becomes a directory of git's; one that leads elsewhere would plant a repository there.
    described.retain(|submodule| is_safe(Path::new(&submodule.name)) && is_safe(&submodule.path));
    Ok(described)
}

fn in_memory(content: &[u8]) -> io::Result<fs::File> {
    let mut file = fs::File::from(memfd_create("gitmodules", MemfdFlags::CLOEXEC)?);
    file.write_all(content)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_out_of_the_checkout_are_not_safe() {
        for (path, safe) in [
            ("a/b", true),
            (".gitignore", true),
            ("../a", false),
            ("/a", false),
            ("a/../../b", false),
            (".git/config", false),
            ("a/.GIT/hooks", false),
            ("", false),
        ] {
            assert_eq!(is_safe(Path::new(path)), safe, "{path}");
        }
    }

    #[test]
    fn modes_are_those_that_git_tracks() {
        for (bits, expected) in [
            (0o100_644, Some(Mode::Regular)),
            (0o100_600, Some(Mode::Regular)),
            (0o100_755, Some(Mode::Executable)),
            (0o120_777, Some(Mode::Link)),
            (0o040_755, None),
            (0o160_000, None),
        ] {
            assert_eq!(mode(bits), expected, "{bits:o}");
        }
    }
}
