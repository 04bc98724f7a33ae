//! The one door to the file system, git's own files excepted.
//!
//! Owns looking (where "not there" is a value, not an error), directories with owner and mode, and writing a
//! file whole or not at all. It decides nothing: what should be where is the plan's business.

pub mod clearing;
mod descent;
pub mod mode;
mod plain;
pub mod program;
pub mod tree;
pub mod usage;
pub mod users;

pub use plain::read_plain;

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, FsWord, Gid, Mode, PROC_SUPER_MAGIC, Uid, accessat, chownat};

use crate::error::{Error, Kind, Result};

/// Bits of a mode that `chmod` sets.
const MODE_BITS: u32 = 0o7777;

/// Owner and mode of something that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    pub uid: u32,
    pub gid: u32,
    pub mode: u32,
    pub is_directory: bool,
}

impl Attributes {
    fn new(metadata: &Metadata) -> Self {
        Self {
            uid: metadata.uid(),
            gid: metadata.gid(),
            mode: metadata.mode() & MODE_BITS,
            is_directory: metadata.is_dir(),
        }
    }
}

/// Returns what is at `path`, links followed; `None` where nothing is.
///
/// # Errors
/// When a parent is not a directory or may not be searched, and when `path` is a link to nothing.
pub fn attributes(path: &Path) -> Result<Option<Attributes>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(Attributes::new(&metadata))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::symlink_metadata(path) {
            Ok(_) => Err(Error::new(
                Kind::Refused,
                format!("`{}` is a symbolic link to nothing", path.display()),
            )
            .with_remedy("remove the link, or make what it points to")),
            Err(_) => Ok(None),
        },
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Err(not_a_directory(path)),
        Err(error) => Err(Error::io("look at", path, &error)),
    }
}

/// Names the ancestor of `path` that is a file though it has to be a directory.
fn not_a_directory(path: &Path) -> Error {
    let file = path
        .ancestors()
        .skip(1)
        .find(|ancestor| fs::metadata(ancestor).is_ok_and(|metadata| !metadata.is_dir()))
        .unwrap_or(path);
    Error::new(
        Kind::Refused,
        format!(
            "`{}` is not a directory, but `{}` needs it to be",
            file.display(),
            path.display()
        ),
    )
    .with_remedy("move that file away, or choose another path")
}

/// Returns the closest ancestor of `path` that exists, `path` itself included.
#[must_use]
pub fn nearest_existing(path: &Path) -> PathBuf {
    path.ancestors()
        .find(|ancestor| ancestor.exists())
        .map_or_else(|| PathBuf::from("/"), Path::to_path_buf)
}

/// Free space of the file system that holds `path`, and whether anything can be created there at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Bytes that the caller may still use.
    pub available: u64,
    /// Bytes in all.
    pub total: u64,
    pub read_only: bool,
    pub full: bool,
}

/// # Errors
/// When the file system does not answer.
pub fn space(path: &Path) -> Result<Space> {
    let answer = rustix::fs::statvfs(path).map_err(|error| Error::io("measure", path, &error.into()))?;
    // Some file systems (btrfs) count no inodes at all: zero of zero is not "full".
    let no_inodes = answer.f_files > 0 && answer.f_favail == 0;
    Ok(Space {
        available: answer.f_bavail.saturating_mul(answer.f_frsize),
        total: answer.f_blocks.saturating_mul(answer.f_frsize),
        read_only: answer.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY),
        // Nor do those without an end (tmpfs where none is set) count blocks.
        full: (answer.f_blocks > 0 && answer.f_bavail == 0) || no_inodes,
    })
}

/// Returns the number of the file system that holds `path`.
///
/// # Errors
/// The system's, with the path.
pub fn device(path: &Path) -> Result<u64> {
    fs::metadata(path)
        .map(|metadata| metadata.dev())
        .map_err(|error| Error::io("look at", path, &error))
}

/// Returns whether `path` lies where the kernel shows itself: root has every right there and can create nothing.
fn is_kernels(path: &Path) -> bool {
    const SYSFS_MAGIC: FsWord = 0x6265_6572;
    rustix::fs::statfs(path).is_ok_and(|answer| matches!(answer.f_type, PROC_SUPER_MAGIC | SYSFS_MAGIC))
}

