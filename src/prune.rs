//! Keeping a station tidy by rule: what goes is known before anything goes, and is only what is ours.
//!
//! Owns the rule's meaning and what it spares: builds that are under way, with all that is theirs. The same flow as for
//! the environment: desired, observed, plan, apply, report. It decides nothing about artifacts by itself, that is the
//! business of [`crate::artifacts`].

mod apply;
mod busy;
mod caches;
mod images;
mod leftovers;
mod observe;
mod plan;
mod report;

pub use apply::apply;
pub use busy::Busy;
pub use observe::{Observed, observe};
pub use plan::{Change, Plan};
pub use report::report;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::arguments::cross_compile_prune::Arguments;
use crate::artifacts::retention::Rule;
use crate::desired::checks::natural;
use crate::desired::{self, checks::single_name};
use crate::error::Result;
use crate::facts::Facts;
use crate::resource::Resource;
use crate::secret::Secrets;

const GIB: u64 = 1 << 30;

/// By which rule what goes.
#[derive(Debug, Clone)]
pub struct Desired {
    pub rule: Rule,
    pub categories: Vec<String>,
    pub artifacts: PathBuf,
    pub cache: PathBuf,
    /// Bytes.
    pub cache_limit: Option<u64>,
    pub images: bool,
    pub lock_timeout: Duration,
    /// Where the engine is, and which images are the environment's.
    pub place: desired::Desired,
}

impl Desired {
    /// # Errors
    /// `Invalid`, with the option and its value.
    pub fn new(arguments: &Arguments, facts: &Facts, secrets: &Secrets, now: SystemTime) -> Result<Self> {
        let own = arguments.own;
        let days = natural(own.artifact_retention_days, 0, "artifact_retention_days")?;
        let pruning = own.pruning;
        let keep = natural(pruning.keep, 0, "keep")?;
        let cache_limit = pruning
            .cache_max_gb
            .map(|limit| natural(limit, 0, "cache_max_gb"))
            .transpose()?;
        let mut options = arguments.environment.clone();
        // Nothing is converged here, so nothing has to be rendered.
        options.resources = vec![Resource::Images.name().to_owned()];
        for category in &options.artifact_categories {
            single_name(category, "artifact_categories")?;
        }
        let place = desired::Desired::new(&options, facts, secrets)?;
        let mut categories = options.artifact_categories;
        categories.sort();
        categories.dedup();
        Ok(Self {
            rule: Rule::new(
                now,
                days,
                usize::try_from(keep).unwrap_or(usize::MAX),
                pruning.unmanaged,
            ),
            categories,
            artifacts: place.paths.artifacts.clone(),
            cache: place.paths.cache.clone(),
            cache_limit: cache_limit.map(|limit| limit.saturating_mul(GIB)),
            images: pruning.images,
            lock_timeout: place.lock_timeout,
            place,
        })
    }
}
