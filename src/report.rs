//! What a run of `cross_compile` says at the end. Pure.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::apply::Brought;
use crate::changes;
use crate::desired::Desired;
use crate::docker::Identity;
use crate::facts::Facts;
use crate::image::Reference;
use crate::observed::Observed;
use crate::plan::{Change, Plan};
use crate::resource::{Resource, compose_override, directories, images, network, toolkit};

/// Returns the result of a run that carried `plan` out, or of check mode, which `brought` nothing.
#[must_use]
pub fn report(
    desired: &Desired,
    observed: &Observed,
    plan: &Plan,
    brought: &Brought,
    facts: &Facts,
) -> Map<String, Value> {
    let actions = plan.changes.iter().flat_map(Change::actions).collect();
    let mut result = changes::told(actions, plan.changes.iter().map(Change::difference));
    let mut tell = |name: &str, value: Value| result.insert(name.to_owned(), value);
    if desired.wants(Resource::Directories) {
        tell("directories", report_directories(desired, observed, plan, facts));
    }
    if let Some(toolkit) = observed.toolkit.as_deref() {
        tell(
            "toolkit",
            toolkit::report(&desired.toolkit, toolkit, plan.toolkit()),
        );
    }
    if desired.wants(Resource::Network) {
        let change = plan.changes.iter().find_map(|change| match change {
            Change::Network(change) => Some(change),
            _ => None,
        });
        tell("network", network::report(&desired.network, change));
    }
    if desired.wants(Resource::Images) {
        let images = desired.images.references.iter().zip(&observed.images);
        let images = images.map(|(reference, observed)| {
            images::report(
                reference,
                observed,
                image_change(plan, reference),
                brought.get(reference),
            )
        });
        tell("images", images.collect());
    }
    if desired.wants(Resource::Override) {
        let change = plan.changes.iter().find_map(|change| match change {
            Change::Override(change) => Some(change),
            _ => None,
        });
        tell(
            "override",
            compose_override::report(&desired.compose_override, change),
        );
    }
    if let (Some(access), Some(identity)) = (&observed.access, &observed.identity) {
        tell("engine", engine(&access.engine.socket, identity, observed.buildx));
    }
    result
}

/// Returns what a result says of the engine.
#[must_use]
pub fn engine(socket: &Path, identity: &Identity, buildx: Option<bool>) -> Value {
    json!({
        "name": identity.product.name(),
        "version": identity.version,
        "api_version": identity.api_version,
        "socket": socket,
        "buildx": buildx,
    })
}

fn report_directories(desired: &Desired, observed: &Observed, plan: &Plan, facts: &Facts) -> Value {
    desired
        .directories
        .iter()
        .zip(&observed.directories)
        .map(|(directory, observed)| {
            let change = plan.changes.iter().find_map(|change| match change {
                Change::Directory(change) if *change.path() == directory.path => Some(change),
                _ => None,
            });
            directories::report(directory, observed, change, facts)
        })
        .collect()
}

fn image_change<'a>(plan: &'a Plan, reference: &Reference) -> Option<&'a images::Change> {
    plan.changes.iter().find_map(|change| match change {
        Change::Image(change) if change.reference == *reference => Some(change),
        _ => None,
    })
}
