//! Users and groups, by name or number, in the words of Ansible's file modules.

use nix::unistd::{Gid, Group, Uid, User};

use crate::error::{Error, Kind, Result};

/// Returns the user id of `name`, which may be a number.
///
/// # Errors
/// `Invalid` when this host knows no such user.
pub fn user_id(name: &str) -> Result<u32> {
    match name.parse() {
        Ok(number) => is_number(number, "chown", "user"),
        Err(_) => match User::from_name(name) {
            Ok(Some(user)) => Ok(user.uid.as_raw()),
            _ => Err(unknown("chown", "user", name)),
        },
    }
}

/// Returns the group id of `name`, which may be a number.
///
/// # Errors
/// `Invalid` when this host knows no such group.
pub fn group_id(name: &str) -> Result<u32> {
    match name.parse() {
        Ok(number) => is_number(number, "chgrp", "group"),
        Err(_) => match Group::from_name(name) {
            Ok(Some(group)) => Ok(group.gid.as_raw()),
            _ => Err(unknown("chgrp", "group", name)),
        },
    }
}

/// Returns the name of a user, where it has one.
#[must_use]
pub fn name_of(uid: u32) -> Option<String> {
    User::from_uid(Uid::from_raw(uid))
        .ok()
        .flatten()
        .map(|user| user.name)
}

/// Returns the name of a user, or its number where it has none.
#[must_use]
pub fn user_name(uid: u32) -> String {
    name_of(uid).unwrap_or_else(|| uid.to_string())
}

/// Returns the name of a group, or its number where it has none.
#[must_use]
pub fn group_name(gid: u32) -> String {
    match Group::from_gid(Gid::from_raw(gid)) {
        Ok(Some(group)) => group.name,
        _ => gid.to_string(),
    }
}

/// The largest is -1 to the system, which means "as it is" and is nobody's.
fn is_number(number: u32, command: &str, kind: &str) -> Result<u32> {
    match number {
        u32::MAX => Err(Error::new(
            Kind::Invalid,
            format!("{command} failed: `{number}` is the number of no {kind}"),
        )
        .with_remedy(format!("give a smaller number, or the {kind}'s name"))),
        number => Ok(number),
    }
}

fn unknown(command: &str, kind: &str, name: &str) -> Error {
    Error::new(
        Kind::Invalid,
        format!("{command} failed: failed to look up {kind} {name}"),
    )
    .with_remedy(format!("create that {kind} first, or give a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_understood() {
        assert_eq!(user_id("root"), Ok(0));
        assert_eq!(group_id("0"), Ok(0));
        assert_eq!(user_id("4242"), Ok(4242));
        assert_eq!(user_name(0), "root");
        assert_eq!(name_of(4_000_000_000), None);
        assert_eq!(group_name(4_000_000_000), "4000000000");
    }

    #[test]
    fn unknown_names_are_refused_in_ansibles_words() {
        assert_eq!(
            user_id("nobody-here").unwrap_err().cause(),
            "chown failed: failed to look up user nobody-here"
        );
        assert_eq!(
            group_id("nobody-here").unwrap_err().cause(),
            "chgrp failed: failed to look up group nobody-here"
        );
        for (error, cause) in [
            (
                user_id("4294967295"),
                "chown failed: `4294967295` is the number of no user",
            ),
            (
                group_id("4294967295"),
                "chgrp failed: `4294967295` is the number of no group",
            ),
        ] {
            assert_eq!(error.unwrap_err().cause(), cause);
        }
    }
}
