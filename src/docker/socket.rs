//! Which socket the engine listens on.
//!
//! Pure: what is asked for, the environment and what exists come in; a path or a refusal comes out. A socket
//! that exists but does not answer is an error elsewhere, never a reason to take the next.

use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};

/// What choosing a socket depends on besides the `docker_host` option.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The environment variable `DOCKER_HOST`, unless empty.
    pub docker_host: Option<String>,
    /// The environment variable `XDG_RUNTIME_DIR`, unless empty.
    pub runtime_directory: Option<PathBuf>,
    pub uid: u32,
}

impl Surroundings {
    #[must_use]
    pub fn read() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            docker_host: variable("DOCKER_HOST"),
            runtime_directory: variable("XDG_RUNTIME_DIR").map(PathBuf::from),
            uid: rustix::process::geteuid().as_raw(),
        }
    }
}

/// Returns the socket to connect to.
///
/// # Errors
/// `Invalid` for an address that is not a local socket; `NotFound`, naming what was tried, where there is none.
pub fn choose(
    option: Option<&str>,
    surroundings: &Surroundings,
    exists: impl Fn(&Path) -> bool,
) -> Result<PathBuf> {
    if let Some(address) = option {
        return local(address, "docker_host");
    }
    if let Some(address) = &surroundings.docker_host {
        return local(address, "DOCKER_HOST");
    }
    let candidates = candidates(surroundings);
    candidates.iter().find(|path| exists(path)).cloned().ok_or_else(|| {
        let tried: Vec<String> = candidates.iter().map(|path| format!("`{}`", path.display())).collect();
        Error::new(Kind::NotFound, format!("found no container engine: tried {}", tried.join(", ")))
            .with_remedy(
                "install and start Docker Engine or Podman's socket (`systemctl enable --now podman.socket`), \
                 or set `docker_host` to its socket",
            )
    })
}

/// Returns the sockets of Docker, rootless Docker, Podman and rootless Podman, in this order.
fn candidates(surroundings: &Surroundings) -> Vec<PathBuf> {
    let runtime = surroundings
        .runtime_directory
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("/run/user/{}", surroundings.uid)));
    vec![
        PathBuf::from("/var/run/docker.sock"),
        runtime.join("docker.sock"),
        PathBuf::from("/run/podman/podman.sock"),
        runtime.join("podman/podman.sock"),
    ]
}

fn local(address: &str, source: &str) -> Result<PathBuf> {
    let refused = |cause: String| {
        Error::new(Kind::Invalid, cause)
            .with_remedy("give a local socket, such as `unix:///var/run/docker.sock`")
    };
    let Some((scheme, rest)) = address.split_once("://") else {
        return Err(refused(format!(
            "`{source}` must start with `unix://`, got `{address}`"
        )));
    };
    match scheme {
        "unix" if rest.starts_with('/') => Ok(PathBuf::from(rest)),
        "unix" => Err(refused(format!(
            "`{source}` must name an absolute path, got `{address}`"
        ))),
        // What follows the scheme may hold a password.
        _ => Err(refused(format!(
            "`{source}` names an engine by `{scheme}://`, which is not supported"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings(docker_host: Option<&str>) -> Surroundings {
        Surroundings {
            docker_host: docker_host.map(str::to_owned),
            runtime_directory: None,
            uid: 1000,
        }
    }

    #[test]
    fn option_comes_before_environment_before_what_exists() {
        let podman = |path: &Path| path.ends_with("podman/podman.sock");
        for (option, environment, expected) in [
            (Some("unix:///a.sock"), Some("unix:///b.sock"), "/a.sock"),
            (None, Some("unix:///b.sock"), "/b.sock"),
            (None, None, "/run/podman/podman.sock"),
        ] {
            assert_eq!(
                choose(option, &surroundings(environment), podman),
                Ok(PathBuf::from(expected))
            );
        }
    }

    #[test]
    fn sockets_are_tried_in_order() {
        for existing in [
            "/var/run/docker.sock",
            "/run/user/1000/docker.sock",
            "/run/podman/podman.sock",
            "/run/user/1000/podman/podman.sock",
        ] {
            let chosen = choose(None, &surroundings(None), |path| path >= Path::new(existing));
            assert!(chosen.is_ok());
            let only = choose(None, &surroundings(None), |path| path == Path::new(existing));
            assert_eq!(only, Ok(PathBuf::from(existing)));
        }
        let both = choose(None, &surroundings(None), |path| {
            path.ends_with("docker.sock") || path.ends_with("podman.sock")
        });
        assert_eq!(both, Ok(PathBuf::from("/var/run/docker.sock")));
    }

    #[test]
    fn no_engine_names_every_socket_tried() {
        let error = choose(None, &surroundings(None), |_| false).unwrap_err();
        for path in ["/var/run/docker.sock", "/run/user/1000/podman/podman.sock"] {
            assert!(error.cause().contains(path), "{error}");
        }
        assert!(error.remedy().unwrap().contains("docker_host"));
    }

    #[test]
    fn other_schemes_are_refused_by_name_without_what_they_carry() {
        for (address, named) in [
            ("tcp://user:pw@1.2.3.4:2375", "`tcp://`"),
            ("ssh://root@host", "`ssh://`"),
            ("/var/run/docker.sock", "`unix://`"),
            ("unix://relative", "absolute"),
        ] {
            let error = choose(Some(address), &surroundings(None), |_| true).unwrap_err();
            assert_eq!(error.kind(), Kind::Invalid);
            assert!(error.cause().contains(named), "{error}");
            assert!(!error.cause().contains("pw"), "{error}");
        }
    }
}
