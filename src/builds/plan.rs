//! What has to be done for a build: nothing, a new run, or to see one through that was begun. Pure.

use std::path::Path;

use serde_json::json;

use super::desired::Desired;
use super::inputs::Inputs;
use super::labels::{Labels, container_name};
use super::observed::Observed;
use super::record::{Delivery, Record, State as Recorded};
use super::user;
use crate::artifacts::patterns::Patterns;
use crate::difference::Difference;
use crate::docker::containers::{Container, State};
use crate::error::{Error, Kind, Result};
use crate::facts::Facts;
use crate::resource::{directories, images};

/// What becomes of the build itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// What it would make is there.
    Fresh,
    /// It runs, and nobody waits for it.
    Runs(Container),
    /// It is started, for these reasons.
    Start(Vec<String>),
    /// It was started before; what is left to do is to wait for its end, if need be, and to collect.
    TakeUp(Container),
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    Image(images::Change),
    Directory(directories::Change),
    Build { action: String, difference: Difference },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub step: Step,
    pub changes: Vec<Change>,
    pub warnings: Vec<String>,
    /// What was delivered and is no longer needed.
    pub leftovers: Option<Leftovers>,
}

/// What a run leaves that is killed after it remembered its success: staging, and the container that made it. That
/// they go is no change, since the delivery is what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftovers {
    /// The container's id, where it is still there.
    pub container: Option<String>,
}

impl Change {
    /// Returns its sentence, the same in check mode and in the run.
    #[must_use]
    pub fn action(&self) -> String {
        match self {
            Self::Image(change) => change.action(),
            Self::Directory(change) => change.action(),
            Self::Build { action, .. } => action.clone(),
        }
    }

    #[must_use]
    pub fn difference(&self) -> Difference {
        match self {
            Self::Image(change) => change.difference(),
            Self::Directory(change) => change.difference(),
            Self::Build { difference, .. } => difference.clone(),
        }
    }
}

impl Plan {
    /// # Errors
    /// `Refused` where a container is in the way that is not ours to remove.
    pub fn new(desired: &Desired, observed: &Observed, facts: &Facts) -> Result<Self> {
        let situation = Situation {
            desired,
            inputs: &observed.inputs,
            container: observed.container.as_ref(),
            record: observed.record.as_ref(),
            damage: observed.damage.as_deref(),
        };
        let step = situation.step()?;
        let mut changes = Vec::new();
        if matches!(step, Step::Start(_)) {
            if let (None, Some(user)) = (&desired.confinement.user, &observed.user) {
                user::of_image(&desired.image().to_string(), user)?;
            }
            changes.extend(observed.decision.change.clone().map(Change::Image));
            for (directory, observed) in desired.directories().iter().zip(&observed.directories) {
                changes.extend(directories::plan(directory, observed, facts)?.map(Change::Directory));
            }
        }
        if matches!(step, Step::Start(_) | Step::TakeUp(_)) {
            changes.push(Change::Build {
                action: situation.action(&step),
                difference: situation.difference(),
            });
        }
        let warns = matches!(step, Step::Start(_) | Step::Fresh);
        Ok(Self {
            changes,
            warnings: observed
                .decision
                .warning
                .clone()
                .filter(|_| warns)
                .into_iter()
                .collect(),
            leftovers: match step {
                Step::Fresh => situation.leftovers(),
                _ => None,
            },
            step,
        })
    }
}

/// All that the step depends on.
struct Situation<'a> {
    desired: &'a Desired,
    inputs: &'a Inputs,
    container: Option<&'a Container>,
    record: Option<&'a Record>,
    damage: Option<&'a str>,
}

