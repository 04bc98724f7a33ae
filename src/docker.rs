//! The one door to the container engine, Docker's or Podman's.
//!
//! Owns every request on the engine's socket and the differences between engines. It decides nothing, and no
//! other file sees bollard.

mod answer;
mod archive;
pub mod containers;
mod failure;
mod greeting;
mod images;
mod listing;
mod networks;
mod request;
mod socket;
mod trust;

pub use answer::kind_of_answer;
pub use failure::{explained, with_sources};
pub use images::{ListedImage, bare};
pub use listing::Container;
pub use networks::Network;
pub use socket::{Surroundings, choose as choose_socket};

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bollard::auth::DockerCredentials;
use bollard::errors::Error as EngineError;
use bollard::models::DriverData;
use bollard::query_parameters::{CreateImageOptionsBuilder, RemoveImageOptions};
use bollard::{API_DEFAULT_VERSION, Docker};
use futures_util::StreamExt as _;
use tokio::sync::OnceCell;
use tokio::time::timeout as within;

use crate::credentials::Credentials;
use crate::error::{Error, Kind, Result, reason};
use crate::files::{self, users};
use crate::image::{Reference, is_platform};

/// Which program answers on the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    Docker,
    Podman,
}

impl Product {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Docker => "Docker",
            Self::Podman => "Podman",
        }
    }
}

/// What an engine says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub product: Product,
    pub version: String,
    pub api_version: String,
}

/// A connection to an engine that has answered; cloning shares it.
#[derive(Debug, Clone)]
pub struct Engine {
    docker: Docker,
    timeout: Duration,
    identity: Arc<OnceCell<Identity>>,
    pub socket: PathBuf,
}

/// An image as the engine has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalImage {
    pub id: String,
    /// `name@digest` for every repository that gave or got it; none for an image that was only built here.
    pub repo_digests: Vec<String>,
    /// `os/architecture[/variant]`.
    pub platform: String,
    /// The engine's data directory, where its storage driver tells of it.
    pub data_directory: Option<PathBuf>,
    /// As whom its containers run; empty for root.
    pub user: String,
    /// Bytes, layers that other images share included.
    pub size: Option<u64>,
    /// When it was made, as RFC 3339 writes it.
    pub created: Option<String>,
}

/// Connects to the engine behind `socket`; `timeout` is the time without progress after which a call fails.
///
/// # Errors
/// When nobody answers there, naming the socket and what to do.
pub async fn connect(socket: &Path, timeout: Duration) -> Result<Engine> {
    // The cheapest question of all: whoever answers it can be asked everything else at the same time. It also
    // comes before bollard, for which a socket in a directory that may not be searched does not exist.
    let identity = within(timeout, greeting::greet(socket))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        .map_err(|error| unreachable(socket, &error))?;
    let docker = Docker::connect_with_unix(&socket.to_string_lossy(), timeout.as_secs(), API_DEFAULT_VERSION)
        .map_err(|_| unreachable(socket, &io::ErrorKind::NotFound.into()))?
        // Engines read this header as URL-safe base64, bollard writes the standard alphabet: a password with
        // `>`, `?` or `~` in the wrong place would arrive as no password at all.
        .with_request_modifier(|mut request| {
            if let Some(header) = request.headers_mut().get_mut("x-registry-auth") {
                let safe: Vec<u8> = header.as_bytes().iter().map(|byte| url_safe(*byte)).collect();
                if let Ok(value) = safe.as_slice().try_into() {
                    *header = value;
                }
            }
            request
        });
    Ok(Engine {
        docker,
        timeout,
        identity: Arc::new(OnceCell::new_with(identity)),
        socket: socket.to_path_buf(),
    })
}

fn url_safe(byte: u8) -> u8 {
    match byte {
        b'+' => b'-',
        b'/' => b'_',
        other => other,
    }
}

fn unreachable(socket: &Path, error: &io::Error) -> Error {
    let path = socket.display();
    match error.kind() {
        io::ErrorKind::NotFound => Error::new(Kind::NotFound, format!("there is no engine socket `{path}`"))
            .with_remedy("start the engine, or set `docker_host` to its socket"),
        io::ErrorKind::PermissionDenied => Error::new(
            Kind::Denied,
            format!("cannot use the engine socket `{path}`: permission denied"),
        )
        .with_remedy(match group_of(socket) {
            Some(group) => {
                format!("run the task with `become: true`, or add the user to the group `{group}`")
            }
            None => "run the task with `become: true`".to_owned(),
        }),
        _ => Error::new(
            Kind::Unreachable,
            format!("the engine does not answer on `{path}`: {}", reason(error)),
        )
        .with_remedy(look_at(socket)),
    }
}

