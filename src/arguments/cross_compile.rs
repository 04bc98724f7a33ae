//! The options of the module `cross_compile`: the one declaration, and the type that a checked call becomes.
//!
//! Every default that does not depend on another option or on the host stands here and nowhere else; the role
//! and the documentation repeat none of them by hand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::pruning::{self, Pruning};
use super::{Alias, Argument, Literal, Options, Parameters, Removal, Specification, Type, When, typed};
use crate::error::{Error, Kind, Result};

const COLLECTION: &str = "goldentooth.cross_compile";

/// The images that are there unless `containers` says otherwise.
pub const DEFAULT_CONTAINERS: [(&str, &str); 3] = [
    ("base_builder", "base-builder:latest"),
    ("envoy_builder", "envoy-builder:latest"),
    ("ci_builder", "ci-builder:latest"),
];

pub const SPECIFICATION: Specification = Specification::new("cross_compile", Options::new(ARGUMENTS));

/// Returns the option of this name, for the modules that take the same one.
pub(super) const fn shared(name: &str) -> Argument {
    SPECIFICATION.options.shared(name)
}

/// What can be converged by itself; without a choice, everything is.
const RESOURCES: &[Literal] = &[
    Literal::Str("requirements"),
    Literal::Str("directories"),
    Literal::Str("toolkit"),
    Literal::Str("network"),
    Literal::Str("images"),
    Literal::Str("override"),
    Literal::Str("legacy"),
    Literal::Str("timers"),
];

