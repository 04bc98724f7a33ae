//! Directories that exist for the length of a run.
//!
//! Owns their recognisable name, by which the leftovers of killed runs are found again. One that is
//! in use is locked, and never swept.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use crate::error::{Error, Result};

/// What every temporary directory of this project is called, up to a random suffix.
pub(super) const PREFIX: &str = ".cross-compile-toolkit.partial-";

/// A directory that is removed when dropped, and locked until then, so that no other run takes it for a leftover.
#[derive(Debug)]
pub(super) struct Directory {
    directory: TempDir,
    _lock: File,
}

impl Directory {
    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Moves the directory to `place`, where it stays.
    pub(super) fn persist(self, place: &Path) -> io::Result<()> {
        fs::rename(self.path(), place)?;
        // What is no longer at its old place is not to be removed there.
        drop(self.directory.keep());
        Ok(())
    }
}

/// Returns a new private directory in `parent`.
pub(super) fn directory(parent: &Path) -> Result<Directory> {
    let create = || {
        loop {
            let directory = tempfile::Builder::new()
                .prefix(PREFIX)
                .permissions(fs::Permissions::from_mode(0o700))
                .tempdir_in(parent)?;
            // Another run may sweep it before it is locked.
            if let Some(lock) = File::open(directory.path()).ok().filter(is_mine)
                && directory.path().exists()
            {
                return Ok(Directory {
                    directory,
                    _lock: lock,
                });
            }
        }
    };
    create().map_err(|source: io::Error| Error::io("create a directory in", parent, &source))
}

fn is_mine(lock: &File) -> bool {
    flock(lock, FlockOperation::NonBlockingLockExclusive).is_ok()
}

/// Removes what killed runs left in `parent`: our own directories of that name, and no one else's.
pub(super) fn sweep(parent: &Path) -> Result<()> {
    // Where nothing can be listed, nothing was left either: making a directory there takes more.
    let Ok(entries) = fs::read_dir(parent) else {
        return Ok(());
    };
    let user = rustix::process::geteuid().as_raw();
    for entry in entries.flatten() {
        let ours = entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with(PREFIX))
            && entry
                .metadata()
                .is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == user);
        let path = entry.path();
        let abandoned = ours.then(|| File::open(&path).ok().filter(is_mine)).flatten();
        if abandoned.is_some() {
            fs::remove_dir_all(&path).map_err(|source| Error::io("remove", &path, &source))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_abandoned_directories_of_that_name_are_swept() {
        let parent = tempfile::tempdir().expect("a directory");
        let used = directory(parent.path()).expect("a directory");
        let left = parent.path().join(format!("{PREFIX}left"));
        fs::create_dir(&left).expect("a directory");
        fs::write(left.join("file"), "").expect("a file");
        fs::create_dir(parent.path().join("other")).expect("a directory");
        fs::write(parent.path().join(format!("{PREFIX}file")), "").expect("a file");
        sweep(parent.path()).expect("swept");
        assert!(!left.exists());
        assert!(used.path().exists());
        assert!(parent.path().join("other").exists());
        assert!(parent.path().join(format!("{PREFIX}file")).exists());
        sweep(&parent.path().join("absent")).expect("an absent directory holds no leftovers");
    }
}
