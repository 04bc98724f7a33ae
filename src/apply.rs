//! Makes the changes of a plan: directories first, then what is independent together, the override last, and then,
//! one after the other, what goes on by itself.
//!
//! The journal learns of every change the moment it is made. A failure lets the others finish.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use crate::context::Context;
use crate::desired::Desired;
use crate::error::{Error, Kind, Result};
use crate::image::Reference;
use crate::journal::Entry;
use crate::observed::Observed;
use crate::plan::{Change, Plan};
use crate::resource::images::{Access, Pulled};
use crate::resource::{Resource, compose_override, toolkit};
use crate::retry::Patience;

/// What came of the changes beyond what the plan knew.
pub type Brought = BTreeMap<Reference, Pulled>;

/// Carries `plan` out.
///
/// # Errors
/// All that failed, in one; the journal says what was done.
pub async fn apply(
    plan: &Plan,
    desired: &Desired,
    observed: &Observed,
    context: &Context,
) -> Result<Brought> {
    let steps = plan
        .changes
        .iter()
        .enumerate()
        .map(|(position, change)| Step { position, change });
    let run = Run {
        desired,
        observed,
        context,
    };
    let (first, rest): (Vec<Step<'_>>, Vec<Step<'_>>) =
        steps.partition(|step| matches!(step.change, Change::Directory(_)));
    let (last, middle): (Vec<Step<'_>>, Vec<Step<'_>>) = rest
        .into_iter()
        .partition(|step| matches!(step.change, Change::Override(_) | Change::Timer(_)));
    let (timers, last): (Vec<Step<'_>>, Vec<Step<'_>>) = last
        .into_iter()
        .partition(|step| matches!(step.change, Change::Timer(_)));

    let mut errors = Vec::new();
    let mut outcomes = Vec::new();
    for step in first {
        outcomes.push((step.change, run.make(step).await));
    }
    outcomes.extend(
        join_all(
            middle
                .iter()
                .map(|step| async { (step.change, run.make(*step).await) }),
        )
        .await,
    );
    // Without a checkout there is no place for the override; that failure has been told already.
    let toolkit_failed = outcomes
        .iter()
        .any(|(change, outcome)| matches!(change, Change::Toolkit(_)) && outcome.is_err());
    if !toolkit_failed {
        for step in last {
            outcomes.push((step.change, run.make(step).await));
        }
        if plan.toolkit().is_some() {
            errors.extend(run.compare_services().err());
        }
    }

    for step in timers {
        let outcome = run.make(step).await;
        let is_done = outcome.is_ok();
        outcomes.push((step.change, outcome));
        // Each needs the one before it: no timer without the program that it starts.
        if !is_done {
            break;
        }
    }
    let mut brought = Brought::new();
    for (change, outcome) in outcomes {
        match (change, outcome) {
            (Change::Image(change), Ok(Some(pulled))) => {
                brought.insert(change.reference.clone(), pulled);
            }
            (_, Ok(_)) => {}
            (_, Err(error)) => errors.push(error),
        }
    }
    Error::combined(errors).map_or(Ok(brought), Err)
}

#[derive(Clone, Copy)]
struct Step<'a> {
    position: usize,
    change: &'a Change,
}

struct Run<'a> {
    desired: &'a Desired,
    observed: &'a Observed,
    context: &'a Context,
}

impl Run<'_> {
    async fn make(&self, step: Step<'_>) -> Result<Option<Pulled>> {
        let pulled = self.change(step.change).await?;
        self.context.journal.record(Entry {
            position: step.position,
            actions: step.change.actions(),
            difference: step.change.difference(),
        });
        Ok(pulled)
    }

    async fn change(&self, change: &Change) -> Result<Option<Pulled>> {
        match change {
            Change::Directory(change) => change.apply().map(|()| None),
            Change::Toolkit(change) => {
                let patience = Patience(self.desired.timeout);
                let observed = self.observed.toolkit.as_ref().ok_or_else(unobserved)?;
                toolkit::apply(
                    &self.desired.toolkit,
                    observed,
                    change,
                    &self.context.stop,
                    patience,
                )
                .await?;
                Ok(None)
            }
            Change::Network(change) => change.apply(&self.access()?.engine).await.map(|()| None),
            Change::Image(change) => {
                let auth = self.desired.images.registry_auth.as_ref();
                change.apply(auth, self.access()?).await.map(Some)
            }
            Change::Override(change) => change.apply().map(|()| None),
            Change::Legacy(change) => change.apply().map(|()| None),
            Change::Timer(change) => change.apply().await.map(|()| None),
        }
    }

    /// What planning could not know: only now is the compose file the one that the override will meet.
    fn compare_services(&self) -> Result<()> {
        if self.desired.wants(Resource::Override) {
            let desired = &self.desired.compose_override;
            let compose_file = compose_override::read_compose_file(desired)?;
            let warning = compose_override::unknown_services(desired, compose_file.as_deref())?;
            if let Some(warning) = warning {
                self.context.journal.warn(warning);
            }
        }
        Ok(())
    }

    fn access(&self) -> Result<&Access> {
        self.observed.access.as_ref().ok_or_else(unobserved)
    }
}

fn unobserved() -> Error {
    Error::new(Kind::Failed, "the plan changes something that was not looked at")
        .with_remedy("report this as a defect of the module")
}
