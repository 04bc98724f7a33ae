//! One run at a time: of the environment on a host, and of each build.
//!
//! Owns the lock files and the waiting. The kernel frees the lock when its holder ends, however it ends, so a
//! stale lock does not exist; what is written in the file only serves to name the holder.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, OFlags, flock};
use tokio::time::{Instant, sleep};

use crate::error::{Error, Kind, Result};

/// Where the lock may lie, best first: the directory that is made for locks, and what every host has.
const DIRECTORIES: [&str; 2] = ["/run/lock", "/tmp"];

/// How often a waiting run asks again.
const PAUSE: Duration = Duration::from_millis(100);

/// What one run at a time may work on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// The environment of this host.
    Host,
    /// The build of this name, whichever directory it delivers to: its container exists only once.
    Build(&'a str),
}

impl Scope<'_> {
    fn file_name(self) -> String {
        match self {
            Self::Host => "goldentooth-cross-compile.lock".to_owned(),
            Self::Build(name) => format!("goldentooth-cross-compile-build-{name}.lock"),
        }
    }

    fn held(self) -> String {
        match self {
            Self::Host => "another run holds this host".to_owned(),
            Self::Build(name) => format!("another run holds the build `{name}`"),
        }
    }
}

/// What a run wants of the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To change the host: nobody else may run meanwhile.
    Change,
    /// To look only (check mode): nobody may change the host meanwhile. Leaves no file where none is.
    Look,
}

impl Purpose {
    #[must_use]
    pub fn of_run(check_mode: bool) -> Self {
        match check_mode {
            true => Self::Look,
            false => Self::Change,
        }
    }
}

/// The lock, held until dropped.
#[derive(Debug)]
pub struct Lock {
    _file: Option<File>,
}

/// Waits until this run may go on.
///
/// # Errors
/// `Refused`, naming the holder, when `timeout` passes first.
pub async fn acquire(scope: Scope<'_>, purpose: Purpose, timeout: Duration) -> Result<Lock> {
    let directories: Vec<PathBuf> = DIRECTORIES.iter().map(PathBuf::from).collect();
    acquire_in(&directories, scope, purpose, timeout).await
}

async fn acquire_in(
    directories: &[PathBuf],
    scope: Scope<'_>,
    purpose: Purpose,
    timeout: Duration,
) -> Result<Lock> {
    let Some((path, mut file)) = open(directories, &scope.file_name(), purpose)? else {
        return Ok(Lock { _file: None });
    };
    let operation = match purpose {
        Purpose::Change => FlockOperation::NonBlockingLockExclusive,
        Purpose::Look => FlockOperation::NonBlockingLockShared,
    };
    let deadline = Instant::now() + timeout;
    loop {
        match flock(&file, operation) {
            Ok(()) => break,
            Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Error::io("lock", &path, &error.into())),
        }
        if Instant::now() >= deadline {
            return Err(held(scope, &mut file, timeout));
        }
        sleep(PAUSE.min(deadline.saturating_duration_since(Instant::now()))).await;
    }
    if purpose == Purpose::Change {
        // The name of the holder is a courtesy: a full file system must not stop the run here.
        name_holder(&mut file).ok();
    }
    Ok(Lock { _file: Some(file) })
}

/// Opens the lock file that is there, else makes one; `None` when a run that only looks finds none.
fn open(directories: &[PathBuf], name: &str, purpose: Purpose) -> Result<Option<(PathBuf, File)>> {
    let mut failure = None;
    for directory in directories {
        let path = directory.join(name);
        // Without O_CREAT first: in a sticky directory the kernel refuses it for somebody else's file
        // (fs.protected_regular).
        match open_existing(&path) {
            Ok(file) => return Ok(Some((path, file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                failure = Some(Error::io("open", &path, &error));
                continue;
            }
        }
        if purpose == Purpose::Look || !directory.is_dir() {
            continue;
        }
        match create(&path) {
            Ok(file) => return Ok(Some((path, file))),
            Err(error) => failure = Some(Error::io("create", &path, &error)),
        }
    }
    match failure {
        Some(error) if purpose == Purpose::Change => Err(error),
        _ => Ok(None),
    }
}

fn open_existing(path: &Path) -> io::Result<File> {
    let open = |write: bool| {
        OpenOptions::new()
            .read(true)
            .write(write)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(path)
    };
    open(true).or_else(|error| match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => open(false),
        _ => Err(error),
    })
}

fn create(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)?;
    // Every user of the host locks the same file; whoever can open it can hold it, and no more than that.
    file.set_permissions(std::fs::Permissions::from_mode(0o666))?;
    Ok(file)
}

