//! What is there to prune: looked at while the builds that could be held are held, so that it stays as it was seen.

use std::ffi::OsString;
use std::path::Path;

use super::busy::Busy;
use super::caches::Service;
use super::leftovers::{self, Leftover};
use super::{Desired, images};
use crate::artifacts::retention::{self, Removal};
use crate::artifacts::{Inventory, Moment, Targets, Tree};
use crate::builds::place::{BUILDS, Place};
use crate::context::Context;
use crate::docker::{Container, ListedImage, bare};
use crate::error::{Error, Result};
use crate::files;
use crate::files::usage;
use crate::observed;
use crate::resource::images::Access;
use crate::retry::Patience;
use crate::threads;

/// What is there, as far as the rule is about it.
#[derive(Default)]
pub struct Observed {
    /// What is to go of each category that has something to go.
    pub artifacts: Vec<(String, Vec<Removal>)>,
    pub leftovers: Vec<Leftover>,
    /// Empty where there is no limit.
    pub caches: Vec<Service>,
    pub images: Vec<ListedImage>,
    pub access: Option<Access>,
    /// What could not be looked at; the rest is pruned all the same.
    pub errors: Vec<Error>,
    pub warnings: Vec<String>,
    /// Held until everything is done.
    _busy: Busy,
}

/// Looks at everything that the rule is about, with `busy` holding what it could.
pub async fn observe(desired: &Desired, places: Vec<Place>, mut busy: Busy, context: &Context) -> Observed {
    let mut observed = Observed::default();
    let engine = through_engine(desired, context).await;
    match engine {
        Ok((access, containers, images)) => {
            busy.add_containers(desired, &containers);
            observed.images = images;
            observed.access = Some(access);
        }
        Err(error) => {
            busy.add_unseen(&places);
            if desired.images || desired.cache_limit.is_some() {
                observed.errors.push(error);
            }
        }
    }
    let is_engine_known = observed.access.is_some();
    observed.warnings.extend(busy.warnings());
    let wanted = desired.clone();
    let looked = threads::run(move || {
        let on_disk = on_disk(&wanted, &places, &busy, is_engine_known);
        Ok((on_disk, busy))
    });
    match looked.await {
        Ok((on_disk, busy)) => Observed {
            artifacts: on_disk.artifacts,
            leftovers: on_disk.leftovers,
            caches: on_disk.caches,
            errors: [observed.errors, on_disk.errors].concat(),
            _busy: busy,
            ..observed
        },
        Err(error) => {
            observed.errors.push(error);
            observed
        }
    }
}

/// What the file system alone tells.
#[derive(Default)]
struct OnDisk {
    artifacts: Vec<(String, Vec<Removal>)>,
    leftovers: Vec<Leftover>,
    caches: Vec<Service>,
    errors: Vec<Error>,
}

fn on_disk(desired: &Desired, places: &[Place], busy: &Busy, is_engine_known: bool) -> OnDisk {
    let mut found = OnDisk::default();
    match targets(&desired.artifacts) {
        Ok(targets) => {
            for category in desired
                .categories
                .iter()
                .filter(|category| !busy.is_build(category))
            {
                match removals(desired, category, &targets) {
                    Ok(removals) if removals.is_empty() => {}
                    Ok(removals) => found.artifacts.push((category.clone(), removals)),
                    Err(error) => found.errors.push(error),
                }
            }
        }
        // Who cannot tell what links lead to removes nothing that one may lead to.
        Err(error) => found
            .errors
            .push(error.context("cannot tell which artifacts links lead to, and so none of them goes")),
    }
    let before: Moment = desired.rule.before;
    for place in places.iter().filter(|place| !busy.is_build(place.name())) {
        match leftovers::older_than(before, place) {
            Ok(leftovers) => found.leftovers.extend(leftovers),
            Err(error) => found.errors.push(error),
        }
    }
    // Who cannot tell which caches are in use removes none of them.
    if desired.cache_limit.is_some() && is_engine_known {
        match files::directories_in(&desired.cache) {
            Ok(names) => {
                for name in names {
                    match service(&desired.cache, name, busy) {
                        Ok(service) => found.caches.push(service),
                        Err(error) => found.errors.push(error),
                    }
                }
            }
            Err(error) => found.errors.push(error),
        }
    }
    found
}

/// Returns what links lead to, wherever among all artifacts they lie. What builds are still making counts for nothing:
/// there, links say what they mean inside of a container.
fn targets(artifacts: &Path) -> Result<Targets> {
    if !files::is_there(artifacts) {
        return Ok(Targets::default());
    }
    let tree = Tree::open(&files::resolved(artifacts)?)?;
    Targets::read(&tree, artifacts, &[BUILDS])
}

fn removals(desired: &Desired, category: &str, targets: &Targets) -> Result<Vec<Removal>> {
    let path = desired.artifacts.join(category);
    if !files::is_there(&path) {
        return Ok(Vec::new());
    }
    let tree = Tree::open(&path)?;
    let mut inventory = Inventory::read(&tree)?;
    let rule = &desired.rule;
    if !rule.unmanaged {
        inventory.ascertain(&tree, |artifact| artifact.since() < rule.before)?;
    }
    Ok(retention::select(
        &inventory,
        rule,
        &targets.within(Path::new(category)),
    ))
}

fn service(caches: &Path, name: String, busy: &Busy) -> Result<Service> {
    let path = caches.join(&name);
    Ok(Service {
        is_busy: busy.is_cache(&name, &path),
        entries: usage::measure(&path)?,
        name: OsString::from(name),
    })
}

/// Returns the way to the engine, its containers, and the images that are superseded.
async fn through_engine(
    desired: &Desired,
    context: &Context,
) -> Result<(Access, Vec<Container>, Vec<ListedImage>)> {
    let access = observed::open(&desired.place, context, Patience::BRIEF).await?;
    let engine = &access.engine;
    let containers = engine.containers().await?;
    let mut superseded = Vec::new();
    if desired.images {
        let environment = &desired.place.images.references;
        let mut current = Vec::new();
        for reference in environment {
            current.extend(engine.image(reference).await?.map(|image| bare(&image.id)));
        }
        let mut listed = engine.images().await?;
        for image in &mut listed {
            // What the registry has by this very digest was not built here, or is not lost with this copy of it.
            if let Some(origin) = images::origin(image, environment)
                && let Ok(digest) = access
                    .digest(&origin, &desired.place.images, Patience::BRIEF)
                    .await
            {
                image.repo_digests.push(format!("{}@{digest}", origin.name()));
            }
        }
        superseded = images::superseded(&listed, environment, &current, &containers);
        // Engines list images of one age in any order.
        superseded.sort_by(|one, other| one.name().cmp(other.name()));
    }
    Ok((access, containers, superseded))
}
