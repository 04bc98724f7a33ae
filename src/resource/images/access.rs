//! The way to a registry's answers: through the engine, or past it where the engine cannot ask or takes longer.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Desired;
use crate::credentials::{CredentialStore, Credentials};
use crate::docker::{self, Engine, LocalImage, Product, Surroundings};
use crate::error::{Kind, Result};
use crate::image::{DOCKER_HUB, Reference};
use crate::registry::Registries;
use crate::retry::{Patience, retry};
use crate::secret::Secrets;

/// How long a registry that is asked past the engine may take before the engine is asked.
const HEAD_START: Duration = Duration::from_secs(2);

/// The doors through which registries are reached; one for all images of a run.
#[derive(Clone)]
pub struct Access {
    pub engine: Engine,
    pub registries: Arc<Registries>,
    pub credentials: Arc<CredentialStore>,
    /// How long transient failures are tried again.
    pub patience: Patience,
}

impl Access {
    /// Asks the registry past the engine, which asks over a new connection for each image. What it says counts only
    /// where it confirms what is there: the engine may have mirrors, proxies and authorities of its own, and
    /// whatever else there is to say of an image, it says.
    pub(super) async fn digest_at_once(&self, reference: &Reference, desired: &Desired) -> Option<String> {
        // Docker's own registry counts questions, and is the one that engines have mirrors for.
        if reference.registry() == DOCKER_HUB || self.engine.identity().await.ok()?.product == Product::Podman
        {
            return None;
        }
        let ask = async {
            let auth = desired.registry_auth.as_ref();
            let credentials = self.credentials.find(reference.registry(), auth).await.ok()?;
            let registry = self.registries.open(reference.registry()).ok()?;
            registry.digest(reference, credentials.as_ref()).await.ok()
        };
        tokio::time::timeout(HEAD_START, ask).await.ok().flatten()
    }

    /// Opens the doors: to the engine that answers on `docker_host` or the usual sockets, and, unasked yet, to
    /// registries.
    ///
    /// # Errors
    /// When no engine answers, naming the sockets.
    pub async fn open(
        docker_host: Option<&str>,
        ca_bundle: Option<PathBuf>,
        timeout: Duration,
        patience: Patience,
        secrets: &Secrets,
    ) -> Result<Self> {
        let socket = docker::choose_socket(docker_host, &Surroundings::read(), std::path::Path::exists)?;
        Ok(Self {
            engine: docker::connect(&socket, timeout).await?,
            registries: Arc::new(Registries::new(ca_bundle, timeout)),
            credentials: Arc::new(CredentialStore::new(secrets.clone())),
            patience,
        })
    }

    /// Asks the registry for the digest that `reference` has there.
    ///
    /// # Errors
    /// The registry's, by kind.
    pub async fn digest(
        &self,
        reference: &Reference,
        desired: &Desired,
        patience: Patience,
    ) -> Result<String> {
        let Desired {
            platform,
            registry_auth,
            ..
        } = desired;
        let credentials = self
            .credentials
            .find(reference.registry(), registry_auth.as_ref())
            .await?;
        let credentials = credentials.as_ref();
        self.patiently(patience, reference, credentials, || async {
            let answer = self
                .engine
                .registry_digest(reference, platform.as_deref(), credentials)
                .await;
            // Only a failure makes it worth knowing who answered: Podman lacks the endpoint.
            match answer {
                Err(_) if self.engine.identity().await?.product == Product::Podman => {
                    let registry = self.registries.open(reference.registry())?;
                    registry.digest(reference, credentials).await
                }
                answer => answer,
            }
        })
        .await
    }

    /// Asks whether `local` ever came from the registry: Podman gives what is built on the host a digest, too, under
    /// the name of a registry that never saw it.
    ///
    /// # Errors
    /// The registry's, by kind.
    pub(super) async fn came_from_registry(
        &self,
        reference: &Reference,
        local: &LocalImage,
        desired: &Desired,
        patience: Patience,
    ) -> Result<bool> {
        let auth = desired.registry_auth.as_ref();
        let credentials = self.credentials.find(reference.registry(), auth).await?;
        let credentials = credentials.as_ref();
        let registry = self.registries.open(reference.registry())?;
        for digest in reference.digests_of(&local.repo_digests) {
            let ask = || registry.has(reference, digest, credentials);
            if self.patiently(patience, reference, credentials, ask).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Retries `operation`. A registry that is asked too often may tell its pause in a header, which engines drop;
    /// then it is asked for that once more.
    pub(super) async fn patiently<T, F, Fut>(
        &self,
        patience: Patience,
        reference: &Reference,
        credentials: Option<&Credentials>,
        mut operation: F,
    ) -> Result<T>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        retry(patience, || {
            let answer = operation();
            async {
                let error = match answer.await {
                    Err(error) if error.kind() == Kind::Busy && error.retry_after().is_none() => error,
                    answer => return answer,
                };
                let pause = async {
                    let registry = self.registries.open(reference.registry()).ok()?;
                    registry.pause(reference, credentials).await
                };
                let pause = tokio::time::timeout(HEAD_START, pause).await.ok().flatten();
                Err(error.with_retry_after(pause))
            }
        })
        .await
    }
}
