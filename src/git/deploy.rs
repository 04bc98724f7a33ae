//! Bringing the files of a commit into a worktree, and the index after them.
//!
//! Owns the order of writes. Every file is prepared aside and arrives by renaming, so that a kill at any moment
//! leaves each file as in one commit or the other, never in between.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use git2::build::CheckoutBuilder;
use git2::{IndexEntry, IndexTime, Oid, Repository, RepositoryOpenFlags};

use super::beneath::Root;
use super::contents::{Contents, Mode};
use super::marker::STAGING;
use super::ownership::Owner;
use super::stop::Stop;
use super::worktree::Difference;
use super::{configuration, examine, failure, fresh};
use crate::error::{Error, Result};

/// A commit on its way into a worktree.
pub(super) struct Deployment<'a> {
    pub repository: &'a Repository,
    pub root: &'a Path,
    pub commit: Oid,
    pub contents: &'a Contents,
    pub owner: Option<Owner>,
}

impl Deployment<'_> {
    /// Makes the worktree differ from the commit no longer.
    pub(super) fn files(&self, difference: &Difference, stop: &Stop) -> Result<()> {
        let failed = |source: io::Error| Error::io("write below", self.root, &source);
        let Difference {
            write,
            remove,
            dirty: _,
            added,
            in_the_way,
        } = difference;
        let root = Root::open(self.root).map_err(failed)?;
        for path in in_the_way {
            root.clear(path)
                .map_err(|source| Error::io("remove", &self.root.join(path), &source))?;
        }
        for path in remove.iter().chain(added) {
            root.remove(path)
                .map_err(|source| Error::io("remove", &self.root.join(path), &source))?;
        }
        // Attributes decide how the other files are written, so they have to be in place first.
        let (attributes, others): (Vec<&PathBuf>, Vec<&PathBuf>) = write
            .iter()
            .partition(|path| path.file_name().is_some_and(|name| name == ".gitattributes"));
        for paths in [attributes, others] {
            self.write(&root, &paths, stop)?;
        }
        for path in self.contents.submodules.keys() {
            // One that has become a file's place was told apart before; what is no directory stays for git to show.
            match root.create_directory(path, self.owner) {
                Err(source) if source.kind() != io::ErrorKind::NotADirectory => return Err(failed(source)),
                _ => {}
            }
        }
        Ok(())
    }

    fn write(&self, root: &Root, paths: &[&PathBuf], stop: &Stop) -> Result<()> {
        if paths.is_empty() {
            return Ok(());
        }
        let directory = self.repository.path().join(STAGING);
        let files = directory.join("files");
        let failed = |source: io::Error| Error::io("write", &directory, &source);
        match fs::remove_dir_all(&directory) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(failed(source)),
            // Each must be new: what somebody put there meanwhile could lead elsewhere.
            _ => fs::create_dir(&directory)
                .and_then(|()| fs::create_dir(&files))
                .map_err(failed)?,
        }
        let repository = self.staging_repository(&directory)?;
        let mut options = CheckoutBuilder::new();
        options
            .force()
            .disable_pathspec_match(true)
            .update_index(false)
            .target_dir(&files);
        for path in paths {
            options.path(path.as_os_str().as_bytes());
        }
        let mut check_out = || {
            let tree = repository.find_commit(self.commit)?.into_object();
            repository.checkout_tree(&tree, Some(&mut options))
        };
        check_out().map_err(|source| failure::local("write the files of", self.root, &source))?;
        let staging = Root::open(&files).map_err(failed)?;
        for path in paths {
            make_durable(&files.join(path))?;
        }
        for path in paths {
            stop.check()?;
            root.place(&staging, path, self.owner)
                .map_err(|source| Error::io("write", &self.root.join(path), &source))?;
        }
        fs::remove_dir_all(&directory).map_err(failed)
    }

    /// Returns a view of the repository, in `directory`, that has nothing checked out.
    ///
    /// libgit2 writes only what it believes to differ from `HEAD`, and never a file that has become a link. A
    /// linked worktree shares objects, configuration and attributes, and has a `HEAD` of its own, without commit.
    fn staging_repository(&self, directory: &Path) -> Result<Repository> {
        let common = format!("{}\n", self.repository.commondir().display());
        for (name, text) in [
            ("commondir", common.as_str()),
            ("HEAD", "ref: refs/cross_compile/nothing\n"),
        ] {
            fresh::create(&directory.join(name))
                .and_then(|mut file| file.write_all(text.as_bytes()))
                .map_err(|source| Error::io("write", directory, &source))?;
        }
        let flags = RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::BARE;
        let open = || {
            let repository = Repository::open_ext(directory, flags, std::iter::empty::<&Path>())
                .and_then(configuration::freeze)?;
            repository.set_workdir(self.root, false)?;
            Ok(repository)
        };
        open().map_err(|source| failure::local("open", directory, &source))
    }

    /// Makes the index that of the commit, with what the file system says of each file.
    ///
    /// Files in `own` are left for git to compare.
    pub(super) fn index(&self, own: &[PathBuf]) -> Result<()> {
        let path = self.repository.path().join("index");
        let write = || {
            let mut index = self.repository.index()?;
            index.read(true)?;
            index.read_tree(&self.repository.find_commit(self.commit)?.tree()?)?;
            for (path, file) in self.contents.files.iter().filter(|(path, _)| !own.contains(path)) {
                if let Ok(metadata) = self.root.join(path).symlink_metadata() {
                    index.add(&entry(path, file.oid, file.mode, &metadata))?;
                }
            }
            index.write()
        };
        write().map_err(|source| failure::local("write", &path, &source))
    }
}