/// Returns the group whose members may use `socket`, unless it is root's.
fn group_of(socket: &Path) -> Option<String> {
    let attributes = files::attributes(socket).ok().flatten()?;
    let may_write = attributes.mode & 0o020 != 0 && attributes.gid != 0;
    may_write.then(|| users::group_name(attributes.gid))
}

/// Returns the remedy for an engine that does not answer: Podman's is started by its socket, and a user's own by the
/// user's systemd.
fn look_at(socket: &Path) -> String {
    let unit = match socket
        .components()
        .any(|name| name.as_os_str().to_string_lossy().contains("podman"))
    {
        true => "podman.socket",
        false => "docker",
    };
    let whose = match socket.starts_with("/run/user") {
        true => "--user ",
        false => "",
    };
    format!("check that the engine runs (`systemctl {whose}status {unit}`) and what its log says")
}

impl Engine {
    /// Returns what the engine says it is; asked once.
    ///
    /// # Errors
    /// The engine's.
    pub async fn identity(&self) -> Result<&Identity> {
        self.identity.get_or_try_init(|| self.identify()).await
    }

    async fn identify(&self) -> Result<Identity> {
        let answer = self
            .docker
            .version()
            .await
            .map_err(|error| failure::engine(&error, "ask the engine for its version"))?;
        let podman = answer
            .components
            .unwrap_or_default()
            .iter()
            .any(|component| component.name.starts_with("Podman"));
        Ok(Identity {
            product: if podman { Product::Podman } else { Product::Docker },
            version: answer.version.ok_or_else(|| {
                Error::new(
                    Kind::Failed,
                    format!(
                        "the engine behind `{}` does not tell its version",
                        self.socket.display()
                    ),
                )
            })?,
            api_version: answer.api_version.unwrap_or_default(),
        })
    }

    /// Returns the directory where the engine keeps its images, where it tells one. An image tells it too, and
    /// costs less: for this answer Docker starts three programs to ask for their versions.
    pub async fn data_directory(&self) -> Option<PathBuf> {
        // Podman's answer may hold states that the typed answer does not know; the directory is a nicety there.
        let info = self.docker.info().await.ok()?;
        info.docker_root_dir
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
    }

    /// Returns the image that the engine has under `reference`, if any.
    ///
    /// # Errors
    /// The engine's.
    pub async fn image(&self, reference: &Reference) -> Result<Option<LocalImage>> {
        match self.docker.inspect_image(&reference.to_string()).await {
            Ok(answer) => Ok(Some(LocalImage {
                id: answer.id.unwrap_or_default(),
                repo_digests: answer.repo_digests.unwrap_or_default(),
                platform: platform_name([answer.os, answer.architecture, answer.variant]),
                data_directory: answer.graph_driver.as_ref().and_then(data_directory_of),
                user: answer
                    .config
                    .and_then(|configuration| configuration.user)
                    .unwrap_or_default(),
                size: answer.size.and_then(|size| u64::try_from(size).ok()),
                created: answer.created,
            })),
            Err(EngineError::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
            Err(error) => Err(failure::engine(&error, &format!("inspect image `{reference}`"))),
        }
    }

    /// Asks the registry, through the engine, for the digest that `reference` has there now.
    ///
    /// # Errors
    /// The registry's, by kind; `NotFound` where it has the image, but not for `platform`.
    pub async fn registry_digest(
        &self,
        reference: &Reference,
        platform: Option<&str>,
        credentials: Option<&Credentials>,
    ) -> Result<String> {
        let doing = format!("ask the registry for `{reference}`");
        let answer = self
            .docker
            .inspect_registry_image(
                &reference.to_string(),
                credentials.map(|c| authentication(c, reference)),
            )
            .await
            .map_err(|error| failure::registry(&error, &doing, reference))?;
        let platforms: Vec<String> = answer
            .platforms
            .into_iter()
            .map(|has| platform_name([has.os, has.architecture, has.variant]))
            .filter(|name| !name.is_empty())
            .collect();
        if let Some(wanted) = platform
            && !platforms.is_empty()
            && !platforms.iter().any(|has| is_platform(wanted, has))
        {
            return Err(other_platform(reference, wanted, &platforms.join("`, `")));
        }
        answer.descriptor.digest.ok_or_else(|| {
            Error::new(
                Kind::Failed,
                format!("cannot {doing}: the answer holds no digest"),
            )
        })
    }

    /// Pulls `reference` and drains the stream to its end: some engines report a failure only there.
    ///
    /// # Errors
    /// The registry's, by kind; `Unreachable` when nothing moves for the time limit.
    pub async fn pull(
        &self,
        reference: &Reference,
        platform: Option<&str>,
        credentials: Option<&Credentials>,
    ) -> Result<()> {
        let doing = format!("pull `{reference}`");
        // The tag beside the name, always: a name alone pulls every tag. A digest wins over the tag.
        let version = reference.digest().or(reference.tag()).unwrap_or("latest");
        let mut options = CreateImageOptionsBuilder::new()
            .from_image(&reference.name())
            .tag(version);
        if let Some(platform) = platform {
            options = options.platform(platform);
        }
        let mut stream = std::pin::pin!(self.docker.create_image(
            Some(options.build()),
            None,
            credentials.map(|c| authentication(c, reference)),
        ));
        loop {
            match within(self.timeout, stream.next()).await {
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(error))) => return Err(failure::registry(&error, &doing, reference)),
                Ok(None) => return Ok(()),
                Err(_) => {
                    let words = format!("no progress for {} s", self.timeout.as_secs());
                    return Err(explained(Kind::Unreachable, &doing, &words, reference.registry()));
                }
            }
        }
    }

    /// Takes `digest` from the image that has it under the name of `reference`; its tags, and with them the
    /// image, stay. Podman needs no such thing.
    ///
    /// # Errors
    /// The engine's; that no image has it is none.
    pub async fn forget_digest(&self, reference: &Reference, digest: &str) -> Result<()> {
        if self.identity().await?.product == Product::Podman {
            return Ok(());
        }
        let name = format!("{}@{digest}", reference.name());
        match self
            .docker
            .remove_image(&name, None::<RemoveImageOptions>, None)
            .await
        {
            Ok(_) | Err(EngineError::DockerResponseServerError { status_code: 404, .. }) => Ok(()),
            Err(error) => Err(failure::engine(&error, &format!("replace image `{name}`"))),
        }
    }
}

