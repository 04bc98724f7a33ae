//! Carrying out the plan of a build: pull, directories, container, watching, collecting.
//!
//! Owns what is remembered at each step, so that whoever comes after an end of any kind knows what there is to do:
//! a run stays `started` until its end was seen and told.

use std::time::Duration;

use super::deliver::Order;
use super::desired::Desired;
use super::inputs::Inputs;
use super::labels::Labels;
use super::log::Log;
use super::observed::Observed;
use super::outcome::{self, Circumstances};
use super::plan::{Change, Leftovers, Plan, Step};
use super::record::{self, Record, State};
use super::start::{self, Image};
use super::watch::Watch;
use crate::context::Context;
use crate::docker::Engine;
use crate::docker::containers::Container;
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::journal::Entry;
use crate::threads;

/// Carries out `plan` and returns what is remembered of the build then.
///
/// # Errors
/// Whatever stopped it; the journal says what was done.
pub async fn apply(
    plan: &Plan,
    desired: &Desired,
    observed: &Observed,
    context: &Context,
) -> Result<Option<Record>> {
    let engine = &observed.access.engine;
    let apply = Apply {
        plan,
        desired,
        engine,
        context,
    };
    let record = match &plan.step {
        Step::Fresh => {
            if let Some(leftovers) = &plan.leftovers {
                apply.tidy(leftovers).await?;
            }
            return Ok(observed.record.clone());
        }
        Step::Runs(_) => return Ok(observed.record.clone()),
        Step::Start(_) => {
            let digest = apply.prepare(observed).await?;
            let (inputs, image) = apply.image(observed, digest).await?;
            // From here on something runs that outlasts this process.
            let promise = context.ending.promise();
            let record = start::start(
                desired,
                &inputs,
                &image,
                observed.container.as_ref(),
                observed.record.as_ref(),
                engine,
            )
            .await?;
            if !desired.wait {
                apply.told();
                return Ok(Some(record));
            }
            drop(promise);
            record
        }
        Step::TakeUp(container) => apply.taken_up(observed, container).await?,
    };
    let record = apply.see_through(record).await?;
    apply.told();
    Ok(Some(record))
}

struct Apply<'a> {
    plan: &'a Plan,
    desired: &'a Desired,
    engine: &'a Engine,
    context: &'a Context,
}

