//! What the arguments mean: every path absolute, every default filled in, every name resolved.
//!
//! Pure but for the names of users, which only the host can tell. What can never work is refused here, before
//! anything is looked at.

pub mod checks;
mod rendering;
mod timing;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use checks::{
    absolute, compose_file, mode, natural, network_name, non_empty, number, override_file, readable, seconds,
    single_name,
};
use rendering::render;

use crate::arguments::cross_compile::{self, Arguments};
use crate::credentials::RegistryAuth;
use crate::error::{Error, Kind, Result};
use crate::facts::Facts;
use crate::files::users;
use crate::git;
use crate::image::Reference;
use crate::resource::directories::Directory;
use crate::resource::{Resource, compose_override, images, legacy, requirements, timers, toolkit};
use crate::secret::{Secret, Secrets};

/// The services that mount a cache whatever `containers` says, and the one that never does.
const CACHED_SERVICES: [&str; 3] = ["base-builder", "envoy-builder", "dev-environment"];
const UNCACHED_SERVICE: &str = "ci-builder";

/// The whole environment as it is to be.
#[derive(Debug, Clone)]
pub struct Desired {
    pub resources: Vec<Resource>,
    pub requirements: requirements::Desired,
    pub paths: Paths,
    pub directories: Vec<Directory>,
    pub toolkit: toolkit::Desired,
    pub network: String,
    pub images: images::Desired,
    pub compose_override: compose_override::Desired,
    pub legacy: legacy::Desired,
    pub timers: timers::Desired,
    pub docker_host: Option<String>,
    pub ca_bundle: Option<PathBuf>,
    pub timeout: Duration,
    pub lock_timeout: Duration,
}

/// The paths that everything else is derived from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    pub base: PathBuf,
    pub artifacts: PathBuf,
    pub cache: PathBuf,
    pub workspace: PathBuf,
    pub toolkit: PathBuf,
}

/// The same as options give them.
#[derive(Debug, Clone, Copy)]
pub struct GivenPaths<'a> {
    pub base_dir: &'a Path,
    pub artifacts_dir: Option<&'a Path>,
    pub cache_dir: Option<&'a Path>,
    pub workspace_dir: Option<&'a Path>,
    pub toolkit_dest: Option<&'a Path>,
}

impl Desired {
    /// # Errors
    /// `Invalid`, with the option and its value; the template's errors among them.
    pub fn new(arguments: &Arguments, facts: &Facts, secrets: &Secrets) -> Result<Self> {
        let resources: Vec<Resource> = Resource::ALL
            .into_iter()
            .filter(|resource| arguments.resources.iter().any(|name| name == resource.name()))
            .collect();
        let paths = Paths::of(arguments)?;
        paths.check_apart()?;
        let registry = checks::registry(&arguments.registry)?;
        let containers = arguments.images()?;
        check_keys(&containers)?;
        let compose_file = compose_file(&paths.toolkit, &arguments.container.compose_file)?;
        let override_path = override_file(&paths.toolkit, &arguments.container.override_file, &compose_file)?;
        let writes_override = resources.contains(&Resource::Override);
        let source = source(arguments, &override_path, writes_override, secrets)?;
        let content = match writes_override {
            true => render(arguments, &paths, &containers, &source, facts)?,
            false => String::new(),
        };
        let ca_bundle = arguments
            .ca_bundle
            .as_deref()
            .filter(|path| !path.as_os_str().is_empty())
            .map(readable)
            .transpose()?;
        let timeout = seconds(arguments.timeout, 1, "timeout")?;
        Ok(Self {
            requirements: requirements(&arguments.system_requirements)?,
            directories: directories(arguments, &paths, &containers)?,
            toolkit: toolkit::Desired {
                dest: paths.toolkit.clone(),
                source,
            },
            network: network_name(&arguments.container.network_name, "container.network_name")?,
            images: images::Desired {
                references: references(&containers, registry)?,
                pull: pull(arguments)?,
                platform: arguments.platform.clone().filter(|platform| !platform.is_empty()),
                registry_auth: registry_auth(&arguments.registry_auth, registry, secrets)?,
            },
            compose_override: compose_override::Desired {
                path: override_path,
                content,
                compose_file,
            },
            legacy: legacy::Desired {
                user: users::name_of(facts.uid),
                workspace: paths.workspace.clone(),
            },
            timers: timers::Desired {
                jobs: timing::jobs(arguments, &paths)?,
                is_root: facts.uid == 0,
            },
            docker_host: arguments.docker_host.clone().filter(|host| !host.is_empty()),
            paths,
            ca_bundle,
            timeout,
            lock_timeout: seconds(arguments.lock_timeout, 0, "lock_timeout")?,
            resources,
        })
    }

