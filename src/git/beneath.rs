//! Moving files into a checkout and out of it without ever leaving it.
//!
//! Owns every write to a worktree. Directories are walked by descriptor, one component at a time and never
//! through a symbolic link, so that nobody who may write there can lead root elsewhere.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, chownat, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;

use super::ownership::Owner;

const DIRECTORY: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC)
    .union(OFlags::RDONLY);

/// What becomes of directories that are missing on the way.
#[derive(Clone, Copy)]
enum Missing {
    /// There is nothing at such a path.
    Absent,
    Created(Option<Owner>),
}

/// A directory that relative paths do not leave.
pub(super) struct Root(OwnedFd);

impl Root {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY;
        Ok(Self(openat(CWD, path, flags, Mode::empty())?))
    }

    /// Moves `relative` from `staging` to the same place here, with the directories that are missing.
    pub(super) fn place(&self, staging: &Self, relative: &Path, owner: Option<Owner>) -> io::Result<()> {
        let absent = || io::Error::from(io::ErrorKind::NotFound);
        let (from, name) = staging.parent(relative, Missing::Absent)?.ok_or_else(absent)?;
        let (to, _) = self
            .parent(relative, Missing::Created(owner))?
            .ok_or_else(absent)?;
        if let Some(owner) = owner {
            chownat(
                &from,
                name,
                Some(owner.user),
                Some(owner.group),
                AtFlags::SYMLINK_NOFOLLOW,
            )?;
        }
        match renameat(&from, name, &to, name) {
            Err(Errno::ISDIR | Errno::NOTEMPTY | Errno::EXIST) => {
                remove_empty(to.as_fd(), name)?;
                Ok(renameat(&from, name, &to, name)?)
            }
            result => Ok(result?),
        }
    }

    /// Removes the file `relative` and the directories that it leaves empty.
    pub(super) fn remove(&self, relative: &Path) -> io::Result<()> {
        if let Some((parent, name)) = self.parent(relative, Missing::Absent)? {
            match unlinkat(&parent, name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT | Errno::ISDIR) => {}
                Err(source) => return Err(source.into()),
            }
        }
        for directory in relative
            .ancestors()
            .skip(1)
            .filter(|path| !path.as_os_str().is_empty())
        {
            let Some((parent, name)) = self.parent(directory, Missing::Absent)? else {
                continue;
            };
            match unlinkat(&parent, name, AtFlags::REMOVEDIR) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => break,
                Err(source) => return Err(source.into()),
            }
        }
        Ok(())
    }

    /// Removes whatever is at `relative`, or at the first parent of it that is no directory.
    pub(super) fn clear(&self, relative: &Path) -> io::Result<()> {
        let mut directory = self.0.try_clone()?;
        for name in relative {
            match openat(&directory, name, DIRECTORY, Mode::empty()) {
                Ok(inner) => directory = inner,
                Err(Errno::NOENT) => return Ok(()),
                Err(Errno::NOTDIR | Errno::LOOP) => return Ok(unlinkat(&directory, name, AtFlags::empty())?),
                Err(source) => return Err(source.into()),
            }
        }
        // All of it is a directory: empty it, then let whoever places a file there remove it.
        clear_directory(directory.as_fd())
    }

    /// Creates the directory `relative` with its parents.
    pub(super) fn create_directory(&self, relative: &Path, owner: Option<Owner>) -> io::Result<()> {
        // The walk makes every directory above a last name, so any name below `relative` will do.
        self.parent(&relative.join("_"), Missing::Created(owner))
            .map(drop)
    }

    /// Returns the directory that holds `relative`, and its last component.
    ///
    /// `None` if that directory is absent.
    fn parent<'a>(&self, relative: &'a Path, missing: Missing) -> io::Result<Option<(OwnedFd, &'a OsStr)>> {
        let mut names = relative.iter();
        let Some(last) = names.next_back() else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let mut directory = self.0.try_clone()?;
        for name in names {
            directory = match (openat(&directory, name, DIRECTORY, Mode::empty()), missing) {
                (Ok(inner), _) => inner,
                (Err(Errno::NOENT), Missing::Created(owner)) => {
                    mkdirat(&directory, name, Mode::from_raw_mode(0o777))?;
                    if let Some(owner) = owner {
                        chownat(
                            &directory,
                            name,
                            Some(owner.user),
                            Some(owner.group),
                            AtFlags::SYMLINK_NOFOLLOW,
                        )?;
                    }
                    openat(&directory, name, DIRECTORY, Mode::empty())?
                }
                (Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP), Missing::Absent) => return Ok(None),
                (Err(source), _) => return Err(source.into()),
            };
        }
        Ok(Some((directory, last)))
    }
}