const ARGUMENTS: &[Argument] = &[
    Argument::new("state", Type::Str)
        .default(Literal::Str("present"))
        .choices(&[Literal::Str("present")])
        .describe(&["Whether the environment is to be there."]),
    Argument::list("resources", Type::Str)
        .default(Literal::List(RESOURCES))
        .choices(RESOURCES)
        .describe(&[
            "The parts of the environment to converge; the others are neither looked at nor touched.",
            "With V(directories) alone, neither an engine nor the network is needed.",
            "V(legacy) is what the role in YAML and shell, which this module replaces, left behind: its two cron \
             entries are removed, its scripts stay.",
            "V(timers) is what O(build_automation.cleanup_old_artifacts) and O(build_automation.update_timer) ask for.",
        ]),
    Argument::new("base_dir", Type::Path)
        .default(Literal::Str("/opt/goldentooth"))
        .describe(&["The directory that the others lie in, unless another path is given for them. Like all of them, it is \
                     created with the parents that are missing; a file where a directory must be is an error."]),
    Argument::new("artifacts_dir", Type::Path)
        .computed("C(artifacts) in O(base_dir)")
        .describe(&["Where builds leave their artifacts."]),
    Argument::new("cache_dir", Type::Path)
        .computed("C(build-cache) in O(base_dir)")
        .describe(&["Where builds keep their caches, one directory for each service."]),
    Argument::new("workspace_dir", Type::Path)
        .computed("C(workspace) in O(base_dir)")
        .describe(&["Where sources lie, the toolkit's checkout among them."]),
    Argument::list("artifact_categories", Type::Str)
        .default(Literal::List(&[
            Literal::Str("envoy"),
            Literal::Str("consul"),
            Literal::Str("vault"),
            Literal::Str("packages"),
            Literal::Str("containers"),
        ]))
        .describe(&["Sub-directories of O(artifacts_dir). They belong to O(builder_uid)."]),
    Argument::new("owner", Type::Str).describe(&[
        "User that owns the base, artifacts, cache and workspace directories.",
        "Unset, new directories belong to the user that the module runs as, and old ones stay as they are.",
    ]),
    Argument::new("group", Type::Str)
        .describe(&["Group that owns the base, artifacts, cache and workspace directories, as with O(owner)."]),
    Argument::new("mode", Type::Raw).describe(&[
        "Mode of the base, artifacts, cache and workspace directories, octal (quoted) or symbolic.",
        "Unset, new directories get V(0755), and old ones stay as they are.",
    ]),
    Argument::new("builder_uid", Type::Int)
        .default(Literal::Int(1000))
        .describe(&["Number of the images' user, who is not root. It owns the artifact categories and the caches, so \
                     that builds started by hand can write."]),
    Argument::new("builder_gid", Type::Int)
        .default(Literal::Int(1000))
        .describe(&["Number of that user's group."]),
    Argument::new("toolkit_repo", Type::Str)
        .default(Literal::Str("https://github.com/goldentooth/cross-compile-toolkit.git"))
        .describe(&[
            "Where the toolkit is cloned from, submodules included: an C(https), C(http), C(git), C(ssh) or local URL.",
            "User information in an C(https) URL, or else C(~/.netrc), serves to log in; it is stored nowhere.",
            "For C(ssh), the agent or else the user's default keys serve; a host that is not in C(known_hosts) is \
             refused.",
        ]),
    Argument::new("toolkit_version", Type::Str)
        .default(Literal::Str("main"))
        .aliases(&[Alias::new("toolkit_branch")])
        .describe(&["Branch, tag or commit of the toolkit."]),
    Argument::new("toolkit_dest", Type::Path)
        .computed("C(cross-compile-toolkit) in O(workspace_dir)")
        .describe(&[
            "Where the checkout lies. A clone is made beside it and moved there whole. No other directory may lie in \
             it.",
        ]),
    Argument::new("toolkit_depth", Type::Int)
        .describe(&["Makes a shallow clone with this many commits. Unset, the whole history is cloned."]),
    Argument::new("toolkit_force", Type::Bool)
        .default(Literal::Bool(false))
        .describe(&[
            "Discards changes that were made in the checkout, as C(git reset --hard) does: edited files, files that \
             were added to the index, and commits that never came from the remote. Ignored and untracked files stay.",
            "Without it, such a checkout is refused, and the message names them. A forced push on the remote is no \
             local change.",
        ]),
    Argument::new("registry", Type::Str)
        .default(Literal::Str("ghcr.io/goldentooth"))
        .describe(&["Prefix of every image that names no registry of its own: a host, with a path or without."]),
    Argument::new("containers", Type::Dict)
        .default(Literal::Dict(&[
            (DEFAULT_CONTAINERS[0].0, Literal::Str(DEFAULT_CONTAINERS[0].1)),
            (DEFAULT_CONTAINERS[1].0, Literal::Str(DEFAULT_CONTAINERS[1].1)),
            (DEFAULT_CONTAINERS[2].0, Literal::Str(DEFAULT_CONTAINERS[2].1)),
        ]))
        .describe(&[
            "The images by their keys, with tag, digest or both. A key that is not given keeps its default; an empty \
             string drops the image.",
            "C(base_builder) serves the compose services C(base-builder) and C(dev-environment); any other key \
             serves the service of its name, underscores turned into hyphens.",
        ]),
    Argument::new("pull", Type::Str)
        .computed("V(newer), or V(missing) with O(build_automation.auto_pull_images=false)")
        .choices(&[
            Literal::Str("newer"),
            Literal::Str("missing"),
            Literal::Str("always"),
            Literal::Str("never"),
        ])
        .describe(&[
            "When images are pulled.",
            "V(newer) asks the registry for each image's digest and pulls only what differs. An image that is \
             there stays, with a warning, when the registry cannot be reached or when it was built locally; a \
             refusal, and an image that the registry does not have, are errors.",
            "Podman gives what is built a digest, too. There an image counts as built locally when the registry does not \
             know it by its digest, and so does one that was pulled and has been deleted from the registry since.",
            "V(missing) pulls what is not there and asks for nothing else.",
            "V(always) is as V(newer), but takes the registry's image in place of one that was built locally, and \
             fails when the registry cannot be reached.",
            "V(never) pulls nothing and fails when an image is missing.",
        ]),
    Argument::new("platform", Type::Str)
        .describe(&["Platform of the images, such as V(linux/amd64). Unset, the engine chooses."]),
    Argument::new("registry_auth", Type::Dict)
        .apply_defaults()
        .suboptions(Options::new(&[
            Argument::new("enabled", Type::Bool)
                .default(Literal::Bool(false))
                .describe(&["Whether to use these credentials."]),
            Argument::new("username", Type::Str).describe(&["The user."]),
            Argument::new("token", Type::Str)
                .no_log()
                .describe(&["The password or token. It is shown to the host of O(registry) only."]),
        ]))
        .describe(&[
            "Credentials for O(registry). Where they are not enabled or lack the token, the user's own serve: \
             Docker's C(config.json), credential helpers, Podman's C(auth.json).",
        ]),
    Argument::new("docker_host", Type::Str)
        .computed(
            "E(DOCKER_HOST), or else the first socket that exists of Docker, rootless Docker, Podman and rootless \
             Podman",
        )
        .describe(&[
            "Socket of the engine, as C(unix:///path); C(tcp://) and C(ssh://) are refused.",
            "A socket that exists and does not answer is an error, never a reason to take the next.",
        ]),
    Argument::new("container", Type::Dict)
        .apply_defaults()
        .suboptions(Options::new(&[
            Argument::new("compose_file", Type::Str)
                .default(Literal::Str("docker-compose.yml"))
                .describe(&["The toolkit's compose file, in its checkout."]),
            Argument::new("override_file", Type::Str)
                .default(Literal::Str("docker-compose.override.yml"))
                .describe(&[
                    "The override that is written to the checkout, beside the toolkit's own files: a name without \
                     C(/), and of a file that the toolkit does not have.",
                ]),
            Argument::new("network_name", Type::Str)
                .default(Literal::Str("goldentooth-builds"))
                .describe(&[
                    "The external network that the services join; it is created. Its name has letters, digits, C(_), \
                     C(.) and C(-), and is none that engines keep for themselves, such as V(host).",
                ]),
        ]))
        .describe(&["How compose finds its files and its network."]),
    Argument::new("override_template", Type::Str)
        .computed("the role's own template, which is built in")
        .describe(&["Jinja2 source of the override: the text itself, not the path of a file."]),
    Argument::new("override_variables", Type::Dict)
        .default(Literal::Dict(&[]))
        .describe(&[
            "More variables for the template. A dict under a name that the template has already is merged into it.",
        ]),
    Argument::new("envoy_build", Type::Dict)
        .apply_defaults()
        .suboptions(Options::new(&[
            Argument::new("version", Type::Str)
                .default(Literal::Str("v1.32.0"))
                .describe(&["The tag of Envoy."]),
            Argument::new("memory_allocator", Type::Str)
                .default(Literal::Str("disabled"))
                .choices(&[
                    Literal::Str("disabled"),
                    Literal::Str("gperftools"),
                    Literal::Str("jemalloc"),
                ])
                .describe(&["Envoy's memory allocator; V(disabled) suits the Raspberry Pi."]),
            Argument::new("build_config", Type::Str)
                .default(Literal::Str("release"))
                .choices(&[Literal::Str("release"), Literal::Str("debug")])
                .describe(&["The kind of build."]),
            Argument::new("parallel_jobs", Type::Int)
                .computed("the number of the machine's processors")
                .describe(&["How many jobs run at once."]),
            Argument::new("create_deb_package", Type::Bool)
                .default(Literal::Bool(true))
                .describe(&["Whether a Debian package is made too."]),
        ]))
        .describe(&["How Envoy is built."]),
    Argument::new("build_automation", Type::Dict)
        .apply_defaults()
        .suboptions(Options::new(&[
            Argument::new("auto_pull_images", Type::Bool)
                .default(Literal::Bool(true))
                .describe(&["Whether images follow the registry; V(false) makes V(missing) the default of O(pull)."]),
            Argument::new("cleanup_old_artifacts", Type::Bool)
                .default(Literal::Bool(false))
                .describe(&[
                    "Whether a weekly timer removes what is old, as M(goldentooth.cross_compile.cross_compile_prune) \
                     does, by O(build_automation.artifact_retention_days) and O(artifact_pruning); without Ansible, \
                     and with its result in the journal.",
                    "The timer is systemd's, or cron's where systemd does not run. It starts a copy of this module's \
                     program at C(/usr/local/lib/goldentooth/cross_compile).",
                    "V(false) takes all of that away again. Only root has timers; for others there is a warning.",
                ]),
            Argument::new("artifact_retention_days", Type::Int)
                .default(Literal::Int(30))
                .describe(&["How old artifacts may become, in days, before the timer removes them."]),
            Argument::new("update_timer", Type::Bool)
                .default(Literal::Bool(false))
                .describe(&[
                    "Whether a daily timer runs this module again with the options of the last play, so that newer \
                     images and a moved toolkit arrive by themselves. The options, secrets among them, are kept in a \
                     file that only root reads.",
                    "V(false) takes it away again.",
                ]),
        ]))
        .describe(&["What is kept up to date by itself."]),
    Argument::new("artifact_pruning", Type::Dict)
        .apply_defaults()
        .suboptions(Options::new(&[
            pruning::KEEP,
            pruning::UNMANAGED,
            pruning::CACHE_MAX_GB,
            pruning::IMAGES,
        ]))
        .describe(&[
            "What the timer of O(build_automation.cleanup_old_artifacts) keeps and what it may take.",
        ]),
    Argument::new("system_requirements", Type::Dict)
        .apply_defaults()
        .suboptions(Options::new(&[
            Argument::new("min_disk_space_gb", Type::Int)
                .default(Literal::Int(50))
                .describe(&[
                    "Free space, in GiB, where O(base_dir) and the engine's images lie. Too little is an error \
                     when something is cloned or pulled, else a warning. V(0) turns the check off.",
                ]),
            Argument::new("min_memory_gb", Type::Int)
                .default(Literal::Int(8))
                .describe(&["Memory of the machine, in GiB, rounded to the nearest. V(0) turns the check off."]),
            Argument::new("min_engine_version", Type::Str)
                .default(Literal::Str("20.10"))
                .describe(&["Docker's version; Podman has none to reach. An empty string turns the check off."]),
            Argument::list("required_packages", Type::Str)
                .removed(Removal { when: When::Version("2.0.0"), collection: COLLECTION })
                .describe(&["Ignored: the module needs no packages."]),
            Argument::list("container_packages", Type::Str)
                .removed(Removal { when: When::Version("2.0.0"), collection: COLLECTION })
                .describe(&["Ignored: the module needs no packages."]),
        ]))
        .describe(&["What the host must have. All that falls short is told at once, before the first change."]),
    Argument::new("ca_bundle", Type::Path)
        .describe(&["File on the managed host, in PEM, with more certificate authorities for git and registry connections."]),
    Argument::new("timeout", Type::Int)
        .default(Literal::Int(60))
        .describe(&["Seconds without progress before a remote operation fails."]),
    Argument::new("lock_timeout", Type::Int)
        .default(Literal::Int(600))
        .describe(&["Seconds to wait for another run on the same host."]),
];