impl Situation<'_> {
    fn step(&self) -> Result<Step> {
        let reasons = self.reasons()?;
        let Some(container) = self.container else {
            return Ok(start_or_fresh(reasons));
        };
        let Some(labels) = Labels::read(&container.labels) else {
            return self.in_the_way(&reasons, "it is not a build of ours");
        };
        if !self.is_ours(&labels) {
            let whose = format!(
                "it builds `{}` into `{}`",
                labels.build,
                labels.artifacts.display()
            );
            return self.in_the_way(&reasons, &whose);
        }
        let is_this_build = labels.fingerprint == self.inputs.fingerprint();
        match container.state {
            State::Running if !is_this_build => Err(self.other_inputs()),
            State::Running if self.desired.wait => Ok(Step::TakeUp(container.clone())),
            State::Running => Ok(Step::Runs(container.clone())),
            // Its end was not seen yet by anybody.
            State::Ended if is_this_build && !self.desired.force && !self.was_seen(&labels) => {
                Ok(Step::TakeUp(container.clone()))
            }
            State::Ended | State::Created => Ok(start_or_fresh(reasons)),
        }
    }

    /// Returns why the build has to run; nothing speaks for it where what it would make is there.
    fn reasons(&self) -> Result<Vec<String>> {
        if self.desired.force {
            return Ok(vec!["it was forced".to_owned()]);
        }
        let Some(delivery) = self.record.and_then(|record| record.delivery.as_ref()) else {
            return Ok(vec!["it was not built before".to_owned()]);
        };
        let mut reasons = self.inputs.changes(&delivery.inputs);
        reasons.extend(self.damage.map(str::to_owned));
        if reasons.is_empty() {
            reasons.extend(lacking(self.desired, delivery)?);
        }
        Ok(reasons)
    }

    fn was_seen(&self, labels: &Labels) -> bool {
        self.record.is_some_and(|record| {
            record.run.invocation == labels.invocation && record.run.state != Recorded::Started
        })
    }

    fn leftovers(&self) -> Option<Leftovers> {
        let run = &self.record?.run;
        (run.state == Recorded::Succeeded).then(|| Leftovers {
            container: self.container.and_then(|container| {
                let labels = Labels::read(&container.labels)?;
                let is_told = container.state == State::Ended && labels.invocation == run.invocation;
                // One that was never started was made by a run that was killed before it.
                let is_unused = container.state == State::Created && self.is_ours(&labels);
                (is_told || is_unused).then(|| container.id.clone())
            }),
        })
    }

    fn is_ours(&self, labels: &Labels) -> bool {
        let place = &self.desired.place;
        labels.is_of(place.name(), place.artifacts())
    }

    fn in_the_way(&self, reasons: &[String], why: &str) -> Result<Step> {
        if reasons.is_empty() {
            return Ok(Step::Fresh);
        }
        let name = container_name(self.desired.place.name());
        Err(
            Error::new(Kind::Refused, format!("container `{name}` is in the way: {why}"))
                .with_remedy(format!("let it finish, and remove it with `docker rm {name}`")),
        )
    }

    fn other_inputs(&self) -> Error {
        let name = self.desired.place.name();
        let container = container_name(name);
        let changes = self
            .record
            .map(|record| self.inputs.changes(&record.run.inputs))
            .unwrap_or_default();
        let told = match changes.as_slice() {
            [] => String::new(),
            some => format!(" ({})", some.join(", ")),
        };
        Error::new(
            Kind::Refused,
            format!("a build of `{name}` is running in `{container}` with other inputs{told}"),
        )
        .with_remedy(format!("let it finish, or end it with `docker stop {container}`"))
    }

    fn action(&self, step: &Step) -> String {
        let (name, image) = (self.desired.place.name(), self.desired.image());
        let verb = match self.desired.wait || matches!(step, Step::TakeUp(_)) {
            true => "Built",
            false => "Started to build",
        };
        match step {
            Step::Start(reasons) => format!("{verb} `{name}` in `{image}`: {}", reasons.join(", ")),
            _ => format!("{verb} `{name}` in `{image}`: it was begun before"),
        }
    }

    /// Returns the inputs of what is there and of what will be.
    fn difference(&self) -> Difference {
        let before = self
            .record
            .and_then(|record| record.delivery.as_ref())
            .map(|delivery| &delivery.inputs);
        Difference::new(
            format!("build {}", self.desired.place.name()),
            before.map_or_else(|| json!({}), |inputs| json!(inputs)),
            json!(self.inputs.as_map()),
        )
    }
}

fn start_or_fresh(reasons: Vec<String>) -> Step {
    match reasons.is_empty() {
        true => Step::Fresh,
        false => Step::Start(reasons),
    }
}

/// Returns what is expected now and was not delivered then.
fn lacking(desired: &Desired, delivery: &Delivery) -> Result<Vec<String>> {
    let patterns = Patterns::new(&desired.expect)?;
    let paths: Vec<&Path> = delivery
        .artifacts
        .iter()
        .map(|artifact| Path::new(&artifact.path))
        .collect();
    Ok(patterns
        .unmatched(&paths)
        .iter()
        .map(|pattern| format!("`{pattern}` is expected and not there"))
        .collect())
}

#[cfg(test)]
mod tests;
