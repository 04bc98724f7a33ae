//! How much a directory holds, and when any of it was last used.
//!
//! Owns the walk: by descriptor, never through a symbolic link, never onto another file system, since what is
//! measured may be written to by others meanwhile. It changes nothing, not even times of access where it may not.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::io::Errno;

use crate::error::{Error, Result};

/// Nobody nests directories as deep as that but to harm whoever walks them.
const DEEPEST: usize = 256;
/// Blocks are counted by this many bytes, whatever the file system's own are (stat(2)).
const BLOCK: u64 = 512;

/// What a directory or file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Bytes on disk; a file with several names counts once.
    pub bytes: u64,
    /// Files and links.
    pub files: u64,
    /// The newest of all times of access, modification and change, in seconds since the epoch. Times of access count
    /// for files only: looking at a directory is not using it.
    pub used: i64,
    /// The newest of the times of modification alone.
    pub modified: i64,
}

/// One entry of a directory, with all that is below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    pub name: OsString,
    pub is_directory: bool,
    pub usage: Usage,
}

/// Measures every entry of `path`, in the order of their names; none where nothing is.
///
/// # Errors
/// The system's, with the path; also when `path` is a link.
pub fn measure(path: &Path) -> Result<Vec<Measured>> {
    let mut walk = Walk::default();
    let measured = open(CWD, path.as_os_str()).and_then(|directory| {
        walk.device = fstat(&directory)?.st_dev;
        let mut measured = Vec::new();
        for name in names(&directory)? {
            measured.extend(walk.entry(directory.as_fd(), &name, 0)?);
        }
        measured.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(measured)
    });
    match measured {
        Ok(measured) => Ok(measured),
        Err(Errno::NOENT) if walk.place.as_os_str().is_empty() => Ok(Vec::new()),
        Err(errno) => Err(Error::io(
            "measure",
            &path.join(&walk.place),
            &io::Error::from(errno),
        )),
    }
}

#[derive(Default)]
struct Walk {
    device: u64,
    /// Files with several names that were counted.
    seen: HashSet<u64>,
    /// Where the walk is, for messages.
    place: PathBuf,
}

impl Walk {
    /// Measures `name`; `None` where it is gone by now.
    fn entry(
        &mut self,
        parent: BorrowedFd<'_>,
        name: &OsStr,
        depth: usize,
    ) -> Result<Option<Measured>, Errno> {
        let stat = match statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(errno),
        };
        let is_directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        let mut usage = self.own(&stat, is_directory);
        if is_directory && stat.st_dev == self.device {
            self.place.push(name);
            if depth == DEEPEST {
                return Err(Errno::NAMETOOLONG);
            }
            match open(parent, name) {
                Ok(directory) => {
                    for name in names(&directory)? {
                        if let Some(below) = self.entry(directory.as_fd(), &name, depth + 1)? {
                            usage.bytes += below.usage.bytes;
                            usage.files += below.usage.files;
                            usage.used = usage.used.max(below.usage.used);
                            usage.modified = usage.modified.max(below.usage.modified);
                        }
                    }
                }
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno),
            }
            self.place.pop();
        }
        Ok(Some(Measured {
            name: name.to_owned(),
            is_directory,
            usage,
        }))
    }

    #[expect(
        clippy::useless_conversion,
        clippy::cast_sign_loss,
        reason = "the types differ between architectures, and sizes are never negative"
    )]
    fn own(&mut self, stat: &Stat, is_directory: bool) -> Usage {
        let is_new = is_directory || stat.st_nlink == 1 || self.seen.insert(stat.st_ino);
        let changed = i64::from(stat.st_mtime.max(stat.st_ctime));
        Usage {
            bytes: match is_new {
                true => (stat.st_blocks as u64).saturating_mul(BLOCK),
                false => 0,
            },
            files: u64::from(!is_directory),
            used: match is_directory {
                true => changed,
                false => changed.max(i64::from(stat.st_atime)),
            },
            modified: i64::from(stat.st_mtime),
        }
    }
}

fn open(parent: impl AsFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
    // Only the owner may leave the time of access alone.
    match openat(&parent, name, flags | OFlags::NOATIME, Mode::empty()) {
        Err(Errno::PERM) => openat(&parent, name, flags, Mode::empty()),
        result => result,
    }
}

fn names(directory: &OwnedFd) -> Result<Vec<OsString>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push(OsStr::from_bytes(name).to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::{Duration, SystemTime};

    fn set_times(path: &Path, seconds: u64) {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let times = fs::FileTimes::new().set_accessed(time).set_modified(time);
        fs::File::open(path).unwrap().set_times(times).unwrap();
    }

    #[test]
    fn nothing_there_is_nothing_to_measure() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(measure(&directory.path().join("missing")), Ok(Vec::new()));
        assert_eq!(measure(directory.path()), Ok(Vec::new()));
    }

    #[test]
    fn a_directory_holds_all_that_is_below_it_and_a_file_with_two_names_once() {
        let directory = tempfile::tempdir().unwrap();
        let at = |path: &str| directory.path().join(path);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::write(at("a/b/file"), vec![1; 100_000]).unwrap();
        let once = measure(directory.path()).unwrap()[0].usage;
        assert!(once.bytes >= 100_000 && once.files == 1, "{once:?}");
        fs::hard_link(at("a/b/file"), at("a/again")).unwrap();
        let twice = measure(directory.path()).unwrap()[0].usage;
        assert_eq!((twice.bytes, twice.files), (once.bytes, 2));
    }

    #[test]
    fn links_are_counted_and_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("large"), vec![1; 1_000_000]).unwrap();
        std::os::unix::fs::symlink(outside.path(), directory.path().join("link")).unwrap();
        let measured = measure(directory.path()).unwrap();
        assert!(!measured[0].is_directory);
        assert!(measured[0].usage.bytes < 1_000_000);
        let error = measure(&directory.path().join("link")).unwrap_err();
        assert!(error.cause().contains("link"), "{error}");
    }

    #[test]
    fn the_newest_time_is_the_time_of_use() {
        let directory = tempfile::tempdir().unwrap();
        let at = |path: &str| directory.path().join(path);
        fs::create_dir(at("used")).unwrap();
        fs::write(at("used/file"), "").unwrap();
        // Beyond any time of change that the kernel will set.
        set_times(&at("used/file"), 9_000_000_000);
        assert_eq!(measure(directory.path()).unwrap()[0].usage.used, 9_000_000_000);
    }

    #[test]
    fn whoever_nests_without_end_is_told_where() {
        let directory = tempfile::tempdir().unwrap();
        let mut deep = directory.path().to_path_buf();
        for _ in 0..=DEEPEST {
            deep.push("d");
        }
        fs::create_dir_all(&deep).unwrap();
        let error = measure(directory.path()).unwrap_err();
        assert!(error.cause().contains("/d/d/d"), "{error}");
    }
}
