//! Who we are to a registry.
//!
//! Owns the choice between `registry_auth` and the user's own stores (`config.json`, credential helpers,
//! Podman's `auth.json`), and tells every secret that it reads to the collection that scrubs output.

use docker_credential::{CredentialRetrievalError, DockerCredential};

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

/// Returns what to show `registry`; `None` is the anonymous user. May run a credential helper: blocking.
///
/// # Errors
/// `Denied` when a credential helper is configured for this registry and fails.
pub fn find(registry: &str, option: Option<&RegistryAuth>, secrets: &Secrets) -> Result<Option<Credentials>> {
    if let Some(auth) = option.filter(|auth| auth.registry == registry) {
        return Ok(Some(Credentials::Password {
            username: auth.username.clone(),
            password: auth.token.clone(),
        }));
    }
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
        let secrets = Secrets::default();
        assert!(matches!(
            find("registry.invalid", Some(&auth), &secrets),
            Ok(Some(Credentials::Password { username, .. })) if username == "user"
        ));
        assert_eq!(find("other.invalid", Some(&auth), &secrets), Ok(None));
    }
}
