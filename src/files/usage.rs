//! How much a directory holds, and when any of it was last used.
//!
//! Owns the walk: by descriptor, never through a symbolic link, never onto another file system, since what is
//! measured may be written to by others meanwhile. It changes nothing, not even times of access where it may not.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::io::Errno;

use super::descent::{DIRECTORY, Descent};
use crate::error::{Error, Result};

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
    let measured = open(path).and_then(|directory| walk.entries(directory));
    match measured {
        Ok(measured) => Ok(measured),
        Err(Errno::NOENT) if walk.way.is_empty() => Ok(Vec::new()),
        Err(errno) => Err(Error::io(
            "measure",
            &path.join(walk.place()),
            &io::Error::from(errno),
        )),
    }
}

#[derive(Default)]
struct Walk {
    device: u64,
    /// Files with several names that were counted.
    seen: HashSet<u64>,
    /// The directories on the way down, the outermost first.
    way: Vec<Level>,
}

/// A directory that is being measured.
struct Level {
    name: OsString,
    /// What is still to be measured in it.
    left: Vec<OsString>,
    usage: Usage,
}

impl Walk {
    fn entries(&mut self, directory: OwnedFd) -> Result<Vec<Measured>, Errno> {
        self.device = fstat(&directory)?.st_dev;
        let names = names(&directory)?;
        let mut descent = Descent::new(directory);
        let mut measured = Vec::new();
        for name in names {
            measured.extend(self.entry(&mut descent, name)?);
        }
        measured.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(measured)
    }

    /// Measures `name`, with all that is below it; `None` where it is gone by now.
    fn entry(&mut self, descent: &mut Descent, name: OsString) -> Result<Option<Measured>, Errno> {
        let mut next = name;
        loop {
            // What has no more below it counts for what it is in.
            let mut finished = self.enter(descent, next)?;
            loop {
                let Some(level) = self.way.last_mut() else {
                    return Ok(finished);
                };
                if let Some(below) = finished.take() {
                    level.usage.add(below.usage);
                }
                if let Some(name) = level.left.pop() {
                    next = name;
                    break;
                }
                descent.up()?;
                finished = self.way.pop().map(|Level { name, usage, .. }| Measured {
                    name,
                    is_directory: true,
                    usage,
                });
            }
        }
    }

    /// Measures `name` itself; a directory that can be gone into is gone into, and finished later.
    fn enter(&mut self, descent: &mut Descent, name: OsString) -> Result<Option<Measured>, Errno> {
        let stat = match statat(descent.here(), &name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(errno),
        };
        let is_directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        let usage = self.own(&stat, is_directory);
        if is_directory && stat.st_dev == self.device {
            self.way.push(Level {
                name: name.clone(),
                left: Vec::new(),
                usage,
            });
            match down(descent, &name) {
                Ok(()) => {
                    let names = names(descent.here())?;
                    if let Some(level) = self.way.last_mut() {
                        level.left = names;
                    }
                    return Ok(None);
                }
                Err(Errno::NOENT) => drop(self.way.pop()),
                Err(errno) => return Err(errno),
            }
        }
        Ok(Some(Measured {
            name,
            is_directory,
            usage,
        }))
    }

    /// Returns where the walk is, for messages.
    fn place(&self) -> PathBuf {
        self.way.iter().map(|level| level.name.as_os_str()).collect()
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

impl Usage {
    fn add(&mut self, below: Self) {
        self.bytes += below.bytes;
        self.files += below.files;
        self.used = self.used.max(below.used);
        self.modified = self.modified.max(below.modified);
    }
}

fn open(path: &Path) -> Result<OwnedFd, Errno> {
    // Only the owner may leave the time of access alone.
    match openat(CWD, path, DIRECTORY | OFlags::NOATIME, Mode::empty()) {
        Err(Errno::PERM) => openat(CWD, path, DIRECTORY, Mode::empty()),
        result => result,
    }
}

fn down(descent: &mut Descent, name: &OsStr) -> Result<(), Errno> {
    match descent.down(name, DIRECTORY | OFlags::NOATIME) {
        Err(Errno::PERM) => descent.down(name, DIRECTORY),
        result => result,
    }
}

fn names(directory: impl AsFd) -> Result<Vec<OsString>, Errno> {
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
    fn directories_are_measured_however_deep_they_are_nested() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("a"), "").unwrap();
        let mut here = open(directory.path()).unwrap();
        for _ in 0..3000 {
            rustix::fs::mkdirat(&here, "d", Mode::RWXU).unwrap();
            here = openat(&here, "d", DIRECTORY, Mode::empty()).unwrap();
            rustix::fs::symlinkat("x", &here, "link").unwrap();
            rustix::fs::mkdirat(&here, "empty", Mode::RWXU).unwrap();
        }
        let measured = measure(directory.path()).unwrap();
        let files: Vec<_> = measured
            .iter()
            .map(|entry| (entry.name.to_str().unwrap(), entry.usage.files))
            .collect();
        assert_eq!(files, [("a", 1), ("d", 3000)]);
        super::super::clearing::clear(directory.path(), Path::new("d")).unwrap();
    }

    #[test]
    fn messages_name_the_place_from_the_outside_in() {
        let way = ["d", "e"].map(|name| Level {
            name: name.into(),
            left: Vec::new(),
            usage: Usage::default(),
        });
        let walk = Walk {
            way: way.into(),
            ..Walk::default()
        };
        assert_eq!(walk.place(), Path::new("d/e"));
    }
}
