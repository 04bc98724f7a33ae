//! What lies in a checkout, compared with what commits hold.
//!
//! Owns the decision which files are ours to change: one that equals a commit's is, whatever state an
//! interrupted run left; anything else is the user's. It reads, and never changes anything.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use git2::{IndexEntry, ObjectType, Oid, Repository};

use super::contents::{Contents, File, Mode, mode};
use super::failure;
use crate::error::{Error, Result};

/// What has to happen to a worktree, and what the user would lose by it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Difference {
    pub write: Vec<PathBuf>,
    pub remove: Vec<PathBuf>,
    /// Tracked files with changes of the user's.
    pub dirty: BTreeSet<PathBuf>,
    /// Those of them that the user added to the index and that no commit has: without them, nothing tracks the file.
    pub added: BTreeSet<PathBuf>,
    /// Untracked files where the target has its own.
    pub in_the_way: BTreeSet<PathBuf>,
}

/// What lies at a path.
enum Found {
    Absent,
    /// Absent too, because this parent is no directory.
    Behind(PathBuf),
    File(File),
    Directory,
    Other,
}

/// A checkout's files, with the index as a cache of what they contain.
pub(super) struct Worktree<'a> {
    root: &'a Path,
    repository: &'a Repository,
    index: Option<Index>,
    directories: RefCell<HashSet<PathBuf>>,
}

struct Index {
    entries: BTreeMap<PathBuf, IndexEntry>,
    written: (i64, i64),
}

impl<'a> Worktree<'a> {
    /// Returns the worktree at `root`.
    ///
    /// `repository` must keep new objects in memory: comparing filtered files makes some.
    pub(super) fn new(root: &'a Path, repository: &'a Repository) -> Result<Self> {
        let path = repository.path().join("index");
        let index = match fs::metadata(&path) {
            Err(source) if source.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(Error::io("read", &path, &source)),
            Ok(metadata) => {
                let read = || {
                    let mut index = repository.index()?;
                    index.read(true)?;
                    Ok(index.iter().map(|entry| (path_of(&entry), entry)).collect())
                };
                let entries = read().map_err(|source| failure::local("read the index of", root, &source))?;
                Some(Index {
                    entries,
                    written: (metadata.mtime(), metadata.mtime_nsec()),
                })
            }
        };
        Ok(Self {
            root,
            repository,
            index,
            directories: RefCell::default(),
        })
    }

    /// Returns whether the repository has an index; without one no checkout ever ended.
    pub(super) fn has_index(&self) -> bool {
        self.index.is_some()
    }

    /// Returns how the worktree differs from `target`.
    ///
    /// Files as in one of `known` (the commits that may have been checked out) are ours; so are those in `own`,
    /// which are left alone.
    pub(super) fn difference(
        &self,
        known: &[&Contents],
        target: &Contents,
        own: &[PathBuf],
    ) -> Result<Difference> {
        let mut difference = Difference::default();
        let tracked: BTreeSet<&PathBuf> = known
            .iter()
            .copied()
            .chain([target])
            .flat_map(|contents| contents.files.keys())
            .collect();
        for path in tracked.iter().copied().filter(|path| !own.contains(path)) {
            self.compare(path, known, target, &tracked, &mut difference)?;
        }
        self.compare_index(known, target, own, &mut difference);
        Ok(difference)
    }

    fn compare(
        &self,
        path: &Path,
        known: &[&Contents],
        target: &Contents,
        tracked: &BTreeSet<&PathBuf>,
        difference: &mut Difference,
    ) -> Result<()> {
        let wanted = target.files.get(path);
        let candidates: Vec<File> = known
            .iter()
            .copied()
            .chain([target])
            .filter_map(|contents| contents.files.get(path))
            .copied()
            .collect();
        let found = self.find(path, &candidates)?;
        let was_tracked = known.iter().any(|contents| contents.files.contains_key(path));
        let was_absent = known.is_empty() || known.iter().any(|contents| !contents.files.contains_key(path));
        let ours = match &found {
            Found::File(file) if wanted == Some(file) => return Ok(()),
            Found::Absent | Found::Behind(_) | Found::Directory if wanted.is_none() => return Ok(()),
            Found::File(file) => known
                .iter()
                .any(|contents| contents.files.get(path) == Some(file)),
            Found::Absent => was_absent,
            Found::Behind(parent) => {
                if !tracked.contains(parent) {
                    difference.in_the_way.insert(parent.clone());
                }
                was_absent
            }
            Found::Directory => {
                difference.in_the_way.extend(self.untracked_below(path, tracked)?);
                was_absent
            }
            Found::Other => false,
        };
        if !ours {
            if was_tracked {
                &mut difference.dirty
            } else {
                &mut difference.in_the_way
            }
            .insert(path.to_path_buf());
        }
        if wanted.is_some() {
            &mut difference.write
        } else {
            &mut difference.remove
        }
        .push(path.to_path_buf());
        Ok(())
    }

