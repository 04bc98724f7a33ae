//! A place in a tree of directories, and the way back up from it.
//!
//! Owns going down and up by descriptor, never through a symbolic link, with one descriptor however deep the place is:
//! whoever nests directories must not be able to exhaust whoever walks them. It lists and removes nothing.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, fstat, openat};
use rustix::io::Errno;

pub(super) const DIRECTORY: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC)
    .union(OFlags::RDONLY);

/// By what a directory is the same one: device and inode.
type Identity = (u64, u64);

pub(super) struct Descent {
    here: OwnedFd,
    /// The directories that were left for one in them, the outermost first.
    above: Vec<Identity>,
}

impl Descent {
    #[must_use]
    pub fn new(root: OwnedFd) -> Self {
        Self {
            here: root,
            above: Vec::new(),
        }
    }

    #[must_use]
    pub fn here(&self) -> BorrowedFd<'_> {
        self.here.as_fd()
    }

    /// Goes into the directory `name`.
    ///
    /// # Errors
    /// The system's; the place is then as it was.
    pub fn down(&mut self, name: &OsStr, flags: OFlags) -> Result<(), Errno> {
        let below = openat(&self.here, name, flags, Mode::empty())?;
        self.above.push(identity(&self.here)?);
        self.here = below;
        Ok(())
    }

    /// Goes back to the directory that this one was reached from.
    ///
    /// # Errors
    /// The system's; `STALE` where somebody moved this one elsewhere meanwhile, or where it is the first.
    pub fn up(&mut self) -> Result<(), Errno> {
        let parent = openat(&self.here, "..", DIRECTORY, Mode::empty())?;
        if self.above.pop() != Some(identity(&parent)?) {
            return Err(Errno::STALE);
        }
        self.here = parent;
        Ok(())
    }
}

fn identity(directory: &OwnedFd) -> Result<Identity, Errno> {
    let stat = fstat(directory)?;
    Ok((stat.st_dev, stat.st_ino))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::CWD;
    use std::fs;

    #[test]
    fn the_way_back_leads_where_it_came_from_or_nowhere() {
        let directory = tempfile::tempdir().unwrap();
        let at = |path: &str| directory.path().join(path);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::create_dir(at("elsewhere")).unwrap();
        std::os::unix::fs::symlink(at("elsewhere"), at("link")).unwrap();
        let root = openat(CWD, directory.path(), DIRECTORY, Mode::empty()).unwrap();
        let first = identity(&root).unwrap();
        let mut descent = Descent::new(root);
        descent.down(OsStr::new("link"), DIRECTORY).unwrap_err();
        for name in ["a", "b"] {
            descent.down(OsStr::new(name), DIRECTORY).unwrap();
        }
        descent.up().unwrap();
        descent.up().unwrap();
        assert_eq!(identity(&descent.here), Ok(first));
        assert_eq!(descent.up(), Err(Errno::STALE));

        let mut descent = Descent::new(openat(CWD, at("a"), DIRECTORY, Mode::empty()).unwrap());
        descent.down(OsStr::new("b"), DIRECTORY).unwrap();
        fs::rename(at("a/b"), at("elsewhere/b")).unwrap();
        assert_eq!(descent.up(), Err(Errno::STALE));
    }
}