fn entry(path: &Path, id: Oid, mode: Mode, metadata: &fs::Metadata) -> IndexEntry {
    // The index keeps the low 32 bits of each.
    let low = |value: u64| u32::try_from(value & u64::from(u32::MAX)).unwrap_or_default();
    let time = |seconds: i64, nanoseconds: i64| {
        IndexTime::new(
            low(seconds.cast_unsigned()).cast_signed(),
            low(nanoseconds.cast_unsigned()),
        )
    };
    IndexEntry {
        ctime: time(metadata.ctime(), metadata.ctime_nsec()),
        mtime: time(metadata.mtime(), metadata.mtime_nsec()),
        dev: low(metadata.dev()),
        ino: low(metadata.ino()),
        mode: match mode {
            Mode::Regular => 0o100_644,
            Mode::Executable => 0o100_755,
            Mode::Link => 0o120_000,
        },
        uid: metadata.uid(),
        gid: metadata.gid(),
        file_size: low(metadata.size()),
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_os_str().as_bytes().to_vec(),
    }
}

/// Makes the content of a file outlast a power failure; a link has none.
fn make_durable(path: &Path) -> Result<()> {
    let sync = || {
        if path.symlink_metadata()?.is_file() {
            File::open(path)?.sync_data()?;
        }
        Ok(())
    };
    sync().map_err(|source: io::Error| Error::io("write", path, &source))
}

/// Makes everything below `path` durable, so that it can be moved into its place.
pub(super) fn sync(path: &Path) -> Result<()> {
    let failed = |source: io::Error| Error::io("write", path, &source);
    let metadata = path.symlink_metadata().map_err(failed)?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path).map_err(failed)? {
            sync(&entry.map_err(failed)?.path())?;
        }
    }
    if metadata.is_dir() || metadata.is_file() {
        File::open(path)
            .and_then(|file| file.sync_all())
            .map_err(failed)?;
    }
    Ok(())
}

/// Opens the repository at `root` anew, so that nothing cached from before a change is seen.
pub(super) fn open(root: &Path) -> Result<Repository> {
    examine::open(root).map_err(|source| failure::local("open the checkout", root, &source))
}