    /// Adds what the user has staged: entries of the index as no known commit has them.
    fn compare_index(
        &self,
        known: &[&Contents],
        target: &Contents,
        own: &[PathBuf],
        difference: &mut Difference,
    ) {
        let Some(index) = &self.index else { return };
        let all: Vec<&Contents> = known.iter().copied().chain([target]).collect();
        let staged = |path: &PathBuf, entry: &IndexEntry| {
            let file = mode(entry.mode.cast_signed()).map(|mode| File { mode, oid: entry.id });
            file.is_some()
                && !all
                    .iter()
                    .any(|contents| contents.files.get(path) == file.as_ref())
        };
        let changed = index
            .entries
            .iter()
            .filter(|(path, entry)| staged(path, entry))
            .map(|(path, _)| path);
        let unstaged = all
            .iter()
            .flat_map(|contents| contents.files.keys())
            .filter(|path| {
                !index.entries.contains_key(*path)
                    && all.iter().all(|contents| contents.files.contains_key(*path))
            });
        difference.dirty.extend(
            changed
                .chain(unstaged)
                .filter(|path| !own.contains(path))
                .cloned(),
        );
        let is_new = |path: &&PathBuf| !all.iter().any(|contents| contents.files.contains_key(*path));
        difference.added = difference.dirty.iter().filter(is_new).cloned().collect();
    }

    fn find(&self, path: &Path, candidates: &[File]) -> Result<Found> {
        if let Some(parent) = self.barrier(path)? {
            return Ok(if self.root.join(&parent).symlink_metadata().is_ok() {
                Found::Behind(parent)
            } else {
                Found::Absent
            });
        }
        let full = self.root.join(path);
        let metadata = match full.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(Found::Absent),
            Err(source) => return Err(Error::io("read", &full, &source)),
        };
        let kind = metadata.file_type();
        if kind.is_dir() {
            return Ok(Found::Directory);
        }
        if kind.is_fifo() || kind.is_socket() || kind.is_block_device() || kind.is_char_device() {
            return Ok(Found::Other);
        }
        let Some(mode) = mode(metadata.mode().cast_signed()) else {
            return Ok(Found::Other);
        };
        let oid = match self.cached(path, &metadata) {
            Some(oid) => oid,
            None => self.hash(&full, mode, candidates)?,
        };
        Ok(Found::File(File { mode, oid }))
    }

    /// Returns the first parent of `path` that is no directory.
    fn barrier(&self, path: &Path) -> Result<Option<PathBuf>> {
        let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) else {
            return Ok(None);
        };
        if self.directories.borrow().contains(parent) {
            return Ok(None);
        }
        if let Some(barrier) = self.barrier(parent)? {
            return Ok(Some(barrier));
        }
        match self.root.join(parent).symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => {
                self.directories.borrow_mut().insert(parent.to_path_buf());
                Ok(None)
            }
            Ok(_) => Ok(Some(parent.to_path_buf())),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(Some(parent.to_path_buf())),
            Err(source) => Err(Error::io("read", &self.root.join(parent), &source)),
        }
    }

    /// Returns the object id that the index recorded for a file that has not been touched since.
    fn cached(&self, path: &Path, metadata: &Metadata) -> Option<Oid> {
        let index = self.index.as_ref()?;
        let entry = index.entries.get(path)?;
        let seconds = |time: git2::IndexTime| (i64::from(time.seconds()), i64::from(time.nanoseconds()));
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        let same = seconds(entry.mtime) == modified
            && seconds(entry.ctime) == (metadata.ctime(), metadata.ctime_nsec())
            && u64::from(entry.file_size) == metadata.size()
            && u64::from(entry.ino) == metadata.ino() & u64::from(u32::MAX)
            && mode(entry.mode.cast_signed()) == mode(metadata.mode().cast_signed());
        // A file written in the instant of the index may have changed again unnoticed.
        (same && modified < index.written).then_some(entry.id)
    }

    fn hash(&self, full: &Path, mode: Mode, candidates: &[File]) -> Result<Oid> {
        let failed = |source: git2::Error| failure::local("read", full, &source);
        if mode == Mode::Link {
            let target = fs::read_link(full).map_err(|source| Error::io("read", full, &source))?;
            return Oid::hash_object(ObjectType::Blob, target.as_os_str().as_bytes()).map_err(failed);
        }
        let plain = Oid::hash_file(ObjectType::Blob, full).map_err(failed)?;
        if candidates.iter().any(|file| file.oid == plain) {
            return Ok(plain);
        }
        // Line endings and the like are undone by git's filters, which only this applies.
        self.repository.blob_path(full).map_err(failed)
    }

    /// Returns the files below `path` that no commit knows.
    fn untracked_below(&self, path: &Path, tracked: &BTreeSet<&PathBuf>) -> Result<Vec<PathBuf>> {
        let full = self.root.join(path);
        let mut untracked = Vec::new();
        let entries = fs::read_dir(&full).map_err(|source| Error::io("list", &full, &source))?;
        for entry in entries {
            let entry = entry.map_err(|source| Error::io("list", &full, &source))?;
            let below = path.join(entry.file_name());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                untracked.extend(self.untracked_below(&below, tracked)?);
            } else if !tracked.contains(&below) {
                untracked.push(below);
            }
        }
        Ok(untracked)
    }
}

fn path_of(entry: &IndexEntry) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(&entry.path))
}
