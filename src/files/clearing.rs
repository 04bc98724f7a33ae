//! Removing a directory with all that is below it, without ever leaving it.
//!
//! Owns the walk, by descriptor and never through a symbolic link: whoever may write there must not be able to lead
//! root elsewhere while it removes.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, fchmod, openat, unlinkat};
use rustix::io::Errno;

use crate::error::{Error, Result};

const DIRECTORY: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC)
    .union(OFlags::RDONLY);

/// As deep as anything is measured, and so known to be there.
const DEEPEST: usize = 256;

/// Removes whatever is at `relative` in `root`. Nothing there is no error; a link on the way is.
///
/// # Errors
/// The system's, with the path.
pub fn clear(root: &Path, relative: &Path) -> Result<()> {
    clear_in(root, relative)
        .map_err(|errno| Error::io("remove", &root.join(relative), &io::Error::from(errno)))
}

fn clear_in(root: &Path, relative: &Path) -> Result<(), Errno> {
    let mut names = relative.iter();
    let (Some(last), false) = (names.next_back(), relative.iter().any(|name| name == "..")) else {
        return Err(Errno::INVAL);
    };
    let mut directory = openat(CWD, root, DIRECTORY, Mode::empty())?;
    for name in names {
        directory = openat(&directory, name, DIRECTORY, Mode::empty())?;
    }
    remove(directory.as_fd(), last, 0)
}

fn remove(parent: BorrowedFd<'_>, name: &OsStr, depth: usize) -> Result<(), Errno> {
    match unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR) => {}
        Err(errno) => return Err(errno),
    }
    if depth == DEEPEST {
        return Err(Errno::NAMETOOLONG);
    }
    let directory = match openat(parent, name, DIRECTORY, Mode::empty()) {
        Ok(directory) => directory,
        Err(Errno::NOENT) => return Ok(()),
        Err(errno) => return Err(errno),
    };
    empty(&directory, depth)?;
    match unlinkat(parent, name, AtFlags::REMOVEDIR) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(errno),
    }
}

fn empty(directory: &OwnedFd, depth: usize) -> Result<(), Errno> {
    // Build tools take the right to write from what they have finished. Whoever does not own it learns so below.
    fchmod(directory, Mode::RWXU).ok();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            remove(directory.as_fd(), OsStr::from_bytes(name), depth + 1)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn all_that_is_below_goes_and_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let at = |path: &str| directory.path().join(path);
        fs::create_dir_all(at("cache/a/b/c")).unwrap();
        fs::write(at("cache/a/b/c/file"), "").unwrap();
        fs::write(at("cache/kept"), "").unwrap();
        fs::set_permissions(at("cache/a/b"), fs::Permissions::from_mode(0o555)).unwrap();
        for _ in 0..2 {
            clear(&at("cache"), Path::new("a/b")).unwrap();
        }
        assert!(at("cache/a").is_dir() && !at("cache/a/b").exists());
        clear(&at("cache"), Path::new("a")).unwrap();
        assert_eq!(fs::read_dir(at("cache")).unwrap().count(), 1);
    }

    #[test]
    fn links_go_and_lead_nowhere() {
        let directory = tempfile::tempdir().unwrap();
        let at = |path: &str| directory.path().join(path);
        for name in ["cache/a", "outside/inner"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        fs::write(at("outside/inner/victim"), "").unwrap();
        symlink(at("outside"), at("cache/a/link")).unwrap();
        symlink(at("outside"), at("cache/way")).unwrap();
        clear(&at("cache"), Path::new("a")).unwrap();
        for path in ["way/inner", "../outside", "a/../../outside", ""] {
            assert!(clear(&at("cache"), Path::new(path)).is_err(), "{path}");
        }
        clear(&at("cache"), Path::new("way")).unwrap();
        assert!(at("outside/inner/victim").exists());
        symlink(at("outside"), at("caches")).unwrap();
        assert!(clear(&at("caches"), Path::new("inner")).is_err());
    }
}
