//! `cross_compile_info`: arguments → desired → observe → report. There is nothing to plan and nothing to apply.

use serde_json::{Map, Value};

use super::set_up_connections;
use crate::arguments::Parameters;
use crate::arguments::cross_compile_info::Arguments;
use crate::context::Context;
use crate::error::Result;
use crate::facts::Facts;
use crate::info::{self, Desired};

/// # Errors
/// `Invalid` for options that mean nothing. What cannot be looked at is told in its place.
pub async fn run(parameters: &Parameters, context: &Context) -> Result<Map<String, Value>> {
    let facts = Facts::read()?;
    let arguments = Arguments::from_parameters(parameters)?;
    let desired = Desired::new(&arguments, &facts, &context.secrets)?;
    let place = desired.place();
    set_up_connections(place.ca_bundle.as_deref(), place.timeout)?;
    let observed = Box::pin(info::observe(&desired, &facts, context)).await;
    Ok(info::report(&desired, &observed))
}
