//! The configuration of a repository: read once, and written here alone.
//!
//! libgit2 reads through an uninitialised pointer when a file that it has read before cannot be read again, and it
//! reads again after each of its own writes. So it gets a copy in memory that it can neither refresh nor write, and
//! what has to be written is written here, as git writes it: aside, under the name that is git's lock, then renamed.

mod syntax;
mod text;

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use git2::{ConfigLevel, Repository};
use rustix::fs::OFlags;

use crate::error::{Error, Kind, Result};
pub(super) use text::Edit;

const NAME: &str = "config";

/// Makes `repository` keep the configuration that it was opened with.
pub(super) fn freeze(repository: Repository) -> Result<Repository, git2::Error> {
    repository.set_config(&repository.config()?.snapshot()?)?;
    Ok(repository)
}

/// Returns the value of `key` in the repository's own configuration, files that it includes among it.
///
/// `repository` must be frozen.
pub(super) fn value(repository: &Repository, key: &str) -> Option<String> {
    let configuration = repository.config().ok()?;
    let own = configuration.open_level(ConfigLevel::Local).ok()?;
    own.get_string(key).ok()
}

/// Makes `edits` to the configuration in `directory`, and leaves everything else in it as it is.
pub(super) fn edit(directory: &Path, edits: &[Edit]) -> Result<()> {
    if edits.is_empty() {
        return Ok(());
    }
    let path = directory.join(NAME);
    let lock = Lock::take(directory)?;
    let mut content = Vec::new();
    // A link is not followed: in somebody's checkout it could lead root to what only root may read.
    let previous = match open_plain(&path) {
        Ok(mut file) => {
            io::copy(&mut file, &mut content).map_err(|source| Error::io("read", &path, &source))?;
            Some(file)
        }
        Err(source) if source.kind() == io::ErrorKind::NotFound => None,
        Err(source) => return Err(Error::io("read", &path, &source)),
    };
    let content = text::edited(&content, edits).map_err(|cause| {
        Error::new(
            Kind::Refused,
            format!("cannot write `{}`: {cause}", path.display()),
        )
        .with_remedy("correct that file, or move the checkout away to have it cloned anew")
    })?;
    lock.replace(&path, &content, previous.as_ref())
        .map_err(|source| Error::io("write", &path, &source))
}

fn open_plain(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
}

/// The file beside the configuration that keeps other gits from writing it, and that becomes the new one.
struct Lock<'a> {
    directory: &'a Path,
    file: File,
    path: PathBuf,
    is_renamed: bool,
}

impl<'a> Lock<'a> {
    fn take(directory: &'a Path) -> Result<Self> {
        let path = directory.join(format!("{NAME}.lock"));
        match File::options().write(true).create_new(true).open(&path) {
            Ok(file) => Ok(Self {
                directory,
                file,
                path,
                is_renamed: false,
            }),
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists => Err(Error::new(
                Kind::Refused,
                format!(
                    "`{}` is locked: another git is at work there, or was killed",
                    path.display()
                ),
            )
            .with_remedy("wait until no other git works there; remove that file if none does")),
            Err(source) => Err(Error::io("create", &path, &source)),
        }
    }

    /// Moves `content` to `path`, with the mode and the owner of the `previous` file there.
    fn replace(mut self, path: &Path, content: &[u8], previous: Option<&File>) -> io::Result<()> {
        // Before its content: not everybody may read that.
        if let Some(previous) = previous {
            let before = previous.metadata()?;
            if rustix::process::geteuid().is_root() {
                fchown(&self.file, Some(before.uid()), Some(before.gid()))?;
            }
            self.file.set_permissions(before.permissions())?;
        }
        self.file.write_all(content)?;
        self.file.sync_all()?;
        fs::rename(&self.path, path)?;
        self.is_renamed = true;
        File::open(self.directory)?.sync_all()
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        // Once it has been renamed, what has its name is another git's.
        if !self.is_renamed {
            fs::remove_file(&self.path).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn set(value: &str) -> [Edit; 1] {
        [Edit::set("a.key", value)]
    }

    #[test]
    fn a_file_keeps_its_mode_and_leaves_no_lock() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(NAME);
        edit(directory.path(), &set("one")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
        edit(directory.path(), &set("two")).expect("written");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "[a]\n\tkey = two\n");
        assert_eq!(fs::metadata(&path).expect("a file").mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 1);
    }

    #[test]
    fn anothers_lock_is_refused_and_left_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let lock = directory.path().join("config.lock");
        fs::write(&lock, "theirs").expect("a file");
        let error = edit(directory.path(), &set("one")).expect_err("a refusal");
        assert_eq!(error.kind(), Kind::Refused);
        assert!(error.cause().contains("config.lock"), "{error}");
        assert_eq!(fs::read_to_string(&lock).expect("a file"), "theirs");
    }

    #[test]
    fn what_a_link_leads_to_is_neither_read_nor_written() {
        let directory = tempfile::tempdir().expect("a directory");
        let secret = directory.path().join("secret");
        fs::write(&secret, "[secret]\n").expect("a file");
        symlink(&secret, directory.path().join(NAME)).expect("a link");
        assert!(edit(directory.path(), &set("one")).is_err());
        assert_eq!(fs::read_to_string(&secret).expect("a file"), "[secret]\n");
        assert!(!directory.path().join("config.lock").exists());
    }

    #[test]
    fn what_is_no_configuration_is_refused_and_left_as_it_is() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(NAME);
        fs::write(&path, "[a\n").expect("a file");
        let error = edit(directory.path(), &set("one")).expect_err("a refusal");
        assert!(error.cause().contains("line 1"), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "[a\n");
    }
}
