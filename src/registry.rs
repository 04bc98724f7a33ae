//! The one door to registries, past the engine.
//!
//! Owns the HTTPS client and whom it trusts. Podman's socket has no question for a registry's digest; Docker's has
//! one, which takes the engine several requests over a new connection for each image.

mod authorities;
mod pause;

pub use authorities::find_by_hash;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use oci_client::client::{Certificate, CertificateEncoding, ClientConfig, ClientProtocol};
use oci_client::errors::{OciDistributionError, OciErrorCode};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference as OciReference, RegistryOperation};
use tokio::sync::Semaphore;

use crate::credentials::Credentials;
use crate::docker::{explained, kind_of_answer, with_sources};
use crate::error::{Error, Kind, Result};
use crate::image::Reference;

/// The registries of one run, each opened once and only when it is asked.
#[derive(Default)]
pub struct Registries {
    ca_bundle: Option<PathBuf>,
    timeout: Duration,
    open: Mutex<HashMap<String, Registry>>,
}

impl Registries {
    #[must_use]
    pub fn new(ca_bundle: Option<PathBuf>, timeout: Duration) -> Self {
        Self {
            ca_bundle,
            timeout,
            open: Mutex::default(),
        }
    }

    /// Returns the client for `host`.
    ///
    /// # Errors
    /// When a certificate file is there and cannot be read.
    pub fn open(&self, host: &str) -> Result<Registry> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(registry) = open.get(host) {
            return Ok(registry.clone());
        }
        let registry = Registry::open(host, self.ca_bundle.as_deref(), self.timeout)?;
        open.insert(host.to_owned(), registry.clone());
        Ok(registry)
    }
}

/// As many connections at once: each costs both sides more than the questions that wait for it.
const CONNECTIONS: usize = 2;

const USER_AGENT: &str = concat!("goldentooth-cross-compile/", env!("CARGO_PKG_VERSION"));

/// A client for one registry.
#[derive(Clone)]
pub struct Registry {
    client: Client,
    /// Whom it trusts beside the system's authorities.
    authorities: Arc<[Certificate]>,
    timeout: Duration,
    connections: Arc<Semaphore>,
}

impl Registry {
    /// Opens a client that trusts the system's authorities, `ca_bundle`, and what engines trust for `host`.
    ///
    /// # Errors
    /// When a certificate file is there and cannot be read.
    fn open(host: &str, ca_bundle: Option<&Path>, timeout: Duration) -> Result<Self> {
        let mut files = engine_certificates(host);
        files.extend(ca_bundle.map(Path::to_path_buf));
        let authorities = files
            .iter()
            .map(|file| certificates(file))
            .collect::<Result<Vec<_>>>()?
            .concat();
        Ok(Self {
            connections: Arc::new(Semaphore::new(CONNECTIONS)),
            client: Client::new(ClientConfig {
                protocol: ClientProtocol::Https,
                extra_root_certificates: authorities.clone(),
                read_timeout: Some(timeout),
                connect_timeout: Some(timeout),
                user_agent: USER_AGENT,
                ..ClientConfig::default()
            }),
            authorities: authorities.into(),
            timeout,
        })
    }

    /// Asks for the digest that `reference` has now.
    ///
    /// # Errors
    /// The registry's, by kind.
    pub async fn digest(&self, reference: &Reference, credentials: Option<&Credentials>) -> Result<String> {
        self.ask(&oci(reference), reference, credentials).await
    }

