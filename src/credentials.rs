//! Who we are to a registry.
//!
//! Owns the choice between `registry_auth` and the user's own stores (`config.json`, credential helpers,
//! Podman's `auth.json`), and tells every secret that it reads to the collection that scrubs output.

use std::collections::HashMap;

use docker_credential::{CredentialRetrievalError, DockerCredential};

use tokio::sync::Mutex;

use crate::error::{Error, Kind, Result};
use crate::secret::{Secret, Secrets};

/// What a registry is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    Password { username: String, password: Secret },
    IdentityToken(Secret),
}

/// The `registry_auth` option, for the one registry that it is meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryAuth {
    /// The host of the `registry` option; no other registry ever sees the token.
    pub registry: String,
    pub username: String,
    pub token: Secret,
}

/// The user's own credentials, looked up once for each registry of a run.
#[derive(Debug, Default)]
pub struct CredentialStore {
    secrets: Secrets,
    found: Mutex<HashMap<String, Option<Credentials>>>,
}

impl CredentialStore {
    #[must_use]
    pub fn new(secrets: Secrets) -> Self {
        Self {
            secrets,
            found: Mutex::default(),
        }
    }

    /// Returns what to show `registry`; `None` is the anonymous user.
    ///
    /// # Errors
    /// `Denied` when a credential helper is configured for this registry and fails.
    pub async fn find(&self, registry: &str, option: Option<&RegistryAuth>) -> Result<Option<Credentials>> {
        if let Some(auth) = option.filter(|auth| auth.registry == registry) {
            return Ok(Some(Credentials::Password {
                username: auth.username.clone(),
                password: auth.token.clone(),
            }));
        }
        // Held while looking: the other images of this registry wait for the one answer.
        let mut found = self.found.lock().await;
        if let Some(credentials) = found.get(registry) {
            return Ok(credentials.clone());
        }
        let (name, secrets) = (registry.to_owned(), self.secrets.clone());
        let credentials = tokio::task::spawn_blocking(move || look_up(&name, &secrets))
            .await
            .map_err(|error| Error::new(Kind::Failed, format!("cannot look up credentials: {error}")))??;
        found.insert(registry.to_owned(), credentials.clone());
        Ok(credentials)
    }
}

/// Asks Docker's and Podman's stores. May run a credential helper: blocking.
fn look_up(registry: &str, secrets: &Secrets) -> Result<Option<Credentials>> {
    // Docker's store knows its own hub by this name only.
    let server = match registry {
        "docker.io" => "https://index.docker.io/v1/",
        other => other,
    };
    for (answer, program) in [
        (docker_credential::get_credential(server), "docker"),
        (docker_credential::get_podman_credential(server), "podman"),
    ] {
        match answer {
            Ok(credential) => return Ok(Some(remember(credential, secrets))),
            Err(CredentialRetrievalError::HelperFailure { helper, stdout, .. })
                if !stdout.contains("credentials not found") =>
            {
                return Err(Error::new(
                    Kind::Denied,
                    format!("the credential helper `{helper}` fails for `{registry}`"),
                )
                .with_remedy(format!(
                    "run `{program} login {registry}`, or set `registry_auth`"
                )));
            }
            Err(CredentialRetrievalError::CredentialDecodingError) => {
                return Err(Error::new(
                    Kind::Denied,
                    format!("the stored credentials for `{registry}` cannot be decoded"),
                )
                .with_remedy(format!(
                    "run `{program} login {registry}` again, or set `registry_auth`"
                )));
            }
            // No file, nothing in it for this registry, or a helper that is not installed: anonymous.
            Err(_) => {}
        }
    }
    Ok(None)
}

fn remember(credential: DockerCredential, secrets: &Secrets) -> Credentials {
    match credential {
        DockerCredential::UsernamePassword(username, password) => {
            secrets.add_pair(&username, &password);
            Credentials::Password {
                username,
                password: Secret::new(password),
            }
        }
        DockerCredential::IdentityToken(token) => {
            secrets.add(&token);
            Credentials::IdentityToken(Secret::new(token))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_shown_to_its_own_registry_only() {
        let auth = RegistryAuth {
            registry: "registry.invalid".to_owned(),
            username: "user".to_owned(),
            token: Secret::new("token"),
        };
        let store = CredentialStore::default();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let find = |registry| runtime.block_on(store.find(registry, Some(&auth)));
        assert!(matches!(
            find("registry.invalid"),
            Ok(Some(Credentials::Password { username, .. })) if username == "user"
        ));
        assert_eq!(find("other.invalid"), Ok(None));
    }
}
