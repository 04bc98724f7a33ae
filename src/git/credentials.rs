//! What is offered to a server that asks who we are.
//!
//! Owns the order of attempts, each made once: for https the URL's user information, else netrc; for ssh the
//! agent, then the default keys. Credentials go to the host that they were meant for and to no other.

use std::env;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use git2::{Cred, CredentialType, ErrorClass, ErrorCode};

use super::netrc;
use super::url::{Credentials, GitUrl, Scheme};

/// The names that ssh gives keys by default, most modern first.
const KEYS: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

enum Attempt {
    Agent,
    Key(PathBuf),
}

/// The attempts that are left for one connection.
pub(super) struct Offer {
    host: Option<String>,
    user: Option<String>,
    password: Option<Credentials>,
    has_password: bool,
    attempts: std::vec::IntoIter<Attempt>,
}

impl Offer {
    pub(super) fn new(url: &GitUrl) -> Self {
        let (mut password, mut attempts) = (None, Vec::new());
        match url.scheme() {
            Scheme::Https | Scheme::Http => {
                password = url
                    .credentials()
                    .cloned()
                    .or_else(|| url.host().and_then(netrc::credentials_for));
            }
            Scheme::Ssh => attempts = ssh_attempts(),
            Scheme::Git | Scheme::File => {}
        }
        Self {
            host: url.host().map(str::to_owned),
            user: url.user().map(str::to_owned),
            has_password: password.is_some(),
            password,
            attempts: attempts.into_iter(),
        }
    }

    /// Returns whether a password would be offered, and must therefore not be taken elsewhere by a redirect.
    pub(super) fn has_password(&self) -> bool {
        self.has_password
    }

    /// Returns the next credentials for the server at `url`, which accepts those of the kinds `allowed`.
    pub(super) fn answer(&mut self, url: &str, allowed: CredentialType) -> Result<Cred, git2::Error> {
        if allowed.contains(CredentialType::USERNAME) {
            return Cred::username(&self.account());
        }
        if allowed.contains(CredentialType::SSH_KEY) {
            return self.next_key();
        }
        if !allowed.contains(CredentialType::USER_PASS_PLAINTEXT) || self.host.is_none() {
            return Err(denied("it wants credentials of a kind that is not supported"));
        }
        let asking = GitUrl::parse(url).ok();
        if asking.as_ref().and_then(GitUrl::host) != self.host.as_deref() {
            return Err(denied(
                "it passed the request on to another host, which wants credentials",
            ));
        }
        match self.password.take() {
            Some(Credentials { username, password }) => Cred::userpass_plaintext(&username, &password),
            None if self.has_password => Err(denied("it does not accept the user or the password")),
            None => Err(denied("it wants credentials, and there are none for it")),
        }
    }

    fn next_key(&mut self) -> Result<Cred, git2::Error> {
        let account = self.account();
        match self.attempts.next() {
            Some(Attempt::Agent) => Cred::ssh_key_from_agent(&account),
            Some(Attempt::Key(key)) => Cred::ssh_key(&account, None, &key, None),
            None => Err(denied(&format!(
                "it accepts no key of this user for the account `{account}`"
            ))),
        }
    }

    /// Returns the account on the SSH server: the URL's, else the caller's own name.
    fn account(&self) -> String {
        self.user.clone().unwrap_or_else(|| {
            let user = nix::unistd::User::from_uid(nix::unistd::geteuid());
            user.ok()
                .flatten()
                .map_or_else(|| "root".to_owned(), |user| user.name)
        })
    }
}

fn ssh_attempts() -> Vec<Attempt> {
    let agent = env::var_os("SSH_AUTH_SOCK").is_some_and(|path| UnixStream::connect(path).is_ok());
    let keys = netrc::home()
        .into_iter()
        .flat_map(|home| KEYS.map(|name| home.join(".ssh").join(name)));
    agent
        .then_some(Attempt::Agent)
        .into_iter()
        .chain(keys.filter(|key| key.is_file()).map(Attempt::Key))
        .collect()
}

fn denied(message: &str) -> git2::Error {
    git2::Error::new(ErrorCode::Auth, ErrorClass::Callback, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(url: &str) -> Offer {
        Offer::new(&GitUrl::parse(url).expect("a URL"))
    }

    #[test]
    fn a_password_is_offered_once_and_only_to_its_host() {
        let mut offer = offer("https://u:p@git.example/a");
        let allowed = CredentialType::USER_PASS_PLAINTEXT;
        assert!(offer.answer("https://elsewhere.example/a", allowed).is_err());
        assert!(offer.answer("https://git.example/a", allowed).is_ok());
        let error = offer
            .answer("https://git.example/a", allowed)
            .err()
            .expect("an error");
        assert_eq!(error.code(), ErrorCode::Auth);
        assert_eq!(error.message(), "it does not accept the user or the password");
    }

    #[test]
    fn the_account_of_an_ssh_url_is_used() {
        assert_eq!(offer("git@host.example:a").account(), "git");
    }
}
