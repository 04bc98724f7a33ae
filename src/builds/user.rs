//! As whom a build runs: what an image or the option says, and what the image's own list of users makes of it.
//!
//! Pure. Nothing is guessed: a name means what the image's `/etc/passwd` says, whatever this host's says.

use std::fmt;

use crate::error::{Error, Kind, Result};

/// `user[:group]`, each a name or a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    user: String,
    group: Option<String>,
}

impl User {
    /// # Errors
    /// `Invalid` for what is no user.
    pub fn parse(text: &str) -> Result<Self> {
        let (user, group) = match text.split_once(':') {
            Some((user, group)) => (user, Some(group)),
            None => (text, None),
        };
        let is_name = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$'))
        };
        if !is_name(user) || !group.is_none_or(is_name) {
            return Err(Error::new(Kind::Invalid, format!("`{text}` is no user"))
                .with_remedy("give a name that the image knows, or a number, and the group behind a colon"));
        }
        Ok(Self {
            user: user.to_owned(),
            group: group.map(str::to_owned),
        })
    }

    /// Returns the user's number, where it is one already.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        self.user.parse().ok()
    }

    /// Returns the user's number by the image's `/etc/passwd`.
    #[must_use]
    pub fn resolve(&self, passwd: &str) -> Option<u32> {
        // Engines look for the name first: a user may be called like a number.
        passwd
            .lines()
            .find_map(|line| {
                let mut fields = line.split(':');
                (fields.next() == Some(self.user.as_str())).then(|| fields.nth(1))?
            })
            .map_or_else(|| self.number(), |number| number.parse().ok())
    }
}

impl fmt::Display for User {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.user)?;
        match &self.group {
            Some(group) => write!(formatter, ":{group}"),
            None => Ok(()),
        }
    }
}

/// Refuses an image that runs as root: only the option may say so.
///
/// # Errors
/// `Refused`; `Invalid` for an image whose user is no user.
pub fn of_image(image: &str, user: &str) -> Result<User> {
    let user = match user {
        "" => "0",
        named => named,
    };
    let parsed =
        User::parse(user).map_err(|error| error.context(format!("image `{image}` has a malformed user")))?;
    match parsed.user == "root" || parsed.number() == Some(0) {
        true => Err(runs_as_root(image)),
        false => Ok(parsed),
    }
}

/// Checks that `user` is one who can write what a build has to write.
///
/// # Errors
/// `Refused`, naming both numbers; or that the image knows no such user.
pub fn check(image: &str, user: &User, passwd: &str, builder_uid: u32, said: bool) -> Result<()> {
    match user.resolve(passwd) {
        None => Err(Error::new(
            Kind::Refused,
            format!("image `{image}` is to run as `{user}`, whom its `/etc/passwd` does not know"),
        )
        .with_remedy("set `user` to one that it knows, or mend the image")),
        Some(0) if !said => Err(runs_as_root(image)),
        Some(uid) if uid == builder_uid => Ok(()),
        Some(uid) => Err(Error::new(
            Kind::Refused,
            format!(
                "image `{image}` runs as `{user}`, which is user id {uid}, but artifacts and cache belong to \
                 `builder_uid` {builder_uid}"
            ),
        )
        .with_remedy(format!(
            "set `builder_uid: {uid}` here and for `cross_compile`, or `user: {builder_uid}`"
        ))),
    }
}

fn runs_as_root(image: &str) -> Error {
    Error::new(Kind::Refused, format!("image `{image}` runs as root")).with_remedy(
        "use an image with a user of its own, or set `user`, such as `user: 1000` (for root: `user: root` with \
         `builder_uid: 0`)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0::/:/bin/sh\nbuilder:x:1000:1000::/home/builder:/bin/sh\ntoor:x:0:0::/:/bin/sh\n7:x:9:9::/:\n";

    #[test]
    fn the_images_own_list_says_who_a_name_is() {
        for (text, expected) in [
            ("builder", Some(1000)),
            ("builder:builder", Some(1000)),
            ("1234", Some(1234)),
            ("1234:5", Some(1234)),
            ("7", Some(9)),
            ("nobody", None),
        ] {
            assert_eq!(User::parse(text).unwrap().resolve(PASSWD), expected, "{text}");
        }
        assert_eq!(User::parse("builder").unwrap().resolve("builder:x"), None);
    }

    #[test]
    fn what_is_no_user_is_refused() {
        for text in ["", ":", "a:", ":b", "a b", "a:b:c", "$(id)", "../x"] {
            assert_eq!(User::parse(text).unwrap_err().kind(), Kind::Invalid, "{text}");
        }
    }

    #[test]
    fn an_image_that_runs_as_root_is_refused_under_every_name() {
        for user in ["", "0", "root", "root:staff", "0:1000", "00"] {
            let error = of_image("x", user).unwrap_err();
            assert!(error.cause().contains("runs as root"), "{user}: {error}");
        }
        let toor = of_image("x", "toor").unwrap();
        assert!(
            check("x", &toor, PASSWD, 0, false)
                .unwrap_err()
                .cause()
                .contains("runs as root")
        );
        check("x", &User::parse("root").unwrap(), PASSWD, 0, true).unwrap();
    }

    #[test]
    fn another_user_than_the_builder_is_refused_with_both_numbers() {
        check("x", &of_image("x", "builder").unwrap(), PASSWD, 1000, false).unwrap();
        let error = check("x", &of_image("x", "1001").unwrap(), PASSWD, 1000, false).unwrap_err();
        assert!(
            error.cause().contains("1001") && error.cause().contains("1000"),
            "{error}"
        );
        let error = check("x", &of_image("x", "nobody").unwrap(), PASSWD, 1000, false).unwrap_err();
        assert!(error.cause().contains("`nobody`, whom"), "{error}");
    }
}
