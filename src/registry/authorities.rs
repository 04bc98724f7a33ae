//! How the HTTPS client finds the host's certificate authorities: one by one, in the hashed directory.
//!
//! Its TLS library looks for them once, by OpenSSL's variables, and parses whatever file it finds whole: a hundred
//! milliseconds and 16 MiB for a host's bundle. So it is made to look while the variables name the directory alone.

#![expect(
    unsafe_code,
    reason = "the process's environment is changed for a moment, before any thread exists"
)]

use std::env;
use std::path::Path;

use native_tls::TlsConnector;
use openssl_probe::{ENV_CERT_DIR, ENV_CERT_FILE};

use crate::certificates::find;

/// Lets the client find its authorities. Must be called before any thread is started.
///
/// Where the user chose them, or the host has no hashed directory, everything stays as the library has it.
pub fn find_by_hash() {
    let trusted = find(None);
    let Some(directory) = trusted.directory.filter(|_| !trusted.by_environment) else {
        return;
    };
    let variables = [
        (ENV_CERT_FILE, Path::new("/dev/null")),
        (ENV_CERT_DIR, &directory),
    ];
    for (name, path) in variables {
        // SAFETY: no other thread exists yet, as documented above.
        unsafe { env::set_var(name, path) };
    }
    // What it found is all that matters; the connector itself is not used.
    drop(TlsConnector::new());
    for (name, _) in variables {
        // SAFETY: as above. Programs that are started later must not see them.
        unsafe { env::remove_var(name) };
    }
}
