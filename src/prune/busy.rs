//! What is under way, and is left alone with all that is its own.
//!
//! A build is held by its lock while a run of the module is at it, and seen by its container when none is: until what
//! it made is collected, the build is under way, whether its container still runs or not. Where the container is
//! gone, nobody can collect any more, and the build is over whatever its record says. Builds that somebody starts by
//! hand have no name, but their containers tell which directories they see.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Desired;
use crate::builds::labels::Labels;
use crate::builds::place::Place;
use crate::builds::record::{Record, Run, State};
use crate::docker::Container;
use crate::error::{Kind, Result};
use crate::files;
use crate::lock::{self, Lock, Purpose, Scope};

/// The builds that are held for as long as this lives, and what nobody may hold.
#[derive(Debug, Default)]
pub struct Busy {
    /// The names that are under way, and why it is known.
    builds: BTreeMap<String, String>,
    /// What running containers see of the host.
    sources: BTreeSet<PathBuf>,
    locks: Vec<Lock>,
}

impl Busy {
    /// Takes the locks of all builds that are not under way, so that none begins meanwhile.
    ///
    /// # Errors
    /// The system's, when a lock cannot be made.
    pub async fn look(desired: &Desired, places: &[Place], purpose: Purpose) -> Result<Self> {
        let names: BTreeSet<&str> = desired
            .categories
            .iter()
            .map(String::as_str)
            .chain(places.iter().map(Place::name))
            .collect();
        let mut busy = Self::default();
        for name in names {
            match lock::acquire(Scope::Build(name), purpose, Duration::ZERO).await {
                Ok(lock) => busy.locks.push(lock),
                Err(error) if error.kind() == Kind::Refused => {
                    busy.builds.insert(name.to_owned(), error.cause().to_owned());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(busy)
    }

    /// Adds what the engine's containers tell.
    pub fn add_containers(&mut self, desired: &Desired, containers: &[Container]) {
        for container in containers {
            let is_running = container.is_running();
            if is_running {
                self.sources.extend(container.sources.iter().cloned());
            }
            let Some(labels) = Labels::read(&container.labels) else {
                continue;
            };
            if !files::is_same(&labels.artifacts, &desired.artifacts) {
                continue;
            }
            let reason = if is_running {
                format!("its container `{}` is running", container.name)
            } else if is_uncollected(container, &labels, desired) {
                format!(
                    "its container `{}` has ended, and what it made is not collected yet",
                    container.name
                )
            } else {
                continue;
            };
            self.builds.entry(labels.build).or_insert(reason);
        }
    }

    /// Adds the builds whose end nobody has seen, where the engine cannot tell of them.
    pub fn add_unseen(&mut self, places: &[Place]) {
        for place in places {
            // What cannot be read may have been started.
            let may_run = Record::read(place).map_or(true, |record| {
                record.is_some_and(|record| record.run.state == State::Started)
            });
            if may_run {
                self.builds.entry(place.name().to_owned()).or_insert_with(|| {
                    "it was started, and the engine cannot be asked what became of it".to_owned()
                });
            }
        }
    }

    #[must_use]
    pub fn is_build(&self, name: &str) -> bool {
        self.builds.contains_key(name)
    }

    /// Returns whether the cache of `service`, at `path`, is in use.
    #[must_use]
    pub fn is_cache(&self, service: &str, path: &Path) -> bool {
        let build = service.strip_suffix("-builder").unwrap_or(service);
        let sees = |source: &PathBuf| source.starts_with(path) || path.starts_with(source);
        self.is_build(build) || self.is_build(service) || self.sources.iter().any(sees)
    }

    /// Returns a warning for each build that is spared.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.builds.iter().map(|(name, reason)| {
            format!("the build `{name}` is under way, and nothing of it was removed: {reason}")
        })
    }
}

/// Tells whether the next run of the build would take up what is in `container`, which has ended.
fn is_uncollected(container: &Container, labels: &Labels, desired: &Desired) -> bool {
    let place = Place::new(&desired.artifacts, &labels.build).ok();
    match place.as_ref().and_then(recorded) {
        Some(run) if run.invocation == labels.invocation => run.state == State::Started,
        // Nothing was told of it, so nothing of it was collected; but one that never ran has made nothing.
        _ => container.has_run(),
    }
}

/// Returns what is remembered of the last run of a build. What cannot be read tells nothing.
fn recorded(place: &Place) -> Option<Run> {
    Record::read(place).ok().flatten().map(|record| record.run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_is_in_use_by_its_build_and_by_whoever_sees_it() {
        let busy = Busy {
            builds: BTreeMap::from([("envoy".to_owned(), "running".to_owned())]),
            sources: BTreeSet::from([PathBuf::from("/srv/cache/base-builder")]),
            locks: Vec::new(),
        };
        for (service, used) in [
            ("envoy-builder", true),
            ("envoy", true),
            ("base-builder", true),
            ("dev-environment", false),
        ] {
            let path = Path::new("/srv/cache").join(service);
            assert_eq!(busy.is_cache(service, &path), used, "{service}");
        }
        assert_eq!(busy.warnings().count(), 1);
    }

    #[test]
    fn a_container_that_sees_everything_uses_every_cache() {
        let busy = Busy {
            sources: BTreeSet::from([PathBuf::from("/")]),
            ..Busy::default()
        };
        assert!(busy.is_cache("x", Path::new("/srv/cache/x")));
    }
}
