//! Starting a build: staging, log and container made ready, in an order that a kill at any point leaves usable.
//!
//! Owns that order: the record is written between making the container and starting it, so that a container that
//! runs is always remembered, and one that was never started is simply made again.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::confinement::specification;
use super::desired::Desired;
use super::inputs::Inputs;
use super::labels::{Labels, container_name};
use super::log;
use super::place::{Place, STAGING};
use super::record::{self, Record, Run, State};
use super::user;
use crate::docker::Engine;
use crate::docker::containers::{Container, State as ContainerState};
use crate::error::{Error, Kind, Result};
use crate::files::{self, clearing};
use crate::threads;

/// How long an engine may take for a container that a killed run asked for.
const STRAY: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// Where the kernel makes names that nobody else has.
const NAMES: &str = "/proc/sys/kernel/random/uuid";

/// The image as it is now, after any pull.
#[derive(Debug, Clone)]
pub struct Image {
    pub described: record::Image,
    /// As whom it runs.
    pub user: String,
}

/// Makes the container and starts it. `previous` is the container of an earlier build, which goes.
///
/// # Errors
/// The engine's, the system's; `Refused` for an image whose user must not or cannot build.
pub async fn start(
    desired: &Desired,
    inputs: &Inputs,
    image: &Image,
    previous: Option<&Container>,
    record: Option<&Record>,
    engine: &Engine,
) -> Result<Record> {
    let reference = &image.described.reference;
    let said = desired.confinement.user.as_ref();
    let user = match said {
        Some(user) => user.clone(),
        None => user::of_image(reference, &image.user)?,
    };
    if let Some(previous) = previous {
        engine.remove_container(&previous.id).await?;
    }
    let (place, builder) = (desired.place.clone(), desired.builder);
    threads::run(move || {
        prepare(&place, builder.uid, builder.gid)?;
        log::rotate(&place)
    })
    .await?;
    let invocation = invocation()?;
    let labels = Labels {
        build: desired.place.name().to_owned(),
        artifacts: desired.place.artifacts().to_path_buf(),
        fingerprint: inputs.fingerprint(),
        invocation: invocation.clone(),
    };
    let id = create(desired, &image.described.id, &labels, engine)
        .await
        .map_err(full_disk)?;
    let started = async {
        let passwd = engine
            .file_in_container(&id, "/etc/passwd")
            .await?
            .unwrap_or_default();
        let passwd = String::from_utf8_lossy(&passwd);
        user::check(reference, &user, &passwd, desired.builder.uid, said.is_some())?;
        let record = Record {
            run: run(desired, inputs, image, invocation, &id),
            delivery: record.and_then(|record| record.delivery.clone()),
        };
        record.write(&desired.place)?;
        engine.start_container(&id).await.map_err(not_started)?;
        Ok(record)
    };
    match started.await {
        Ok(record) => Ok(record),
        Err(error) => {
            // It never ran, so that there is nothing in it to look at.
            engine.remove_container(&id).await.ok();
            Err(error)
        }
    }
}

/// Makes the container. A run that was killed may have left the engine at making it, which then goes on by itself.
async fn create(desired: &Desired, image: &str, labels: &Labels, engine: &Engine) -> Result<String> {
    let specification = specification(desired, image, labels);
    let place = &desired.place;
    let deadline = Instant::now() + STRAY;
    loop {
        let error = match engine.create_container(&specification).await {
            Err(error) if error.kind() == Kind::Refused && Instant::now() < deadline => error,
            outcome => return outcome,
        };
        match engine.container(&specification.name).await? {
            Some(container) => {
                let labels = Labels::read(&container.labels);
                let is_ours = labels.is_some_and(|labels| labels.is_of(place.name(), place.artifacts()));
                if !is_ours || container.state != ContainerState::Created {
                    return Err(error);
                }
                engine.remove_container(&container.id).await?;
            }
            // Its name is taken already, but it is not there yet.
            None => sleep(PAUSE).await,
        }
    }
}