/// Removes the directory `name`, which may hold directories but no file.
fn remove_empty(parent: std::os::fd::BorrowedFd<'_>, name: &OsStr) -> io::Result<()> {
    let directory = openat(parent, name, DIRECTORY, Mode::empty())?;
    for entry in Dir::read_from(&directory)? {
        let entry = entry?;
        let below = entry.file_name().to_bytes();
        if below != b"." && below != b".." {
            remove_empty(
                directory.as_fd(),
                <OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(below),
            )?;
        }
    }
    Ok(unlinkat(parent, name, AtFlags::REMOVEDIR)?)
}

fn clear_directory(directory: std::os::fd::BorrowedFd<'_>) -> io::Result<()> {
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        match openat(directory, name, DIRECTORY, Mode::empty()) {
            Ok(inner) if entry.file_type() != FileType::Symlink => {
                clear_directory(inner.as_fd())?;
                unlinkat(directory, name, AtFlags::REMOVEDIR)?;
            }
            _ => unlinkat(directory, name, AtFlags::empty())?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn directories() -> (tempfile::TempDir, Root, Root) {
        let directory = tempfile::tempdir().expect("a directory");
        for name in ["staging", "root", "outside"] {
            fs::create_dir(directory.path().join(name)).expect("a directory");
        }
        let open = |name: &str| Root::open(&directory.path().join(name)).expect("a root");
        let (staging, root) = (open("staging"), open("root"));
        (directory, staging, root)
    }

    #[test]
    fn files_are_placed_with_their_directories_and_removed_with_empty_ones() {
        let (directory, staging, root) = directories();
        let at = |path: &str| directory.path().join(path);
        fs::create_dir_all(at("staging/a/b")).expect("a directory");
        fs::write(at("staging/a/b/c"), "new").expect("a file");
        root.place(&staging, Path::new("a/b/c"), None).expect("placed");
        assert_eq!(fs::read_to_string(at("root/a/b/c")).expect("a file"), "new");
        fs::write(at("root/a/kept"), "").expect("a file");
        root.remove(Path::new("a/b/c")).expect("removed");
        assert!(!at("root/a/b").exists());
        assert!(at("root/a/kept").exists());
        root.remove(Path::new("a/b/c"))
            .expect("removing it again is no error");
    }

    #[test]
    fn a_file_takes_the_place_of_empty_directories_but_not_of_files() {
        let (directory, staging, root) = directories();
        let at = |path: &str| directory.path().join(path);
        for name in ["empty", "full"] {
            fs::write(at("staging").join(name), "").expect("a file");
            fs::create_dir_all(at("root").join(name).join("x")).expect("a directory");
        }
        fs::write(at("root/full/x/file"), "").expect("a file");
        assert!(root.place(&staging, Path::new("empty"), None).is_ok());
        assert!(root.place(&staging, Path::new("full"), None).is_err());
        assert!(at("root/full/x/file").exists());
        root.clear(Path::new("full")).expect("cleared");
        assert!(root.place(&staging, Path::new("full"), None).is_ok());
    }

    #[test]
    fn symbolic_links_lead_nowhere() {
        let (directory, staging, root) = directories();
        let at = |path: &str| directory.path().join(path);
        symlink(at("outside"), at("root/link")).expect("a link");
        fs::write(at("outside/victim"), "").expect("a file");
        fs::create_dir(at("staging/link")).expect("a directory");
        fs::write(at("staging/link/new"), "").expect("a file");
        assert!(root.place(&staging, Path::new("link/new"), None).is_err());
        root.remove(Path::new("link/victim")).expect("nothing to remove");
        assert!(at("outside/victim").exists());
        root.clear(Path::new("link/victim")).expect("cleared");
        assert!(at("outside/victim").exists());
        assert!(at("root/link").symlink_metadata().is_err());
    }
}
