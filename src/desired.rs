//! What the arguments mean: every path absolute, every default filled in, every name resolved.
//!
//! Pure but for the names of users, which only the host can tell. What can never work is refused here, before
//! anything is looked at.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::arguments::cross_compile::Arguments;
use crate::compose;
use crate::credentials::RegistryAuth;
use crate::error::{Error, Kind, Result};
use crate::facts::Facts;
use crate::files::mode::Mode;
use crate::files::users;
use crate::git;
use crate::image::Reference;
use crate::resource::directories::Directory;
use crate::resource::{Resource, compose_override, images, requirements, toolkit};
use crate::secret::{Secret, Secrets};
use crate::template;

/// The template of the role, which is the built-in default too: one file, no copy.
const DEFAULT_TEMPLATE: &str =
    include_str!("../roles/goldentooth.setup_cross_compilation/templates/docker-compose.override.yml.j2");
/// The name by which messages speak of the template, built in or handed over by the role.
const TEMPLATE_NAME: &str = "docker-compose.override.yml.j2";

/// The services that mount a cache whatever `containers` says, and the one that never does.
const CACHED_SERVICES: [&str; 3] = ["base-builder", "envoy-builder", "dev-environment"];
const UNCACHED_SERVICE: &str = "ci-builder";

/// The whole environment as it is to be.
#[derive(Debug, Clone)]
pub struct Desired {
    pub resources: Vec<Resource>,
    pub requirements: requirements::Desired,
    pub base_dir: PathBuf,
    pub directories: Vec<Directory>,
    pub toolkit: toolkit::Desired,
    pub network: String,
    pub images: images::Desired,
    pub compose_override: compose_override::Desired,
    pub docker_host: Option<String>,
    pub ca_bundle: Option<PathBuf>,
    pub timeout: Duration,
    pub lock_timeout: Duration,
}

/// The paths that everything else is derived from.
struct Paths {
    base: PathBuf,
    artifacts: PathBuf,
    cache: PathBuf,
    workspace: PathBuf,
    toolkit: PathBuf,
}

