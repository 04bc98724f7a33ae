//! `cross_compile_info`: arguments → desired → observe → report. There is nothing to plan and nothing to apply.

use serde_json::{Map, Value};

use crate::arguments::Parameters;
use crate::arguments::cross_compile_info::Arguments;
use crate::context::Context;
use crate::error::Result;
use crate::facts::Facts;
use crate::git;
use crate::info::{self, Desired};

/// # Errors
/// `Invalid` for options that mean nothing. What cannot be looked at is told in its place.
pub async fn run(parameters: &Parameters, context: &Context) -> Result<Map<String, Value>> {
    let facts = Facts::read()?;
    let arguments = Arguments::from_parameters(parameters)?;
    let desired = Desired::new(&arguments, &facts, &context.secrets)?;
    let place = desired.place();
    git::initialise(&git::Settings {
        ca_bundle: place.ca_bundle.clone(),
        timeout: place.timeout,
    })?;
    let observed = Box::pin(info::observe(&desired, &facts, context)).await;
    Ok(info::report(&desired, &observed))
}
