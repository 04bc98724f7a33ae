//! The note in a repository that an update is under way.
//!
//! Owns one small file: the commits whose files may lie in the worktree until the update has ended. While it
//! exists, locks and temporary files in the repository are a killed run's, because the host's lock is held.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use git2::Oid;

use super::fresh;
use crate::error::{Error, Result};

const NAME: &str = "cross_compile-update";

/// Where files are prepared before they are moved into the worktree.
pub(super) const STAGING: &str = "cross_compile-staging";

/// Returns the commits that the unfinished update at `repository` names; `None` if there is none.
pub(super) fn read(repository: &Path) -> Result<Option<Vec<Oid>>> {
    let path = repository.join(NAME);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(
            text.lines().filter_map(|line| Oid::from_str(line).ok()).collect(),
        )),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::io("read", &path, &source)),
    }
}

pub(super) fn write(repository: &Path, commits: &[Oid]) -> Result<()> {
    let path = repository.join(NAME);
    // Always the same name, so that a killed run leaves nothing that the next one does not write anew.
    let draft = repository.join(format!("{NAME}.lock"));
    let store = || {
        let mut file = fresh::create(&draft)?;
        for commit in commits {
            writeln!(file, "{commit}")?;
        }
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        fs::File::open(repository)?.sync_all()
    };
    store().map_err(|source: io::Error| Error::io("write", &path, &source))
}

pub(super) fn remove(repository: &Path) -> Result<()> {
    let path = repository.join(NAME);
    match fs::remove_file(&path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", &path, &source)),
        _ => Ok(()),
    }
}

/// Removes the locks, temporary files and staged files that a killed run left in `repository`.
pub(super) fn sweep(repository: &Path) -> Result<()> {
    let staging = repository.join(STAGING);
    match fs::remove_dir_all(&staging) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            return Err(Error::io("remove", &staging, &source));
        }
        _ => {}
    }
    sweep_files(repository, true)
}

fn sweep_files(directory: &Path, top: bool) -> Result<()> {
    let failed = |source| Error::io("list", directory, &source);
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if entry.file_type().map_err(failed)?.is_dir() {
            // Submodules keep notes of their own.
            if !(top && name == "modules") {
                sweep_files(&path, false)?;
            }
        } else if name.ends_with(".lock") || name.contains("_git2_") {
            fs::remove_file(&path).map_err(|source| Error::io("remove", &path, &source))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commits_of_an_unfinished_update_are_read_back() {
        let directory = tempfile::tempdir().expect("a directory");
        assert_eq!(read(directory.path()), Ok(None));
        let commits = ["1", "2"].map(|digit| Oid::from_str(&digit.repeat(40)).expect("an object id"));
        write(directory.path(), &commits).expect("written");
        assert_eq!(read(directory.path()), Ok(Some(commits.to_vec())));
        remove(directory.path()).expect("removed");
        remove(directory.path()).expect("removing it again is no error");
        assert_eq!(read(directory.path()), Ok(None));
    }

    #[test]
    fn a_link_in_the_place_of_the_draft_is_not_followed() {
        let directory = tempfile::tempdir().expect("a directory");
        let victim = directory.path().join("victim");
        fs::write(&victim, "theirs").expect("a file");
        let draft = directory.path().join(format!("{NAME}.lock"));
        std::os::unix::fs::symlink(&victim, draft).expect("a link");
        write(directory.path(), &[Oid::ZERO_SHA1]).expect("written");
        assert_eq!(fs::read_to_string(&victim).expect("a file"), "theirs");
        assert_eq!(read(directory.path()), Ok(Some(vec![Oid::ZERO_SHA1])));
    }

    #[test]
    fn only_locks_and_temporary_files_are_swept() {
        let directory = tempfile::tempdir().expect("a directory");
        let add = |name: &str| {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(&path, "").expect("a file");
            path
        };
        let gone = [
            "index.lock",
            "objects/pack/pack_git2_x1",
            "refs/heads/main.lock",
            "cross_compile-staging/a/b",
        ]
        .map(add);
        let kept = ["index", "refs/heads/main", "modules/a/index.lock"].map(add);
        sweep(directory.path()).expect("swept");
        assert!(gone.iter().all(|path| !path.exists()));
        assert!(kept.iter().all(|path| path.exists()));
    }
}
