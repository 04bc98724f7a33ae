//! Writing below a directory.
//!
//! Owns every change: files written whole or not at all, files put in place without copying where the file system
//! can, links, removal. Each ends in one rename, so a reader sees the old or the new, and nothing between.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, Gid, Mode, OFlags, Uid, fchmod, fchown, fstat, fsync, ioctl_ficlone, linkat, mkdirat, openat,
    renameat, symlinkat, unlinkat,
};
use rustix::io::Errno;

use super::{DIRECTORY, Entry, EntryKind, FILE, Tree, not_a_directory, split};
use crate::error::{Error, Result};
use crate::files::MODE_BITS;

/// What the names of files that are still being made begin with.
const UNFINISHED: &str = ".cross_compile.";

/// Whom a file is given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    pub uid: u32,
    pub gid: u32,
}

/// Owner and mode that a file gets; without an owner it stays whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    pub mode: u32,
    pub owner: Option<Owner>,
}

/// How a file came to its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// It is the same file under one more name.
    Linked,
    /// It shares the blocks of the other file until one of them is changed.
    Cloned,
    Copied,
}

impl Tree {
    /// Creates the directory `relative` and the parents that are missing, each with `attributes`.
    ///
    /// # Errors
    /// The system's, with the path; also when a link or a file stands on the way.
    pub fn create_directory(&self, relative: &Path, attributes: Attributes) -> Result<()> {
        self.make_directories(relative, attributes)
            .map_err(|error| Error::io("create", &self.full(relative), &error))
    }

    /// Replaces the file `relative` by `content` in one step.
    ///
    /// # Errors
    /// The system's, with the path; the old file is then as it was.
    pub fn write(&self, relative: &Path, content: &[u8], attributes: Attributes) -> Result<()> {
        self.put("write", relative, |parent, unfinished| {
            let mut file = create(parent, unfinished)?;
            file.write_all(content)?;
            give(&file, attributes)?;
            file.sync_all()
        })
    }

    /// Replaces `relative` by a link to `target` in one step.
    ///
    /// # Errors
    /// The system's, with the path; what was there is then as it was.
    pub fn link(&self, target: &Path, relative: &Path) -> Result<()> {
        self.put("link", relative, |parent, unfinished| {
            Ok(symlinkat(target, parent, unfinished)?)
        })
    }

    /// Puts the file `from` of the tree `source` at `relative`, in one step, without copying where the file system
    /// can. It stays where it was, too: both names are of one file then, hence `attributes` count for both.
    ///
    /// # Errors
    /// The system's, with the path, also when `from` is not the file `expected`, by its [`Entry::identity`]; what was
    /// there is then as it was.
    pub fn place(
        &self,
        source: &Self,
        from: &Path,
        expected: (u64, u64),
        relative: &Path,
        attributes: Option<Attributes>,
    ) -> Result<Placed> {
        let mut placed = Placed::Linked;
        self.put("place", relative, |parent, unfinished| {
            let (directory, name) = source.parent(from)?.ok_or(io::ErrorKind::NotFound)?;
            let mut file = File::from(openat(&directory, name, FILE, Mode::empty())?);
            check_identity(&file, expected)?;
            match linkat(&directory, name, parent, unfinished, AtFlags::empty()) {
                Ok(()) => {
                    // Between the two somebody may have put another file under that name.
                    let linked = openat(parent, unfinished, FILE, Mode::empty())?;
                    check_identity(&linked, expected)?;
                    if let Some(attributes) = attributes {
                        give(&file, attributes)?;
                    }
                    file.sync_all()
                }
                Err(Errno::XDEV | Errno::PERM | Errno::MLINK | Errno::OPNOTSUPP | Errno::NOSYS) => {
                    let copy = create(parent, unfinished)?;
                    placed = clone_or_copy(&mut file, &copy)?;
                    give(&copy, attributes.map_or_else(|| like(&file), Ok)?)?;
                    copy.sync_all()
                }
                Err(errno) => Err(errno.into()),
            }
        })?;
        Ok(placed)
    }

