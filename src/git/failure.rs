//! What libgit2's failures mean.
//!
//! Owns the classification of its errors into kinds, causes and remedies. It decides nothing about retrying.

use std::io;
use std::path::Path;

use git2::{ErrorClass, ErrorCode};

use super::certificates;
use super::url::{GitUrl, Scheme};
use super::words::{system_error, words};
use crate::error::{Error, Kind, remedy};

/// Returns what failed while talking to the server of `url`.
pub(super) fn remote(url: &GitUrl, source: &git2::Error) -> Error {
    let message = words(source);
    let host = url.host().unwrap_or("this host");
    let status = message
        .rsplit_once("status code: ")
        .and_then(|(_, digits)| digits.trim().parse::<u16>().ok());
    match (source.code(), status) {
        (ErrorCode::User, _) => Error::new(Kind::Interrupted, "the run was told to stop"),
        (ErrorCode::Certificate, _) => untrusted(url, host),
        (ErrorCode::Auth, _) | (_, Some(401 | 403)) => denied(url, &message),
        (_, Some(404)) => missing(url),
        (_, Some(status)) if status == 429 || status >= 500 => Error::new(
            Kind::Unreachable,
            format!("`{host}` answered `{url}` with the status {status}"),
        )
        .with_remedy("try again later: the server is overloaded or limits requests"),
        (_, Some(status)) => Error::new(
            Kind::Failed,
            format!("`{host}` answered `{url}` with the status {status}"),
        )
        .with_remedy("check that the URL is that of a git repository"),
        _ if message.contains("known_hosts") || message.contains("host key") => untrusted(url, host),
        _ if message.contains("certificate is invalid") => untrusted(url, host),
        _ if is_missing(source, &message) => missing(url),
        // A path without a repository is not even taken for a URL.
        _ if url.scheme() == Scheme::File && message.contains("unsupported URL protocol") => missing(url),
        _ if let Some(cause) = local_cause(source, &message) => of_system(&cause, message),
        _ if source.class() == ErrorClass::Ssh && is_denied(&message) => denied(url, &message),
        _ if is_transient(source, &message) => Error::new(
            Kind::Unreachable,
            format!("cannot reach `{host}` for `{url}`: {message}"),
        )
        .with_remedy("check the name, the network, and a proxy in `https_proxy` or `http_proxy`"),
        _ => Error::new(Kind::Failed, format!("cannot read `{url}`: {message}")),
    }
}

/// Returns what failed at the repository at `path`.
pub(super) fn local(doing: &str, path: &Path, source: &git2::Error) -> Error {
    let message = words(source);
    let error = |kind| Error::new(kind, format!("cannot {doing} `{}`: {message}", path.display()));
    match source.code() {
        ErrorCode::User => Error::new(Kind::Interrupted, "the run was told to stop"),
        ErrorCode::Locked => error(Kind::Refused)
            .with_remedy("wait until no other git works there; remove the lock file if none does"),
        _ => match system_error(&message) {
            Some(cause) => of_system(&cause, error(Kind::Failed).cause()),
            None => error(Kind::Failed).with_remedy(
                "the repository may be damaged: check it with `git fsck`, or move it away to have it cloned anew",
            ),
        },
    }
}

/// Returns what this host's own system refused during a transfer.
fn local_cause(source: &git2::Error, message: &str) -> Option<io::Error> {
    // Servers deny access, and networks connections, by the same words.
    let is_of_files = source.class() == ErrorClass::Os && !message.contains("connect");
    system_error(message).filter(|cause| is_of_files || cause.kind() != io::ErrorKind::PermissionDenied)
}

fn of_system(cause: &io::Error, message: impl Into<String>) -> Error {
    let kind = match cause.kind() {
        io::ErrorKind::PermissionDenied => Kind::Denied,
        _ => Kind::Failed,
    };
    let error = Error::new(kind, message);
    match remedy(cause) {
        Some(remedy) => error.with_remedy(remedy),
        None => error,
    }
}

fn is_missing(source: &git2::Error, message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    (source.code() == ErrorCode::NotFound && source.class() == ErrorClass::Repository)
        || message.contains("repository not found")
        || message.contains("does not appear to be a git repository")
        || message.contains("could not find repository")
        || (message.contains("failed to resolve path") && message.contains("no such file"))
}

fn is_denied(message: &str) -> bool {
    message.contains("authenticat") || message.contains("credentials") || message.contains("passphrase")
}

fn is_transient(source: &git2::Error, message: &str) -> bool {
    matches!(source.code(), ErrorCode::Eof | ErrorCode::Timeout)
        || matches!(
            source.class(),
            ErrorClass::Net | ErrorClass::Ssl | ErrorClass::Ssh | ErrorClass::Zlib
        )
        || (source.class() == ErrorClass::Http && !message.contains("content-type"))
        || [
            "connect",
            "SSL error",
            "made no progress",
            "timed out",
            "resolve address",
            "unexpected eof",
            "early eof",
            "reset by peer",
            "hung up",
        ]
        .iter()
        .any(|sign| message.contains(sign))
}

fn missing(url: &GitUrl) -> Error {
    Error::new(Kind::NotFound, format!("no git repository is at `{url}`")).with_remedy(
        "check `toolkit_repo`; a server may also say this of a repository that needs credentials",
    )
}

fn denied(url: &GitUrl, message: &str) -> Error {
    let error = Error::new(
        Kind::Denied,
        format!("the server of `{url}` denies access: {message}"),
    );
    match url.scheme() {
        Scheme::Ssh => error.with_remedy(
            "load a key that it accepts into the user's SSH agent, or put one without passphrase at `~/.ssh/id_ed25519`",
        ),
        _ => error.with_remedy(
            "check the URL; for a private repository put the user and the token into the URL or into `~/.netrc`",
        ),
    }
}

