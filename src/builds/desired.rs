//! What the options of a build mean: every path absolute, every default filled in, the image resolved.
//!
//! Pure but for reading `ca_bundle`. What can never work is refused here, before anything is looked at.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::inputs::{IMAGE, Inputs};
use super::place::Place;
use super::user::User;
use super::variables::{ENVOY, Variables};
use super::words::words;
use crate::arguments::cross_compile;
use crate::arguments::cross_compile_build::Arguments;
use crate::artifacts::patterns::Patterns;
use crate::desired::checks::{absolute, natural, non_empty, number, readable, seconds};
use crate::desired::{self, GivenPaths, Paths};
use crate::error::{Error, Kind, Result};
use crate::facts::{self, Facts};
use crate::image::Reference;
use crate::resource::directories::Directory;
use crate::resource::images;
use crate::secret::Secrets;

/// The least memory with which an engine starts a container.
const LEAST_MEMORY: u64 = 6 << 20;
/// Enough for the largest builds, and no more than a host gives its processes anyway.
const MOST_OPEN_FILES: u64 = 65_536;
/// What Podman's service allows itself, and without root's rights nobody else more.
const MOST_PROCESSES: u64 = 32_768;
/// What Docker counts processors in.
const NANO: f64 = 1e9;
/// Where containers have what they run with; nothing of the host is put in its place, or below the second ones.
const RESERVED: [&str; 13] = [
    "/", "/bin", "/boot", "/home", "/lib", "/lib64", "/opt", "/root", "/sbin", "/usr", "/usr/bin",
    "/usr/lib", "/var",
];
const RESERVED_BELOW: [&str; 5] = ["/dev", "/etc", "/proc", "/run", "/sys"];

/// A build as it is to be.
#[derive(Debug, Clone)]
pub struct Desired {
    pub place: Place,
    /// One reference, and when it is pulled.
    pub images: images::Desired,
    pub command: Option<Vec<String>>,
    pub variables: Variables,
    /// Patterns of what must come out.
    pub expect: Vec<String>,
    pub force: bool,
    pub wait: bool,
    pub build_timeout: Duration,
    pub keep_failed: bool,
    pub confinement: Confinement,
    pub artifacts_target: String,
    pub cache: PathBuf,
    pub cache_target: String,
    /// The toolkit's checkout, whose commit the provenance names where there is one.
    pub toolkit: PathBuf,
    pub builder: Owner,
    pub docker_host: Option<String>,
    pub ca_bundle: Option<PathBuf>,
    pub timeout: Duration,
    pub lock_timeout: Duration,
}

/// What the container may use and be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confinement {
    pub memory: u64,
    pub nano_processors: u64,
    pub processes: u64,
    pub open_files: u64,
    pub processes_of_user: u64,
    pub network: String,
    pub read_only: bool,
    /// As the option says; the image's own where it says nothing.
    pub user: Option<User>,
}

/// Who owns what a build writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    pub uid: u32,
    pub gid: u32,
}

