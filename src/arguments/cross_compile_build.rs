//! The options of the module `cross_compile_build`: its own, and those that it shares with `cross_compile`.
//!
//! Every default that does not depend on another option or on the host stands in a declaration and nowhere else.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::cross_compile::{EnvoyBuild, RegistryAuth, shared};
use super::{Argument, Literal, Options, Parameters, Specification, Type, typed};
use crate::error::Result;

pub const SPECIFICATION: Specification = Specification::new("cross_compile_build", Options::new(ARGUMENTS));

const ARGUMENTS: &[Argument] = &[
    Argument::new("name", Type::Str).required().describe(&[
        "What to build; also the category of its artifacts, which is the directory below O(artifacts_dir).",
        "The container is called C(goldentooth-<name>-builder).",
    ]),
    Argument::new("image", Type::Str)
        .computed("the image under C(<name>_builder) in O(containers)")
        .describe(&["The image that builds. A name that names no registry gets O(registry)."]),
    Argument::new("command", Type::Raw)
        .computed("the image's own command")
        .describe(&[
            "The command that builds: a list of words, or a string of words that are parted as a shell parts \
             them. No shell runs it, unless it names one.",
        ]),
    Argument::new("environment", Type::Dict)
        .default(Literal::Dict(&[]))
        .secret_keys()
        .describe(&[
            "Variables of the build's environment. They win over those that the module sets, which are \
             C(GOLDENTOOTH_CLUSTER), C(OUTPUT_DIR), C(PARALLEL_JOBS) and, for V(envoy), those of O(envoy_build).",
            "Their values are recorded as hashes only, and not shown among the options of a call. A variable that is \
             called like a secret is also removed from everything that the module returns.",
            "For V(envoy), C(CREATE_DEB) may be any word that Ansible takes for a boolean.",
        ]),
    shared("envoy_build"),
    Argument::list("expect", Type::Str)
        .computed("what an Envoy build leaves for V(envoy), anything at all for other names")
        .describe(&[
            "Patterns (C(*), C(?), C([…])) of the files that must come out, relative to the category. A build that \
             ends well without one of them fails.",
            "With an empty list nothing has to come out.",
        ]),
    Argument::new("force", Type::Bool)
        .default(Literal::Bool(false))
        .describe(&["Builds even though nothing that goes in has changed."]),
    Argument::new("wait", Type::Bool).default(Literal::Bool(true)).describe(&[
        "Whether to wait for the end of the build. With V(false) it is started, and a later call finds it: while \
         it runs, takes it up; when it has ended, collects what it made.",
    ]),
    Argument::new("build_timeout", Type::Int)
        .default(Literal::Int(14400))
        .describe(&[
            "Seconds after which the build is stopped, counted from its start. One that nobody waits for is stopped by \
             the first call after that.",
        ]),
    Argument::new("keep_failed", Type::Bool)
        .default(Literal::Bool(true))
        .describe(&[
            "Whether the container and the staging directory of a build that failed stay until the next one, to \
             look into. The log stays in any case.",
        ]),
    Argument::new("memory", Type::Bytes)
        .computed("three quarters of the machine's memory")
        .describe(&["Memory that the build may use, such as V(8GB); there is no swap on top of it."]),
    Argument::new("cpus", Type::Float)
        .computed("all processors of the machine")
        .describe(&["Processors that the build may use, in parts too; no more than the machine has."]),
    Argument::new("pids_limit", Type::Int)
        .default(Literal::Int(4096))
        .describe(&["Processes and threads that the build may have at once."]),
    Argument::new("network", Type::Str)
        .default(Literal::Str("bridge"))
        .describe(&[
            "The engine's network that the build is in: V(bridge), V(none) for a build that needs none, or one that \
             was created. The host's own network is refused, and so is another container's.",
        ]),
    Argument::new("read_only", Type::Bool)
        .default(Literal::Bool(false))
        .describe(&[
            "Whether the image's own files cannot be written. C(/tmp) and C(/var/tmp) are then private, in memory and \
             empty; programs can be run from there, and C(HOME) is C(/tmp).",
        ]),
    Argument::new("user", Type::Str)
        .computed("the image's own user")
        .describe(&[
            "As whom the build runs: a name that the image knows, or a number, with a group behind a colon if need \
             be. Only when it is said here may it be root.",
        ]),
    Argument::new("artifacts_target", Type::Path)
        .default(Literal::Str("/artifacts"))
        .describe(&[
            "Where the build leaves its artifacts, in the container. C(/artifacts/<name>/x) becomes \
             C(<artifacts_dir>/<name>/x); anything beside C(<name>) is refused.",
        ]),
    Argument::new("cache_target", Type::Path)
        .default(Literal::Str("/tmp/bazel-cache"))
        .describe(&[
            "Where the build finds its cache, in the container. It is the one in O(cache_dir) that the toolkit's \
             service of the same image mounts; an image that is none of O(containers) has one of its own, and so has a \
             name with dots or underscores.",
        ]),
    shared("base_dir"),
    shared("artifacts_dir"),
    shared("cache_dir"),
    shared("workspace_dir"),
    shared("toolkit_dest"),
    shared("builder_uid"),
    shared("builder_gid"),
    shared("registry"),
    shared("containers"),
    shared("pull").computed("V(newer)"),
    shared("platform"),
    shared("registry_auth"),
    shared("docker_host"),
    shared("ca_bundle"),
    shared("timeout"),
    shared("lock_timeout"),
];