    #[must_use]
    pub fn wants(&self, resource: Resource) -> bool {
        self.resources.contains(&resource)
    }

    #[must_use]
    pub fn needs_engine(&self) -> bool {
        self.resources.iter().any(|resource| resource.needs_engine())
    }
}

impl Paths {
    fn of(arguments: &Arguments) -> Result<Self> {
        Self::new(GivenPaths {
            base_dir: &arguments.base_dir,
            artifacts_dir: arguments.artifacts_dir.as_deref(),
            cache_dir: arguments.cache_dir.as_deref(),
            workspace_dir: arguments.workspace_dir.as_deref(),
            toolkit_dest: arguments.toolkit_dest.as_deref(),
        })
    }

    /// # Errors
    /// `Invalid` for a path that is relative or has `..`.
    pub fn new(given: GivenPaths<'_>) -> Result<Self> {
        let base = absolute(given.base_dir, "base_dir")?;
        let or_below = |given: Option<&Path>, name: &str, parent: &Path, default: &str| match given {
            Some(path) if !path.as_os_str().is_empty() => absolute(path, name),
            _ => Ok(parent.join(default)),
        };
        let workspace = or_below(given.workspace_dir, "workspace_dir", &base, "workspace")?;
        Ok(Self {
            artifacts: or_below(given.artifacts_dir, "artifacts_dir", &base, "artifacts")?,
            cache: or_below(given.cache_dir, "cache_dir", &base, "build-cache")?,
            toolkit: or_below(
                given.toolkit_dest,
                "toolkit_dest",
                &workspace,
                "cross-compile-toolkit",
            )?,
            workspace,
            base,
        })
    }

    /// Checks that no directory has to be made where the toolkit is cloned to: that place has to be empty. The checkout
    /// itself may be the workspace, or the base of directories that lie elsewhere.
    fn check_apart(&self) -> Result<()> {
        for (option, path, may_be_the_same) in [
            ("base_dir", &self.base, true),
            ("workspace_dir", &self.workspace, true),
            ("artifacts_dir", &self.artifacts, false),
            ("cache_dir", &self.cache, false),
        ] {
            let is_inside = path.starts_with(&self.toolkit);
            if is_inside && !(may_be_the_same && *path == self.toolkit) {
                return Err(Error::new(
                    Kind::Invalid,
                    format!(
                        "`{option}`, `{}`, must not lie in `toolkit_dest`, `{}`",
                        path.display(),
                        self.toolkit.display()
                    ),
                )
                .with_remedy("the toolkit is cloned to an empty place: choose a directory outside of it"));
            }
        }
        Ok(())
    }
}

/// Checks that every key of `containers` stands for a compose service of its own.
fn check_keys(containers: &BTreeMap<String, String>) -> Result<()> {
    let mut keys: BTreeMap<String, String> = CACHED_SERVICES
        .iter()
        .chain([&UNCACHED_SERVICE])
        .map(|service| ((*service).to_owned(), service.replace('-', "_")))
        .collect();
    for key in containers.keys() {
        if key.is_empty() {
            return Err(
                Error::new(Kind::Invalid, "`containers` has an image without a key")
                    .with_remedy("name the compose service that the image serves, with `_` for `-`"),
            );
        }
        let service = key.replace('_', "-");
        if let Some(other) = keys.get(&service).filter(|other| *other != key) {
            return Err(Error::new(
                Kind::Invalid,
                format!(
                    "`containers` has two keys for the compose service `{service}`: `{other}` and `{key}`"
                ),
            )
            .with_remedy(format!("use `{other}` alone")));
        }
        keys.insert(service, key.clone());
    }
    Ok(())
}

/// Returns where the toolkit comes from, after telling `secrets` of what the URL carries.
fn source(
    arguments: &Arguments,
    override_path: &Path,
    writes_override: bool,
    secrets: &Secrets,
) -> Result<git::Source> {
    let url = git::GitUrl::parse(&arguments.toolkit_repo).map_err(|error| error.context("`toolkit_repo`"))?;
    url.secrets().for_each(|secret| secrets.add(secret));
    Ok(git::Source {
        url,
        version: non_empty(&arguments.toolkit_version, "toolkit_version")?,
        depth: arguments
            .toolkit_depth
            .map(|depth| number(depth, 1, "toolkit_depth"))
            .transpose()?,
        force: arguments.toolkit_force,
        own_files: vec![override_path.to_path_buf()],
        reserved: match writes_override {
            true => vec![override_path.to_path_buf()],
            false => Vec::new(),
        },
    })
}

