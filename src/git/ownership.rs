//! Whom the files of a checkout belong to.
//!
//! Owns two rules: what root writes into somebody's checkout is that somebody's, and root writes nothing where that
//! somebody can lead it elsewhere.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::{Path, PathBuf};

use rustix::fs::{Gid, Uid};

use crate::error::{Error, Result};

/// A user and a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub user: Uid,
    pub group: Gid,
}

/// Returns the owner of `path` when it is not the one whose files we make anyway.
pub(super) fn other_owner(path: &Path) -> Result<Option<Owner>> {
    let user = rustix::process::geteuid();
    let metadata = fs::metadata(path).map_err(|source| Error::io("read", path, &source))?;
    let owner = Owner {
        user: Uid::from_raw(metadata.uid()),
        group: Gid::from_raw(metadata.gid()),
    };
    Ok((user.is_root() && owner.user != user).then_some(owner))
}

/// Returns the links in `repository` where root works for somebody else: writing through one could overwrite any file
/// of the host. Hooks are often links, and never written.
pub(super) fn links(repository: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    if other_owner(repository)?.is_some() {
        find_links(repository, &mut found).map_err(|source| Error::io("read", repository, &source))?;
    }
    Ok(found)
}

fn find_links(directory: &Path, found: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    let is_repository = directory.join("objects").is_dir();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            found.insert(entry.path());
        } else if kind.is_dir() && !(is_repository && entry.file_name() == "hooks") {
            find_links(&entry.path(), found)?;
        }
    }
    Ok(())
}

/// Gives everything of root's below `path` to `owner`.
pub(super) fn hand_over(path: &Path, owner: Option<Owner>) -> Result<()> {
    let Some(owner) = owner else { return Ok(()) };
    give(path, owner).map_err(|source| Error::io("change the owner of what is in", path, &source))
}

fn give(path: &Path, owner: Owner) -> io::Result<()> {
    let metadata = path.symlink_metadata()?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), owner)?;
        }
    }
    if metadata.uid() == 0 {
        lchown(path, Some(owner.user.as_raw()), Some(owner.group.as_raw()))?;
    }
    Ok(())
}