impl Desired {
    /// # Errors
    /// `Invalid`, with the option and its value.
    pub fn new(arguments: &Arguments, facts: &Facts, secrets: &Secrets) -> Result<Self> {
        let paths = Paths::new(GivenPaths {
            base_dir: &arguments.base_dir,
            artifacts_dir: arguments.artifacts_dir.as_deref(),
            cache_dir: arguments.cache_dir.as_deref(),
            workspace_dir: arguments.workspace_dir.as_deref(),
            toolkit_dest: arguments.toolkit_dest.as_deref(),
        })?;
        let place = Place::new(&paths.artifacts, &arguments.name)?;
        let (reference, service) = image(arguments)?;
        let artifacts_target = target(&arguments.artifacts_target, "artifacts_target")?;
        let cache_target = target(&arguments.cache_target, "cache_target")?;
        if Path::new(&artifacts_target).starts_with(&cache_target)
            || Path::new(&cache_target).starts_with(&artifacts_target)
        {
            return Err(Error::new(
                Kind::Invalid,
                format!(
                    "`cache_target` (`{cache_target}`) and `artifacts_target` (`{artifacts_target}`) overlap"
                ),
            )
            .with_remedy("choose two directories of which neither is in the other"));
        }
        let jobs = match arguments.envoy_build.parallel_jobs {
            Some(jobs) if arguments.name == ENVOY => natural(jobs, 1, "envoy_build.parallel_jobs")?,
            _ => facts.processors,
        };
        let mut variables = Variables::new(
            &arguments.name,
            &artifacts_target,
            &arguments.envoy_build,
            jobs,
            &arguments.environment,
        )?;
        if arguments.read_only {
            // The user's own home would be on the image's file system, which cannot be written then.
            variables.set_unless_given("HOME", "/tmp");
        }
        let expect = arguments
            .expect
            .clone()
            .unwrap_or_else(|| variables.expected(&arguments.name));
        Patterns::new(&expect).map_err(|error| error.context("`expect`"))?;
        let pull = arguments.pull.as_deref().unwrap_or("newer");
        Ok(Self {
            images: images::Desired {
                references: vec![reference],
                pull: images::Pull::from_name(pull)
                    .ok_or_else(|| Error::new(Kind::Invalid, format!("`pull` cannot be `{pull}`")))?,
                platform: arguments.platform.clone().filter(|platform| !platform.is_empty()),
                registry_auth: desired::registry_auth(
                    &arguments.registry_auth,
                    &arguments.registry,
                    secrets,
                )?,
            },
            command: arguments
                .command
                .as_ref()
                .filter(|command| !command.is_null())
                .map(words)
                .transpose()?,
            expect,
            variables,
            force: arguments.force,
            wait: arguments.wait,
            build_timeout: seconds(arguments.build_timeout, 1, "build_timeout")?,
            keep_failed: arguments.keep_failed,
            confinement: confinement(arguments, facts)?,
            artifacts_target,
            cache: paths.cache.join(service),
            cache_target,
            toolkit: paths.toolkit,
            builder: Owner {
                uid: number(arguments.builder_uid, 0, "builder_uid")?,
                gid: number(arguments.builder_gid, 0, "builder_gid")?,
            },
            docker_host: arguments.docker_host.clone().filter(|host| !host.is_empty()),
            ca_bundle: arguments
                .ca_bundle
                .as_deref()
                .filter(|path| !path.as_os_str().is_empty())
                .map(readable)
                .transpose()?,
            timeout: seconds(arguments.timeout, 1, "timeout")?,
            lock_timeout: seconds(arguments.lock_timeout, 0, "lock_timeout")?,
            place,
        })
    }

    /// Returns the image that builds.
    #[must_use]
    pub fn image(&self) -> &Reference {
        &self.images.references[0]
    }

    /// Returns everything that decides what comes out, when it is built in the image of this digest.
    #[must_use]
    pub fn inputs(&self, image: &str) -> Inputs {
        let mut inputs = Inputs::default();
        inputs.add(IMAGE, image);
        if let Some(platform) = &self.images.platform {
            inputs.add("platform", platform);
        }
        if let Some(command) = &self.command {
            // Joined so that no two commands are the same text; serialising words cannot fail.
            inputs.add("command", serde_json::to_string(command).unwrap_or_default());
        }
        if let Some(user) = &self.confinement.user {
            inputs.add("user", user.to_string());
        }
        inputs.add("artifacts_target", &self.artifacts_target);
        self.variables.tell(&mut inputs);
        inputs
    }

    /// Returns the directories that a build needs and that outlast it.
    #[must_use]
    pub fn directories(&self) -> Vec<Directory> {
        // A build of which nothing is expected, such as a test, needs no place for it.
        let category = Some(self.place.category()).filter(|_| !self.expect.is_empty());
        category
            .into_iter()
            .chain([self.cache.clone()])
            .map(|path| Directory {
                path,
                uid: Some(self.builder.uid),
                gid: Some(self.builder.gid),
                mode: None,
            })
            .collect()
    }
}

