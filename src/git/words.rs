//! libgit2's messages in our own style, and the system's errors that they only tell in words.
//!
//! It judges nothing: what a message means is the business of `failure`.

use std::io;

use git2::Error;
use rustix::io::Errno;

use super::redact::redact;
use crate::error::uncapitalised;

/// How the C libraries (glibc, musl) call what libgit2 only passes on in words.
const SYSTEM_ERRORS: [(&str, Errno); 7] = [
    ("Permission denied", Errno::ACCESS),
    ("No space left on device", Errno::NOSPC),
    ("Disk quota exceeded", Errno::DQUOT),
    ("Quota exceeded", Errno::DQUOT),
    ("Read-only file system", Errno::ROFS),
    ("Input/output error", Errno::IO),
    ("I/O error", Errno::IO),
];

/// Returns libgit2's message: lower-case at the start, on one line, without a full stop or secrets.
pub(super) fn words(source: &Error) -> String {
    let message = redact(source.message().trim().trim_end_matches('.'));
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    // How a socket's timeout looks from below.
    if message.contains("Resource temporarily unavailable") {
        return "it made no progress in time".to_owned();
    }
    if message.is_empty() || message == "no error" {
        return "libgit2 gives no reason".to_owned();
    }
    SYSTEM_ERRORS
        .iter()
        .fold(uncapitalised(&message), |message, (words, _)| {
            message.replace(words, &uncapitalised(words))
        })
}

/// Returns the system's error that `message`, as [`words`] has it, ends in.
pub(super) fn system_error(message: &str) -> Option<io::Error> {
    SYSTEM_ERRORS
        .iter()
        .find(|(words, _)| message.contains(&uncapitalised(words)))
        .map(|(_, number)| io::Error::from(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_begin_in_lower_case_on_one_line_and_end_without_a_full_stop() {
        for (message, expected) in [
            ("Failed to read.", "failed to read"),
            ("a\nb  c", "a b c"),
            ("SSL error: Permission denied", "SSL error: permission denied"),
            (
                "could not open 'X': Input/output error",
                "could not open 'X': input/output error",
            ),
            ("no error", "libgit2 gives no reason"),
            (
                "SSL error: syscall failure: Resource temporarily unavailable",
                "it made no progress in time",
            ),
        ] {
            assert_eq!(words(&Error::from_str(message)), expected);
        }
    }

    #[test]
    fn errors_of_the_system_are_known_by_the_words_of_both_c_libraries() {
        for (message, expected) in [
            ("x: Input/output error", Some(Errno::IO)),
            ("x: I/O error", Some(Errno::IO)),
            ("x: Quota exceeded", Some(Errno::DQUOT)),
            ("x: Disk quota exceeded", Some(Errno::DQUOT)),
            ("Permission denied", Some(Errno::ACCESS)),
            ("x: No such file or directory", None),
        ] {
            let found = system_error(&words(&Error::from_str(message)));
            assert_eq!(
                found.and_then(|error| error.raw_os_error()),
                expected.map(Errno::raw_os_error),
                "{message}"
            );
        }
    }
}