/// Checks, before the first change, that something can be created below `directory`, which exists.
///
/// # Errors
/// `Refused` or `Denied`, with the remedy, when that file system is read-only or full, or this user may not write.
pub fn check_writable(directory: &Path) -> Result<()> {
    let refuse = |errno: i32| {
        Err(Error::io(
            "write below",
            directory,
            &io::Error::from_raw_os_error(errno),
        ))
    };
    if is_kernels(directory) {
        return Err(Error::new(
            Kind::Refused,
            format!(
                "cannot write below `{}`: it is the kernel's, not a place for files",
                directory.display()
            ),
        )
        .with_remedy("choose another path"));
    }
    let space = space(directory)?;
    if space.read_only {
        return refuse(rustix::io::Errno::ROFS.raw_os_error());
    }
    if space.full {
        return refuse(rustix::io::Errno::NOSPC.raw_os_error());
    }
    accessat(
        CWD,
        directory,
        Access::WRITE_OK | Access::EXEC_OK,
        AtFlags::EACCESS,
    )
    .or_else(|error| refuse(error.raw_os_error()))
}

/// Creates `path` and the parents that are missing, all with `mode`; only `path` itself gets the owner.
///
/// # Errors
/// The system's, with the path.
pub fn create_directory(path: &Path, mode: u32, uid: Option<u32>, gid: Option<u32>) -> Result<()> {
    if let Some(parent) = path.parent().filter(|parent| !parent.exists()) {
        create_directory(parent, 0o755, None, None)?;
    }
    match fs::create_dir(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        Err(error) => return Err(Error::io("create", path, &error)),
    }
    set_owner(path, uid, gid)?;
    set_mode(path, mode)
}

/// Removes an empty directory.
///
/// # Errors
/// The system's, with the path.
pub fn remove_directory(path: &Path) -> Result<()> {
    fs::remove_dir(path).map_err(|error| Error::io("remove", path, &error))
}

/// # Errors
/// The system's, with the path, behind the words of Ansible's own file modules.
pub fn set_owner(path: &Path, uid: Option<u32>, gid: Option<u32>) -> Result<()> {
    if uid.is_none() && gid.is_none() {
        return Ok(());
    }
    chownat(
        CWD,
        path,
        uid.map(Uid::from_raw),
        gid.map(Gid::from_raw),
        AtFlags::empty(),
    )
    .map_err(|error| {
        let command = if uid.is_some() { "chown" } else { "chgrp" };
        Error::io("change the owner of", path, &error.into()).context(format!("{command} failed"))
    })
}

/// # Errors
/// The system's, with the path, behind the words of Ansible's own file modules.
pub fn set_mode(path: &Path, mode: u32) -> Result<()> {
    rustix::fs::chmod(path, Mode::from_bits_truncate(mode))
        .map_err(|error| Error::io("change the mode of", path, &error.into()).context("chmod failed"))
}

/// Returns whether something is at `path`, a link to nothing among it.
#[must_use]
pub fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Returns where `path` lies once all links on the way are followed.
///
/// # Errors
/// The system's, with the path.
pub fn resolved(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).map_err(|error| Error::io("look at", path, &error))
}

/// Gives what is at `from` the name `to`, on the same file system. Nothing there is no error.
///
/// # Errors
/// The system's, with the path.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    match fs::rename(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("rename", from, &error)),
    }
}

/// Tells whether two paths lead to one place.
#[must_use]
pub fn is_same(one: &Path, other: &Path) -> bool {
    one == other
        || fs::canonicalize(one).is_ok_and(|one| fs::canonicalize(other).is_ok_and(|other| one == other))
}

/// Returns the content of `path`; `None` where nothing is.
///
/// # Errors
/// The system's, with the path.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Err(not_a_directory(path)),
        Err(error) => Err(Error::io("read", path, &error)),
    }
}

/// Returns the names of the directories in `path`, links apart, in their order; none where nothing is.
///
/// # Errors
/// The system's, with the path.
pub fn directories_in(path: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("list", path, &error)),
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    Ok(names)
}

/// Replaces `path` by `content` in one step: a reader, and whoever comes after a power cut, sees all of the old
/// or all of the new. Owner and mode of the old file are kept; a new one gets 0644 and the caller.
///
/// # Errors
/// The system's, with the path; the old file is then as it was.
pub fn write_atomically(path: &Path, content: &[u8]) -> Result<()> {
    replace(path, None, &mut &*content)
}

/// Replaces `path` by what `source` holds, as [`write_atomically`] does, but with this mode and as the caller's, and
/// makes the directories that are missing.
///
/// # Errors
/// The system's, with the path; the old file is then as it was.
pub fn install(path: &Path, mode: u32, source: &mut dyn Read) -> Result<()> {
    if let Some(parent) = path.parent().filter(|parent| !parent.exists()) {
        create_directory(parent, 0o755, None, None)?;
    }
    replace(path, Some(mode), source)
}

/// Removes the file or link at `path`. Nothing there is no error.
///
/// # Errors
/// The system's, with the path.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("remove", path, &error)),
    }
}