/// Returns the image that builds, and the name of its cache: the toolkit's service of that image. What the toolkit has
/// no service for keeps apart, by an underscore or a dot, which no service has in the name of its own making.
fn image(arguments: &Arguments) -> Result<(Reference, String)> {
    let containers = cross_compile::images(&arguments.containers)?;
    let own_key = format!("{}_builder", arguments.name.replace(['-', '.'], "_"));
    let service = |key: &str| key.replace('_', "-");
    // Several names have the same key, and each holds a lock of its own.
    let own_cache = format!("{}-builder", arguments.name);
    if let Some(image) = arguments.image.as_deref().filter(|image| !image.is_empty()) {
        let reference =
            Reference::parse(image, &arguments.registry).map_err(|error| error.context("`image`"))?;
        let same = containers.iter().find(|(_, image)| {
            Reference::parse(image, &arguments.registry).is_ok_and(|other| other == reference)
        });
        let cache = match same {
            Some((key, _)) if *key == own_key => own_cache,
            Some((key, _)) => service(key),
            None => format!("{}_custom", arguments.name),
        };
        return Ok((reference, cache));
    }
    let image = containers
        .get(&own_key)
        .filter(|image| !image.is_empty())
        .ok_or_else(|| {
            Error::new(
                Kind::Invalid,
                format!(
                    "no image builds `{}`: `containers` has no `{own_key}`",
                    arguments.name
                ),
            )
            .with_remedy(format!("set `image`, or `containers.{own_key}`"))
        })?;
    let reference = Reference::parse(image, &arguments.registry)
        .map_err(|error| error.context(format!("`containers.{own_key}`")))?;
    Ok((reference, own_cache))
}

fn target(path: &Path, option: &str) -> Result<String> {
    let path = absolute(path, option)?;
    let is_reserved = RESERVED.iter().any(|reserved| path == Path::new(reserved))
        || RESERVED_BELOW.iter().any(|reserved| path.starts_with(reserved));
    match path.to_str() {
        Some(text) if !is_reserved => Ok(text.to_owned()),
        _ => Err(Error::new(
            Kind::Invalid,
            format!("`{option}` cannot be `{}`", path.display()),
        )
        .with_remedy("choose a directory of its own in the container")),
    }
}

fn confinement(arguments: &Arguments, facts: &Facts) -> Result<Confinement> {
    // A quarter stays with the machine, so that a build that needs more fails alone.
    let memory = arguments.memory.unwrap_or(facts.memory_kib * 1024 / 4 * 3);
    if memory < LEAST_MEMORY {
        return Err(Error::new(
            Kind::Invalid,
            format!("`memory` must be {LEAST_MEMORY} bytes or more, got `{memory}`"),
        ));
    }
    let network = non_empty(&arguments.network, "network")?;
    // No network is called so; engines take what stands before a colon for a mode, with options behind it.
    if network == "host" || network.contains(':') {
        return Err(Error::new(
            Kind::Invalid,
            format!("`network` cannot be `{network}`: a build shares no other's network"),
        )
        .with_remedy("use `bridge`, `none`, or a network that was created"));
    }
    Ok(Confinement {
        memory,
        nano_processors: nano_processors(arguments.cpus, facts.processors)?,
        processes: natural(arguments.pids_limit, 1, "pids_limit")?,
        open_files: MOST_OPEN_FILES.min(facts::most_open_files().unwrap_or(u64::MAX)),
        processes_of_user: MOST_PROCESSES.min(facts::most_processes().unwrap_or(u64::MAX)),
        network,
        read_only: arguments.read_only,
        user: arguments
            .user
            .as_deref()
            .filter(|user| !user.is_empty())
            .map(User::parse)
            .transpose()?,
    })
}

fn nano_processors(given: Option<f64>, processors: u64) -> Result<u64> {
    let Some(given) = given else {
        return Ok(processors.saturating_mul(1_000_000_000));
    };
    let most = f64::from(u32::try_from(processors).unwrap_or(u32::MAX));
    if !(0.01..=most).contains(&given) {
        return Err(Error::new(
            Kind::Invalid,
            format!(
                "`cpus` must be 0.01 or more, and no more than this machine's {processors}, got `{given}`"
            ),
        )
        .with_remedy("leave it out to give the build all of them"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range was checked above"
    )]
    Ok((given * NANO).round() as u64)
}

#[cfg(test)]
pub(super) mod tests;