fn requirements(given: &cross_compile::SystemRequirements) -> Result<requirements::Desired> {
    let min_engine_version = given.min_engine_version.trim();
    if !min_engine_version.is_empty() && !requirements::is_version(min_engine_version) {
        return Err(Error::new(
            Kind::Invalid,
            format!(
                "`system_requirements.min_engine_version` must begin with a number, got `{min_engine_version}`"
            ),
        )
        .with_remedy("write it as `20.10`, or as an empty string to turn the check off"));
    }
    Ok(requirements::Desired {
        min_disk_space_gb: natural(
            given.min_disk_space_gb,
            0,
            "system_requirements.min_disk_space_gb",
        )?,
        min_memory_gb: natural(given.min_memory_gb, 0, "system_requirements.min_memory_gb")?,
        min_engine_version: min_engine_version.to_owned(),
    })
}

fn directories(
    arguments: &Arguments,
    paths: &Paths,
    containers: &BTreeMap<String, String>,
) -> Result<Vec<Directory>> {
    let named = |name: &Option<String>| name.clone().filter(|name| !name.is_empty());
    let owner = named(&arguments.owner)
        .map(|name| users::user_id(&name))
        .transpose()?;
    let group = named(&arguments.group)
        .map(|name| users::group_id(&name))
        .transpose()?;
    let enforced = arguments.mode.as_ref().map(mode).transpose()?;
    let builders_user = Some(number(arguments.builder_uid, 0, "builder_uid")?);
    let builders_group = Some(number(arguments.builder_gid, 0, "builder_gid")?);
    let ours = |path: &Path| Directory {
        path: path.to_path_buf(),
        uid: owner,
        gid: group,
        mode: enforced.clone(),
    };
    let builders = |path: PathBuf| Directory {
        path,
        uid: builders_user,
        gid: builders_group,
        mode: None,
    };
    let mut directories = vec![ours(&paths.base), ours(&paths.artifacts)];
    for category in &arguments.artifact_categories {
        let name = single_name(category, "artifact_categories")?;
        directories.push(builders(paths.artifacts.join(name)));
    }
    directories.push(ours(&paths.cache));
    for service in cached_services(containers) {
        directories.push(builders(paths.cache.join(single_name(&service, "containers")?)));
    }
    directories.push(ours(&paths.workspace));
    // Two options may name one path; the first says what it has to be.
    let mut seen = Vec::new();
    directories.retain(|directory| {
        let new = !seen.contains(&directory.path);
        seen.push(directory.path.clone());
        new
    });
    Ok(directories)
}

/// Returns the services that mount a cache of their own, as the built-in override does it.
fn cached_services(containers: &BTreeMap<String, String>) -> Vec<String> {
    let mut services: Vec<String> = CACHED_SERVICES.map(str::to_owned).to_vec();
    for (key, image) in containers {
        let service = key.replace('_', "-");
        if !image.is_empty() && service != UNCACHED_SERVICE && !services.contains(&service) {
            services.push(service);
        }
    }
    services
}

fn references(containers: &BTreeMap<String, String>, registry: &str) -> Result<Vec<Reference>> {
    let mut references: Vec<Reference> = Vec::new();
    for (key, image) in containers.iter().filter(|(_, image)| !image.is_empty()) {
        let reference = Reference::parse(image, registry)
            .map_err(|error| error.context(format!("`containers.{key}`")))?;
        if !references.contains(&reference) {
            references.push(reference);
        }
    }
    Ok(references)
}

fn pull(arguments: &Arguments) -> Result<images::Pull> {
    let default = if arguments.build_automation.auto_pull_images {
        "newer"
    } else {
        "missing"
    };
    let name = arguments.pull.as_deref().unwrap_or(default);
    images::Pull::from_name(name)
        .ok_or_else(|| Error::new(Kind::Invalid, format!("`pull` cannot be `{name}`")))
}

/// Returns the credentials that the option gives for the host of `registry`, after telling `secrets` of them.
///
/// # Errors
/// `Invalid` for a token without a user.
pub fn registry_auth(
    auth: &cross_compile::RegistryAuth,
    registry: &str,
    secrets: &Secrets,
) -> Result<Option<RegistryAuth>> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let Some(token) = given(&auth.token).filter(|_| auth.enabled) else {
        return Ok(None);
    };
    let Some(username) = given(&auth.username) else {
        return Err(Error::new(
            Kind::Invalid,
            "`registry_auth` is enabled and has a `token`, but no `username`",
        )
        .with_remedy("set `registry_auth.username`"));
    };
    secrets.add_pair(&username, &token);
    // Any image below the prefix tells the host that the token is meant for.
    let registry = Reference::parse("image", registry)?.registry().to_owned();
    Ok(Some(RegistryAuth {
        registry,
        username,
        token: Secret::new(token),
    }))
}

#[cfg(test)]
mod tests;
