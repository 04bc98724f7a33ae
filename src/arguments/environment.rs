//! What option values may borrow from the system: environment variables and home directories.
//!
//! Owns the only look at the system that parsing takes; everything else here is a function of its input.

use nix::unistd::{Uid, User};

/// The variables and home directories that `$NAME` and `~user` stand for.
pub trait Environment: std::fmt::Debug {
    /// Returns the variable's value, when it is set and is text.
    fn variable(&self, name: &str) -> Option<String>;

    /// Returns the home directory of `user`, or of the user that runs this.
    fn home(&self, user: Option<&str>) -> Option<String>;
}

/// The system's own.
#[derive(Debug, Clone, Copy)]
pub struct System;

impl Environment for System {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn home(&self, user: Option<&str>) -> Option<String> {
        let found = match user {
            Some(name) => User::from_name(name),
            None => User::from_uid(Uid::current()),
        };
        let directory = found.ok().flatten()?.dir;
        directory.into_os_string().into_string().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_looked_up_by_name() {
        assert_eq!(System.home(Some("root")).as_deref(), Some("/root"));
        assert_eq!(System.home(Some("no such user")), None);
    }

    #[test]
    fn odd_variable_names_are_unset() {
        for name in ["", "A=B", "nul\0"] {
            assert_eq!(System.variable(name), None);
        }
    }
}
