//! Networks by their names, of which an engine may have several.
//!
//! Owns these requests. Docker before API 1.44 makes a second network of a name where two are asked for at once, as by a
//! run that was killed while it asked and the one after it; by its name neither is found then, hence the list.

use std::io;

use bollard::errors::Error as EngineError;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::timeout as within;

use super::{Engine, failure, request};
use crate::error::Result;

/// On every network that this program makes; its value is the version that made it.
const OURS: &str = "io.goldentooth.cross_compile";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    pub id: String,
    /// Whether this program made it.
    pub is_ours: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    name: String,
    id: String,
    #[serde(default)]
    created: String,
    labels: Option<Map<String, Value>>,
}

impl Engine {
    /// Returns the networks of this name, the oldest first.
    ///
    /// # Errors
    /// The engine's.
    pub async fn networks(&self, name: &str) -> Result<Vec<Network>> {
        // The engine takes the name for a part of one, and a name holds nothing that an address could not.
        let path = format!("/networks?filters=%7B%22name%22%3A%5B%22{name}%22%5D%7D");
        let answer = within(self.timeout, request::get(&self.socket, &path)).await;
        let listed: std::result::Result<Vec<Answer>, EngineError> = body(answer).and_then(|body| {
            serde_json::from_slice(&body).map_err(|error| EngineError::IOError {
                err: io::Error::other(error),
            })
        });
        let mut listed =
            listed.map_err(|error| failure::engine(&error, &format!("look for network `{name}`")))?;
        listed.retain(|network| network.name == name);
        // As RFC 3339 has times, the order of the texts is that of the times.
        listed.sort_by(|one, other| (&one.created, &one.id).cmp(&(&other.created, &other.id)));
        Ok(listed
            .into_iter()
            .map(|network| Network {
                id: network.id,
                is_ours: network.labels.is_some_and(|labels| labels.contains_key(OURS)),
            })
            .collect())
    }

    /// Creates a bridge network.
    ///
    /// # Errors
    /// The engine's; that somebody else created it meanwhile is none.
    pub async fn create_network(&self, name: &str) -> Result<()> {
        // Bollard's type has no place for the check, which newer engines make by themselves.
        let wanted = json!({
            "Name": name,
            "Driver": "bridge",
            "Labels": { OURS: env!("CARGO_PKG_VERSION") },
            "CheckDuplicate": true,
        });
        let answer = request::post(&self.socket, "/networks/create", &wanted);
        let Err(error) = body(within(self.timeout, answer).await) else {
            return Ok(());
        };
        // Docker has a status for a network that is there meanwhile, Podman does not.
        match self.networks(name).await {
            Ok(networks) if !networks.is_empty() => Ok(()),
            _ => Err(failure::engine(&error, &format!("create network `{name}`"))),
        }
    }

    /// Removes a network. That it is gone is no error.
    ///
    /// # Errors
    /// The engine's, also where something is connected to it.
    pub async fn remove_network(&self, id: &str) -> Result<()> {
        match self.docker.remove_network(id).await {
            Ok(()) | Err(EngineError::DockerResponseServerError { status_code: 404, .. }) => Ok(()),
            Err(error) => Err(failure::engine(&error, &format!("remove network `{id}`"))),
        }
    }
}

/// Returns the body of a good answer, and every other one as bollard would tell it.
fn body(
    answer: std::result::Result<io::Result<hyper::Response<hyper::body::Bytes>>, tokio::time::error::Elapsed>,
) -> std::result::Result<hyper::body::Bytes, EngineError> {
    let answer = answer
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        .map_err(|err| EngineError::IOError { err })?;
    match answer.status().is_success() {
        true => Ok(answer.into_body()),
        false => Err(EngineError::DockerResponseServerError {
            status_code: answer.status().as_u16(),
            message: request::message(&answer),
        }),
    }
}
