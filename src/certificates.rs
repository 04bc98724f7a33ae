//! Where this host keeps the certificate authorities that it trusts.
//!
//! Owns the search, for all who open a TLS connection. It reads no certificate, and never accepts one.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Where trusted certificates are read from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trusted {
    pub file: Option<PathBuf>,
    pub directory: Option<PathBuf>,
    pub bundle: Option<PathBuf>,
    /// The user set OpenSSL's own variables, which it reads by itself.
    pub by_environment: bool,
}

/// Returns where this host keeps its certificates.
///
/// A hashed directory is preferred: OpenSSL looks single certificates up there, whereas it parses a bundle
/// whole, which takes longer than a server takes to answer.
#[must_use]
pub fn find(bundle: Option<&Path>) -> Trusted {
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
            .find(|directory| is_hashed(directory))
            .map(Path::to_path_buf);
        if trusted.directory.is_none() {
            trusted.file = openssl_probe::probe().cert_file;
        }
    }
    trusted
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
}
