//! How it is told that no trusted certificate authority vouches for a git server.

use std::sync::OnceLock;

use super::url::GitUrl;
use crate::certificates::Trusted;
use crate::error::{Error, Kind};

/// What the process was set up with, for messages only.
static TRUSTED: OnceLock<Trusted> = OnceLock::new();

pub(super) fn remember(trusted: Trusted) {
    // A second initialisation changes nothing, in libgit2 as here.
    drop(TRUSTED.set(trusted));
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
