//! What has to be changed, and nothing else: the one list that check mode shows and a run carries out. Pure.

use crate::desired::Desired;
use crate::difference::Difference;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::observed::Observed;
use crate::resource::{
    compose_override, directories, images, legacy, network, requirements, timers, toolkit,
};

/// One change of one resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    Directory(directories::Change),
    Toolkit(toolkit::Change),
    Network(network::Change),
    Image(images::Change),
    Override(compose_override::Change),
    Legacy(legacy::Change),
    Timer(timers::Change),
}

/// All changes, in the order in which they are told and, where one needs the other, made.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    pub changes: Vec<Change>,
    pub warnings: Vec<String>,
}

impl Change {
    /// Returns a sentence for each thing it does, in the past tense: the same in check mode and in the run.
    #[must_use]
    pub fn actions(&self) -> Vec<String> {
        match self {
            Self::Directory(change) => vec![change.action()],
            Self::Toolkit(change) => change.actions(),
            Self::Network(change) => vec![change.action()],
            Self::Image(change) => vec![change.action()],
            Self::Override(change) => vec![change.action()],
            Self::Legacy(change) => change.actions(),
            Self::Timer(change) => vec![change.action()],
        }
    }

    #[must_use]
    pub fn difference(&self) -> Difference {
        match self {
            Self::Directory(change) => change.difference(),
            Self::Toolkit(change) => toolkit::difference(change),
            Self::Network(change) => change.difference(),
            Self::Image(change) => change.difference(),
            Self::Override(change) => change.difference(),
            Self::Legacy(change) => change.difference(),
            Self::Timer(change) => change.difference(),
        }
    }

    /// Returns whether it brings so much from elsewhere that there must be room for it: the update of a checkout
    /// does not.
    fn fetches(&self) -> bool {
        match self {
            Self::Toolkit(change) => change.is_clone(),
            Self::Image(_) => true,
            Self::Directory(_) | Self::Network(_) | Self::Override(_) | Self::Legacy(_) | Self::Timer(_) => {
                false
            }
        }
    }
}

impl Plan {
    /// Compares what is there with what is wanted.
    ///
    /// # Errors
    /// All that speaks against going on, in one; nothing has been changed then.
    pub fn new(desired: &Desired, observed: &Observed, facts: &Facts) -> Result<Self> {
        let mut plan = Self::default();
        let mut errors = Vec::new();
        for (directory, observed) in desired.directories.iter().zip(&observed.directories) {
            plan.add(
                directories::plan(directory, observed, facts),
                Change::Directory,
                &mut errors,
            );
        }
        let before = errors.len();
        if let Some(observed) = observed.toolkit.as_deref() {
            plan.warnings.extend(observed.checkout.warnings.iter().cloned());
            plan.add(
                toolkit::plan(&desired.toolkit, observed),
                Change::Toolkit,
                &mut errors,
            );
        }
        let has_checkout = errors.len() == before;
        if let Some(networks) = &observed.network {
            plan.add(
                network::plan(&desired.network, networks),
                Change::Network,
                &mut errors,
            );
        }
        for (reference, observed) in desired.images.references.iter().zip(&observed.images) {
            let decision = images::plan(reference, &desired.images, observed).map(|decision| {
                plan.warnings.extend(decision.warning);
                decision.change
            });
            plan.add(decision, Change::Image, &mut errors);
        }
        // What keeps the checkout from being there has been told.
        if let Some(observed) = observed.compose_override.as_ref().filter(|_| has_checkout) {
            let desired = &desired.compose_override;
            let is_cloned = plan.toolkit().is_some_and(toolkit::Change::is_clone);
            plan.add(
                compose_override::plan(desired, observed, is_cloned),
                Change::Override,
                &mut errors,
            );
            // Otherwise the compose file is not yet the one that the override will meet.
            if plan.toolkit().is_none() {
                match compose_override::unknown_services(desired, observed.compose_file.as_deref()) {
                    Ok(warning) => plan.warnings.extend(warning),
                    Err(error) => errors.push(error),
                }
            }
        }
        if let Some(observed) = &observed.legacy {
            plan.add(Ok(legacy::plan(observed)), Change::Legacy, &mut errors);
            if !plan.changes.is_empty() {
                plan.warnings.extend(legacy::scripts_that_stay(observed));
            }
        }
        if let Some(observed) = &observed.timers {
            match timers::plan(&desired.timers, observed) {
                Ok(decision) => {
                    plan.changes
                        .extend(decision.changes.into_iter().map(Change::Timer));
                    plan.warnings.extend(decision.warning);
                }
                Err(error) => errors.push(error),
            }
        }
        let buildx = observed.buildx;
        if let Some(observed) = &observed.requirements {
            let fetches = plan.changes.iter().any(Change::fetches);
            let findings = requirements::check(&desired.requirements, observed, fetches);
            errors.splice(0..0, requirements::shortfall(&findings));
            plan.warnings.extend(findings.warnings);
            if buildx == Some(false) && !plan.changes.is_empty() {
                plan.warnings.push(
                    "docker's plugin `buildx` is not installed; the toolkit's images cannot be rebuilt on this host \
                     (install the package `docker-buildx-plugin` or `docker-buildx`)"
                        .to_owned(),
                );
            }
        }
        match Error::combined(errors) {
            Some(error) => Err(error),
            None => Ok(plan),
        }
    }

    /// Returns the change of the toolkit's checkout, if there is one.
    #[must_use]
    pub fn toolkit(&self) -> Option<&toolkit::Change> {
        self.changes.iter().find_map(|change| match change {
            Change::Toolkit(change) => Some(change),
            _ => None,
        })
    }

    fn add<C>(&mut self, change: Result<Option<C>>, wrap: fn(C) -> Change, errors: &mut Vec<Error>) {
        match change {
            Ok(change) => self.changes.extend(change.map(wrap)),
            Err(error) => errors.push(error),
        }
    }
}
