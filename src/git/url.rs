//! Where a repository is: the URLs that git knows, parsed once and shown without secrets.
//!
//! Owns the grammar of URLs. It opens no connection and reads no file.

mod submodule;

use std::fmt;

use super::redact::redact;
use crate::error::{Error, Kind, Result};
use crate::secret;

/// How a repository is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Https,
    Http,
    Git,
    Ssh,
    File,
}

/// A user's name and password (or token) for one server. Never displayed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub username: String,
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("****")
    }
}

/// The URL of a repository. What is displayed, stored and connected to carries no credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitUrl {
    scheme: Scheme,
    bare: String,
    user: Option<String>,
    host: Option<String>,
    port: Option<u16>,
    credentials: Option<Credentials>,
}

impl fmt::Display for GitUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.bare)
    }
}

impl GitUrl {
    /// Returns the URL that `text` spells: https, http, git, ssh (also `user@host:path`), file, or a path.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text).map_err(|reason| {
            Error::new(
                Kind::Invalid,
                format!("`{}` is not the URL of a git repository: {reason}", redact(text)),
            )
            .with_remedy(
                "use `https://host/path.git`, `ssh://user@host/path.git`, `user@host:path.git` or `/path`",
            )
        })
    }

    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it is empty".to_owned());
        }
        if text.chars().any(|letter| letter.is_control() || letter == ' ') {
            return Err("it contains spaces or control characters".to_owned());
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            return Self::with_scheme(&scheme.to_ascii_lowercase(), rest);
        }
        if let Some((place, path)) = text.split_once(':').filter(|(place, _)| !place.contains('/')) {
            return Self::scp_like(text, place, path);
        }
        if text.starts_with('/') {
            return Ok(Self::local(text.to_owned()));
        }
        Err("a path must be absolute, and a URL must name its scheme".to_owned())
    }

    fn local(bare: String) -> Self {
        Self {
            scheme: Scheme::File,
            bare,
            user: None,
            host: None,
            port: None,
            credentials: None,
        }
    }

    fn scp_like(text: &str, place: &str, path: &str) -> Result<Self, String> {
        let (user, host) = match place.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, place),
        };
        if user.is_some_and(|user| user.is_empty() || user.contains(':')) {
            return Err("its user name is malformed".to_owned());
        }
        check_host(host)?;
        if path.is_empty() {
            return Err("it names no path".to_owned());
        }
        Ok(Self {
            scheme: Scheme::Ssh,
            bare: text.to_owned(),
            user: user.map(str::to_owned),
            host: Some(host.to_owned()),
            port: None,
            credentials: None,
        })
    }

    fn with_scheme(scheme: &str, rest: &str) -> Result<Self, String> {
        let scheme = match scheme {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            "git" => Scheme::Git,
            "ssh" | "git+ssh" | "ssh+git" => Scheme::Ssh,
            "file" if rest.starts_with('/') => return Ok(Self::local(format!("file://{rest}"))),
            "file" => return Err("a file URL must be `file:///path`".to_owned()),
            other => return Err(format!("the scheme `{other}` is not supported")),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user_info, place) = match authority.rsplit_once('@') {
            Some((user_info, place)) => (Some(user_info), place),
            None => (None, authority),
        };
        let (host, port) = split_port(place)?;
        check_host(host)?;
        if path.trim_matches('/').is_empty() {
            return Err("it names no path".to_owned());
        }
        let (user, password) = match user_info.map(|info| info.split_once(':').unwrap_or((info, ""))) {
            Some((user, password)) => (Some(decode(user)?), decode(password)?),
            None => (None, String::new()),
        };
        let shown = match (scheme, user_info) {
            // The user of an SSH URL is an account, not a secret, and the connection needs it.
            (Scheme::Ssh, Some(info)) => {
                format!("ssh://{}@{place}{path}", info.split(':').next().unwrap_or(info))
            }
            (Scheme::Ssh, None) => format!("ssh://{place}{path}"),
            (Scheme::Https, _) => format!("https://{place}{path}"),
            (Scheme::Http, _) => format!("http://{place}{path}"),
            (Scheme::Git | Scheme::File, _) => format!("git://{place}{path}"),
        };
        let credentials = match (scheme, &user) {
            (Scheme::Https | Scheme::Http, Some(user)) if !(user.is_empty() && password.is_empty()) => {
                Some(Credentials {
                    username: user.clone(),
                    password,
                })
            }
            _ => None,
        };
        Ok(Self {
            scheme,
            bare: shown,
            user: user.filter(|user| scheme == Scheme::Ssh && !user.is_empty()),
            host: Some(host.to_owned()),
            port,
            credentials,
        })
    }

    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the URL as it is stored and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.bare
    }

    /// Returns the server's name; a local repository has none.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Returns every secret that this URL carries, for whoever scrubs output.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.credentials
            .iter()
            .flat_map(|Credentials { username, password }| {
                // A lone user name may be a token, as code hosts accept it.
                let token = (password.is_empty() && secret::is_token(username)).then_some(username.as_str());
                token
                    .into_iter()
                    .chain((!password.is_empty()).then_some(password.as_str()))
            })
    }

    pub(super) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    pub(super) fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }
}

