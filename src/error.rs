//! What went wrong, and what to do about it.
//!
//! Owns the one error type that crosses file boundaries: a lower-case cause with values in backticks, the
//! remedy kept apart from it, and the kind by which callers decide (retry, warn, refuse). It must not know any
//! resource, and it never formats secrets: whoever builds a cause redacts first, and the report scrubs again.

use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

/// What callers may decide by. The prose is in the cause; the kind is for code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An argument, template or reference that can never work.
    Invalid,
    /// The host or something on it is not as it must be; nothing was changed.
    Refused,
    /// A server cannot be reached or stopped answering; worth another try.
    Unreachable,
    /// A server is asked too often; worth another try after a pause.
    Busy,
    /// A server's certificate or host key cannot be trusted.
    Untrusted,
    /// A server or the system says no to these credentials or this user.
    Denied,
    /// What was named does not exist.
    NotFound,
    /// The run was told to stop.
    Interrupted,
    /// Everything else, files and the engine's own failures among it.
    Failed,
}

impl Kind {
    /// Returns whether another try may end differently.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Unreachable | Self::Busy)
    }
}

/// A cause, lower-case, without a full stop; and what to do about it, when that is known.
///
/// Displayed as users read it in `msg`: the cause, and the remedy behind a semicolon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}{}", .remedy.as_ref().map(|text| format!("; {text}")).unwrap_or_default())]
pub struct Error {
    kind: Kind,
    cause: String,
    remedy: Option<String>,
    retry_after: Option<Duration>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    #[must_use]
    pub fn new(kind: Kind, cause: impl Into<String>) -> Self {
        Self {
            kind,
            cause: cause.into(),
            remedy: None,
            retry_after: None,
        }
    }

    /// Returns the error of a failed system call on `path`: "cannot `doing` `path`: reason".
    #[must_use]
    pub fn io(doing: &str, path: &Path, source: &io::Error) -> Self {
        let error = Self::new(
            match source.kind() {
                io::ErrorKind::PermissionDenied => Kind::Denied,
                io::ErrorKind::NotFound => Kind::NotFound,
                _ => Kind::Failed,
            },
            format!("cannot {doing} `{}`: {}", path.display(), reason(source)),
        );
        match remedy(source) {
            Some(remedy) => error.with_remedy(remedy),
            None => error,
        }
    }

    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Keeps the pause that the server itself asked for.
    #[must_use]
    pub fn with_retry_after(mut self, pause: Option<Duration>) -> Self {
        self.retry_after = pause;
        self
    }

    /// Puts what was being done before the cause: "`context`: `cause`".
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.cause = format!("{context}: {}", self.cause);
        self
    }

    /// Returns one error for all of `errors`, each with its remedy; `None` where there is none.
    #[must_use]
    pub fn combined(mut errors: Vec<Self>) -> Option<Self> {
        if errors.len() < 2 {
            return errors.pop();
        }
        let numbered: Vec<String> = errors
            .iter()
            .enumerate()
            .map(|(index, error)| format!("({}) {error}", index + 1))
            .collect();
        let kind = errors[0].kind;
        Some(Self::new(
            kind,
            format!("{} failures: {}", errors.len(), numbered.join(" ")),
        ))
    }

    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    #[must_use]
    pub fn cause(&self) -> &str {
        &self.cause
    }

    #[must_use]
    pub fn remedy(&self) -> Option<&str> {
        self.remedy.as_deref()
    }

    /// Returns the pause that the server asked for before another try.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

/// Returns what to do about a failed system call on a path, where that is known.
#[must_use]
pub fn remedy(source: &io::Error) -> Option<&'static str> {
    // Rust has no kind for a disk that fails.
    if source.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) {
        return Some("the disk, or the way to it, is failing: read `dmesg`, check the disk, and run again");
    }
    match source.kind() {
        io::ErrorKind::PermissionDenied => {
            Some("run the task with `become: true` or as the owner of that path")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("free space on that file system (`df -h`, `df -i`) and run again")
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            Some("remount that file system read-write, or choose another path")
        }
        _ => None,
    }
}

/// Returns the system's words for `source`, lower-case and without Rust's "(os error N)".
#[must_use]
pub fn reason(source: &io::Error) -> String {
    let text = source.to_string();
    let text = text
        .split_once(" (os error")
        .map_or(text.as_str(), |(words, _)| words);
    uncapitalised(text)
}

/// Returns `text` beginning in lower case, unless its first word is an acronym.
#[must_use]
pub fn uncapitalised(text: &str) -> String {
    let mut letters = text.chars();
    let acronym = text
        .split(' ')
        .next()
        .is_some_and(|word| word.chars().skip(1).any(char::is_uppercase));
    match letters.next() {
        Some(first) if !acronym => first.to_lowercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_puts_the_remedy_behind_the_cause() {
        let error = Error::new(Kind::Refused, "`/srv` is a file").with_remedy("move it away");
        assert_eq!(error.to_string(), "`/srv` is a file; move it away");
    }

    #[test]
    fn several_errors_are_numbered_and_one_is_itself() {
        let one = Error::new(Kind::Denied, "a").with_remedy("b");
        let two = Error::new(Kind::Failed, "c");
        assert_eq!(Error::combined(vec![]), None);
        assert_eq!(Error::combined(vec![one.clone()]), Some(one.clone()));
        let both = Error::combined(vec![one, two]).unwrap();
        assert_eq!(both.to_string(), "2 failures: (1) a; b (2) c");
    }

    #[test]
    fn system_errors_name_path_reason_and_remedy() {
        for (number, reason, remedy) in [
            (13, "permission denied", "become"),
            (28, "no space left on device", "free space"),
            (30, "read-only file system", "read-write"),
            (5, "input/output error", "dmesg"),
        ] {
            let error = Error::io("write", Path::new("/x"), &io::Error::from_raw_os_error(number));
            assert_eq!(error.cause(), format!("cannot write `/x`: {reason}"));
            assert!(error.remedy().is_some_and(|text| text.contains(remedy)));
        }
    }
}