/// Returns what is to be remembered of a run whose container is `id`.
#[must_use]
pub fn run(desired: &Desired, inputs: &Inputs, image: &Image, invocation: String, id: &str) -> Run {
    Run {
        name: desired.place.name().to_owned(),
        state: State::Started,
        reason: None,
        fingerprint: inputs.fingerprint(),
        inputs: inputs.as_map().clone(),
        image: image.described.clone(),
        container: record::Container {
            name: container_name(desired.place.name()),
            id: id.to_owned(),
        },
        invocation,
        started_on: None,
        finished_on: None,
        exit_code: None,
        log: log::unread(&desired.place),
    }
}

/// Makes the staging directory anew, with the category in it, both the builder's.
fn prepare(place: &Place, uid: u32, gid: u32) -> Result<()> {
    clear(place)?;
    files::create_directory(&place.directory(), 0o755, None, None)?;
    for directory in [place.staging(), place.staging().join(place.name())] {
        files::create_directory(&directory, 0o755, Some(uid), Some(gid))?;
    }
    Ok(())
}

/// Removes what the build left in staging. Links in it are removed, never followed, whoever swaps what meanwhile.
///
/// # Errors
/// The system's, with the path.
pub fn clear(place: &Place) -> Result<()> {
    match clearing::clear(&place.directory(), Path::new(STAGING)) {
        // Nothing was ever built there.
        Err(error) if error.kind() == Kind::NotFound => Ok(()),
        cleared => cleared,
    }
}

fn invocation() -> Result<String> {
    let path = Path::new(NAMES);
    fs::read_to_string(path)
        .map(|name| name.trim().to_owned())
        .map_err(|error| Error::io("read", path, &error))
}

fn full_disk(error: Error) -> Error {
    match error.cause().contains("no space left on device") {
        true => {
            error.with_remedy("free space where the engine keeps its data (`docker system df`) and run again")
        }
        false => error,
    }
}

/// Engines say in their runtime's words that a command or a network is not there.
fn not_started(error: Error) -> Error {
    let says = |words: &[&str]| words.iter().any(|word| error.cause().contains(word));
    let remedy = if says(&[
        "executable file not found",
        "no such file or directory",
        "exec format error",
    ]) {
        "check `command` and `platform`: the image cannot run its command"
    } else if says(&["permission denied"]) {
        "check that the image's user may run `command`"
    } else if says(&["network"]) {
        "check `network`: `docker network ls` shows those that there are"
    } else {
        return full_disk(error);
    };
    Error::new(Kind::Failed, error.cause().to_owned()).with_remedy(remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staging_is_made_anew_with_the_category_in_it() {
        let artifacts = tempfile::tempdir().unwrap();
        let place = Place::new(artifacts.path(), "envoy").unwrap();
        let outside = artifacts.path().join("outside");
        fs::write(&outside, "kept").unwrap();
        let facts = crate::facts::Facts::read().unwrap();
        for _ in 0..2 {
            prepare(&place, facts.uid, facts.gid).unwrap();
            let category = place.staging().join("envoy");
            assert_eq!(fs::read_dir(&category).unwrap().count(), 0);
            std::os::unix::fs::symlink(&outside, category.join("link")).unwrap();
            std::os::unix::fs::symlink(artifacts.path(), category.join("directory")).unwrap();
        }
        clear(&place).unwrap();
        clear(&place).unwrap();
        assert_eq!(fs::read_to_string(outside).unwrap(), "kept");
    }

    #[test]
    fn every_invocation_has_a_name_of_its_own() {
        let names = [invocation().unwrap(), invocation().unwrap()];
        assert_eq!(names[0].len(), 36);
        assert_ne!(names[0], names[1]);
    }

    #[test]
    fn a_container_that_cannot_start_is_explained() {
        for (words, remedy) in [
            ("exec: \"x\": executable file not found in $PATH", "`command`"),
            ("exec /x: exec format error", "`platform`"),
            ("network bridge not found", "`network`"),
            ("write /x: no space left on device", "docker system df"),
        ] {
            let error = not_started(Error::new(Kind::Failed, words));
            assert!(error.remedy().unwrap().contains(remedy), "{error}");
        }
    }
}
