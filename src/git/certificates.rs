//! Which certificate authorities are trusted, and how that is told when they do not suffice.
//!
//! Owns the search for the system's certificates. It never accepts a certificate.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::url::GitUrl;
use crate::error::{Error, Kind};

/// Where trusted certificates are read from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Trusted {
    pub file: Option<PathBuf>,
    pub directory: Option<PathBuf>,
    pub bundle: Option<PathBuf>,
    /// The user set OpenSSL's own variables, which it has read by itself.
    pub by_environment: bool,
}

/// What the process was set up with, for messages only.
static TRUSTED: OnceLock<Trusted> = OnceLock::new();

/// Returns where this host keeps its certificates.
///
/// A hashed directory is preferred: OpenSSL looks single certificates up there, whereas it parses a bundle
/// whole, which takes longer than a server takes to answer.
pub(super) fn find(bundle: Option<&Path>) -> Trusted {
    let from_variable = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let mut trusted = Trusted {
        bundle: bundle.map(Path::to_path_buf),
        ..Trusted::default()
    };
    trusted.file = from_variable(openssl_probe::ENV_CERT_FILE);
    trusted.directory = from_variable(openssl_probe::ENV_CERT_DIR);
    trusted.by_environment = trusted.file.is_some() || trusted.directory.is_some();
    if !trusted.by_environment {
        trusted.directory = openssl_probe::candidate_cert_dirs()
            .map(|directory| directory.join("certs"))
            .find(|directory| is_hashed(directory));
        if trusted.directory.is_none() {
            trusted.file = openssl_probe::probe().cert_file;
        }
    }
    trusted
}

pub(super) fn remember(trusted: Trusted) {
    // A second initialisation changes nothing, in libgit2 as here.
    drop(TRUSTED.set(trusted));
}

/// Returns whether `directory` holds certificates under their hashes, as `openssl rehash` names them.
fn is_hashed(directory: &Path) -> bool {
    let hashed = |name: &str| {
        name.split_once('.').is_some_and(|(hash, number)| {
            hash.len() == 8
                && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
                && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .any(|entry| entry.file_name().to_str().is_some_and(hashed))
}

/// Returns the error of a server whose certificate none of the trusted ones vouches for.
pub(super) fn untrusted(url: &GitUrl, host: &str) -> Error {
    let trusted = TRUSTED.get().cloned().unwrap_or_default();
    Error::new(Kind::Untrusted, format!("the certificate of `{host}` for `{url}` is not trusted: {}", told(&trusted)))
        .with_remedy(
            "name the file of its certificate authority in `ca_bundle`, or install the package `ca-certificates`; \
             an expired certificate or a wrong clock on this host also has this effect",
        )
}

fn told(trusted: &Trusted) -> String {
    let tried: Vec<String> = [&trusted.bundle, &trusted.file, &trusted.directory]
        .into_iter()
        .flatten()
        .map(|path| format!("`{}`", path.display()))
        .collect();
    if tried.is_empty() {
        "this host has no certificate authorities at all".to_owned()
    } else {
        format!("no authority that vouches for it is in {}", tried.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_directories_with_hashes_are_hashed() {
        let directory = tempfile::tempdir().expect("a directory");
        let add = |name: &str| fs::write(directory.path().join(name), "").expect("a file");
        add("ca-certificates.crt");
        add("abcdefgh.0");
        assert!(!is_hashed(directory.path()));
        add("0a1b2c3d.0");
        assert!(is_hashed(directory.path()));
        assert!(!is_hashed(&directory.path().join("absent")));
    }

    #[test]
    fn a_host_without_certificates_is_told_as_such() {
        assert_eq!(
            told(&Trusted::default()),
            "this host has no certificate authorities at all"
        );
        let trusted = Trusted {
            bundle: Some("/b.pem".into()),
            directory: Some("/c".into()),
            ..Trusted::default()
        };
        assert_eq!(
            told(&trusted),
            "no authority that vouches for it is in `/b.pem` or `/c`"
        );
    }
}
