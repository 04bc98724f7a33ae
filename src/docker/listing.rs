//! All containers of an engine.
//!
//! Owns the few fields of the list that matter here. Nothing but the identity of things is compared, so the
//! states of containers stay the words that the engine has for them.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout as within;

use super::{Engine, bare, request};
use crate::error::{Error, Kind, Result, reason};

/// A container, running or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    pub id: String,
    /// Without the slash that engines put before it.
    pub name: String,
    pub image_id: String,
    /// `running`, `exited`, or another word of the engine.
    pub state: String,
    pub labels: HashMap<String, String>,
    /// What of the host it sees.
    pub sources: Vec<PathBuf>,
}

impl Container {
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.state.as_str(), "running" | "paused" | "restarting")
    }

    /// Tells whether it was ever started.
    #[must_use]
    pub fn has_run(&self) -> bool {
        !matches!(self.state.as_str(), "created" | "configured" | "initialized")
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawContainer {
    id: String,
    names: Option<Vec<String>>,
    #[serde(rename = "ImageID")]
    image_id: Option<String>,
    state: Option<String>,
    labels: Option<HashMap<String, String>>,
    mounts: Option<Vec<RawMount>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawMount {
    source: Option<String>,
}

impl Engine {
    /// Returns all containers, those that have ended among them.
    ///
    /// # Errors
    /// The engine's.
    pub async fn containers(&self) -> Result<Vec<Container>> {
        let answer: Vec<RawContainer> = self.list("/containers/json?all=true", "list containers").await?;
        Ok(answer.into_iter().map(container).collect())
    }

    pub(super) async fn list<T: DeserializeOwned>(&self, path: &str, doing: &str) -> Result<T> {
        let failed = |words: &str| {
            Error::new(Kind::Unreachable, format!("cannot {doing}: {words}"))
                .with_remedy("see the engine's log on the host")
        };
        let answer = within(self.timeout, request::get(&self.socket, path))
            .await
            .map_err(|_| failed(&format!("no answer for {} s", self.timeout.as_secs())))?
            .map_err(|error| failed(&reason(&error)))?;
        if !answer.status().is_success() {
            let words = String::from_utf8_lossy(answer.body());
            return Err(failed(&format!("status {}: {}", answer.status(), words.trim())));
        }
        serde_json::from_slice(answer.body()).map_err(|error| failed(&error.to_string()))
    }
}

fn container(raw: RawContainer) -> Container {
    let name = raw.names.iter().flatten().next();
    Container {
        name: name
            .map(|name| name.trim_start_matches('/').to_owned())
            .unwrap_or_default(),
        image_id: raw.image_id.map(|id| bare(&id)).unwrap_or_default(),
        state: raw.state.unwrap_or_default().to_ascii_lowercase(),
        labels: raw.labels.unwrap_or_default(),
        sources: raw
            .mounts
            .into_iter()
            .flatten()
            .filter_map(|mount| mount.source)
            .filter(|source| source.starts_with('/'))
            .map(PathBuf::from)
            .collect(),
        id: raw.id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_engines_leave_out_or_call_nothing_is_nothing() {
        let raw = r#"{"Id":"c","Names":["/x"],"ImageID":"sha256:1","State":"stopped",
            "Mounts":[{"Source":"/srv/a","Type":"bind"},{"Source":"volume"},{}]}"#;
        let listed = container(serde_json::from_str(raw).unwrap());
        assert_eq!((listed.name.as_str(), listed.image_id.as_str()), ("x", "1"));
        assert_eq!(listed.sources, [PathBuf::from("/srv/a")]);
        assert!(!listed.is_running() && listed.has_run());
    }
}