    /// Asks whether the repository of `reference` has an image of this digest.
    ///
    /// # Errors
    /// The registry's, by kind.
    pub async fn has(
        &self,
        reference: &Reference,
        digest: &str,
        credentials: Option<&Credentials>,
    ) -> Result<bool> {
        let (registry, repository) = (reference.registry(), reference.repository());
        let image = OciReference::with_digest(registry.to_owned(), repository.to_owned(), digest.to_owned());
        match self.ask(&image, reference, credentials).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == Kind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn ask(
        &self,
        image: &OciReference,
        reference: &Reference,
        credentials: Option<&Credentials>,
    ) -> Result<String> {
        let authentication = authentication(credentials, reference)?;
        let _connection = self.connections.acquire().await;
        self.client
            .fetch_manifest_digest(image, &authentication)
            .await
            .map_err(|error| failed(&error, reference))
    }

    /// Asks a registry that was asked too often how long to leave it alone; `None` where it does not say.
    pub async fn pause(&self, reference: &Reference, credentials: Option<&Credentials>) -> Option<Duration> {
        let image = oci(reference);
        let authentication = authentication(credentials, reference).ok()?;
        let client = pause::client(&self.authorities, self.timeout).ok()?;
        let _connection = self.connections.acquire().await;
        let token = self
            .client
            .auth(&image, &authentication, RegistryOperation::Pull)
            .await
            .ok()
            .flatten();
        pause::ask(&client, &image, |request| match (token, authentication) {
            (Some(token), _) => request.bearer_auth(token),
            (None, RegistryAuth::Basic(username, password)) => request.basic_auth(username, Some(password)),
            (None, _) => request,
        })
        .await
    }
}

/// Returns what to show the registry of `reference`.
///
/// # Errors
/// `Denied` for what only an engine can show it: an identity token has to be exchanged first.
fn authentication(credentials: Option<&Credentials>, reference: &Reference) -> Result<RegistryAuth> {
    let registry = reference.registry();
    match credentials {
        None => Ok(RegistryAuth::Anonymous),
        Some(Credentials::Password { username, password }) => {
            Ok(RegistryAuth::Basic(username.clone(), password.expose().to_owned()))
        }
        Some(Credentials::IdentityToken(_)) => Err(Error::new(
            Kind::Denied,
            format!(
                "cannot ask the registry for `{reference}`: the stored credentials for `{registry}` are an identity \
                 token, which only Docker can show it"
            ),
        )
        .with_remedy(format!(
            "set `registry_auth`, or run `podman login {registry}` with a password or an access token"
        ))),
    }
}

fn oci(reference: &Reference) -> OciReference {
    let registry = reference.registry().to_owned();
    let repository = reference.repository().to_owned();
    match (reference.digest(), reference.tag()) {
        (Some(digest), _) => OciReference::with_digest(registry, repository, digest.to_owned()),
        (None, tag) => OciReference::with_tag(registry, repository, tag.unwrap_or("latest").to_owned()),
    }
}

/// Returns the certificate files that Podman and Docker read for `host` (containers-certs.d(5)).
fn engine_certificates(host: &str) -> Vec<PathBuf> {
    ["/etc/containers/certs.d", "/etc/docker/certs.d"]
        .iter()
        .filter_map(|directory| std::fs::read_dir(Path::new(directory).join(host)).ok())
        .flat_map(Iterator::flatten)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "crt"))
        .collect()
}

/// Reads every certificate of a PEM file.
fn certificates(file: &Path) -> Result<Vec<Certificate>> {
    const END: &str = "-----END CERTIFICATE-----";
    let text = std::fs::read_to_string(file).map_err(|error| Error::io("read", file, &error))?;
    Ok(text
        .split_inclusive(END)
        .filter(|block| block.contains(END))
        .map(|block| Certificate {
            encoding: CertificateEncoding::Pem,
            data: block.trim().as_bytes().to_vec(),
        })
        .collect())
}

