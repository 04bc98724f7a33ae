//! Where a submodule's repository is: on its own, or relative to the one around it.
//!
//! Owns which URLs a repository may send us to, and which of them get its credentials.

use super::{GitUrl, Scheme};
use crate::error::{Error, Kind, Result};

impl GitUrl {
    /// Returns the URL that `text` names in a `.gitmodules` of this repository: relative to it, or on its own.
    ///
    /// The same server is given the same credentials.
    pub(in crate::git) fn submodule(&self, text: &str) -> Result<Self> {
        let mut url = if text.starts_with("./") || text.starts_with("../") {
            self.relative(text)?
        } else {
            Self::parse(text)?
        };
        if url.scheme == Scheme::File && self.scheme != Scheme::File {
            return Err(Error::new(
                Kind::Refused,
                format!("a submodule of `{self}` points to the local path `{url}`"),
            ));
        }
        let same_server = url.scheme == self.scheme && url.host == self.host && url.port == self.port;
        if same_server && url.credentials.is_none() {
            url.credentials.clone_from(&self.credentials);
        }
        Ok(url)
    }

    fn relative(&self, text: &str) -> Result<Self> {
        let mut base = self.bare.trim_end_matches('/');
        let mut rest = text;
        let mut separator = '/';
        let outside = || {
            Error::new(
                Kind::Invalid,
                format!("the submodule URL `{text}` leads out of `{self}`"),
            )
        };
        loop {
            if let Some(after) = rest.strip_prefix("./") {
                rest = after;
            } else if let Some(after) = rest.strip_prefix("../") {
                rest = after;
                let end = base.rfind(['/', ':']).ok_or_else(outside)?;
                separator = if base[end..].starts_with(':') { ':' } else { '/' };
                base = &base[..end];
            } else {
                break;
            }
        }
        let url = Self::parse(&format!("{base}{separator}{rest}")).map_err(|_| outside())?;
        let is_inside = url.scheme == self.scheme && url.host == self.host && url.port == self.port;
        if is_inside { Ok(url) } else { Err(outside()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> GitUrl {
        GitUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn submodules_are_found_relative_to_their_superproject() {
        for (base, text, expected) in [
            ("https://u:p@host/org/a.git", "../b.git", "https://host/org/b.git"),
            ("https://host/org/a.git", "./b", "https://host/org/a.git/b"),
            ("git@host:org/a.git", "../b.git", "git@host:org/b.git"),
            ("git@host:a.git", "../b.git", "git@host:b.git"),
            ("/srv/a", "../../b", "/b"),
            ("https://host/org/a.git", "https://other/b", "https://other/b"),
        ] {
            let url = parsed(base)
                .submodule(text)
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(url.as_str(), expected);
        }
    }

    #[test]
    fn credentials_serve_submodules_of_the_same_server_only() {
        let base = parsed("https://u:p@host/org/a.git");
        let reached = |text: &str| base.submodule(text).map(|url| url.credentials().is_some());
        assert_eq!(reached("../b.git"), Ok(true));
        assert_eq!(reached("https://host/c"), Ok(true));
        for other in ["https://host:444/c", "http://host/c", "https://elsewhere/c"] {
            assert_eq!(reached(other), Ok(false), "{other}");
        }
    }

    #[test]
    fn submodules_never_lead_out_of_the_server_or_into_the_host() {
        let base = parsed("https://host/a");
        for text in ["../../../../b", "/etc", "file:///etc", "../../-x/y"] {
            assert!(base.submodule(text).is_err(), "{text}");
        }
    }
}
