//! Carrying out what was told: each thing by itself, the journal knowing of it the moment it is gone.

use crate::artifacts::{Tree, retention};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::files::clearing;
use crate::journal::Entry;
use crate::threads;

use super::{Change, Observed, Plan, leftovers};

/// Carries `plan` out, and returns what of it was made. A failure lets the others go on.
///
/// # Errors
/// All that failed, and all that could not be looked at, in one; the journal says what was done.
pub async fn apply(plan: &Plan, observed: &Observed, context: &Context) -> Result<Plan> {
    let mut errors = observed.errors.clone();
    let mut made = Plan::default();
    for (position, change) in plan.changes.iter().enumerate() {
        match make(change, observed).await {
            Ok(()) => {
                context.journal.record(Entry {
                    position,
                    actions: change.actions(),
                    difference: change.difference(),
                });
                made.changes.push(change.clone());
            }
            // Somebody began to use it since it was looked at: the rule spares it, then.
            Err(error) if matches!(change, Change::Image(_)) && error.kind() == Kind::Refused => {
                context.journal.warn(format!("{error}"));
            }
            Err(error) => errors.push(error),
        }
    }
    Error::combined(errors).map_or(Ok(made), Err)
}

async fn make(change: &Change, observed: &Observed) -> Result<()> {
    match change.clone() {
        Change::Artifacts { category, removals } => {
            threads::run(move || retention::remove(&Tree::open(&category)?, &removals)).await
        }
        Change::Leftover { directory, leftover } => {
            threads::run(move || leftovers::remove(&directory, &leftover)).await
        }
        Change::Cache { directory, entry } => {
            threads::run(move || clearing::clear(&directory, &entry.path)).await
        }
        Change::Image(image) => {
            let access = observed.access.as_ref().ok_or_else(|| {
                Error::new(
                    Kind::Failed,
                    "the plan removes an image of an engine that was not asked",
                )
                .with_remedy("report this as a defect of the module")
            })?;
            access.engine.remove_image(&image).await
        }
    }
}