/// The options of one call, as they were typed: coerced and with their defaults, not yet understood.
#[derive(Debug, Clone, Deserialize)]
pub struct Arguments {
    pub resources: Vec<String>,
    pub base_dir: PathBuf,
    pub artifacts_dir: Option<PathBuf>,
    pub cache_dir: Option<PathBuf>,
    pub workspace_dir: Option<PathBuf>,
    pub artifact_categories: Vec<String>,
    pub owner: Option<String>,
    pub group: Option<String>,
    pub mode: Option<Value>,
    pub builder_uid: i64,
    pub builder_gid: i64,
    pub toolkit_repo: String,
    pub toolkit_version: String,
    pub toolkit_dest: Option<PathBuf>,
    pub toolkit_depth: Option<i64>,
    pub toolkit_force: bool,
    pub registry: String,
    pub containers: Map<String, Value>,
    pub pull: Option<String>,
    pub platform: Option<String>,
    pub registry_auth: RegistryAuth,
    pub docker_host: Option<String>,
    pub container: Container,
    pub override_template: Option<String>,
    pub override_variables: Map<String, Value>,
    pub envoy_build: EnvoyBuild,
    pub build_automation: BuildAutomation,
    pub artifact_pruning: Pruning,
    pub system_requirements: SystemRequirements,
    pub ca_bundle: Option<PathBuf>,
    pub timeout: i64,
    pub lock_timeout: i64,
    #[serde(skip)]
    pub given: Given,
}