/// The options of one call, as they were typed: coerced and with their defaults, not yet understood.
///
/// Not `Debug`: the environment may hold secrets.
#[derive(Clone, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are the user's own choices, each independent of the others"
)]
pub struct Arguments {
    pub name: String,
    pub image: Option<String>,
    pub command: Option<Value>,
    pub environment: Map<String, Value>,
    pub envoy_build: EnvoyBuild,
    pub expect: Option<Vec<String>>,
    pub force: bool,
    pub wait: bool,
    pub build_timeout: i64,
    pub keep_failed: bool,
    pub memory: Option<u64>,
    pub cpus: Option<f64>,
    pub pids_limit: i64,
    pub network: String,
    pub read_only: bool,
    pub user: Option<String>,
    pub artifacts_target: PathBuf,
    pub cache_target: PathBuf,
    pub base_dir: PathBuf,
    pub artifacts_dir: Option<PathBuf>,
    pub cache_dir: Option<PathBuf>,
    pub workspace_dir: Option<PathBuf>,
    pub toolkit_dest: Option<PathBuf>,
    pub builder_uid: i64,
    pub builder_gid: i64,
    pub registry: String,
    pub containers: Map<String, Value>,
    pub pull: Option<String>,
    pub platform: Option<String>,
    pub registry_auth: RegistryAuth,
    pub docker_host: Option<String>,
    pub ca_bundle: Option<PathBuf>,
    pub timeout: i64,
    pub lock_timeout: i64,
}

impl std::fmt::Debug for Arguments {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Arguments")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Arguments {
    /// Reads checked parameters; a null stands for the default, as it does in Ansible's own modules' code.
    ///
    /// # Errors
    /// `Failed` when declaration and type disagree, which is a defect of this program.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self> {
        typed::read(typed::filled(parameters, &SPECIFICATION.options))
    }
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
    fn a_name_is_all_that_is_needed() {
        let arguments = arguments(json!({ "name": "envoy" }));
        assert_eq!(arguments.base_dir, PathBuf::from("/opt/goldentooth"));
        assert_eq!(arguments.artifacts_target, PathBuf::from("/artifacts"));
        assert_eq!(arguments.cache_target, PathBuf::from("/tmp/bazel-cache"));
        assert_eq!((arguments.build_timeout, arguments.pids_limit), (14400, 4096));
        assert!(arguments.wait && arguments.keep_failed && !arguments.force && !arguments.read_only);
        assert_eq!(arguments.expect, None);
    }

    #[test]
    fn everything_may_come_as_a_string() {
        let arguments = arguments(json!({
            "name": "x",
            "command": "make all",
            "environment": "A=1 B=yes",
            "expect": "a,b*",
            "memory": "2GB",
            "cpus": "1.5",
            "wait": "no",
        }));
        assert_eq!(arguments.command, Some(json!("make all")));
        assert_eq!(arguments.environment["B"], json!("yes"));
        assert_eq!(arguments.expect, Some(vec!["a".to_owned(), "b*".to_owned()]));
        assert_eq!((arguments.memory, arguments.cpus), (Some(2 << 30), Some(1.5)));
        assert!(!arguments.wait);
    }

    #[test]
    fn a_build_without_a_name_is_refused() {
        let rejected = parse(&SPECIFICATION, Map::new(), &Context::system()).unwrap_err();
        assert_eq!(rejected.message, "missing required arguments: name");
    }
}
