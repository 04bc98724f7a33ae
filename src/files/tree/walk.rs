//! Listing everything below a directory.
//!
//! Owns the walk and its bounds: whoever fills the directory may be hostile, and must not be able to exhaust us.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, Mode, openat, statat};
use rustix::io::Errno;

use super::{DIRECTORY, Entry, EntryKind, Tree};
use crate::error::{Error, Kind, Result};

/// How deep directories may be nested; each level holds a descriptor.
const DEPTH: usize = 64;

/// How many entries a tree may have: what is told of them has to fit into memory.
const ENTRIES: usize = 100_000;

impl Tree {
    /// Lists everything below, links not followed, in the order of the paths; a directory comes before its content.
    ///
    /// # Errors
    /// The system's, with the path; `Refused` when there is too much.
    pub fn walk(&self) -> Result<Vec<Entry>> {
        let mut found = Vec::new();
        self.descend(&self.root, Path::new(""), 0, &mut found)?;
        found.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(found)
    }

    /// Lists what is in the tree itself, links not followed, in the order of the names.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn children(&self) -> Result<Vec<Entry>> {
        let failed = |path: &Path, errno: Errno| Error::io("list", &self.full(path), &errno.into());
        let root = Path::new("");
        let mut found = Vec::new();
        for entry in Dir::read_from(&self.root).map_err(|errno| failed(root, errno))? {
            let entry = entry.map_err(|errno| failed(root, errno))?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name != "." && name != ".." {
                found.extend(self.entry(Path::new(name))?);
            }
        }
        found.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(found)
    }

    fn descend(
        &self,
        directory: &OwnedFd,
        relative: &Path,
        depth: usize,
        found: &mut Vec<Entry>,
    ) -> Result<()> {
        let failed = |path: &Path, errno: Errno| Error::io("list", &self.full(path), &errno.into());
        if depth > DEPTH {
            return Err(self.too_much(relative, &format!("is nested deeper than {DEPTH} directories")));
        }
        for entry in Dir::read_from(directory).map_err(|errno| failed(relative, errno))? {
            let entry = entry.map_err(|errno| failed(relative, errno))?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let path = relative.join(name);
            let entry = match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => Entry::new(path, &stat),
                Err(Errno::NOENT) => continue,
                Err(errno) => return Err(failed(&path, errno)),
            };
            if found.len() == ENTRIES {
                return Err(self.too_much(Path::new(""), &format!("has more than {ENTRIES} entries")));
            }
            let inner = (entry.kind == EntryKind::Directory).then(|| entry.path.clone());
            found.push(entry);
            if let Some(path) = inner {
                match openat(directory, name, DIRECTORY, Mode::empty()) {
                    Ok(below) => self.descend(&below, &path, depth + 1, found)?,
                    // It went away, or became something else, since it was listed.
                    Err(Errno::NOENT | Errno::LOOP | Errno::NOTDIR) => {}
                    Err(errno) => return Err(failed(&path, errno)),
                }
            }
        }
        Ok(())
    }

    fn too_much(&self, relative: &Path, what: &str) -> Error {
        let path = self.full(relative);
        Error::new(Kind::Refused, format!("`{}` {what}", path.display()))
            .with_remedy("remove what does not belong there")
    }
}