fn name_holder(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(
        file,
        "process {}, user {}",
        std::process::id(),
        rustix::process::geteuid().as_raw()
    )
}

fn held(scope: Scope<'_>, file: &mut File, timeout: Duration) -> Error {
    let mut holder = String::new();
    let named = file
        .rewind()
        .and_then(|()| file.take(200).read_to_string(&mut holder))
        .is_ok();
    let holder = match holder.trim() {
        text if named && !text.is_empty() => text.to_owned(),
        _ => "a process that gave no name".to_owned(),
    };
    Error::new(
        Kind::Refused,
        format!(
            "{}: {holder}; waited {} s for it",
            scope.held(),
            timeout.as_secs()
        ),
    )
    .with_remedy("let it finish and run again, or raise `lock_timeout`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::Purpose::{Change, Look};

    /// A host of a test's own: where its lock may lie.
    struct Host {
        directory: tempfile::TempDir,
        names: &'static [&'static str],
    }

    impl Host {
        /// Has the one directory that every host has.
        fn new() -> Self {
            Self {
                directory: tempfile::tempdir().unwrap(),
                names: &[""],
            }
        }

        async fn try_lock(&self, purpose: Purpose) -> Result<Lock> {
            self.lock_within(purpose, Duration::ZERO).await
        }

        async fn lock_within(&self, purpose: Purpose, timeout: Duration) -> Result<Lock> {
            let directories: Vec<PathBuf> = self
                .names
                .iter()
                .map(|name| self.directory.path().join(name))
                .collect();
            acquire_in(&directories, Scope::Host, purpose, timeout).await
        }

        fn has_file(&self) -> bool {
            self.directory.path().join(Scope::Host.file_name()).exists()
        }
    }

    #[tokio::test]
    async fn a_second_run_is_refused_and_told_the_holder() {
        let host = Host::new();
        let first = host.try_lock(Change).await.unwrap();
        let error = host.try_lock(Change).await.unwrap_err();
        let holder = format!("process {}", std::process::id());
        assert!(error.cause().contains(&holder), "{error}");
        assert!(error.remedy().unwrap().contains("lock_timeout"));
        drop(first);
        host.try_lock(Change).await.unwrap();
    }

    #[tokio::test]
    async fn looking_leaves_no_file_where_none_is() {
        let host = Host::new();
        host.try_lock(Look).await.unwrap();
        assert!(!host.has_file());
    }

    #[tokio::test]
    async fn looking_waits_for_changes_but_not_for_others_that_look() {
        let host = Host::new();
        drop(host.try_lock(Change).await.unwrap());
        let looking = [
            host.try_lock(Look).await.unwrap(),
            host.try_lock(Look).await.unwrap(),
        ];
        assert!(host.try_lock(Change).await.is_err());
        drop(looking);
        let _changing = host.try_lock(Change).await.unwrap();
        assert!(host.try_lock(Look).await.is_err());
    }

    #[tokio::test]
    async fn a_waiting_run_goes_on_when_the_first_ends() {
        let host = Host::new();
        let first = host.try_lock(Change).await.unwrap();
        let (second, ()) = tokio::join!(host.lock_within(Change, Duration::from_secs(30)), async {
            drop(first);
        });
        second.unwrap();
    }

    #[tokio::test]
    async fn the_next_directory_serves_where_the_first_is_missing() {
        let host = Host {
            names: &["missing", ""],
            ..Host::new()
        };
        host.try_lock(Change).await.unwrap();
        assert!(host.has_file());
    }

    #[tokio::test]
    async fn a_build_holds_its_own_name_only() {
        let host = Host::new();
        let directories = [host.directory.path().to_path_buf()];
        let acquire = |scope| acquire_in(&directories, scope, Change, Duration::ZERO);
        let _envoy = acquire(Scope::Build("envoy")).await.unwrap();
        let _vault = acquire(Scope::Build("vault")).await.unwrap();
        let _host = acquire(Scope::Host).await.unwrap();
        let error = acquire(Scope::Build("envoy")).await.unwrap_err();
        assert!(error.cause().contains("holds the build `envoy`"), "{error}");
    }
}