/// Returns the directory below which the storage driver keeps a layer, from where that layer lies:
/// `<data directory>/<driver>/<layer>/diff`.
fn data_directory_of(driver: &DriverData) -> Option<PathBuf> {
    let layer = Path::new(driver.data.get("UpperDir")?);
    let drivers = layer
        .ancestors()
        .find(|path| path.file_name().is_some_and(|name| name == driver.name.as_str()))?;
    drivers.parent().map(Path::to_path_buf)
}

/// Joins what engines and registries tell of a platform to `os/architecture[/variant]`.
fn platform_name(parts: [Option<String>; 3]) -> String {
    let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("/")
}

/// Returns the refusal of an image that its registry has for `has` alone.
#[must_use]
pub fn other_platform(reference: &Reference, wanted: &str, has: &str) -> Error {
    Error::new(
        Kind::NotFound,
        format!("the registry has `{reference}` for `{has}`, not for `{wanted}`"),
    )
    .with_remedy("set `platform` to one that the image is made for, or choose another image")
}

fn authentication(credentials: &Credentials, reference: &Reference) -> DockerCredentials {
    let mut authentication = DockerCredentials {
        serveraddress: Some(reference.registry().to_owned()),
        ..DockerCredentials::default()
    };
    match credentials {
        Credentials::Password { username, password } => {
            authentication.username = Some(username.clone());
            authentication.password = Some(password.expose().to_owned());
        }
        Credentials::IdentityToken(token) => {
            authentication.identitytoken = Some(token.expose().to_owned());
        }
    }
    authentication
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_is_silent_is_looked_at_where_it_is_started() {
        for (socket, command) in [
            ("/var/run/docker.sock", "`systemctl status docker`"),
            ("/run/user/1000/docker.sock", "`systemctl --user status docker`"),
            ("/run/podman/podman.sock", "`systemctl status podman.socket`"),
            (
                "/run/user/1000/podman/podman.sock",
                "`systemctl --user status podman.socket`",
            ),
        ] {
            let remedy = look_at(Path::new(socket));
            assert!(remedy.contains(command), "{socket}: {remedy}");
        }
    }

    #[test]
    fn a_layer_tells_where_the_engine_keeps_its_data() {
        for (name, data, expected) in [
            (
                "overlay2",
                Some("/var/lib/docker/overlay2/a1/diff"),
                Some("/var/lib/docker"),
            ),
            (
                "overlay2",
                Some("/srv/docker/100000.100000/overlay2/a1/diff"),
                Some("/srv/docker/100000.100000"),
            ),
            (
                "overlay",
                Some("/var/lib/containers/storage/overlay/a1/diff"),
                Some("/var/lib/containers/storage"),
            ),
            ("overlayfs", Some("/var/lib/somewhere/else"), None),
            ("vfs", None, None),
        ] {
            let data = data.map(|path| ("UpperDir".to_owned(), path.to_owned()));
            let driver = DriverData {
                name: name.to_owned(),
                data: data.into_iter().collect(),
            };
            assert_eq!(
                data_directory_of(&driver).as_deref(),
                expected.map(Path::new),
                "{driver:?}"
            );
        }
    }
}
