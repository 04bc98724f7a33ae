//! What has to be done for a build: nothing, a new run, or to see one through that was begun. Pure.

use std::path::Path;
use std::time::SystemTime;

use serde_json::json;

use super::desired::Desired;
use super::inputs::Inputs;
use super::labels::{Labels, container_name};
use super::observed::Observed;
use super::record::{Delivery, Record, Run, State as Recorded};
use super::{user, watch};
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
    /// Of the build that the step is about: one that was begun keeps its own.
    pub inputs: Inputs,
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
            now: observed.moment,
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
                difference: situation.difference(&situation.inputs_of(&step)),
            });
        }
        let mut warnings = situation.warnings(&step);
        if matches!(step, Step::Start(_) | Step::Fresh) {
            warnings.extend(observed.decision.warning.clone());
        }
        Ok(Self {
            changes,
            warnings,
            leftovers: match step {
                Step::Fresh => situation.leftovers(),
                _ => None,
            },
            inputs: situation.inputs_of(&step),
            step,
        })
    }
}

/// What a container of this build is, by what went into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    /// The build as it would be now.
    Same,
    /// The same but for the image, of which there is another by now.
    OtherImage,
    Other,
}

/// All that the step depends on.
struct Situation<'a> {
    desired: &'a Desired,
    inputs: &'a Inputs,
    container: Option<&'a Container>,
    record: Option<&'a Record>,
    damage: Option<&'a str>,
    now: SystemTime,
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
        let is_this_build = self.relation(&labels) != Relation::Other;
        match container.state {
            State::Running if !is_this_build => Err(self.other_inputs(&labels)),
            // One that has had its time is stopped, even if nobody waits for it.
            State::Running if self.desired.wait || self.is_overdue(container) => {
                Ok(Step::TakeUp(container.clone()))
            }
            State::Running => Ok(Step::Runs(container.clone())),
            // Its end was not seen yet by anybody.
            State::Ended if is_this_build && !self.desired.force && !self.was_seen(&labels) => {
                Ok(Step::TakeUp(container.clone()))
            }
            State::Ended | State::Created => Ok(start_or_fresh(reasons)),
        }
    }

    /// Tags move while a build runs, and what it makes is none the worse for it: it is judged by what it began with.
    fn relation(&self, labels: &Labels) -> Relation {
        if labels.fingerprint == self.inputs.fingerprint() {
            return Relation::Same;
        }
        let is_same = |run: &Run| {
            let before = Inputs::from(&run.inputs);
            run.image.reference == self.desired.image().to_string()
                && before.fingerprint() == labels.fingerprint
                && self.desired.inputs(before.image()) == before
        };
        match self.run_of(labels).is_some_and(is_same) {
            true => Relation::OtherImage,
            false => Relation::Other,
        }
    }

    /// Returns what is remembered of the run whose container has these labels.
    fn run_of(&self, labels: &Labels) -> Option<&Run> {
        self.record
            .map(|record| &record.run)
            .filter(|run| run.invocation == labels.invocation)
    }

    fn is_overdue(&self, container: &Container) -> bool {
        watch::age(container, self.now) >= self.desired.build_timeout
    }

    fn inputs_of(&self, step: &Step) -> Inputs {
        let (Step::TakeUp(container) | Step::Runs(container)) = step else {
            return self.inputs.clone();
        };
        Labels::read(&container.labels)
            .and_then(|labels| self.run_of(&labels).map(|run| Inputs::from(&run.inputs)))
            .unwrap_or_else(|| self.inputs.clone())
    }

    fn warnings(&self, step: &Step) -> Vec<String> {
        let Some((container, labels)) = self.own_container() else {
            return Vec::new();
        };
        let (name, image) = (self.desired.place.name(), self.desired.image());
        let is_lost = container.state == State::Ended && !self.was_seen(&labels);
        let warning = match step {
            Step::TakeUp(_) | Step::Runs(_) if self.relation(&labels) == Relation::OtherImage => format!(
                "the build of `{name}` was begun in another image than `{image}` is by now; run it again when it \
                 has ended, and it is built in that one"
            ),
            Step::Start(_) if is_lost => format!(
                "{}; it goes, with what it left, for the build that starts now",
                self.uncollected(container, &labels)
            ),
            Step::Fresh if is_lost => format!(
                "{}; run it with those inputs to collect what it left, or remove it with `docker rm {}`",
                self.uncollected(container, &labels),
                container_name(name)
            ),
            _ => return Vec::new(),
        };
        vec![warning]
    }

    /// Says which build it is that ended and whose end nobody saw.
    fn uncollected(&self, container: &Container, labels: &Labels) -> String {
        let changes = self
            .run_of(labels)
            .map(|run| self.inputs.changes(&run.inputs))
            .unwrap_or_default();
        let why = match changes.as_slice() {
            _ if self.relation(labels) != Relation::Other => String::new(),
            [] => ", with other inputs".to_owned(),
            some => format!(", with other inputs ({})", some.join(", ")),
        };
        format!(
            "an earlier build of `{}` ended with exit code {} and was never collected{why}",
            self.desired.place.name(),
            container.exit_code
        )
    }

    /// Returns the container, where it is this build's.
    fn own_container(&self) -> Option<(&Container, Labels)> {
        let container = self.container?;
        let labels = Labels::read(&container.labels).filter(|labels| self.is_ours(labels))?;
        Some((container, labels))
    }

    /// Returns why the build has to run; nothing speaks for it where what it would make is there.
    fn reasons(&self) -> Result<Vec<String>> {
        if self.desired.force {
            return Ok(vec!["it was forced".to_owned()]);
        }
        let Some(delivery) = self.record.and_then(|record| record.delivery.as_ref()) else {
            let unreadable = self.damage.map(str::to_owned);
            return Ok(vec![
                unreadable.unwrap_or_else(|| "it was not built before".to_owned()),
            ]);
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

    fn other_inputs(&self, labels: &Labels) -> Error {
        let name = self.desired.place.name();
        let container = container_name(name);
        let changes = self
            .run_of(labels)
            .map(|run| self.inputs.changes(&run.inputs))
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
    fn difference(&self, inputs: &Inputs) -> Difference {
        let before = self
            .record
            .and_then(|record| record.delivery.as_ref())
            .map(|delivery| &delivery.inputs);
        Difference::new(
            format!("build {}", self.desired.place.name()),
            before.map_or_else(|| json!({}), |inputs| json!(inputs)),
            json!(inputs.as_map()),
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
