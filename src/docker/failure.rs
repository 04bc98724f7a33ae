//! What the engine's error messages mean.
//!
//! Engines hand on a registry's or the network's answer as text, under status codes that differ from engine to
//! engine; the text is what tells a moment's trouble from a final "no". Pure.

use std::time::Duration;

use bollard::errors::Error as EngineError;

use crate::error::{Error, Kind};

/// Returns what kind of failure `message` tells of, as Docker, Podman and registries phrase it.
///
/// The order counts: a final answer wins over the trouble that it may be wrapped in.
#[must_use]
pub fn kind_of(message: &str) -> Kind {
    // A word that begins with a blank is one of its own, at the beginning, too.
    let message = format!(" {}", message.to_ascii_lowercase());
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&[
        "x509:",
        "certificate signed by unknown",
        "certificate is not trusted",
        "tls: failed to verify",
    ]) || says(&[
        "server gave http response to https",
        "certificate verify failed",
        "self-signed certificate",
    ]) {
        Kind::Untrusted
    } else if says(&[
        "toomanyrequests",
        "too many requests",
        // Never the number alone, which ports and names may hold.
        "status: 429",
        "status code 429",
    ]) {
        Kind::Unreachable
    } else if says(&[
        "unauthorized",
        "denied",
        "forbidden",
        "authentication required",
        "no basic auth",
    ]) || says(&[
        "incorrect username or password",
        "invalid username/password",
        "not authorized",
    ]) {
        Kind::Denied
    } else if says(&[
        "manifest unknown",
        "name unknown",
        "repository name not known",
        "not found",
    ]) || says(&[
        "no such image",
        "does not exist",
        "no matching manifest",
        "no image found",
    ]) {
        Kind::NotFound
    } else if says(&[
        "connection refused",
        "connection reset",
        "broken pipe",
        "no route to host",
        " eof",
    ]) || says(&[
        "i/o timeout",
        "timeout",
        "timed out",
        "deadline exceeded",
        "network is unreachable",
    ]) || says(&[
        "no such host",
        "server misbehaving",
        "temporary failure",
        "error sending request",
    ]) || says(&[
        "500 internal",
        "502 bad",
        "503 service",
        "504 gateway",
        "service unavailable",
    ]) || says(&[
        "http status: 5",
        "status code 5",
        "bad gateway",
        "gateway time-out",
        "unexpected http status",
    ]) || says(&[
        "connection closed",
        "incomplete message",
        "error reading a body",
        "stream closed",
        // The engine's answer was cut off within a line.
        "bytes remaining on stream",
    ]) {
        Kind::Unreachable
    } else {
        Kind::Failed
    }
}

/// Returns the pause that a registry asks for in its message, as `retry-after: 1.5s` (GitHub's registry writes
/// a Go duration there, Docker Hub seconds in a header that engines drop).
#[must_use]
pub fn retry_after(message: &str) -> Option<Duration> {
    let message = message.to_ascii_lowercase();
    let (_, rest) = message.split_once("retry-after")?;
    let rest = rest.trim_start_matches([':', ' ', '=', '"']);
    let digits = rest
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(rest.len());
    let (number, unit) = rest.split_at(digits);
    let number: f64 = number.parse().ok()?;
    let scale = match unit.trim_start() {
        unit if unit.starts_with("ms") => 1e-3,
        unit if unit.starts_with("µs") || unit.starts_with("us") => 1e-6,
        unit if unit.starts_with("ns") => 1e-9,
        unit if unit.starts_with('m') => 60.0,
        unit if unit.starts_with('h') => 3600.0,
        _ => 1.0,
    };
    Duration::try_from_secs_f64(number * scale).ok()
}

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
        Kind::Unreachable => Kind::Unreachable,
        _ => Kind::Failed,
    };
    Error::new(kind, format!("cannot {doing}: {words}"))
        .with_remedy("see the engine's log on the host, then run again")
}

/// Returns `error` as the failure of a call that asks a registry.
#[must_use]
pub fn registry(error: &EngineError, doing: &str, registry: &str) -> Error {
    let words = words(error);
    let kind = match error {
        EngineError::RequestTimeoutError
        | EngineError::DockerResponseServerError { status_code: 429, .. } => Kind::Unreachable,
        _ => kind_of(&words),
    };
    explained(kind, doing, &words, registry)
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
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_tell_their_kind() {
        for (message, kind) in [
            (
                "Get \"https://r.io/v2/\": x509: certificate signed by unknown authority",
                Kind::Untrusted,
            ),
            ("http: server gave HTTP response to HTTPS client", Kind::Untrusted),
            ("bytes remaining on stream", Kind::Unreachable),
            (
                "pull access denied for x, repository does not exist or may require 'docker login'",
                Kind::Denied,
            ),
            (
                "Head \"https://r.io/v2/x/manifests/latest\": unauthorized: authentication required",
                Kind::Denied,
            ),
            ("Get https://r.io/v2/: no basic auth credentials", Kind::Denied),
            // What names and ports hold says nothing.
            (
                "Head \"https://r.io:42961/v2/geoff/x\": no basic auth credentials",
                Kind::Denied,
            ),
            ("cannot read the layer of r.io:42961/geoff/x", Kind::Failed),
            ("EOF", Kind::Unreachable),
            (
                "manifest for r.io/x:y not found: manifest unknown: manifest unknown",
                Kind::NotFound,
            ),
            (
                "name unknown: repository name not known to registry",
                Kind::NotFound,
            ),
            (
                "toomanyrequests: retry-after: 133.793µs, allowed: 44000/minute",
                Kind::Unreachable,
            ),
            (
                "received unexpected HTTP status: 503 Service Unavailable",
                Kind::Unreachable,
            ),
            (
                "dial tcp 127.0.0.1:1: connect: connection refused",
                Kind::Unreachable,
            ),
            (
                "dial tcp: lookup r.io on 1.1.1.1:53: no such host",
                Kind::Unreachable,
            ),
            (
                "read tcp 1.2.3.4:5->6.7.8.9:443: read: connection reset by peer",
                Kind::Unreachable,
            ),
            ("unexpected EOF", Kind::Unreachable),
            ("net/http: TLS handshake timeout", Kind::Unreachable),
            ("failed to register layer: no space left on device", Kind::Failed),
        ] {
            assert_eq!(kind_of(message), kind, "{message}");
        }
    }

    #[test]
    fn the_pause_that_a_registry_asks_for_is_read() {
        for (message, pause) in [
            (
                "toomanyrequests: retry-after: 500ms, allowed: 44000/minute",
                Some(Duration::from_millis(500)),
            ),
            ("retry-after: 133µs", Some(Duration::from_micros(133))),
            ("Retry-After: 7", Some(Duration::from_secs(7))),
            ("retry-after: 1.5s", Some(Duration::from_millis(1500))),
            ("retry-after: 2m", Some(Duration::from_secs(120))),
            ("retry-after: soon", None),
            ("nothing", None),
        ] {
            assert_eq!(retry_after(message), pause, "{message}");
        }
    }

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
        ] {
            let error = explained(kind, "pull `x`", "words", "r.io");
            assert_eq!(error.cause(), "cannot pull `x`: words");
            assert!(error.remedy().unwrap().contains(word));
        }
    }
}
