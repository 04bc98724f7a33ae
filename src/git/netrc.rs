//! What `~/.netrc` says: the user's own credentials, by host.
//!
//! Owns that file's grammar. It never decides where credentials are sent.

use std::path::PathBuf;
use std::{env, fs};

use super::url::Credentials;

/// Returns the credentials that the user's netrc file holds for `host`. A file that cannot be read holds none.
pub(super) fn credentials_for(host: &str) -> Option<Credentials> {
    let path = match env::var_os("NETRC").filter(|path| !path.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => home()?.join(".netrc"),
    };
    find(&fs::read_to_string(path).ok()?, host)
}

/// Returns the user's home directory: `$HOME`, else the one of the user database.
pub(super) fn home() -> Option<PathBuf> {
    env::var_os("HOME")
        .filter(|home| !home.is_empty())
        .map(PathBuf::from)
        .or_else(|| {
            let user = nix::unistd::User::from_uid(nix::unistd::geteuid());
            user.ok().flatten().map(|user| user.dir)
        })
}

fn find(text: &str, host: &str) -> Option<Credentials> {
    let mut words = Words { rest: text };
    let mut login = None;
    let mut password = None;
    let mut meant = false;
    while let Some(word) = words.next() {
        match word.as_str() {
            "machine" | "default" => {
                if meant && password.is_some() {
                    break;
                }
                (login, password) = (None, None);
                meant = word == "default" || words.next().is_some_and(|name| name.eq_ignore_ascii_case(host));
            }
            "login" => login = words.next(),
            "password" => password = words.next(),
            "account" => drop(words.next()),
            "macdef" => words.skip_macro(),
            _ => {}
        }
    }
    let password = password.filter(|_| meant)?;
    Some(Credentials {
        username: login.unwrap_or_default(),
        password,
    })
}

struct Words<'a> {
    rest: &'a str,
}

impl Words<'_> {
    /// Skips a macro, which reaches to the next empty line.
    fn skip_macro(&mut self) {
        self.rest = self.rest.find("\n\n").map_or("", |end| &self.rest[end..]);
    }
}

impl Iterator for Words<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.starts_with('#') {
                break;
            }
            self.rest = self.rest.find('\n').map_or("", |end| &self.rest[end..]);
        }
        let Some(quoted) = self.rest.strip_prefix('"') else {
            let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
            let (word, rest) = self.rest.split_at(end);
            self.rest = rest;
            return (!word.is_empty()).then(|| word.to_owned());
        };
        let mut word = String::new();
        let mut letters = quoted.char_indices();
        while let Some((index, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.rest = &quoted[index + 1..];
                    return Some(word);
                }
                '\\' => word.extend(letters.next().map(|(_, letter)| letter)),
                _ => word.push(letter),
            }
        }
        self.rest = "";
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_of_the_host_is_found() {
        let text = "# mine\nmachine other login o password op\n\
                    machine git.example\n  login me\n  account x\n  password \"a b\\\"c\"\n\
                    macdef init\nmachine git.example password macro\n\ndefault login anyone password d\n";
        for (host, expected) in [
            ("other", Some(("o", "op"))),
            ("GIT.example", Some(("me", "a b\"c"))),
            ("elsewhere", Some(("anyone", "d"))),
        ] {
            let found = find(text, host);
            let found = found
                .as_ref()
                .map(|found| (found.username.as_str(), found.password.as_str()));
            assert_eq!(found, expected, "{host}");
        }
    }

    #[test]
    fn without_an_entry_there_are_no_credentials() {
        for text in [
            "",
            "machine a login b",
            "machine other password x",
            "machine",
            "login x password y",
            "\"open",
        ] {
            assert_eq!(find(text, "a"), None, "{text}");
        }
    }
}
