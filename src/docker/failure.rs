//! The engine's failures as errors of this program: its words in one line, and the remedy of their kind.

use std::io;

use bollard::errors::Error as EngineError;

use super::answer::{DISK_WORDS, kind_of, kind_of_answer, retry_after};
use crate::error::{Error, Kind, remedy};
use crate::image::Reference;

/// Returns the engine's own words, in one line.
#[must_use]
pub fn words(error: &EngineError) -> String {
    let text = match error {
        EngineError::DockerResponseServerError { message, .. } => message.clone(),
        EngineError::DockerStreamError { error } => error.clone(),
        EngineError::RequestTimeoutError => "no answer in time".to_owned(),
        other => with_sources(other),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns an error with everything that caused it: a client's outermost error seldom says why.
#[must_use]
pub fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        source = cause.source();
    }
    without_numbers(&text)
}

/// Removes the "(os error N)" that Rust adds to the system's own words.
fn without_numbers(text: &str) -> String {
    let mut parts = text.split(" (os error ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |words, part| {
        words + part.split_once(')').map_or("", |(_, rest)| rest)
    })
}

/// Returns `error` as the failure of a call that the engine answers by itself.
#[must_use]
pub fn engine(error: &EngineError, doing: &str) -> Error {
    let words = words(error);
    let kind = match kind_of(&words) {
        kind if kind.is_transient() => Kind::Unreachable,
        _ => Kind::Failed,
    };
    Error::new(kind, format!("cannot {doing}: {words}"))
        .with_remedy(disk_remedy(&words).unwrap_or("see the engine's log on the host, then run again"))
}

/// Returns `error` as the failure of a call that asks the registry of `reference`.
#[must_use]
pub fn registry(error: &EngineError, doing: &str, reference: &Reference) -> Error {
    let words = words(error);
    let status = match error {
        EngineError::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    };
    let kind = match error {
        EngineError::RequestTimeoutError => Kind::Unreachable,
        _ => kind_of_answer(status, &words, reference),
    };
    explained(kind, doing, &words, reference.registry())
}

/// Returns the failure of asking `registry`, with the remedy that its kind has.
#[must_use]
pub fn explained(kind: Kind, doing: &str, words: &str, registry: &str) -> Error {
    let error = Error::new(kind, format!("cannot {doing}: {words}")).with_retry_after(retry_after(words));
    match kind {
        Kind::Untrusted => error.with_remedy(format!(
            "install the package `ca-certificates`, or put the certificate authority of `{registry}` into \
             `/etc/docker/certs.d/{registry}/ca.crt` (Podman: `/etc/containers/certs.d/{registry}/ca.crt`)"
        )),
        Kind::Denied => error.with_remedy(format!(
            "check `registry_auth` (`enabled: true`, `username`, and a `token` that may read packages), or log in \
             with `docker login {registry}`"
        )),
        Kind::NotFound => error.with_remedy(
            "check `registry`, the name and the tag; a private image also looks so without credentials \
             (`registry_auth`)",
        ),
        Kind::Unreachable => error.with_remedy(format!(
            "check that `{registry}` can be reached from this host (name resolution, proxy, firewall)"
        )),
        Kind::Busy => error.with_remedy(format!(
            "run again later, or log in: `{registry}` may allow more to users whom it knows (`registry_auth`)"
        )),
        _ => match disk_remedy(words) {
            Some(remedy) => error.with_remedy(remedy),
            None => error.with_remedy(format!("see the logs of the engine and of `{registry}`, then run again")),
        },
    }
}

/// Returns what to do about the disk that `words` complain of, where they do.
fn disk_remedy(words: &str) -> Option<&'static str> {
    let words = words.to_ascii_lowercase();
    let (_, number) = DISK_WORDS.iter().find(|(said, _)| words.contains(said))?;
    remedy(&io::Error::from(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_words_come_without_numbers() {
        let text = "connect: Connection refused (os error 111): tried once";
        assert_eq!(without_numbers(text), "connect: Connection refused: tried once");
        assert_eq!(without_numbers("plain"), "plain");
    }

    #[test]
    fn each_kind_has_its_remedy() {
        for (kind, word) in [
            (Kind::Untrusted, "/etc/docker/certs.d/r.io/ca.crt"),
            (Kind::Denied, "registry_auth"),
            (Kind::NotFound, "tag"),
            (Kind::Unreachable, "proxy"),
            (Kind::Busy, "later"),
            (Kind::Failed, "logs"),
        ] {
            let error = explained(kind, "pull `x`", "words", "r.io");
            assert_eq!(error.cause(), "cannot pull `x`: words");
            assert!(error.remedy().unwrap().contains(word));
        }
    }

    #[test]
    fn a_disk_that_cannot_be_written_has_the_remedy_of_its_own() {
        for (words, remedy) in [
            ("write /x/layer: no space left on device", "free space"),
            ("mkdir /x: disk quota exceeded", "free space"),
            ("mkdir /x: read-only file system", "read-write"),
            ("read /x: input/output error", "dmesg"),
        ] {
            let error = explained(Kind::Failed, "pull `x`", words, "r.io");
            assert!(error.remedy().unwrap().contains(remedy), "{words}");
            let error = EngineError::DockerStreamError {
                error: words.to_owned(),
            };
            let error = engine(&error, "create network `x`");
            assert!(error.remedy().unwrap().contains(remedy), "{words}");
        }
    }
}
