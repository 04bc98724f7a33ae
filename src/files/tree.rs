//! A directory from which relative paths do not lead out.
//!
//! Owns looking, reading, writing, linking and removing below a directory that somebody else may write to at the
//! same time. Every component is opened by descriptor and never through a symbolic link, so there is no moment in
//! which a swapped link leads elsewhere. It decides nothing, and it knows nothing of artifacts.

mod change;
mod walk;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, fstat, openat, readlinkat, statat};
use rustix::io::Errno;

use crate::error::{Error, Kind, Result};

pub use change::{Attributes, Owner, Placed, is_unfinished};

const DIRECTORY: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC)
    .union(OFlags::RDONLY);

// Opening a named pipe would otherwise wait for somebody to write into it.
const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// What lies at a path, links not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    File,
    Directory,
    Link,
    /// A device, a socket or a named pipe.
    Special,
}

/// A moment as file systems record it: seconds since the epoch, and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Moment {
    pub seconds: i64,
    pub nanoseconds: u32,
}

/// One thing below a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the tree.
    pub path: PathBuf,
    pub kind: EntryKind,
    pub size: u64,
    pub modified: Moment,
    /// All bits that `chmod` sets.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Device and inode: two names of one file have the same.
    pub identity: (u64, u64),
    /// How many names the file has, here and elsewhere.
    pub names: u64,
}

impl Entry {
    #[expect(
        clippy::cast_sign_loss,
        clippy::cast_possible_truncation,
        clippy::useless_conversion,
        reason = "sizes are never negative, nanoseconds always fit, and the types differ between architectures"
    )]
    fn new(path: PathBuf, stat: &Stat) -> Self {
        Self {
            path,
            kind: match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => EntryKind::File,
                FileType::Directory => EntryKind::Directory,
                FileType::Symlink => EntryKind::Link,
                _ => EntryKind::Special,
            },
            size: stat.st_size as u64,
            modified: Moment {
                seconds: stat.st_mtime.into(),
                nanoseconds: stat.st_mtime_nsec as u32,
            },
            mode: stat.st_mode & super::MODE_BITS,
            uid: stat.st_uid,
            gid: stat.st_gid,
            identity: (stat.st_dev, stat.st_ino),
            names: stat.st_nlink.into(),
        }
    }
}

/// A directory, held open.
#[derive(Debug)]
pub struct Tree {
    path: PathBuf,
    root: OwnedFd,
}

impl Tree {
    /// Opens the directory `path`; its last component must not be a link.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn open(path: &Path) -> Result<Self> {
        let root = openat(CWD, path, DIRECTORY, Mode::empty()).map_err(|errno| match errno {
            Errno::LOOP | Errno::NOTDIR => {
                Error::new(Kind::Refused, format!("`{}` is not a directory", path.display()))
                    .with_remedy("move away what is there")
            }
            _ => Error::io("open", path, &errno.into()),
        })?;
        Ok(Self {
            path: path.to_path_buf(),
            root,
        })
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns where `relative` lies, for messages.
    #[must_use]
    pub fn full(&self, relative: &Path) -> PathBuf {
        match relative.as_os_str().is_empty() {
            true => self.path.clone(),
            false => self.path.join(relative),
        }
    }