fn split_port(place: &str) -> Result<(&str, Option<u16>), String> {
    let digits_from = match (place.starts_with('['), place.find(']')) {
        (true, Some(end)) => place[end..].find(':').map(|colon| end + colon),
        (true, None) => return Err("its host is malformed".to_owned()),
        (false, _) => place.find(':'),
    };
    match digits_from {
        None => Ok((place, None)),
        Some(colon) => match place[colon + 1..].parse::<u16>() {
            Ok(port) if port > 0 => Ok((&place[..colon], Some(port))),
            _ => Err(format!(
                "its port `{}` is not a number from 1 to 65535",
                &place[colon + 1..]
            )),
        },
    }
}

fn check_host(host: &str) -> Result<(), String> {
    let named = |letter: char| letter.is_alphanumeric() || "-._".contains(letter);
    let address = |letter: char| letter.is_ascii_hexdigit() || ":.%".contains(letter);
    let valid = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inside) => !inside.is_empty() && inside.chars().all(address),
        None => !host.is_empty() && !host.starts_with('-') && host.chars().all(named),
    };
    if valid {
        Ok(())
    } else if host.is_empty() {
        Err("it names no host".to_owned())
    } else {
        Err("its host is malformed".to_owned())
    }
}

/// Returns `text` with its percent escapes resolved.
fn decode(text: &str) -> Result<String, String> {
    let malformed = || "its user information is malformed".to_owned();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        if *first == b'%' {
            let (digits, after) = after.split_at_checked(2).ok_or_else(malformed)?;
            let digits = std::str::from_utf8(digits).map_err(|_| malformed())?;
            bytes.push(u8::from_str_radix(digits, 16).map_err(|_| malformed())?);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> GitUrl {
        GitUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn every_kind_of_url_is_read_and_shown_without_secrets() {
        for (text, scheme, shown, host, port) in [
            (
                "https://host/a.git",
                Scheme::Https,
                "https://host/a.git",
                Some("host"),
                None,
            ),
            (
                "HTTPS://u:p@host:8443/a",
                Scheme::Https,
                "https://host:8443/a",
                Some("host"),
                Some(8443),
            ),
            (
                "http://token@host/a",
                Scheme::Http,
                "http://host/a",
                Some("host"),
                None,
            ),
            (
                "https://u:p%40@w@host/a",
                Scheme::Https,
                "https://host/a",
                Some("host"),
                None,
            ),
            ("git://host/a", Scheme::Git, "git://host/a", Some("host"), None),
            (
                "ssh://git@host:22/a",
                Scheme::Ssh,
                "ssh://git@host:22/a",
                Some("host"),
                Some(22),
            ),
            (
                "ssh://git:secret@host/a",
                Scheme::Ssh,
                "ssh://git@host/a",
                Some("host"),
                None,
            ),
            (
                "git@host:a/b.git",
                Scheme::Ssh,
                "git@host:a/b.git",
                Some("host"),
                None,
            ),
            (
                "https://[::1]:9/a",
                Scheme::Https,
                "https://[::1]:9/a",
                Some("[::1]"),
                Some(9),
            ),
            ("file:///srv/a", Scheme::File, "file:///srv/a", None, None),
            ("/srv/a", Scheme::File, "/srv/a", None, None),
        ] {
            let url = parsed(text);
            assert_eq!(
                (url.scheme(), url.as_str(), url.host(), url.port()),
                (scheme, shown, host, port),
                "{text}"
            );
        }
    }

    #[test]
    fn malformed_urls_are_refused_without_their_secrets() {
        for text in [
            "",
            "a/b",
            "https://",
            "https://host",
            "https://host/",
            "https:///a",
            "https://u:s3cret@/a",
            "ftp://u:s3cret@host/a",
            "https://u:s3cret@ho st/a",
            "https://u:s3cret@host:0/a",
            "https://u:s3cret@host:99999/a",
            "https://u:s3cret%4@host/a",
            "ssh://-oProxyCommand=x/a",
            "host:",
            "@host:a",
            "file://host/a",
            "https://[::1/a",
            "https://h\u{7}/a",
        ] {
            let error = GitUrl::parse(text).expect_err(text);
            assert_eq!(error.kind(), Kind::Invalid, "{text}");
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn credentials_are_decoded_and_never_shown() {
        let url = parsed("https://us%3Aer:p%40ss@host/a");
        let credentials = url.credentials().expect("credentials");
        assert_eq!(
            (&*credentials.username, &*credentials.password),
            ("us:er", "p@ss")
        );
        assert!(!format!("{url:?} {url}").contains("p@ss"));
        assert_eq!(url.secrets().collect::<Vec<_>>(), ["p@ss"]);
        for (text, secrets) in [
            (
                "https://ghp_0123456789abcdef@host/a",
                vec!["ghp_0123456789abcdef"],
            ),
            ("https://git@host/a", vec![]),
        ] {
            assert_eq!(parsed(text).secrets().collect::<Vec<_>>(), secrets);
        }
    }
}
