//! Whether the environment is converged: the very plan that `cross_compile` would make, made and not carried out.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::context::Context;
use crate::desired::Desired;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::observed::{self, Observed};
use crate::plan::{Change, Plan};
use crate::resource::{Resource, images, toolkit};

/// Looks at everything but the toolkit and the images, which are looked at for themselves.
///
/// # Errors
/// All that failed, in one.
pub async fn observe_rest(
    wanted: Option<&Result<Desired>>,
    facts: &Facts,
    context: &Context,
) -> Result<Observed> {
    let Some(Ok(wanted)) = wanted else {
        return Ok(Observed::default());
    };
    let mut rest = wanted.clone();
    rest.resources
        .retain(|resource| !matches!(resource, Resource::Toolkit | Resource::Images));
    observed::observe(&rest, facts, context).await
}

/// Returns the plan of `wanted`.
///
/// # Errors
/// All that could not be looked at, or that speaks against a run, in one.
pub fn plan(
    wanted: &Result<Desired>,
    rest: Result<Observed>,
    toolkit: Option<&Result<Arc<toolkit::Observed>>>,
    images: &[Result<images::Observed>],
    facts: &Facts,
) -> Result<Plan> {
    let wanted = wanted.as_ref().map_err(Clone::clone)?;
    let mut errors = Vec::new();
    let mut observed = rest.unwrap_or_else(|error| {
        errors.push(error);
        Observed::default()
    });
    for (reference, image) in wanted.images.references.iter().zip(images) {
        match image {
            Ok(image) => observed
                .images
                .push(images::under_policy(reference, &wanted.images, image)),
            Err(error) => errors.push(error.clone()),
        }
    }
    match toolkit {
        Some(Ok(toolkit)) => observed.toolkit = Some(Arc::clone(toolkit)),
        Some(Err(error)) => errors.push(error.clone()),
        None => {}
    }
    // What each part says of the same engine is one thing to know.
    errors.dedup();
    match Error::combined(errors) {
        Some(error) => Err(error),
        None => Plan::new(wanted, &observed, facts),
    }
}

#[must_use]
pub fn report(plan: &Result<Plan>) -> Value {
    match plan {
        Ok(plan) => json!({
            "converged": plan.changes.is_empty(),
            "actions": plan.changes.iter().flat_map(Change::actions).collect::<Vec<_>>(),
            "warnings": plan.warnings,
        }),
        Err(error) => json!({ "converged": null, "actions": [], "error": error.to_string() }),
    }
}
