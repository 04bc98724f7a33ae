//! `cross_compile`: arguments → desired → observed → plan → apply → report.

use serde_json::{Map, Value};

use super::set_up_connections;
use crate::apply::{self, Brought};
use crate::arguments::Parameters;
use crate::arguments::cross_compile::Arguments;
use crate::context::Context;
use crate::desired::Desired;
use crate::error::Result;
use crate::facts::Facts;
use crate::lock::{self, Purpose, Scope};
use crate::observed;
use crate::plan::Plan;
use crate::report;
use crate::resource::toolkit;

/// # Errors
/// Whatever stopped it; the context's journal says what was done.
pub async fn run(parameters: &Parameters, check_mode: bool, context: &Context) -> Result<Map<String, Value>> {
    let facts = Facts::read()?;
    let arguments = Arguments::from_parameters(parameters)?;
    let desired = Desired::new(&arguments, &facts, &context.secrets)?;
    set_up_connections(desired.ca_bundle.as_deref(), desired.timeout)?;

    let purpose = Purpose::of_run(check_mode);
    let _lock = lock::acquire(Scope::Host, purpose, desired.lock_timeout).await?;
    if !check_mode {
        toolkit::sweep(&desired.toolkit)?;
    }
    let observed = observed::observe(&desired, &facts, context).await?;
    let plan = Plan::new(&desired, &observed, &facts)?;
    plan.warnings
        .iter()
        .for_each(|warning| context.journal.warn(warning));

    let brought = if check_mode {
        Brought::new()
    } else {
        apply::apply(&plan, &desired, &observed, context).await?
    };
    Ok(report::report(&desired, &observed, &plan, &brought, &facts))
}