    /// Removes the file or link `relative`, and the directories that it leaves empty. Nothing there is no error.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn remove(&self, relative: &Path) -> Result<()> {
        self.at("remove", relative, remove_file)?;
        let directories = relative.ancestors().skip(1);
        for directory in directories.take_while(|path| !path.as_os_str().is_empty()) {
            let emptied = self.at("remove", directory, |parent, name| {
                match unlinkat(parent, name, AtFlags::REMOVEDIR) {
                    Ok(()) | Err(Errno::NOENT) => Ok(true),
                    Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => Ok(false),
                    Err(errno) => Err(errno.into()),
                }
            })?;
            if emptied == Some(false) {
                break;
            }
        }
        Ok(())
    }

    /// Removes what killed runs left half-made among `entries`, and returns the others.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn sweep(&self, entries: Vec<Entry>) -> Result<Vec<Entry>> {
        let (unfinished, finished): (Vec<Entry>, Vec<Entry>) =
            entries.into_iter().partition(Entry::is_unfinished);
        for entry in unfinished {
            let flags = match entry.kind {
                EntryKind::Directory => AtFlags::REMOVEDIR,
                _ => AtFlags::empty(),
            };
            self.at("remove", &entry.path, |parent, name| {
                match unlinkat(parent, name, flags) {
                    // Somebody else's directory, then.
                    Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY) => Ok(()),
                    Err(errno) => Err(errno.into()),
                }
            })?;
        }
        Ok(finished)
    }

    /// Makes something under a name of its own beside `relative`, then renames it.
    fn put(
        &self,
        doing: &str,
        relative: &Path,
        make: impl FnOnce(&OwnedFd, &OsString) -> io::Result<()>,
    ) -> Result<()> {
        let done = self.at(doing, relative, |parent, name| {
            let unfinished = unfinished(name);
            remove_file(parent, &unfinished)?;
            let outcome = make(parent, &unfinished)
                .and_then(|()| Ok(renameat(parent, &unfinished, parent, name)?))
                // Renaming one name of a file to another name of it does nothing, not even take the first away.
                .and_then(|()| remove_file(parent, &unfinished));
            if outcome.is_err() {
                unlinkat(parent, &unfinished, AtFlags::empty()).ok();
            }
            outcome?;
            // A file system that cannot flush a directory still made the rename: nothing to report.
            fsync(parent).ok();
            Ok(())
        })?;
        done.ok_or_else(|| {
            let missing = io::Error::from_raw_os_error(Errno::NOENT.raw_os_error());
            Error::io(doing, &self.full(relative), &missing)
        })
    }

    fn make_directories(&self, relative: &Path, attributes: Attributes) -> io::Result<()> {
        let (parents, last) = split(relative)?;
        let mut directory = self.root.try_clone()?;
        for name in parents.chain([last]) {
            directory = match openat(&directory, name, DIRECTORY, Mode::empty()) {
                Ok(inner) => inner,
                Err(Errno::NOENT) => {
                    let unfinished = unfinished(name);
                    mkdirat(&directory, &unfinished, Mode::from_raw_mode(0o700))?;
                    let inner = openat(&directory, &unfinished, DIRECTORY, Mode::empty())?;
                    give(&inner, attributes)?;
                    renameat(&directory, &unfinished, &directory, name)?;
                    inner
                }
                Err(Errno::LOOP | Errno::NOTDIR) => return Err(not_a_directory(name)),
                Err(errno) => return Err(errno.into()),
            };
        }
        Ok(())
    }
}

impl Entry {
    /// Tells whether a killed run left this while making a file.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        is_unfinished(self.path.file_name().unwrap_or_default())
    }
}

/// Tells whether a file that is being made may have this name.
#[must_use]
pub fn is_unfinished(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes())
}

/// Returns the name under which `name` is made. It does not grow with it: names have a longest length.
fn unfinished(name: &OsStr) -> OsString {
    let hash = name.as_encoded_bytes().iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    format!("{UNFINISHED}{hash:08x}").into()
}

fn remove_file(parent: &OwnedFd, name: &OsStr) -> io::Result<()> {
    match unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

fn create(parent: &OwnedFd, name: &OsStr) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(parent, name, flags, Mode::from_raw_mode(0o600))?.into())
}

fn give(file: impl AsFd, attributes: Attributes) -> io::Result<()> {
    let now = fstat(&file)?;
    if let Some(Owner { uid, gid }) = attributes.owner
        && (now.st_uid, now.st_gid) != (uid, gid)
    {
        fchown(&file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
    }
    // Last: changing the owner takes bits away.
    Ok(fchmod(&file, Mode::from_bits_truncate(attributes.mode))?)
}

fn like(file: &File) -> io::Result<Attributes> {
    let stat = fstat(file)?;
    Ok(Attributes {
        mode: stat.st_mode & MODE_BITS,
        owner: Some(Owner {
            uid: stat.st_uid,
            gid: stat.st_gid,
        }),
    })
}

fn check_identity(file: impl AsFd, expected: (u64, u64)) -> io::Result<()> {
    let stat = fstat(file)?;
    match (stat.st_dev, stat.st_ino) == expected {
        true => Ok(()),
        false => Err(io::Error::other("another file was put there meanwhile")),
    }
}

fn clone_or_copy(from: &mut File, to: &File) -> io::Result<Placed> {
    let placed = if ioctl_ficlone(to, &*from).is_ok() {
        Placed::Cloned
    } else {
        copy(from, to)?;
        Placed::Copied
    };
    // The time of the last change is how a changed file is noticed without reading it.
    to.set_modified(from.metadata()?.modified()?)?;
    Ok(placed)
}

fn copy(from: &mut File, mut to: &File) -> io::Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => to.write_all(&buffer[..length])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
