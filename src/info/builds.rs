//! Builds: what is running, and how the last run of each ended.

use std::path::Path;

use serde_json::{Value, json};

use super::unknown;
use crate::builds::labels::Labels;
use crate::builds::place::Place;
use crate::builds::record::{Record, State};
use crate::docker::Container;
use crate::error::{Error, Result};
use crate::resource::images::Access;

/// One build, by what is remembered of it and by its container.
#[derive(Debug, Clone)]
pub struct Build {
    pub name: String,
    pub record: Result<Option<Record>>,
    /// `None` also where the engine could not be asked.
    pub container: Option<Container>,
}

/// Looks for builds that deliver to `artifacts`.
///
/// # Errors
/// The system's, when the records cannot be listed.
pub async fn observe(artifacts: &Path, access: Result<&Access, &Error>) -> Result<Vec<Build>> {
    // That the engine does not answer is told where the engine is told; the records are there all the same.
    let containers = match access {
        Ok(access) => access.engine.containers().await.unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    let mut builds: Vec<Build> = Place::all(artifacts)?
        .iter()
        .map(|place| Build {
            name: place.name().to_owned(),
            record: Record::read(place),
            container: None,
        })
        .collect();
    for container in containers {
        let Some(labels) = Labels::read(&container.labels).filter(|labels| labels.artifacts == artifacts)
        else {
            continue;
        };
        match builds.iter_mut().find(|build| build.name == labels.build) {
            Some(build) => build.container = Some(container),
            None => builds.push(Build {
                name: labels.build,
                record: Ok(None),
                container: Some(container),
            }),
        }
    }
    Ok(builds)
}

impl Build {
    /// Returns what it is doing, or how it ended.
    #[must_use]
    pub fn state(&self) -> &'static str {
        let container = self.container.as_ref();
        if container.is_some_and(Container::is_running) {
            return "running";
        }
        let state = match &self.record {
            Ok(Some(record)) => record.run.state,
            Ok(None) | Err(_) => State::Started,
        };
        match (state, container) {
            // Its container has ended, and the next run of the module collects what it left.
            (State::Started, Some(_)) => "ended",
            (ended, _) => ended.name(),
        }
    }
}

#[must_use]
pub fn report(observed: &Result<Vec<Build>>) -> Value {
    match observed {
        Ok(builds) => builds.iter().map(told).collect(),
        Err(error) => json!([unknown(error)]),
    }
}

fn told(build: &Build) -> Value {
    let container = build
        .container
        .as_ref()
        .map(|container| json!({ "name": container.name, "id": container.id, "state": container.state }));
    let mut told = json!({ "name": build.name, "state": build.state(), "container": container });
    match &build.record {
        Ok(Some(Record { run, delivery })) => {
            for (name, value) in [
                ("reason", json!(run.reason)),
                ("started_on", json!(run.started_on)),
                ("finished_on", json!(run.finished_on)),
                ("exit_code", json!(run.exit_code)),
                ("fingerprint", json!(run.fingerprint)),
                ("image", json!(run.image)),
                ("log", json!(run.log)),
                ("delivery", json!(delivery)),
            ] {
                told[name] = value;
            }
        }
        Ok(None) => {}
        Err(error) => told["error"] = json!(error.to_string()),
    }
    told
}