/// Removes the directory `path` if nothing is in it.
///
/// # Errors
/// The system's, with the path.
pub fn remove_empty_directory(path: &Path) -> Result<()> {
    match fs::remove_dir(path) {
        Ok(()) => Ok(()),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotFound
            ) =>
        {
            Ok(())
        }
        Err(error) => Err(Error::io("remove", path, &error)),
    }
}

/// Writes aside and renames; `mode` is the new one, else that of the old file is kept, with its owner.
fn replace(path: &Path, mode: Option<u32>, source: &mut dyn Read) -> Result<()> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    let prefix = temporary_prefix(path);
    sweep(directory, &prefix)?;
    let failed = |error: io::Error| Error::io("write", path, &error);
    let previous = fs::symlink_metadata(path)
        .ok()
        .filter(Metadata::is_file)
        .map(|metadata| Attributes::new(&metadata));
    let mut file = tempfile::Builder::new()
        .prefix(&prefix)
        .tempfile_in(directory)
        .map_err(failed)?;
    io::copy(source, &mut file).map_err(failed)?;
    let kept = previous.filter(|_| mode.is_none());
    if let Some(Attributes { uid, gid, .. }) = kept {
        // The file itself: whoever may write here could have put a link in the place of its name.
        fchown(file.as_file(), Some(uid), Some(gid))
            .map_err(|error| Error::io("change the owner of", path, &error).context("chown failed"))?;
    }
    let mode = mode.unwrap_or_else(|| kept.map_or(0o644, |attributes| attributes.mode));
    file.as_file()
        .set_permissions(fs::Permissions::from_mode(mode))
        .map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    // A file system that cannot flush a directory still made the rename: nothing to report.
    File::open(directory).and_then(|handle| handle.sync_all()).ok();
    Ok(())
}

fn temporary_prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.cross_compile.")
}

/// Removes what a killed run left beside a file that it was writing. The caller holds the host's lock.
fn sweep(directory: &Path, prefix: &str) -> Result<()> {
    let entries = fs::read_dir(directory).map_err(|error| Error::io("list", directory, &error))?;
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            let leftover = entry.path();
            fs::remove_file(&leftover).map_err(|error| Error::io("remove", &leftover, &error))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_there_is_a_value() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(attributes(&directory.path().join("a/b")), Ok(None));
        assert_eq!(read(&directory.path().join("a")), Ok(None));
    }

    #[test]
    fn a_file_among_the_parents_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let error = attributes(&file.join("x/y")).unwrap_err();
        assert!(
            error
                .cause()
                .starts_with(&format!("`{}` is not a directory", file.display()))
        );
    }

    #[test]
    fn a_dangling_link_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        assert_eq!(attributes(&link).unwrap_err().kind(), Kind::Refused);
    }

    #[test]
    fn nothing_is_written_where_the_kernel_shows_itself() {
        for path in ["/proc", "/sys"] {
            let error = check_writable(Path::new(path)).unwrap_err();
            assert!(error.cause().ends_with("not a place for files"), "{error}");
            assert_eq!(error.remedy(), Some("choose another path"));
        }
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(check_writable(directory.path()), Ok(()));
    }

    #[test]
    fn directories_come_with_their_parents() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b/c");
        create_directory(&path, 0o750, None, None).unwrap();
        assert_eq!(attributes(&path).unwrap().unwrap().mode, 0o750);
        assert_eq!(attributes(path.parent().unwrap()).unwrap().unwrap().mode, 0o755);
        assert_eq!(nearest_existing(&path.join("d/e")), path);
    }

    #[test]
    fn writing_keeps_the_mode_and_leaves_nothing_beside() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(directory.path().join(".file.cross_compile.killed"), "half").unwrap();
        write_atomically(&path, b"one").unwrap();
        assert_eq!(attributes(&path).unwrap().unwrap().mode, 0o644);
        set_mode(&path, 0o600).unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(read(&path).unwrap().unwrap(), b"two");
        assert_eq!(attributes(&path).unwrap().unwrap().mode, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn installing_gives_the_mode_and_removing_takes_the_directory_once_it_is_empty() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lib/file");
        install(&path, 0o644, &mut b"one".as_slice()).unwrap();
        install(&path, 0o600, &mut b"two".as_slice()).unwrap();
        assert_eq!(attributes(&path).unwrap().unwrap().mode, 0o600);
        let parent = path.parent().unwrap();
        remove_empty_directory(parent).unwrap();
        assert_eq!(read(&path).unwrap().unwrap(), b"two");
        for _ in 0..2 {
            remove(&path).unwrap();
            remove_empty_directory(parent).unwrap();
        }
        assert!(!parent.exists());
    }
}
