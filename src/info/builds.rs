//! Builds: what is running, and how the last run of each ended.

use std::path::Path;

use serde_json::{Value, json};

use super::unknown;
use crate::builds::labels::Labels;
use crate::builds::place::Place;
use crate::builds::record::{Record, State};
use crate::docker::Container;
use crate::docker::containers::{Container as Ended, State as ContainerState};
use crate::error::{Error, Result};
use crate::resource::images::Access;

/// One build, by what is remembered of it and by its container.
#[derive(Debug, Clone)]
pub struct Build {
    pub name: String,
    pub record: Result<Option<Record>>,
    /// `None` also where the engine could not be asked.
    pub container: Option<Container>,
    /// How the container ended, where no run of the module has seen that.
    unseen: Option<Ended>,
    /// Whether the engine could be asked.
    is_asked: bool,
    /// Whether there is a log yet.
    has_log: bool,
}

/// Looks for builds that deliver to `artifacts`.
///
/// # Errors
/// The system's, when the records cannot be listed.
pub async fn observe(artifacts: &Path, access: Result<&Access, &Error>) -> Result<Vec<Build>> {
    // That the engine does not answer is told where the engine is told; the records are there all the same.
    let containers = match access {
        Ok(access) => access.engine.containers().await.ok(),
        Err(_) => None,
    };
    let build = |name: String, record: Result<Option<Record>>| Build {
        has_log: match &record {
            Ok(Some(record)) => record.run.log.path.exists(),
            _ => false,
        },
        name,
        record,
        container: None,
        unseen: None,
        is_asked: containers.is_some(),
    };
    let mut builds: Vec<Build> = Place::all(artifacts)?
        .iter()
        .map(|place| build(place.name().to_owned(), Record::read(place)))
        .collect();
    for container in containers.iter().flatten() {
        let Some(labels) = Labels::read(&container.labels).filter(|labels| labels.artifacts == artifacts)
        else {
            continue;
        };
        let position = builds.iter().position(|build| build.name == labels.build);
        let position = position.unwrap_or_else(|| {
            builds.push(build(labels.build.clone(), Ok(None)));
            builds.len() - 1
        });
        let build = &mut builds[position];
        build.container = Some(container.clone());
        if let Ok(access) = access
            && !container.is_running()
            && !build.was_seen(&labels)
        {
            let inspected = access.engine.container(&container.id).await;
            build.unseen = inspected
                .ok()
                .flatten()
                .filter(|container| container.state == ContainerState::Ended);
        }
    }
    Ok(builds)
}

impl Build {
    fn was_seen(&self, labels: &Labels) -> bool {
        matches!(&self.record, Ok(Some(record))
            if record.run.state != State::Started && record.run.invocation == labels.invocation)
    }

    /// Returns what it is doing, or how it ended.
    #[must_use]
    pub fn state(&self) -> &'static str {
        if self.container.as_ref().is_some_and(Container::is_running) {
            return "running";
        }
        match (&self.unseen, &self.record) {
            // The next run of the module collects what it left, or tells why it failed.
            (Some(ended), _) if ended.exit_code == 0 => "ended_well",
            (Some(_), _) => "ended_badly",
            (None, Ok(Some(record))) if record.run.state != State::Started => record.run.state.name(),
            (None, Ok(Some(_))) if self.is_asked && self.container.is_none() => "lost",
            (None, _) => State::Started.name(),
        }
    }

    /// Returns why it failed.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match (self.state(), &self.unseen, &self.record) {
            ("ended_badly", Some(ended), _) if ended.out_of_memory => Some("it ran out of memory".to_owned()),
            ("ended_badly", Some(ended), _) if !ended.error.is_empty() => Some(ended.error.clone()),
            ("ended_badly", Some(ended), _) => Some(format!("exit code {}", ended.exit_code)),
            ("lost", _, _) => Some("its container is gone, and nobody saw how it ended".to_owned()),
            ("failed", _, Ok(Some(record))) => record.run.reason.clone(),
            _ => None,
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
                ("started_on", json!(run.started_on)),
                ("finished_on", json!(run.finished_on)),
                ("exit_code", json!(run.exit_code)),
                ("fingerprint", json!(run.fingerprint)),
                ("image", json!(run.image)),
                ("log", json!(Some(&run.log).filter(|_| build.has_log))),
                ("delivery", json!(delivery)),
            ] {
                told[name] = value;
            }
        }
        Ok(None) => {}
        Err(error) => told["error"] = json!(error.to_string()),
    }
    if let Some(ended) = &build.unseen {
        told["started_on"] = json!(ended.started_on);
        told["finished_on"] = json!(ended.finished_on);
        told["exit_code"] = json!(ended.exit_code);
    }
    told["reason"] = json!(build.reason());
    told
}
