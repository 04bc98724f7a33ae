//! What kind of failure an answer tells of, and how long it asks to wait.
//!
//! Engines hand on a registry's or the network's answer as text, under status codes that differ from engine to
//! engine. A registry's own status code decides where the text holds one, else the words do; what users named
//! (the registry, the image, its tag) never does. Pure.

use std::time::Duration;

use crate::error::Kind;
use crate::image::Reference;

/// The words of the system for a disk that cannot be written, whatever file they are said of.
pub(super) const DISK_WORDS: [(&str, rustix::io::Errno); 4] = [
    ("no space left on device", rustix::io::Errno::NOSPC),
    ("disk quota exceeded", rustix::io::Errno::DQUOT),
    ("read-only file system", rustix::io::Errno::ROFS),
    ("input/output error", rustix::io::Errno::IO),
];

/// Returns what kind of failure it is that was answered with `words` to a question for `reference`; `status` is that
/// of the engine, where one answered.
#[must_use]
pub fn kind_of_answer(status: Option<u16>, words: &str, reference: &Reference) -> Kind {
    // These the engine has from the registry; for all others it has codes of its own.
    if let Some(status @ (401 | 403 | 429)) = status
        && let Some(kind) = kind_of_status(status)
    {
        return kind;
    }
    let bare = without_name(words, reference);
    if let Some(kind) = status_within(&bare).and_then(kind_of_status) {
        return kind;
    }
    match (status, kind_of(&bare)) {
        // Docker says 404 to a denied pull, too, in words.
        (Some(404), Kind::Failed) => Kind::NotFound,
        (_, kind) => kind,
    }
}

/// Returns what a registry's status code alone says.
fn kind_of_status(status: u16) -> Option<Kind> {
    match status {
        401 | 403 => Some(Kind::Denied),
        404 => Some(Kind::NotFound),
        429 => Some(Kind::Busy),
        408 | 425 | 500..=599 => Some(Kind::Unreachable),
        _ => None,
    }
}

/// Returns what kind of failure `message` tells of, as Docker, Podman and registries phrase it.
///
/// The order counts: a final answer wins over the trouble that it may be wrapped in.
#[must_use]
pub fn kind_of(message: &str) -> Kind {
    // A word that begins with a blank is one of its own, at the beginning, too.
    let message = format!(" {}", message.to_ascii_lowercase());
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if DISK_WORDS.iter().any(|(words, _)| message.contains(words)) {
        Kind::Failed
    } else if says(&[
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
    } else if says(&["toomanyrequests", "too many requests"]) {
        Kind::Busy
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
    ]) || says(&["bad gateway", "gateway time-out", "unexpected http status"])
        || says(&[
            "connection closed",
            "closed network connection",
            "closed idle connection",
            "incomplete message",
            "error reading a body",
            "stream closed",
            // The engine's answer was cut off within a line.
            "bytes remaining on stream",
        ])
        // How the second version of HTTP breaks off.
        || says(&["stream error", "internal_error", "goaway"])
    {
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

/// Returns the registry's status code that `bare` quotes: `error parsing HTTP 429 response body`, `unexpected HTTP
/// status: 503`, `StatusCode: 403`, `unexpected status from HEAD request to https://…: 429`.
fn status_within(bare: &str) -> Option<u16> {
    /// So many words may lie between a status code and what says that it is one.
    const REACH: usize = 6;
    let lower = bare.to_ascii_lowercase();
    let words: Vec<&str> = lower
        .split_whitespace()
        .map(|word| word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric()))
        .filter(|word| !word.is_empty())
        .collect();
    words.iter().enumerate().find_map(|(place, word)| {
        let status = word
            .parse()
            .ok()
            .filter(|status| word.len() == 3 && (400..600).contains(status))?;
        words[place.saturating_sub(REACH)..place]
            .iter()
            .any(|before| matches!(*before, "http" | "status" | "statuscode"))
            .then_some(status)
    })
}

/// Returns `words` without everything in them that was named by the user: addresses, the image, its registry.
fn without_name(words: &str, reference: &Reference) -> String {
    let (registry, repository, name) = (reference.registry(), reference.repository(), reference.name());
    let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
    let mut names = vec![reference.to_string()];
    let familiar = repository.strip_prefix("library/");
    let versions = [(':', reference.tag()), ('@', reference.digest())];
    for (sign, version) in versions {
        let Some(version) = version else { continue };
        for short in [Some(name.as_str()), Some(repository), familiar] {
            names.extend(short.map(|short| format!("{short}{sign}{version}")));
        }
    }
    // A single word by itself may well be what the answer says; in these places it is the name.
    names.extend(reference.tag().map(|tag| format!("manifest {tag} in")));
    names.push(format!("lookup {host}"));
    names.extend(reference.digest().map(str::to_owned));
    names.extend([name, registry.to_owned()]);
    names.extend(
        [repository, host]
            .iter()
            .filter(|name| name.contains(['/', '.']))
            .map(|name| (*name).to_owned()),
    );
    names
        .iter()
        .fold(without_addresses(words), |words, name| without(&words, name))
}

/// Removes every address, `scheme://` and what follows up to a blank, a quote or a closing bracket.
fn without_addresses(words: &str) -> String {
    let ends = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | ')' | '<' | '>');
    let mut kept = String::new();
    let mut rest = words;
    while let Some((before, after)) = rest.split_once("://") {
        kept.push_str(before.trim_end_matches(|letter: char| letter.is_ascii_alphanumeric()));
        rest = &after[after.find(ends).unwrap_or(after.len())..];
    }
    kept + rest
}

