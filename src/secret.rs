//! What must never be shown, and the removal of it from everything that is.
//!
//! Owns the type that hides a value and the collection that scrubs output. Nothing here decides what is secret:
//! the arguments, the URL and the credential stores say so, each as soon as it reads one.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// A value that shows as `********` wherever it is printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Returns the value itself, for the one who has to send it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("********")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("********")
    }
}

/// All secrets of a run, shared by everything that may learn one.
#[derive(Debug, Clone, Default)]
pub struct Secrets(Arc<Mutex<Vec<Secret>>>);

impl Secrets {
    /// Remembers `value` and the forms that this program itself gives it.
    pub fn add(&self, value: &str) {
        self.add_all([value.to_owned(), percent_encoded(value)]);
        self.add_all(base64_forms(value.as_bytes()));
    }

    /// Remembers a user's password, and the pair as basic authentication sends it.
    pub fn add_pair(&self, username: &str, password: &str) {
        self.add(password);
        let pair = format!("{username}:{password}");
        self.add_all(base64_forms(pair.as_bytes()));
    }

    /// Remembers what stands before the `@` of a URL in `text`, as it is spelt there: `user:password`, its
    /// password, or a lone token. The mere name of an account is removed from that place alone.
    pub fn add_user_info(&self, text: &str) {
        let Some((scheme, rest)) = text.split_once("://") else {
            return;
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let Some((user_info, _)) = authority.rsplit_once('@') else {
            return;
        };
        match user_info.split_once(':') {
            Some((_, password)) if !password.is_empty() => {
                self.add(user_info);
                self.add(password);
            }
            _ if is_token(user_info.trim_end_matches(':')) => self.add(user_info.trim_end_matches(':')),
            // The account of an SSH URL is needed, and shown.
            _ if scheme.ends_with("ssh") || scheme.ends_with("ssh+git") => {}
            _ => self.add_all([format!("//{user_info}@")]),
        }
    }

    /// Returns every form of every secret, longest first, so that no part of one is left behind.
    #[must_use]
    pub fn values(&self) -> Vec<String> {
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut values: Vec<String> = secrets.iter().map(|secret| secret.0.clone()).collect();
        values.sort_by(|left, right| right.len().cmp(&left.len()).then_with(|| left.cmp(right)));
        values.dedup();
        values
    }

    fn add_all(&self, values: impl IntoIterator<Item = String>) {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for value in values {
            if !value.is_empty() && !secrets.iter().any(|secret| secret.0 == value) {
                secrets.push(Secret(value));
            }
        }
    }
}

/// Returns whether a user name without a password can be a token, as code hosts accept one. A shorter one is the name
/// of an account: removed wherever it occurs, it would make stars of paths and plain words.
#[must_use]
pub fn is_token(user: &str) -> bool {
    /// Those of GitHub and GitLab are longer.
    const SHORTEST_TOKEN: usize = 20;
    user.len() >= SHORTEST_TOKEN
}

/// Returns `value` as the user information of a URL spells it (RFC 3986, 3.2.1).
fn percent_encoded(value: &str) -> String {
    use std::fmt::Write as _;
    value.bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(byte.into()),
            // Writing into a string cannot fail.
            _ => write!(text, "%{byte:02X}").unwrap_or_default(),
        }
        text
    })
}

fn base64_forms(bytes: &[u8]) -> [String; 4] {
    [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].map(|engine| engine.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_as_stars() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "******** ********");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn every_form_that_is_sent_is_remembered_longest_first() {
        let secrets = Secrets::default();
        secrets.add_pair("user", "p@ss?>");
        let values = secrets.values();
        for form in [
            "p@ss?>",
            "p%40ss%3F%3E",
            "cEBzcz8+",
            "cEBzcz8-",
            "dXNlcjpwQHNzPz4=",
        ] {
            assert!(values.iter().any(|value| value == form), "{form} in {values:?}");
        }
        assert!(values.windows(2).all(|pair| pair[0].len() >= pair[1].len()));
    }

    #[test]
    fn user_information_in_a_url_is_secret_but_an_accounts_name_is_not() {
        for (url, hidden) in [
            ("https://user:p%40ss@host/x", Some("p%40ss")),
            (
                "https://ghp_0123456789abcdef@host/x",
                Some("ghp_0123456789abcdef"),
            ),
            (
                "https://glpat-0123456789abcd:@host/x",
                Some("glpat-0123456789abcd"),
            ),
            ("https://goldentooth@host/x", Some("//goldentooth@")),
            ("https://git:@host/x", Some("//git:@")),
            ("ssh://git@host/x", None),
            ("ssh+git://git@host/x", None),
            ("https://host/a@b", None),
            ("user@host", None),
        ] {
            let secrets = Secrets::default();
            secrets.add_user_info(url);
            let values = secrets.values();
            match hidden {
                Some(hidden) => {
                    assert!(values.iter().any(|value| value == hidden), "{url}: {values:?}");
                    assert!(
                        !values.iter().any(|value| value == "goldentooth"),
                        "{url}: {values:?}"
                    );
                }
                None => assert!(values.is_empty(), "{url}: {values:?}"),
            }
        }
    }

    #[test]
    fn nothing_is_no_secret() {
        let secrets = Secrets::default();
        secrets.add("");
        assert!(secrets.values().is_empty());
    }
}