/// The checked options as they are, for whoever calls the module again with the same. Not `Debug`: the token is there.
#[derive(Clone, Default)]
pub struct Given(Parameters);

impl Given {
    /// Takes what is set, each option under its own name.
    fn new(parameters: &Parameters) -> Self {
        let is_own = |name: &str| {
            SPECIFICATION
                .options
                .arguments
                .iter()
                .any(|argument| argument.name == name)
        };
        let mut set: Vec<(String, Value)> = parameters
            .iter()
            .filter(|(name, value)| is_own(name) && !value.is_null())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        // Callers name them in any order.
        set.sort_by(|(left, _), (right, _)| left.cmp(right));
        Self(set.into_iter().collect())
    }

    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.0
    }
}

impl std::fmt::Debug for Given {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Given").finish_non_exhaustive()
    }
}

/// Not `Debug`: it holds the token.
#[derive(Clone, Deserialize)]
pub struct RegistryAuth {
    pub enabled: bool,
    pub username: Option<String>,
    pub token: Option<String>,
}

impl std::fmt::Debug for RegistryAuth {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RegistryAuth")
            .field("enabled", &self.enabled)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Container {
    pub compose_file: String,
    pub override_file: String,
    pub network_name: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct EnvoyBuild {
    pub version: String,
    pub memory_allocator: String,
    pub build_config: String,
    pub parallel_jobs: Option<i64>,
    pub create_deb_package: bool,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub struct BuildAutomation {
    pub auto_pull_images: bool,
    pub cleanup_old_artifacts: bool,
    pub artifact_retention_days: i64,
    pub update_timer: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub struct SystemRequirements {
    pub min_disk_space_gb: i64,
    pub min_memory_gb: i64,
    pub min_engine_version: String,
}

impl Arguments {
    /// Reads checked parameters; a null stands for the default, as it does in Ansible's own modules' code.
    ///
    /// # Errors
    /// `Failed` when declaration and type disagree, which is a defect of this program.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self> {
        let filled = typed::filled(parameters, &SPECIFICATION.options);
        let given = Given::new(&filled);
        let arguments: Self = typed::read(filled)?;
        Ok(Self { given, ..arguments })
    }

    /// Returns the images by key, the defaults for keys that were not given among them.
    ///
    /// # Errors
    /// `Invalid` for an image that is not a string.
    pub fn images(&self) -> Result<BTreeMap<String, String>> {
        images(&self.containers)
    }
}

/// Returns the images by key, the defaults for keys that are not in `containers` among them.
///
/// # Errors
/// `Invalid` for an image that is not a string.
pub fn images(containers: &Map<String, Value>) -> Result<BTreeMap<String, String>> {
    let mut images: BTreeMap<String, String> = DEFAULT_CONTAINERS
        .iter()
        .map(|(key, image)| ((*key).to_owned(), (*image).to_owned()))
        .collect();
    for (key, image) in containers {
        let image = match image {
            Value::Null => "",
            Value::String(image) => image.trim(),
            other => {
                return Err(Error::new(
                    Kind::Invalid,
                    format!("`containers.{key}` must be an image reference, got `{other}`"),
                )
                .with_remedy("write it as a string, such as `'base-builder:latest'`"));
            }
        };
        images.insert(key.clone(), image.to_owned());
    }
    Ok(images)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::{Context, parse};
    use serde_json::json;

    fn arguments(raw: Value) -> Arguments {
        Arguments::from_parameters(&typed::checked(&SPECIFICATION, raw)).unwrap()
    }

    #[test]
    fn every_option_has_a_default() {
        let arguments = arguments(json!({}));
        assert_eq!(arguments.base_dir, PathBuf::from("/opt/goldentooth"));
        assert_eq!(arguments.container.network_name, "goldentooth-builds");
        assert_eq!(arguments.envoy_build.version, "v1.32.0");
        assert!(arguments.build_automation.auto_pull_images);
        assert_eq!(arguments.system_requirements.min_disk_space_gb, 50);
        assert_eq!(arguments.images().unwrap().len(), 3);
    }

    #[test]
    fn a_dict_given_in_part_keeps_its_other_defaults() {
        let arguments = arguments(json!({
            "container": { "network_name": "x" },
            "envoy_build": { "parallel_jobs": "3" },
            "containers": { "ci_builder": "", "more": "a/b:1" },
            "registry_auth": null,
        }));
        assert_eq!(arguments.container.compose_file, "docker-compose.yml");
        assert_eq!(arguments.envoy_build.version, "v1.32.0");
        assert_eq!(arguments.envoy_build.parallel_jobs, Some(3));
        assert!(!arguments.registry_auth.enabled);
        let images = arguments.images().unwrap();
        assert_eq!(images["base_builder"], "base-builder:latest");
        assert_eq!(images["ci_builder"], "");
        assert_eq!(images["more"], "a/b:1");
    }

    #[test]
    fn everything_may_come_as_a_string() {
        let arguments = arguments(json!({
            "toolkit_branch": "dev",
            "toolkit_force": "yes",
            "timeout": "5",
            "artifact_categories": "a,b",
            "containers": "{\"base_builder\": \"x:1\"}",
            "registry_auth": "enabled=true username=u token=t",
        }));
        assert_eq!(arguments.toolkit_version, "dev");
        assert!(arguments.toolkit_force);
        assert_eq!(arguments.timeout, 5);
        assert_eq!(arguments.artifact_categories, ["a", "b"]);
        assert_eq!(arguments.images().unwrap()["base_builder"], "x:1");
        assert_eq!(arguments.registry_auth.token.as_deref(), Some("t"));
    }

    #[test]
    fn an_image_that_is_no_string_is_refused() {
        let error = arguments(json!({ "containers": { "x": [1] } }))
            .images()
            .unwrap_err();
        assert_eq!(
            error.cause(),
            "`containers.x` must be an image reference, got `[1]`"
        );
    }

    #[test]
    fn a_choice_that_is_not_there_yet_is_refused() {
        let raw = json!({ "state": "absent" });
        let rejected = parse(
            &SPECIFICATION,
            raw.as_object().unwrap().clone(),
            &Context::system(),
        )
        .unwrap_err();
        assert_eq!(
            rejected.message,
            "value of state must be one of: present, got: absent"
        );
    }
}
