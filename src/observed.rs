//! What is there: every resource looked at, all at the same time, nothing changed.

use std::path::Path;
use std::sync::Arc;

use futures_util::future::join_all;

use crate::context::Context;
use crate::desired::Desired;
use crate::docker::{Engine, Identity, Network, Product};
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::resource::images::Access;
use crate::resource::{
    Resource, compose_override, directories, images, legacy, network, requirements, timers, toolkit,
};
use crate::retry::Patience;

/// The state of what was asked for; resources that were not asked for are empty.
#[derive(Default)]
pub struct Observed {
    pub access: Option<Access>,
    pub identity: Option<Identity>,
    /// Whether docker's buildx is there, where an engine was asked for; `None` where it does without.
    pub buildx: Option<bool>,
    pub requirements: Option<requirements::Observed>,
    /// One for each desired directory.
    pub directories: Vec<directories::Observed>,
    pub toolkit: Option<Arc<toolkit::Observed>>,
    pub network: Option<Vec<Network>>,
    /// One for each desired image.
    pub images: Vec<images::Observed>,
    pub compose_override: Option<compose_override::Observed>,
    pub legacy: Option<legacy::Observed>,
    pub timers: Option<timers::Observed>,
}

/// What only an engine can tell.
#[derive(Default)]
struct ThroughEngine {
    access: Option<Access>,
    identity: Option<Identity>,
    buildx: Option<bool>,
    requirements: Option<requirements::Observed>,
    network: Option<Vec<Network>>,
    images: Vec<images::Observed>,
}

/// Looks at everything that `desired` asks for.
///
/// # Errors
/// All that failed, in one.
pub async fn observe(desired: &Desired, facts: &Facts, context: &Context) -> Result<Observed> {
    let patience = Patience(desired.timeout);
    let (engine, toolkit) = tokio::join!(through_engine(desired, facts, context), async {
        match desired.wants(Resource::Toolkit) {
            true => toolkit::observe(&desired.toolkit, &context.stop, patience)
                .await
                .map(Some),
            false => Ok(None),
        }
    });
    let mut errors = Vec::new();
    let directories = match desired.wants(Resource::Directories) {
        true => observe_directories(&desired.directories, &mut errors),
        false => Vec::new(),
    };
    let compose_override = match desired.wants(Resource::Override) {
        true => keep(compose_override::observe(&desired.compose_override), &mut errors),
        false => None,
    };
    let legacy = match desired.wants(Resource::Legacy) {
        true => keep(legacy::observe(&desired.legacy), &mut errors).flatten(),
        false => None,
    };
    let timers = match desired.wants(Resource::Timers) {
        true => keep(timers::observe(&desired.timers), &mut errors),
        false => None,
    };
    let toolkit = keep(toolkit, &mut errors).flatten();
    let ThroughEngine {
        access,
        identity,
        buildx,
        requirements,
        network,
        images,
    } = engine.unwrap_or_else(|failures| {
        errors.extend(failures);
        ThroughEngine::default()
    });
    match Error::combined(errors) {
        Some(error) => Err(error),
        None => Ok(Observed {
            access,
            identity,
            buildx,
            requirements,
            directories,
            toolkit,
            network,
            images,
            compose_override,
            legacy,
            timers,
        }),
    }
}

/// Passes over what lies below a directory that cannot be had: one cause is one failure.
fn observe_directories(
    desired: &[directories::Directory],
    errors: &mut Vec<Error>,
) -> Vec<directories::Observed> {
    let mut failed: Vec<&Path> = Vec::new();
    let mut observed = Vec::new();
    for directory in desired {
        if failed.iter().any(|above| directory.path.starts_with(above)) {
            continue;
        }
        match directories::observe(directory) {
            Ok(there) => observed.push(there),
            Err(error) => {
                failed.push(&directory.path);
                errors.push(error);
            }
        }
    }
    observed
}

/// Opens the doors to the engine and, unasked yet, to registries.
///
/// # Errors
/// When no engine answers, naming the sockets.
pub async fn open(desired: &Desired, context: &Context, patience: Patience) -> Result<Access> {
    Access::open(
        desired.docker_host.as_deref(),
        desired.ca_bundle.clone(),
        desired.timeout,
        patience,
        &context.secrets,
    )
    .await
}

/// Returns whether docker's buildx is there; `None` for an engine that does without.
#[must_use]
pub fn buildx(identity: &Identity) -> Option<bool> {
    (identity.product == Product::Docker)
        .then(|| requirements::observe_buildx(std::env::home_dir().as_deref()))
}

async fn through_engine(
    desired: &Desired,
    facts: &Facts,
    context: &Context,
) -> Result<ThroughEngine, Vec<Error>> {
    if !desired.needs_engine() {
        return Ok(ThroughEngine::default());
    }
    let access = open(desired, context, Patience(desired.timeout))
        .await
        .map_err(|error| vec![error])?;
    let (identity, network, images) = tokio::join!(
        access.engine.identity(),
        async {
            match desired.wants(Resource::Network) {
                true => network::observe(&desired.network, &access.engine).await.map(Some),
                false => Ok(None),
            }
        },
        async {
            match desired.wants(Resource::Images) {
                true => {
                    let references = desired.images.references.iter();
                    join_all(references.map(|image| images::observe(image, &desired.images, &access))).await
                }
                false => Vec::new(),
            }
        },
    );
    let mut errors = Vec::new();
    let identity = keep(identity.cloned(), &mut errors);
    let images = collect(images.into_iter(), &mut errors);
    // After the images, which know already where the engine keeps them.
    let requirements = observe_requirements(desired, facts, &access.engine, &images).await;
    let through_engine = ThroughEngine {
        buildx: identity.as_ref().and_then(buildx),
        identity,
        requirements: keep(requirements, &mut errors).flatten(),
        network: keep(network, &mut errors).flatten(),
        images,
        access: Some(access),
    };
    match errors.is_empty() {
        true => Ok(through_engine),
        false => Err(errors),
    }
}

async fn observe_requirements(
    desired: &Desired,
    facts: &Facts,
    engine: &Engine,
    images: &[images::Observed],
) -> Result<Option<requirements::Observed>> {
    if !desired.wants(Resource::Requirements) {
        return Ok(None);
    }
    let disks = if desired.requirements.min_disk_space_gb == 0 {
        Vec::new()
    } else {
        let told = images
            .iter()
            .find_map(|image| image.local.as_ref()?.data_directory.clone());
        let data_directory = match told {
            Some(directory) => Some(directory),
            None => engine.data_directory().await,
        };
        let paths: Vec<_> = std::iter::once(desired.paths.base.clone())
            .chain(data_directory)
            .collect();
        requirements::observe_disks(&paths)?
    };
    let identity = engine.identity().await?;
    Ok(Some(requirements::Observed {
        disks,
        memory_kib: facts.memory_kib,
        product: identity.product,
        engine_version: identity.version.clone(),
    }))
}

fn keep<T>(result: Result<T>, errors: &mut Vec<Error>) -> Option<T> {
    result.map_err(|error| errors.push(error)).ok()
}

fn collect<T>(results: impl Iterator<Item = Result<T>>, errors: &mut Vec<Error>) -> Vec<T> {
    results.filter_map(|result| keep(result, errors)).collect()
}
