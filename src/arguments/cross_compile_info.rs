//! The options of the module `cross_compile_info`: those of `cross_compile`, which say where everything is and how
//! it should be, and what to tell of it.

use serde::Deserialize;

use super::cross_compile::{self, shared};
use super::{Argument, Literal, Options, Parameters, Specification, Type, typed};
use crate::error::Result;

pub const SPECIFICATION: Specification = Specification::new("cross_compile_info", Options::new(ARGUMENTS));

/// What can be told; without a choice, everything is.
const SUBJECTS: &[Literal] = &[
    Literal::Str("environment"),
    Literal::Str("engine"),
    Literal::Str("images"),
    Literal::Str("toolkit"),
    Literal::Str("artifacts"),
    Literal::Str("disk"),
    Literal::Str("cache"),
    Literal::Str("builds"),
    Literal::Str("health"),
];

const ARGUMENTS: &[Argument] = &[
    Argument::list("gather", Type::Str)
        .default(Literal::List(SUBJECTS))
        .choices(SUBJECTS)
        .describe(&[
            "What to tell. What is not named is not looked at, unless something that is named needs it.",
            "V(environment) is the plan that M(goldentooth.cross_compile.cross_compile) would make with the same \
             options, so give it the same options.",
            "V(health) is the check to make often: the engine answers, the images are there, no build has failed, \
             and O(min_free_gb) are free. It asks neither a registry nor the toolkit's remote.",
        ]),
    Argument::new("verify", Type::Str)
        .default(Literal::Str("quick"))
        .choices(&[Literal::Str("quick"), Literal::Str("full")])
        .describe(&[
            "How closely artifacts are compared with what is recorded of them.",
            "V(quick) compares their sizes and times, and the lists of files.",
            "V(full) reads and hashes every file.",
        ]),
    Argument::new("min_free_gb", Type::Int)
        .default(Literal::Int(10))
        .describe(&[
            "Free space, in GiB, below which a place is a problem of RV(health). V(0) turns the check off.",
        ]),
    shared("base_dir")
        .describe(&["The directory that the others lie in, unless another path is given for them."]),
    shared("artifacts_dir"),
    shared("cache_dir"),
    shared("workspace_dir"),
    shared("artifact_categories"),
    shared("owner"),
    shared("group"),
    shared("mode"),
    shared("builder_uid"),
    shared("builder_gid"),
    shared("toolkit_repo"),
    shared("toolkit_version"),
    shared("toolkit_dest"),
    shared("toolkit_depth"),
    shared("toolkit_force"),
    shared("registry"),
    shared("containers"),
    shared("pull"),
    shared("platform"),
    shared("registry_auth"),
    shared("docker_host"),
    shared("container"),
    shared("override_template"),
    shared("override_variables"),
    shared("envoy_build"),
    shared("build_automation"),
    shared("artifact_pruning"),
    shared("system_requirements"),
    shared("ca_bundle"),
    shared("timeout"),
];

/// The options of one call, as they were typed: coerced and with their defaults, not yet understood.
#[derive(Debug, Clone)]
pub struct Arguments {
    pub own: Own,
    pub environment: cross_compile::Arguments,
}

/// The options that only this module has.
#[derive(Debug, Clone, Deserialize)]
pub struct Own {
    pub gather: Vec<String>,
    pub verify: String,
    pub min_free_gb: i64,
}

impl Arguments {
    /// Reads checked parameters; a null stands for the default.
    ///
    /// # Errors
    /// `Failed` when declaration and type disagree, which is a defect of this program.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self> {
        Ok(Self {
            own: typed::read(typed::filled(parameters, &SPECIFICATION.options))?,
            environment: cross_compile::Arguments::from_parameters(parameters)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::info::Subject;
    use serde_json::{Value, json};

    fn arguments(raw: Value) -> Arguments {
        Arguments::from_parameters(&typed::checked(&SPECIFICATION, raw)).unwrap()
    }

    #[test]
    fn everything_is_told_unless_something_is_named() {
        let names = Subject::ALL.map(Subject::name);
        assert_eq!(arguments(json!({})).own.gather, names);
        let some = arguments(json!({ "gather": "disk,health", "min_free_gb": "3" }));
        assert_eq!(some.own.gather, ["disk", "health"]);
        assert_eq!(some.own.min_free_gb, 3);
    }

    #[test]
    fn the_environment_is_described_by_the_options_of_the_module_that_converges_it() {
        let arguments = arguments(json!({ "base_dir": "/x", "containers": { "ci_builder": "" } }));
        assert_eq!(arguments.environment.base_dir, std::path::PathBuf::from("/x"));
        assert_eq!(arguments.environment.images().unwrap()["ci_builder"], "");
        // What cannot matter to somebody who only looks.
        let without = ["state", "resources", "lock_timeout"];
        for argument in cross_compile::SPECIFICATION.options.arguments {
            let found = SPECIFICATION.options.find(argument.name).is_some();
            assert_eq!(found, !without.contains(&argument.name), "{}", argument.name);
        }
    }
}
