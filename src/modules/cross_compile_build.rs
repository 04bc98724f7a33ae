//! `cross_compile_build`: the same flow over one build.

use serde_json::{Map, Value};

use super::set_up_connections;
use crate::arguments::Parameters;
use crate::arguments::cross_compile_build::Arguments;
use crate::builds::desired::Desired;
use crate::builds::plan::Plan;
use crate::builds::{observed, report, run};
use crate::context::Context;
use crate::error::Result;
use crate::facts::Facts;
use crate::lock::{self, Purpose, Scope};

/// # Errors
/// Whatever stopped it; the context's journal says what was done.
pub async fn run(parameters: &Parameters, check_mode: bool, context: &Context) -> Result<Map<String, Value>> {
    let facts = Facts::read()?;
    let arguments = Arguments::from_parameters(parameters)?;
    let desired = Desired::new(&arguments, &facts, &context.secrets)?;
    set_up_connections(desired.ca_bundle.as_deref(), desired.timeout)?;

    let purpose = Purpose::of_run(check_mode);
    let scope = Scope::Build(desired.place.name());
    let _lock = lock::acquire(scope, purpose, desired.lock_timeout).await?;
    let observed = observed::observe(&desired, context).await?;
    let plan = Plan::new(&desired, &observed, &facts)?;
    plan.warnings
        .iter()
        .for_each(|warning| context.journal.warn(warning));

    let record = match check_mode {
        // What is remembered is of another build than the one that would run.
        true => observed.record.clone().filter(|_| plan.changes.is_empty()),
        false => run::apply(&plan, &desired, &observed, context).await?,
    };
    Ok(report::report(&desired, &plan, record.as_ref()))
}
