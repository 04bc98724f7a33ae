//! `cross_compile_prune`: arguments → desired → observed → plan → apply → report.

use std::time::SystemTime;

use serde_json::{Map, Value};

use super::set_up_connections;
use crate::arguments::Parameters;
use crate::arguments::cross_compile_prune::Arguments;
use crate::builds::place::Place;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::lock::{self, Purpose, Scope};
use crate::prune::{self, Busy, Desired, Plan};

/// # Errors
/// Whatever stopped it; the context's journal says what was done.
pub async fn run(parameters: &Parameters, check_mode: bool, context: &Context) -> Result<Map<String, Value>> {
    let facts = Facts::read()?;
    let arguments = Arguments::from_parameters(parameters)?;
    let desired = Desired::new(&arguments, &facts, &context.secrets, SystemTime::now())?;
    set_up_connections(desired.place.ca_bundle.as_deref(), desired.place.timeout)?;

    let purpose = Purpose::of_run(check_mode);
    let _lock = lock::acquire(Scope::Host, purpose, desired.lock_timeout).await?;
    let places = Place::all(&desired.artifacts)?;
    let busy = Busy::look(&desired, &places, purpose).await?;
    let observed = prune::observe(&desired, places, busy, context).await;
    let plan = Plan::new(&desired, &observed);
    observed
        .warnings
        .iter()
        .for_each(|warning| context.journal.warn(warning));

    if !check_mode {
        let made = prune::apply(&plan, &observed, context).await?;
        return Ok(prune::report(&made));
    }
    match Error::combined(observed.errors.clone()) {
        Some(error) => Err(error),
        None => Ok(prune::report(&plan)),
    }
}