fn untrusted(url: &GitUrl, host: &str) -> Error {
    if url.scheme() == Scheme::Ssh {
        let port = url.port().map(|port| format!("-p {port} ")).unwrap_or_default();
        return Error::new(
            Kind::Untrusted,
            format!("the host key of `{host}` is unknown, or not the one in the user's `~/.ssh/known_hosts`"),
        )
        .with_remedy(format!(
            "compare the key's fingerprint with the server's, then add it: `ssh-keyscan {port}{host} >> ~/.ssh/known_hosts`"
        ));
    }
    certificates::untrusted(url, host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_servers_are_told_apart() {
        let url = GitUrl::parse("https://u:s3cret@git.example/a.git").expect("a URL");
        for (code, class, message, kind) in [
            (ErrorCode::Auth, ErrorClass::Http, "no", Kind::Denied),
            (
                ErrorCode::GenericError,
                ErrorClass::Http,
                "unexpected http status code: 403",
                Kind::Denied,
            ),
            (
                ErrorCode::GenericError,
                ErrorClass::Http,
                "unexpected http status code: 404",
                Kind::NotFound,
            ),
            (
                ErrorCode::GenericError,
                ErrorClass::Http,
                "unexpected http status code: 502",
                Kind::Unreachable,
            ),
            (
                ErrorCode::GenericError,
                ErrorClass::Http,
                "unexpected http status code: 429",
                Kind::Unreachable,
            ),
            (
                ErrorCode::GenericError,
                ErrorClass::Http,
                "unexpected http status code: 418",
                Kind::Failed,
            ),
            (
                ErrorCode::GenericError,
                ErrorClass::Net,
                "failed to resolve address for x",
                Kind::Unreachable,
            ),
            (
                ErrorCode::Eof,
                ErrorClass::Ssl,
                "SSL error: received early EOF",
                Kind::Unreachable,
            ),
            (
                ErrorCode::Timeout,
                ErrorClass::Net,
                "could not connect: timed out",
                Kind::Unreachable,
            ),
            (
                ErrorCode::Certificate,
                ErrorClass::Ssl,
                "the SSL certificate is invalid",
                Kind::Untrusted,
            ),
            (
                ErrorCode::GenericError,
                ErrorClass::Os,
                "SSL error: syscall failure: Resource temporarily unavailable",
                Kind::Unreachable,
            ),
            (ErrorCode::User, ErrorClass::Callback, "stop", Kind::Interrupted),
            (
                ErrorCode::GenericError,
                ErrorClass::Http,
                "invalid content-type: 'text/html'",
                Kind::Failed,
            ),
            (
                ErrorCode::GenericError,
                ErrorClass::Os,
                "x: No space left on device",
                Kind::Failed,
            ),
        ] {
            let error = remote(&url, &git2::Error::new(code, class, message));
            assert_eq!(error.kind(), kind, "{message}: {error}");
            assert!(!error.to_string().contains("s3cret"), "{error}");
            if message.ends_with("502") || message.ends_with("429") {
                let remedy = error.remedy().unwrap_or_default();
                assert!(remedy.starts_with("try again later"), "{error}");
            }
        }
    }

    #[test]
    fn permission_is_denied_by_this_host_or_a_network_or_a_server() {
        let url = GitUrl::parse("https://git.example/a.git").expect("a URL");
        for (class, message, kind, remedy) in [
            (
                ErrorClass::Os,
                "failed to write '/x/pack'",
                Kind::Denied,
                "owner of that path",
            ),
            (
                ErrorClass::Os,
                "failed to connect to x",
                Kind::Unreachable,
                "the network",
            ),
            (
                ErrorClass::Ssh,
                "authentication failed",
                Kind::Denied,
                "check the URL",
            ),
        ] {
            let message = format!("{message}: Permission denied");
            let error = remote(&url, &git2::Error::new(ErrorCode::GenericError, class, &message));
            assert_eq!(error.kind(), kind, "{error}");
            assert!(
                error.remedy().is_some_and(|text| text.contains(remedy)),
                "{error}"
            );
        }
    }

    #[test]
    fn local_failures_name_path_and_remedy() {
        for (code, message, kind, remedy) in [
            (ErrorCode::Locked, "failed to lock", Kind::Refused, "lock"),
            (
                ErrorCode::GenericError,
                "x: Permission denied",
                Kind::Denied,
                "become",
            ),
            (
                ErrorCode::GenericError,
                "x: No space left on device",
                Kind::Failed,
                "free space",
            ),
            (
                ErrorCode::GenericError,
                "x: Read-only file system",
                Kind::Failed,
                "read-write",
            ),
            (
                ErrorCode::GenericError,
                "x: Input/output error",
                Kind::Failed,
                "dmesg",
            ),
            (ErrorCode::GenericError, "x: I/O error", Kind::Failed, "dmesg"),
            (
                ErrorCode::GenericError,
                "x: Disk quota exceeded",
                Kind::Failed,
                "free space",
            ),
            (ErrorCode::NotFound, "object not found", Kind::Failed, "git fsck"),
        ] {
            let error = local(
                "read",
                Path::new("/x"),
                &git2::Error::new(code, ErrorClass::Os, message),
            );
            assert_eq!(error.kind(), kind, "{message}");
            assert!(error.cause().contains("`/x`"), "{error}");
            assert!(
                error.remedy().is_some_and(|text| text.contains(remedy)),
                "{error}"
            );
        }
    }
}
