//! What is there, told and never changed: each part by itself, so that one that cannot be looked at hides no other.
//!
//! Owns which parts there are and what each needs of the others. A part is a file that looks and reports; what went
//! wrong with it stands in its place as `error`. Nothing here takes a lock or writes.

pub mod artifacts;
pub mod builds;
pub mod cache;
pub mod disk;
pub mod engine;
pub mod environment;
pub mod health;
pub mod images;
pub mod toolkit;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use artifacts::Verify;

use crate::arguments::cross_compile_info::Arguments;
use crate::context::Context;
use crate::desired;
use crate::desired::checks::natural;
use crate::error::{Error, Kind, Result};
use crate::facts::Facts;
use crate::files::usage::Measured;
use crate::observed;
use crate::plan::Plan;
use crate::resource::images::{self as image, Pull};
use crate::resource::{Resource, toolkit as checkout};
use crate::retry::Patience;
use crate::secret::Secrets;

/// The parts by the names that the `gather` option gives them, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Environment,
    Engine,
    Images,
    Toolkit,
    Artifacts,
    Disk,
    Cache,
    Builds,
    Health,
}

impl Subject {
    pub const ALL: [Self; 9] = [
        Self::Environment,
        Self::Engine,
        Self::Images,
        Self::Toolkit,
        Self::Artifacts,
        Self::Disk,
        Self::Cache,
        Self::Builds,
        Self::Health,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Engine => "engine",
            Self::Images => "images",
            Self::Toolkit => "toolkit",
            Self::Artifacts => "artifacts",
            Self::Disk => "disk",
            Self::Cache => "cache",
            Self::Builds => "builds",
            Self::Health => "health",
        }
    }

    /// Returns what has to be looked at to tell of it, itself among it.
    fn needs(self) -> &'static [Self] {
        match self {
            Self::Environment => &[Self::Environment, Self::Images, Self::Toolkit],
            Self::Engine => &[Self::Engine],
            Self::Images => &[Self::Images],
            Self::Toolkit => &[Self::Toolkit],
            Self::Artifacts => &[Self::Artifacts],
            Self::Disk => &[Self::Disk],
            Self::Cache => &[Self::Cache],
            Self::Builds => &[Self::Builds],
            Self::Health => &[Self::Engine, Self::Images, Self::Disk, Self::Builds],
        }
    }
}

/// What is to be told, and of what.
#[derive(Debug)]
pub struct Desired {
    subjects: Vec<Subject>,
    min_free_gb: u64,
    verify: Verify,
    /// Where everything is.
    place: desired::Desired,
    /// How everything is to be; its override may fail to render while all else can be told.
    environment: Option<Result<desired::Desired>>,
}

impl Desired {
    /// # Errors
    /// `Invalid`, with the option and its value.
    pub fn new(arguments: &Arguments, facts: &Facts, secrets: &Secrets) -> Result<Self> {
        let subjects: Vec<Subject> = Subject::ALL
            .into_iter()
            .filter(|subject| arguments.own.gather.iter().any(|name| name == subject.name()))
            .collect();
        let mut options = arguments.environment.clone();
        let environment = subjects
            .contains(&Subject::Environment)
            .then(|| desired::Desired::new(&options, facts, secrets));
        options
            .resources
            .retain(|resource| resource != Resource::Override.name());
        Ok(Self {
            min_free_gb: natural(arguments.own.min_free_gb, 0, "min_free_gb")?,
            verify: Verify::from_name(&arguments.own.verify),
            place: desired::Desired::new(&options, facts, secrets)?,
            environment,
            subjects,
        })
    }

    #[must_use]
    pub fn place(&self) -> &desired::Desired {
        &self.place
    }

    fn tells(&self, subject: Subject) -> bool {
        self.subjects.contains(&subject)
    }

    fn needs(&self, subject: Subject) -> bool {
        self.subjects.iter().any(|told| told.needs().contains(&subject))
    }

    /// Returns whether registries are asked what they have: a check that runs often leaves them alone.
    fn asks_registries(&self) -> bool {
        self.tells(Subject::Images) || self.tells(Subject::Environment)
    }
}