    /// Returns what is at `relative`; `None` where nothing is.
    ///
    /// # Errors
    /// The system's, with the path; also when a link stands on the way.
    pub fn entry(&self, relative: &Path) -> Result<Option<Entry>> {
        self.at("look at", relative, |parent, name| {
            match statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => Ok(Some(Entry::new(relative.to_path_buf(), &stat))),
                Err(Errno::NOENT) => Ok(None),
                Err(errno) => Err(errno.into()),
            }
        })
        .map(Option::flatten)
    }

    /// Opens the regular file `relative` for reading; `None` where nothing is.
    ///
    /// # Errors
    /// The system's, with the path; also when it is no regular file.
    pub fn open_file(&self, relative: &Path) -> Result<Option<File>> {
        self.at("open", relative, |parent, name| {
            match openat(parent, name, FILE, Mode::empty()) {
                Ok(file) if FileType::from_raw_mode(fstat(&file)?.st_mode) == FileType::RegularFile => {
                    Ok(Some(File::from(file)))
                }
                Ok(_) => Err(io::Error::other("not a regular file")),
                Err(Errno::NOENT) => Ok(None),
                Err(Errno::LOOP) => Err(io::Error::other("a symbolic link")),
                Err(errno) => Err(errno.into()),
            }
        })
        .map(Option::flatten)
    }

    /// Returns the content of the regular file `relative`; `None` where nothing is.
    ///
    /// # Errors
    /// The system's, with the path; also when it has more than `limit` bytes.
    pub fn read(&self, relative: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
        let Some(file) = self.open_file(relative)? else {
            return Ok(None);
        };
        let mut content = Vec::new();
        file.take(limit + 1)
            .read_to_end(&mut content)
            .map_err(|error| Error::io("read", &self.full(relative), &error))?;
        match content.len() as u64 > limit {
            true => Err(Error::new(
                Kind::Refused,
                format!("`{}` has more than {limit} bytes", self.full(relative).display()),
            )),
            false => Ok(Some(content)),
        }
    }

    /// Returns what the link `relative` points to; `None` where nothing is.
    ///
    /// # Errors
    /// The system's, with the path; also when it is no link.
    pub fn read_link(&self, relative: &Path) -> Result<Option<PathBuf>> {
        self.at("read the link", relative, |parent, name| {
            match readlinkat(parent, name, Vec::new()) {
                Ok(target) => Ok(Some(PathBuf::from(std::ffi::OsString::from_vec(
                    target.into_bytes(),
                )))),
                Err(Errno::NOENT) => Ok(None),
                Err(errno) => Err(errno.into()),
            }
        })
        .map(Option::flatten)
    }

    /// Runs `action` on the directory that holds `relative` and the last component; `None` where a parent is missing.
    fn at<T>(
        &self,
        doing: &str,
        relative: &Path,
        action: impl FnOnce(&OwnedFd, &OsStr) -> io::Result<T>,
    ) -> Result<Option<T>> {
        let attempt = || match self.parent(relative)? {
            Some((parent, name)) => action(&parent, name).map(Some),
            None => Ok(None),
        };
        attempt().map_err(|error| Error::io(doing, &self.full(relative), &error))
    }

    /// Returns the directory that holds `relative`, and its last component.
    fn parent<'a>(&self, relative: &'a Path) -> io::Result<Option<(OwnedFd, &'a OsStr)>> {
        let (parents, name) = split(relative)?;
        let mut directory = self.root.try_clone()?;
        for parent in parents {
            directory = match openat(&directory, parent, DIRECTORY, Mode::empty()) {
                Ok(inner) => inner,
                Err(Errno::NOENT) => return Ok(None),
                Err(Errno::LOOP | Errno::NOTDIR) => return Err(not_a_directory(parent)),
                Err(errno) => return Err(errno.into()),
            };
        }
        Ok(Some((directory, name)))
    }
}

fn not_a_directory(name: &OsStr) -> io::Error {
    io::Error::other(format!("`{}` on the way is not a directory", name.display()))
}

/// Tells whether a path consists of names alone: relative, without `.` and `..`.
#[must_use]
pub fn is_beneath(path: &Path) -> bool {
    let mut components = path.components().peekable();
    components.peek().is_some() && components.all(|component| matches!(component, Component::Normal(_)))
}

fn split(relative: &Path) -> io::Result<(impl Iterator<Item = &OsStr>, &OsStr)> {
    let mut names = relative.iter();
    match names.next_back() {
        Some(name) if is_beneath(relative) => Ok((names, name)),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}