impl Desired {
    /// # Errors
    /// `Invalid`, with the option and its value; the template's errors among them.
    pub fn new(arguments: &Arguments, facts: &Facts, secrets: &Secrets) -> Result<Self> {
        let resources: Vec<Resource> = Resource::ALL
            .into_iter()
            .filter(|resource| arguments.resources.iter().any(|name| name == resource.name()))
            .collect();
        let paths = Paths::new(arguments)?;
        let containers = arguments.images()?;
        let repository =
            git::GitUrl::parse(&arguments.toolkit_repo).map_err(|error| error.context("`toolkit_repo`"))?;
        repository.secrets().for_each(|secret| secrets.add(secret));
        let override_path = beside_compose_file(
            &paths.toolkit,
            &arguments.container.override_file,
            "override_file",
        )?;
        let compose_file =
            beside_compose_file(&paths.toolkit, &arguments.container.compose_file, "compose_file")?;
        let content = match resources.contains(&Resource::Override) {
            true => render(arguments, &paths, &containers, &repository.to_string(), facts)?,
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
            requirements: requirements::Desired {
                min_disk_space_gb: natural(
                    arguments.system_requirements.min_disk_space_gb,
                    0,
                    "system_requirements.min_disk_space_gb",
                )?,
                min_memory_gb: natural(
                    arguments.system_requirements.min_memory_gb,
                    0,
                    "system_requirements.min_memory_gb",
                )?,
                min_engine_version: arguments.system_requirements.min_engine_version.trim().to_owned(),
            },
            directories: directories(arguments, &paths, &containers)?,
            toolkit: toolkit::Desired {
                dest: paths.toolkit,
                source: git::Source {
                    url: repository,
                    version: non_empty(&arguments.toolkit_version, "toolkit_version")?,
                    depth: arguments
                        .toolkit_depth
                        .map(|depth| number(depth, 1, "toolkit_depth"))
                        .transpose()?,
                    force: arguments.toolkit_force,
                    own_files: vec![override_path.clone()],
                },
            },
            network: non_empty(&arguments.container.network_name, "container.network_name")?,
            images: images::Desired {
                references: references(&containers, &arguments.registry)?,
                pull: pull(arguments)?,
                platform: arguments.platform.clone().filter(|platform| !platform.is_empty()),
                registry_auth: registry_auth(arguments, secrets)?,
            },
            compose_override: compose_override::Desired {
                path: override_path,
                content,
                compose_file,
            },
            docker_host: arguments.docker_host.clone().filter(|host| !host.is_empty()),
            base_dir: paths.base,
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
    fn new(arguments: &Arguments) -> Result<Self> {
        let base = absolute(&arguments.base_dir, "base_dir")?;
        let or_below = |given: &Option<PathBuf>, name: &str, parent: &Path, default: &str| match given {
            Some(path) if !path.as_os_str().is_empty() => absolute(path, name),
            _ => Ok(parent.join(default)),
        };
        let workspace = or_below(&arguments.workspace_dir, "workspace_dir", &base, "workspace")?;
        Ok(Self {
            artifacts: or_below(&arguments.artifacts_dir, "artifacts_dir", &base, "artifacts")?,
            cache: or_below(&arguments.cache_dir, "cache_dir", &base, "build-cache")?,
            toolkit: or_below(
                &arguments.toolkit_dest,
                "toolkit_dest",
                &workspace,
                "cross-compile-toolkit",
            )?,
            workspace,
            base,
        })
    }
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

fn registry_auth(arguments: &Arguments, secrets: &Secrets) -> Result<Option<RegistryAuth>> {
    let auth = &arguments.registry_auth;
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
    let registry = Reference::parse("image", &arguments.registry)?
        .registry()
        .to_owned();
    Ok(Some(RegistryAuth {
        registry,
        username,
        token: Secret::new(token),
    }))
}

fn render(
    arguments: &Arguments,
    paths: &Paths,
    containers: &BTreeMap<String, String>,
    repository: &str,
    facts: &Facts,
) -> Result<String> {
    let given = arguments.override_template.as_deref();
    let source = given
        .filter(|source| !source.is_empty())
        .unwrap_or(DEFAULT_TEMPLATE);
    let variables = variables(arguments, paths, containers, repository, facts)?;
    let content = template::render(TEMPLATE_NAME, source, &variables)?;
    compose::check(&content, TEMPLATE_NAME)?;
    Ok(content)
}

/// Returns what the template sees, `override_variables` on top.
fn variables(
    arguments: &Arguments,
    paths: &Paths,
    containers: &BTreeMap<String, String>,
    repository: &str,
    facts: &Facts,
) -> Result<Map<String, Value>> {
    let parallel_jobs = match arguments.envoy_build.parallel_jobs {
        Some(jobs) => natural(jobs, 1, "envoy_build.parallel_jobs")?,
        None => facts.processors,
    };
    let computed = json!({
        "cross_compile": {
            "toolkit_repo": repository,
            "toolkit_version": arguments.toolkit_version,
            "toolkit_branch": arguments.toolkit_version,
            "toolkit_dest": paths.toolkit,
            "registry": arguments.registry,
            "containers": containers,
            "base_dir": paths.base,
            "artifacts_dir": paths.artifacts,
            "artifact_categories": arguments.artifact_categories,
            "cache_dir": paths.cache,
            "workspace_dir": paths.workspace,
            "builder_uid": arguments.builder_uid,
            "builder_gid": arguments.builder_gid,
            "container": {
                "compose_file": arguments.container.compose_file,
                "override_file": arguments.container.override_file,
                "network_name": arguments.container.network_name,
            },
        },
        "envoy_build": {
            "version": arguments.envoy_build.version,
            "memory_allocator": arguments.envoy_build.memory_allocator,
            "build_config": arguments.envoy_build.build_config,
            "parallel_jobs": parallel_jobs,
            "create_deb_package": arguments.envoy_build.create_deb_package,
        },
        "ansible_processor_vcpus": facts.processors,
        "ansible_memtotal_mb": facts.memory_mib(),
    });
    let mut variables = match computed {
        Value::Object(variables) => variables,
        _ => Map::new(),
    };
    for (name, value) in &arguments.override_variables {
        merge(variables.entry(name.clone()).or_insert(Value::Null), value);
    }
    Ok(variables)
}

/// Lays `over` on `under`: dicts are merged, everything else is replaced.
fn merge(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                merge(under.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over.clone(),
    }
}

fn absolute(path: &Path, option: &str) -> Result<PathBuf> {
    let climbs = path
        .components()
        .any(|component| component == Component::ParentDir);
    if !path.is_absolute() || climbs {
        return Err(Error::new(
            Kind::Invalid,
            format!(
                "`{option}` must be an absolute path without `..`, got `{}`",
                path.display()
            ),
        )
        .with_remedy("start it with `/`"));
    }
    // Collecting the components drops doubled and trailing slashes.
    Ok(path.components().collect())
}

fn readable(path: &Path) -> Result<PathBuf> {
    let path = absolute(path, "ca_bundle")?;
    std::fs::File::open(&path).map_err(|error| {
        Error::io("read `ca_bundle`", &path, &error)
            .with_remedy("put the certificate authorities there as a PEM file")
    })?;
    Ok(path)
}

/// Returns a file of the checkout by the name that `container` gives it.
fn beside_compose_file(checkout: &Path, name: &str, option: &str) -> Result<PathBuf> {
    let inside = Path::new(name)
        .components()
        .all(|component| matches!(component, Component::Normal(_) | Component::CurDir));
    if name.is_empty() || !inside {
        return Err(Error::new(
            Kind::Invalid,
            format!("`container.{option}` must be a file in the toolkit's checkout, got `{name}`"),
        )
        .with_remedy("give a relative path without `..`"));
    }
    Ok(checkout.join(name).components().collect())
}

fn single_name<'a>(name: &'a str, option: &str) -> Result<&'a str> {
    if name.is_empty() || name.contains('/') || matches!(name, "." | "..") {
        return Err(Error::new(
            Kind::Invalid,
            format!("`{option}` must hold names of directories, got `{name}`"),
        )
        .with_remedy("give a single name without `/`"));
    }
    Ok(name)
}

fn mode(value: &Value) -> Result<Mode> {
    match value {
        // YAML reads an unquoted `0755` as an octal number.
        Value::Number(number) => match number.as_u64().and_then(|number| u32::try_from(number).ok()) {
            Some(bits) if bits <= 0o7777 => Ok(Mode::Octal(bits)),
            _ => Mode::parse(&format!("{number}!")),
        },
        Value::String(text) => Mode::parse(text),
        other => Mode::parse(&other.to_string()),
    }
}

fn non_empty(text: &str, option: &str) -> Result<String> {
    match text.trim() {
        "" => Err(Error::new(Kind::Invalid, format!("`{option}` must not be empty"))),
        text => Ok(text.to_owned()),
    }
}

fn natural(value: i64, least: u64, option: &str) -> Result<u64> {
    u64::try_from(value)
        .ok()
        .filter(|value| *value >= least)
        .ok_or_else(|| {
            Error::new(
                Kind::Invalid,
                format!("`{option}` must be {least} or more, got `{value}`"),
            )
        })
}

fn number(value: i64, least: u32, option: &str) -> Result<u32> {
    let value = natural(value, least.into(), option)?;
    u32::try_from(value)
        .map_err(|_| Error::new(Kind::Invalid, format!("`{option}` is too large, got `{value}`")))
}

fn seconds(value: i64, least: u64, option: &str) -> Result<Duration> {
    natural(value, least, option).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::cross_compile::SPECIFICATION;
    use crate::arguments::{Context, parse};

    const FACTS: Facts = Facts {
        processors: 4,
        memory_kib: 16 * 1024 * 1024,
        uid: 0,
        gid: 0,
    };

    fn try_desired(raw: Value) -> Result<Desired> {
        let Value::Object(raw) = raw else {
            panic!("not a dict")
        };
        let parsed = parse(&SPECIFICATION, raw, &Context::system()).unwrap();
        let arguments = Arguments::from_parameters(&parsed.parameters).unwrap();
        Desired::new(&arguments, &FACTS, &Secrets::default())
    }

    fn desired(raw: Value) -> Desired {
        try_desired(raw).unwrap()
    }

    #[test]
    fn the_defaults_are_the_standard_environment() {
        let desired = desired(json!({}));
        let paths: Vec<String> = desired
            .directories
            .iter()
            .map(|directory| directory.path.display().to_string())
            .collect();
        assert_eq!(
            paths,
            [
                "/opt/goldentooth",
                "/opt/goldentooth/artifacts",
                "/opt/goldentooth/artifacts/envoy",
                "/opt/goldentooth/artifacts/consul",
                "/opt/goldentooth/artifacts/vault",
                "/opt/goldentooth/artifacts/packages",
                "/opt/goldentooth/artifacts/containers",
                "/opt/goldentooth/build-cache",
                "/opt/goldentooth/build-cache/base-builder",
                "/opt/goldentooth/build-cache/envoy-builder",
                "/opt/goldentooth/build-cache/dev-environment",
                "/opt/goldentooth/workspace",
            ]
        );
        let toolkit = "/opt/goldentooth/workspace/cross-compile-toolkit";
        assert_eq!(desired.toolkit.dest, Path::new(toolkit));
        assert_eq!(
            desired.compose_override.path,
            Path::new(toolkit).join("docker-compose.override.yml")
        );
        assert_eq!(desired.images.pull, images::Pull::Newer);
        assert_eq!(desired.images.references.len(), 3);
        assert_eq!(desired.resources, Resource::ALL);
    }

    #[test]
    fn the_builders_user_owns_what_it_writes_and_nothing_else() {
        let desired = desired(json!({ "builder_uid": 7, "owner": "0", "mode": "0750" }));
        for directory in &desired.directories {
            let depth = directory.path.components().count();
            let builders = depth == 5;
            assert_eq!(directory.uid, Some(if builders { 7 } else { 0 }), "{directory:?}");
            assert_eq!(directory.mode.is_some(), !builders);
        }
    }

    #[test]
    fn every_further_container_gets_a_cache_unless_it_is_dropped() {
        let desired = desired(json!({ "containers": {
            "llama_builder": "x/llama:1", "dropped": "", "base_builder": ""
        } }));
        let caches: Vec<_> = desired
            .directories
            .iter()
            .filter_map(|directory| directory.path.strip_prefix("/opt/goldentooth/build-cache").ok())
            .map(|path| path.display().to_string())
            .collect();
        assert_eq!(
            caches,
            [
                "",
                "base-builder",
                "envoy-builder",
                "dev-environment",
                "llama-builder"
            ]
        );
        let images: Vec<_> = desired
            .images
            .references
            .iter()
            .map(ToString::to_string)
            .collect();
        let prefix = "ghcr.io/goldentooth";
        assert_eq!(
            images,
            ["ci-builder:latest", "envoy-builder:latest", "x/llama:1"]
                .map(|image| format!("{prefix}/{image}"))
        );
    }

    #[test]
    fn the_built_in_override_makes_the_services_use_what_is_pulled() {
        let content = desired(json!({})).compose_override.content;
        for (service, image) in [
            ("base-builder", "base-builder"),
            ("dev-environment", "base-builder"),
            ("envoy-builder", "envoy-builder"),
            ("ci-builder", "ci-builder"),
        ] {
            let expected = format!("  {service}:\n    image: 'ghcr.io/goldentooth/{image}:latest'\n");
            assert!(content.contains(&expected), "{content}");
        }
        assert!(content.contains("memory: 12288M"), "{content}");
        assert!(content.contains("PARALLEL_JOBS: '4'"), "{content}");
    }

    #[test]
    fn override_variables_are_laid_over_what_is_there() {
        let desired = desired(json!({
            "override_template": "services: {a: {image: '{{ cross_compile.mine }}-{{ cross_compile.registry }}-{{ other }}'}}",
            "override_variables": { "cross_compile": { "mine": 1 }, "other": "x" },
        }));
        assert_eq!(
            desired.compose_override.content,
            "services: {a: {image: '1-ghcr.io/goldentooth-x'}}"
        );
    }

    #[test]
    fn pulling_follows_the_automation_unless_it_is_said() {
        for (raw, expected) in [
            (json!({}), images::Pull::Newer),
            (
                json!({ "build_automation": { "auto_pull_images": false } }),
                images::Pull::Missing,
            ),
            (
                json!({ "build_automation": { "auto_pull_images": false }, "pull": "always" }),
                images::Pull::Always,
            ),
        ] {
            assert_eq!(desired(raw).images.pull, expected);
        }
    }

    #[test]
    fn the_token_is_for_the_host_of_the_registry_option() {
        let auth = |raw: Value| try_desired(raw).map(|desired| desired.images.registry_auth);
        let given = json!({ "enabled": true, "username": "u", "token": "t" });
        let registry = auth(json!({ "registry_auth": given })).unwrap().unwrap().registry;
        assert_eq!(registry, "ghcr.io");
        for off in [
            json!({ "username": "u", "token": "t" }),
            json!({ "enabled": true }),
            json!({ "enabled": true, "username": "", "token": "" }),
        ] {
            assert_eq!(auth(json!({ "registry_auth": off })), Ok(None));
        }
        let error = auth(json!({ "registry_auth": { "enabled": true, "token": "t" } })).unwrap_err();
        assert!(error.cause().contains("no `username`"), "{error}");
    }

    #[test]
    fn what_can_never_work_is_refused_by_option_and_value() {
        for (raw, cause) in [
            (
                json!({ "base_dir": "opt/x" }),
                "`base_dir` must be an absolute path without `..`, got `opt/x`",
            ),
            (
                json!({ "cache_dir": "/a/../b" }),
                "`cache_dir` must be an absolute path",
            ),
            (json!({ "timeout": 0 }), "`timeout` must be 1 or more, got `0`"),
            (
                json!({ "lock_timeout": -1 }),
                "`lock_timeout` must be 0 or more, got `-1`",
            ),
            (json!({ "toolkit_depth": 0 }), "`toolkit_depth` must be 1 or more"),
            (
                json!({ "builder_uid": 5_000_000_000_u64 }),
                "`builder_uid` is too large",
            ),
            (
                json!({ "toolkit_version": " " }),
                "`toolkit_version` must not be empty",
            ),
            (
                json!({ "artifact_categories": ["a/b"] }),
                "`artifact_categories` must hold names",
            ),
            (
                json!({ "container": { "override_file": "../x" } }),
                "`container.override_file` must be a file",
            ),
            (
                json!({ "containers": { "base_builder": "A" } }),
                "`containers.base_builder`: malformed image",
            ),
            (json!({ "registry": "http://x" }), "malformed image reference"),
            (
                json!({ "mode": "rwx" }),
                "mode must be in octal or symbolic form, got `rwx`",
            ),
            (json!({ "mode": 99999 }), "mode must be in octal or symbolic form"),
            (
                json!({ "owner": "nobody-here" }),
                "chown failed: failed to look up user nobody-here",
            ),
            (
                json!({ "group": "nobody-here" }),
                "chgrp failed: failed to look up group nobody-here",
            ),
            (
                json!({ "ca_bundle": "/nowhere.pem" }),
                "cannot read `ca_bundle` `/nowhere.pem`",
            ),
            (
                json!({ "toolkit_repo": "ftp://x/y" }),
                "`ftp://x/y` is not the URL of a git repository",
            ),
            (
                json!({ "override_template": "{{ missing }}" }),
                "`missing` is undefined",
            ),
            (json!({ "override_template": "a: [" }), "is not valid YAML"),
            (
                json!({ "envoy_build": { "parallel_jobs": 0 } }),
                "`envoy_build.parallel_jobs` must be 1 or more",
            ),
        ] {
            let error = try_desired(raw.clone()).unwrap_err();
            assert!(error.cause().contains(cause), "{raw}: {error}");
        }
    }
}
