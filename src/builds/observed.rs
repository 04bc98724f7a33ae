//! What is there of a build: its image here and at the registry, its container, what is remembered, what it left.
//!
//! Changes nothing. What was left is hashed only where nothing else says already that it has to be built anew.

use std::time::SystemTime;

use super::delivered;
use super::desired::Desired;
use super::inputs::Inputs;
use super::labels::container_name;
use super::record::{Delivery, Record, Remembered};
use crate::context::Context;
use crate::docker::containers::Container;
use crate::error::Result;
use crate::resource::directories;
use crate::resource::images::{self, Access, Decision};
use crate::retry::Patience;
use crate::threads;

pub struct Observed {
    pub access: Access,
    /// What is to be done about the image, which says in which one the build would run.
    pub decision: Decision,
    /// Of the build as it would be now.
    pub inputs: Inputs,
    /// As whom the image runs; not known before it is pulled.
    pub user: Option<String>,
    /// Whatever has the name of the build's container.
    pub container: Option<Container>,
    pub record: Option<Record>,
    /// What is wrong with what the last delivery left, looked at only where its inputs are those of now; or with what
    /// is remembered of it.
    pub damage: Option<String>,
    /// When all this was.
    pub moment: SystemTime,
    pub directories: Vec<directories::Observed>,
}

/// Looks at everything at once.
///
/// # Errors
/// The engine's, the registry's where it decides, the system's.
pub async fn observe(desired: &Desired, context: &Context) -> Result<Observed> {
    let (record, unreadable) = match Record::look(&desired.place)? {
        Remembered::Nothing => (None, None),
        Remembered::Whole(record) => (Some(*record), None),
        Remembered::Damaged => (None, Some("`record.json` is not as it was written".to_owned())),
    };
    let access = Access::open(
        desired.docker_host.as_deref(),
        desired.ca_bundle.clone(),
        desired.timeout,
        Patience(desired.timeout),
        &context.secrets,
    )
    .await?;
    let name = container_name(desired.place.name());
    let (image, container) = tokio::join!(
        images::observe(desired.image(), &desired.images, &access),
        access.engine.container(&name),
    );
    let (image, container) = (image?, container?);
    let decision = images::plan(desired.image(), &desired.images, &image)?;
    let inputs = desired.inputs(&digest(desired, &image, &decision));
    let user = match &decision.change {
        Some(_) => None,
        None => image.local.as_ref().map(|local| local.user.clone()),
    };
    let delivery = record.as_ref().and_then(|record| record.delivery.clone());
    let is_of_now = |delivery: &Delivery| inputs.changes(&delivery.inputs).is_empty();
    let damage = match delivery.filter(is_of_now) {
        Some(delivery) if !desired.force => {
            let place = desired.place.clone();
            threads::run(move || delivered::damage(&place, &delivery)).await?
        }
        _ => unreadable,
    };
    let directories = desired
        .directories()
        .iter()
        .map(directories::observe)
        .collect::<Result<_>>()?;
    Ok(Observed {
        access,
        decision,
        inputs,
        user,
        container,
        record,
        damage,
        moment: SystemTime::now(),
        directories,
    })
}

/// Returns the digest by which the image is known that a build would run in: the registry's, or, for one that was
/// built locally, its own.
fn digest(desired: &Desired, image: &images::Observed, decision: &Decision) -> String {
    if let Some(change) = &decision.change {
        return change.after.clone();
    }
    let reported = images::report(desired.image(), image, None, None);
    let text = |name: &str| reported[name].as_str().map(str::to_owned);
    text("digest").or_else(|| text("id")).unwrap_or_default()
}