fn failed(error: &OciDistributionError, reference: &Reference) -> Error {
    let words = match error {
        // The address is the registry's own; the answer is what tells.
        OciDistributionError::ServerError { code, message, .. } => {
            format!("http status: {code} {}", beginning(message))
        }
        OciDistributionError::RegistryError { envelope, .. } => envelope
            .errors
            .iter()
            .map(|error| format!("{:?}: {}", error.code, error.message))
            .collect::<Vec<_>>()
            .join(", "),
        other => with_sources(other),
    };
    let told = kind_of_answer(None, &words, reference);
    let kind = match error {
        OciDistributionError::UnauthorizedError { .. } => Kind::Denied,
        OciDistributionError::AuthenticationFailure(_) if !told.is_transient() => Kind::Denied,
        OciDistributionError::ImageManifestNotFoundError(_) => Kind::NotFound,
        OciDistributionError::RegistryError { envelope, .. } => envelope
            .errors
            .iter()
            .find_map(|error| kind_of_code(&error.code))
            .unwrap_or(told),
        // A certificate that is not trusted ends connecting, too.
        OciDistributionError::RequestError(error)
            if told != Kind::Untrusted && (error.is_connect() || error.is_timeout()) =>
        {
            Kind::Unreachable
        }
        _ => told,
    };
    explained(
        kind,
        &format!("ask the registry for `{reference}`"),
        words.trim(),
        reference.registry(),
    )
}

fn kind_of_code(code: &OciErrorCode) -> Option<Kind> {
    match code {
        OciErrorCode::Unauthorized | OciErrorCode::Denied => Some(Kind::Denied),
        OciErrorCode::ManifestUnknown
        | OciErrorCode::ManifestBlobUnknown
        | OciErrorCode::NameUnknown
        | OciErrorCode::NotFound => Some(Kind::NotFound),
        OciErrorCode::Toomanyrequests => Some(Kind::Busy),
        _ => None,
    }
}

/// Returns the beginning of a body in one line: proxies answer with whole pages.
fn beginning(body: &str) -> String {
    const LONGEST: usize = 200;
    let line = body.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use oci_client::errors::{OciEnvelope, OciError};

    fn reference() -> Reference {
        Reference::parse("r.io/team/denied:1", "").unwrap()
    }

    #[test]
    fn codes_and_statuses_decide_before_words() {
        let url = || "https://r.io/v2/team/denied/manifests/1".to_owned();
        let coded = |code, message: &str| OciDistributionError::RegistryError {
            envelope: OciEnvelope {
                errors: vec![OciError {
                    code,
                    message: message.to_owned(),
                    detail: serde_json::Value::Null,
                }],
            },
            url: url(),
        };
        let plain = |code, message: &str| OciDistributionError::ServerError {
            code,
            url: url(),
            message: message.to_owned(),
        };
        for (error, kind) in [
            (coded(OciErrorCode::Toomanyrequests, "access denied"), Kind::Busy),
            (coded(OciErrorCode::ManifestUnknown, ""), Kind::NotFound),
            (coded(OciErrorCode::Denied, "not found"), Kind::Denied),
            (coded(OciErrorCode::Unsupported, "bad gateway"), Kind::Unreachable),
            (plain(429, ""), Kind::Busy),
            (plain(429, "<html>denied</html>"), Kind::Busy),
            (plain(403, "<html>eof</html>"), Kind::Denied),
            (plain(408, ""), Kind::Unreachable),
            (plain(503, "<html>not found</html>"), Kind::Unreachable),
            (
                OciDistributionError::AuthenticationFailure("no such user".to_owned()),
                Kind::Denied,
            ),
            (
                OciDistributionError::AuthenticationFailure("503 service unavailable".to_owned()),
                Kind::Unreachable,
            ),
        ] {
            assert_eq!(failed(&error, &reference()).kind(), kind, "{error:?}");
        }
    }

    #[test]
    fn whole_pages_are_told_by_their_beginning() {
        assert_eq!(beginning("<html>\n  <p>busy</p>\n"), "<html> <p>busy</p>");
        assert_eq!(beginning(&"ü".repeat(300)), format!("{}…", "ü".repeat(200)));
    }

    #[test]
    fn an_identity_token_is_shown_to_no_registry() {
        let token = Credentials::IdentityToken(Secret::new("driftwood"));
        let error = authentication(Some(&token), &reference()).unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
        assert!(error.to_string().contains("identity token"));
        assert!(!error.to_string().contains("driftwood"));
    }
}
