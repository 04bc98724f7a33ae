//! The options of libgit2 that hold for the whole process.
//!
//! Unsafe code lives here and in `signals` only: libgit2's options are C globals, and OpenSSL's variables are the
//! process's environment. Both are set here, once, while no other thread exists.

#![expect(
    unsafe_code,
    reason = "libgit2's options are C globals, set before any thread exists"
)]

use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, ffi};

use git2::{ConfigLevel, opts};
use libgit2_sys as raw;

use super::{certificates, netrc};
use crate::certificates::find as find_certificates;
use crate::error::{Error, Kind, Result};

/// What all remote operations of the process share.
#[derive(Debug, Clone)]
pub struct Settings {
    /// More certificate authorities, in PEM.
    pub ca_bundle: Option<PathBuf>,
    /// How long a server may make no progress.
    pub timeout: Duration,
}

/// Sets libgit2 up for this process.
///
/// Must be called before any thread is started: it changes globals of libgit2 and the environment.
pub fn initialise(settings: &Settings) -> Result<()> {
    let Settings { ca_bundle, timeout } = settings;
    if let Some(bundle) = ca_bundle {
        File::open(bundle).map_err(|source| Error::io("read the `ca_bundle`", bundle, &source))?;
    }
    let trusted = find_certificates(ca_bundle.as_deref());
    // libgit2 itself comes first: git2's own set-up would point OpenSSL to the whole bundle of the system.
    raw::init();
    let milliseconds = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: no other thread exists yet, as documented above, so nothing reads these globals meanwhile.
    let set = || unsafe {
        if !trusted.by_environment {
            trusted
                .directory
                .as_deref()
                .map_or(Ok(()), |path| opts::set_ssl_cert_dir(path))?;
            trusted
                .file
                .as_deref()
                .map_or(Ok(()), |path| opts::set_ssl_cert_file(path))?;
        }
        opts::set_server_connect_timeout_in_milliseconds(milliseconds)?;
        opts::set_server_timeout_in_milliseconds(milliseconds)?;
        // Ownership is verified by this project itself, which lets root work on anybody's checkout.
        opts::set_verify_owner_validation(false)?;
        raw::git_libgit2_opts(raw::GIT_OPT_ENABLE_FSYNC_GITDIR.cast_signed(), 1 as ffi::c_int);
        if env::var_os("HOME").is_none_or(|home| home.is_empty()) {
            set_home(netrc::home().as_deref());
        }
        for (level, file) in [
            (ConfigLevel::System, "gitconfig"),
            (ConfigLevel::XDG, "config"),
            (ConfigLevel::Global, ".gitconfig"),
        ] {
            let directories = opts::get_search_path(level)?;
            if !is_readable(&directories, file) {
                opts::set_search_path(level, "")?;
            }
        }
        Ok::<(), git2::Error>(())
    };
    set().map_err(|source| {
        Error::new(
            Kind::Failed,
            format!("cannot set up libgit2: {}", source.message()),
        )
    })?;
    if let Some(bundle) = ca_bundle {
        // SAFETY: as above.
        unsafe { opts::set_ssl_cert_file(bundle.as_path()) }.map_err(|_| {
            Error::new(
                Kind::Invalid,
                format!("`{}` holds no certificate", bundle.display()),
            )
            .with_remedy("`ca_bundle` must name a file with certificates in PEM")
        })?;
    }
    if !trusted.by_environment {
        for name in [openssl_probe::ENV_CERT_FILE, openssl_probe::ENV_CERT_DIR] {
            // SAFETY: as above. git2 has set them meanwhile, and whoever opens a connection would parse the whole
            // bundle for them.
            unsafe { env::remove_var(name) };
        }
    }
    certificates::remember(trusted);
    Ok(())
}

/// Points libgit2 to the user's home directory where the environment does not.
///
/// # Safety
///
/// No other thread may use libgit2 meanwhile.
unsafe fn set_home(home: Option<&Path>) {
    if let Some(home) = home.and_then(|path| ffi::CString::new(path.as_os_str().as_bytes()).ok()) {
        // SAFETY: the caller's promise; libgit2 copies the path.
        unsafe {
            raw::git_libgit2_opts(raw::GIT_OPT_SET_HOMEDIR.cast_signed(), home.as_ptr());
            raw::git_libgit2_opts(
                raw::GIT_OPT_SET_SEARCH_PATH.cast_signed(),
                raw::GIT_CONFIG_LEVEL_GLOBAL as ffi::c_int,
                home.as_ptr(),
            );
        }
    }
}

/// Returns whether every configuration `file` in `directories` can be read or is absent.
///
/// One that cannot be read (as after `sudo` with the caller's `$HOME`) would fail every operation.
fn is_readable(directories: &ffi::CStr, file: &str) -> bool {
    directories
        .to_bytes()
        .split(|byte| *byte == b':')
        .filter(|part| !part.is_empty())
        .all(|directory| {
            let path = Path::new(ffi::OsStr::from_bytes(directory)).join(file);
            match File::open(path) {
                Ok(_) => true,
                Err(source) => source.kind() == io::ErrorKind::NotFound,
            }
        })
}