/// What was found; what was not needed is `None`, what could not be looked at is its error.
#[derive(Debug, Default)]
pub struct Observed {
    pub engine: Option<Result<engine::Observed>>,
    /// One for each image of the environment.
    pub images: Option<Vec<Result<image::Observed>>>,
    pub toolkit: Option<Result<Arc<checkout::Observed>>>,
    pub environment: Option<Result<Plan>>,
    pub disk: Option<Vec<disk::Observed>>,
    pub cache: Option<Result<Vec<Measured>>>,
    pub builds: Option<Result<Vec<builds::Build>>>,
    pub artifacts: Option<Result<Vec<artifacts::Category>>>,
}

/// Looks at everything that is needed, all at the same time.
pub async fn observe(desired: &Desired, facts: &Facts, context: &Context) -> Observed {
    let place = &desired.place;
    let needed = |subject: Subject| desired.needs(subject);
    let through_engine = [Subject::Engine, Subject::Images, Subject::Disk, Subject::Builds];
    let access = match through_engine.into_iter().any(needed) {
        true => observed::open(place, context, Patience::BRIEF).await,
        false => Err(Error::new(Kind::Failed, "the engine was not asked")),
    };
    let access = access.as_ref();
    let policy = match desired.asks_registries() {
        true => Pull::Always,
        false => Pull::Never,
    };
    let (engine, images, toolkit, rest, disk, cache, builds, artifacts) = tokio::join!(
        when(needed(Subject::Engine), engine::observe(access)),
        when(
            needed(Subject::Images),
            images::observe(&place.images, policy, access)
        ),
        when(
            needed(Subject::Toolkit),
            checkout::observe(&place.toolkit, &context.stop, Patience::BRIEF)
        ),
        when(
            needed(Subject::Environment),
            environment::observe_rest(desired.environment.as_ref(), facts, context)
        ),
        when(needed(Subject::Disk), disk::observe(&place.paths, access.ok())),
        when(needed(Subject::Cache), cache::observe(place.paths.cache.clone())),
        when(
            needed(Subject::Builds),
            builds::observe(&place.paths.artifacts, access)
        ),
        when(
            needed(Subject::Artifacts),
            artifacts::observe(place.paths.artifacts.clone(), desired.verify)
        ),
    );
    let environment = desired.environment.as_ref().zip(rest).map(|(wanted, rest)| {
        environment::plan(
            wanted,
            rest,
            toolkit.as_ref(),
            images.as_deref().unwrap_or_default(),
            facts,
        )
    });
    Observed {
        engine,
        images,
        toolkit,
        environment,
        disk,
        cache,
        builds,
        artifacts,
    }
}

async fn when<T>(needed: bool, look: impl Future<Output = T>) -> Option<T> {
    match needed {
        true => Some(look.await),
        false => None,
    }
}

/// Returns the result: what was asked for, and no more.
#[must_use]
pub fn report(desired: &Desired, observed: &Observed) -> Map<String, Value> {
    let place = &desired.place;
    let mut result = Map::new();
    result.insert("changed".to_owned(), json!(false));
    for subject in &desired.subjects {
        let told = match subject {
            Subject::Environment => observed.environment.as_ref().map(environment::report),
            Subject::Engine => observed.engine.as_ref().map(engine::report),
            Subject::Images => observed
                .images
                .as_ref()
                .map(|images| images::report(&place.images, images)),
            Subject::Toolkit => observed
                .toolkit
                .as_ref()
                .map(|toolkit| toolkit::report(&place.toolkit, toolkit)),
            Subject::Artifacts => observed.artifacts.as_ref().map(artifacts::report),
            Subject::Disk => observed.disk.as_deref().map(disk::report),
            Subject::Cache => observed
                .cache
                .as_ref()
                .map(|cache| cache::report(&place.paths.cache, cache)),
            Subject::Builds => observed.builds.as_ref().map(builds::report),
            Subject::Health => Some(health::report(&health::problems(
                observed,
                &place.images,
                desired.min_free_gb,
            ))),
        };
        result.extend(told.map(|told| (subject.name().to_owned(), told)));
    }
    result
}

/// Returns what is told of a part that could not be looked at.
fn unknown(error: &Error) -> Value {
    json!({ "error": error.to_string() })
}
