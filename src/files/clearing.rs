//! Removing a directory with all that is below it, without ever leaving it.
//!
//! Owns the walk, by descriptor and never through a symbolic link: whoever may write there must not be able to lead
//! root elsewhere while it removes.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, Mode, fchmod, openat, unlinkat};
use rustix::io::Errno;

use super::descent::{DIRECTORY, Descent};
use crate::error::{Error, Result};

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
    if !is_left(unlinkat(&directory, last, AtFlags::empty()))? {
        return Ok(());
    }
    empty(&mut Descent::new(directory), last)
}

/// Removes the directory `name`, and all that is below it.
fn empty(descent: &mut Descent, name: &OsStr) -> Result<(), Errno> {
    // For each directory on the way down: its own name, and the directories in it that are still to go.
    let mut way: Vec<(OsString, Vec<OsString>)> = Vec::new();
    let mut next = Some(name.to_owned());
    loop {
        if let Some(name) = next.take() {
            match descent.down(&name, DIRECTORY) {
                Ok(()) => way.push((name, remove_files(descent.here())?)),
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno),
            }
        }
        let Some((_, inner)) = way.last_mut() else {
            return Ok(());
        };
        next = inner.pop();
        if next.is_none()
            && let Some((name, _)) = way.pop()
        {
            descent.up()?;
            is_left(unlinkat(descent.here(), &name, AtFlags::REMOVEDIR))?;
        }
    }
}

/// Removes everything in the directory but directories, and returns these.
fn remove_files(directory: BorrowedFd<'_>) -> Result<Vec<OsString>, Errno> {
    // Build tools take the right to write from what they have finished. Whoever does not own it learns so below.
    fchmod(directory, Mode::RWXU).ok();
    let mut directories = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." && is_left(unlinkat(directory, name, AtFlags::empty()))? {
            directories.push(name.to_owned());
        }
    }
    Ok(directories)
}

/// Tells of a removal whether what was to go is a directory, which has to be emptied first.
fn is_left(removal: Result<(), Errno>) -> Result<bool, Errno> {
    match removal {
        Ok(()) | Err(Errno::NOENT) => Ok(false),
        Err(Errno::ISDIR) => Ok(true),
        Err(errno) => Err(errno),
    }
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

    #[test]
    fn directories_go_however_deep_they_are_nested() {
        let directory = tempfile::tempdir().unwrap();
        nest(directory.path(), 3000);
        clear(directory.path(), Path::new("d")).unwrap();
        let names: Vec<_> = fs::read_dir(directory.path()).unwrap().flatten().collect();
        assert_eq!(names.len(), 1, "{names:?}");
    }

    /// Makes directories in one another, more than a path can name and than a process may have open.
    fn nest(directory: &Path, depth: usize) {
        let mut here = openat(CWD, directory, DIRECTORY, Mode::empty()).unwrap();
        for _ in 0..depth {
            rustix::fs::mkdirat(&here, "d", Mode::RWXU).unwrap();
            rustix::fs::symlinkat("/", &here, "link").unwrap();
            here = openat(&here, "d", DIRECTORY, Mode::empty()).unwrap();
        }
        rustix::fs::mkdirat(&here, "file", Mode::RWXU).unwrap();
    }
}