/// Removes `name` wherever it is not part of a longer one.
fn without(words: &str, name: &str) -> String {
    let belongs = |letter: Option<char>| {
        letter.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '/'))
    };
    let mut kept = String::new();
    let mut rest = words;
    while let Some(place) = rest.find(name) {
        let (before, after) = (&rest[..place], &rest[place + name.len()..]);
        kept.push_str(before);
        if belongs(before.chars().next_back()) || belongs(after.chars().next()) {
            kept.push_str(name);
        }
        rest = after;
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(image: &str) -> Reference {
        Reference::parse(image, "").unwrap()
    }

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
                Kind::Busy,
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
            (
                "write tcp 1.2.3.4:5: use of closed network connection",
                Kind::Unreachable,
            ),
            ("http: server closed idle connection", Kind::Unreachable),
            (
                "stream error: stream ID 5; INTERNAL_ERROR; received from peer",
                Kind::Unreachable,
            ),
            (
                "http2: server sent GOAWAY and closed the connection",
                Kind::Unreachable,
            ),
            ("failed to register layer: no space left on device", Kind::Failed),
            // A file within a layer may be called anything.
            ("write /usr/share/denied: read-only file system", Kind::Failed),
        ] {
            assert_eq!(kind_of(message), kind, "{message}");
        }
    }

    #[test]
    fn a_registrys_status_decides_whatever_its_body_says() {
        for (message, kind) in [
            (
                "error parsing HTTP 429 response body: unexpected end of JSON input: \"\"",
                Kind::Busy,
            ),
            (
                "error parsing HTTP 429 response body: invalid character '<': \"<p>access denied</p>\"",
                Kind::Busy,
            ),
            (
                "error parsing HTTP 403 response body: invalid character '<': \"<p>EOF</p>\"",
                Kind::Denied,
            ),
            (
                "error parsing HTTP 404 response body: invalid character '<'",
                Kind::NotFound,
            ),
            (
                "error parsing HTTP 408 response body: unexpected end of JSON input: \"\"",
                Kind::Unreachable,
            ),
            (
                "unexpected status from HEAD request to https://r.io/v2/x/manifests/1: 429 Too Many Requests",
                Kind::Busy,
            ),
            (
                "reading manifest 1 in r.io/x: StatusCode: 502, <html>denied</html>",
                Kind::Unreachable,
            ),
            (
                "received unexpected HTTP status: 503 Service Unavailable",
                Kind::Unreachable,
            ),
            ("http status: 429 slow down", Kind::Busy),
            // Codes that say nothing leave it to the words.
            ("http status: 400 access denied", Kind::Denied),
            // A number by itself is no status.
            ("cannot read 503 bytes of layer 429", Kind::Failed),
        ] {
            assert_eq!(
                kind_of_answer(Some(500), message, &reference("r.io/x:1")),
                kind,
                "{message}"
            );
        }
    }

    #[test]
    fn the_engines_status_counts_where_it_has_it_from_the_registry() {
        for (status, message, kind) in [
            (429, "anything", Kind::Busy),
            (401, "anything", Kind::Denied),
            (403, "anything", Kind::Denied),
            (404, "anything", Kind::NotFound),
            (
                404,
                "pull access denied for r.io/x, repository does not exist",
                Kind::Denied,
            ),
            (500, "anything", Kind::Failed),
            (500, "EOF", Kind::Unreachable),
        ] {
            assert_eq!(
                kind_of_answer(Some(status), message, &reference("r.io/x:1")),
                kind,
                "{status} {message}"
            );
        }
    }

    #[test]
    fn what_users_name_decides_nothing() {
        let digest = format!("sha256:{}", "4".repeat(64));
        for (image, message, kind) in [
            (
                "r.io/team/denied:1",
                "Head \"https://r.io/v2/team/denied/manifests/1\": EOF",
                Kind::Unreachable,
            ),
            (
                "r.io/team/denied:1",
                "error sending request for url (https://r.io/v2/team/denied/manifests/1): client error",
                Kind::Unreachable,
            ),
            (
                "r.io/team/denied:1",
                "initializing source docker://r.io/team/denied:1: pinging container registry r.io: EOF",
                Kind::Unreachable,
            ),
            (
                "host.io/x509:1",
                "manifest for host.io/x509:1 not found: manifest unknown",
                Kind::NotFound,
            ),
            (
                "r.io/x:denied",
                "reading manifest denied in r.io/x: manifest unknown",
                Kind::NotFound,
            ),
            (
                "denied:5000/x",
                "dial tcp: lookup denied: no such host",
                Kind::Unreachable,
            ),
            (
                "not-found.io/x",
                "lookup not-found.io on 1.1.1.1:53: server misbehaving",
                Kind::Unreachable,
            ),
            (
                "r.io/toomanyrequests/x",
                "access to toomanyrequests/x is denied",
                Kind::Denied,
            ),
            ("denied:eof", "manifest for denied:eof not found", Kind::NotFound),
            (
                "r.io:42961/geoff/x",
                "cannot read the layer of r.io:42961/geoff/x",
                Kind::Failed,
            ),
            // What is said in the same word as the name is still said.
            (
                "denied:1",
                "pull access denied for denied, repository does not exist",
                Kind::Denied,
            ),
            ("r.io/eof:1", "unexpected EOF", Kind::Unreachable),
            (
                "r.io/x:1",
                "x509: certificate signed by unknown authority",
                Kind::Untrusted,
            ),
        ] {
            assert_eq!(
                kind_of_answer(None, message, &reference(image)),
                kind,
                "{image} {message}"
            );
        }
        let pinned = reference(&format!("r.io/team/denied@{digest}"));
        let message =
            format!("Head \"https://r.io/v2/team/denied/manifests/{digest}\": EOF of team/denied@{digest}");
        assert_eq!(kind_of_answer(None, &message, &pinned), Kind::Unreachable);
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
}