impl Apply<'_> {
    /// Makes what a build needs; returns the digest of the image where it was pulled.
    async fn prepare(&self, observed: &Observed) -> Result<Option<String>> {
        let mut digest = None;
        for (position, change) in self.plan.changes.iter().enumerate() {
            match change {
                Change::Image(pull) => {
                    let auth = self.desired.images.registry_auth.as_ref();
                    digest = Some(pull.apply(auth, &observed.access).await?.digest);
                }
                Change::Directory(directory) => directory.apply()?,
                Change::Build { .. } => continue,
            }
            self.record(position, change);
        }
        Ok(digest)
    }

    /// Returns the image as it is after any pull, and the inputs that follow from it.
    async fn image(&self, observed: &Observed, pulled: Option<String>) -> Result<(Inputs, Image)> {
        let reference = self.desired.image();
        let local = self.engine.image(reference).await?.ok_or_else(|| {
            Error::new(Kind::NotFound, format!("image `{reference}` went away"))
                .with_remedy("find out who removes images on this host, then run again")
        })?;
        let inputs = match &pulled {
            // A tag may have moved between asking and pulling.
            Some(digest) => self.desired.inputs(digest),
            None => observed.inputs.clone(),
        };
        let known = Some(inputs.image().to_owned());
        let described = record::Image {
            reference: reference.to_string(),
            digest: known.filter(|digest| *digest != local.id),
            id: local.id,
        };
        Ok((
            inputs,
            Image {
                described,
                user: local.user,
            },
        ))
    }

    /// Returns what is remembered of the run in `container`; where that was lost, the labels tell enough.
    async fn taken_up(&self, observed: &Observed, container: &Container) -> Result<Record> {
        let labels = Labels::read(&container.labels);
        let invocation = labels.map(|labels| labels.invocation).unwrap_or_default();
        match &observed.record {
            Some(record) if record.run.invocation == invocation => Ok(record.clone()),
            other => {
                let (inputs, image) = self.image(observed, None).await?;
                let run = start::run(self.desired, &inputs, &image, invocation, &container.id);
                let delivery = other.as_ref().and_then(|record| record.delivery.clone());
                Ok(Record { run, delivery })
            }
        }
    }

    /// Waits for the end, and collects.
    async fn see_through(&self, mut record: Record) -> Result<Record> {
        let place = &self.desired.place;
        let promise = self.context.ending.promise();
        files::create_directory(&place.directory(), 0o755, None, None)?;
        let mut log = Log::create(place)?;
        let watch = Watch {
            engine: self.engine,
            ending: &self.context.ending,
            limit: self.desired.build_timeout,
            patience: self.desired.timeout.max(Duration::from_secs(10)),
        };
        let end = match watch.until_the_end(&record.run.container.id, &mut log).await {
            Ok(end) => end,
            Err(error) if error.kind() == Kind::NotFound => {
                return Err(self.failed(record, error, None).await);
            }
            Err(error) => return Err(error),
        };
        drop(promise);
        let run = &mut record.run;
        run.started_on.clone_from(&end.container.started_on);
        run.finished_on.clone_from(&end.container.finished_on);
        run.exit_code = Some(end.container.exit_code);
        run.log = log.describe();
        if let Some(error) = log.failure() {
            run.log.sha256 = None;
            self.context
                .journal
                .warn(format!("the build's log is not whole: {error}"));
        }
        if let Some(error) = self.failure(&end, &log) {
            return Err(self.failed(record, error, Some(&end.container)).await);
        }
        let delivered = match Order::new(self.desired, &record.run) {
            Ok(order) => threads::run(move || order.carry_out()).await,
            Err(error) => Err(error),
        };
        match delivered {
            Ok(delivery) => record.delivery = Some(delivery),
            Err(error) => return Err(self.failed(record, error, Some(&end.container)).await),
        }
        record.run.state = State::Succeeded;
        record.write(place)?;
        // A kill from here on leaves what the next run finds as leftovers.
        let container = Some(end.container.id);
        self.tidy(&Leftovers { container }).await?;
        Ok(record)
    }

    /// Takes away what a delivered build no longer needs.
    async fn tidy(&self, leftovers: &Leftovers) -> Result<()> {
        if let Some(id) = &leftovers.container {
            self.engine.remove_container(id).await?;
        }
        let place = self.desired.place.clone();
        threads::run(move || start::clear(&place)).await
    }

    fn failure(&self, end: &super::watch::End, log: &Log) -> Option<Error> {
        let place = &self.desired.place;
        let staging = place.staging();
        let container = super::labels::container_name(place.name());
        // Measuring is for the message alone.
        let spaces: Vec<_> = [staging.as_path(), self.desired.cache.as_path()]
            .into_iter()
            .filter_map(|path| Some((path, files::space(path).ok()?)))
            .collect();
        let variables = &self.desired.variables;
        let tail: Vec<String> = log.tail().iter().map(|line| variables.concealed(line)).collect();
        outcome::failure(
            end,
            &Circumstances {
                name: place.name(),
                container: &container,
                log: &place.log(),
                tail: &tail,
                memory: self.desired.confinement.memory,
                limit: self.desired.build_timeout.as_secs(),
                spaces: &spaces,
                is_kept: self.desired.keep_failed,
            },
        )
    }

    /// Remembers that the run failed, tells what is left of it, and tidies up where that is wanted.
    async fn failed(&self, mut record: Record, error: Error, container: Option<&Container>) -> Error {
        let place = &self.desired.place;
        record.run.state = State::Failed;
        record.run.reason = Some(error.cause().to_owned());
        let mut problems = Vec::new();
        problems.extend(record.write(place).err());
        if !self.desired.keep_failed {
            if let Some(container) = container {
                problems.extend(self.engine.remove_container(&container.id).await.err());
            }
            let place = place.clone();
            problems.extend(threads::run(move || start::clear(&place)).await.err());
        }
        // What failed first is the failure; what failed on top of it is worth a warning.
        for problem in problems {
            self.context.journal.warn(problem.to_string());
        }
        for (name, value) in super::report::of_run(&record.run) {
            self.context.journal.tell(name, value);
        }
        error
    }

    /// Records the build itself as done.
    fn told(&self) {
        for (position, change) in self.plan.changes.iter().enumerate() {
            if matches!(change, Change::Build { .. }) {
                self.record(position, change);
            }
        }
    }

    fn record(&self, position: usize, change: &Change) {
        self.context.journal.record(Entry {
            position,
            actions: vec![change.action()],
            difference: change.difference(),
        });
    }
}
