//! The options of the module `cross_compile_prune`: where everything is, and by which rule it goes.

use serde::Deserialize;

use super::cross_compile::{self, shared};
use super::pruning::{self, Pruning};
use super::{Argument, Literal, Options, Parameters, Specification, Type, typed};
use crate::error::Result;

pub const SPECIFICATION: Specification = Specification::new("cross_compile_prune", Options::new(ARGUMENTS));

const ARGUMENTS: &[Argument] = &[
    Argument::new("artifact_retention_days", Type::Int)
        .default(Literal::Int(30))
        .describe(&[
            "How old artifacts may become, in days. An older one goes, with its checksum, signature and statement.",
            "What a symbolic link leads to stays however old it is, wherever in O(artifacts_dir) the link lies; of a \
             directory that one leads to, nothing goes. So do the newest O(keep) of a name stay.",
            "What builds left besides artifacts, their staging directories and logs, goes at the same age once the \
             build has ended and its end was told: what a build made that nobody waited for stays until the next run \
             of that build collects it.",
        ]),
    pruning::KEEP,
    pruning::UNMANAGED,
    pruning::CACHE_MAX_GB,
    pruning::IMAGES,
    shared("base_dir")
        .describe(&["The directory that the others lie in, unless another path is given for them."]),
    shared("artifacts_dir"),
    shared("artifact_categories").describe(&[
        "The categories whose artifacts may go, sub-directories of O(artifacts_dir). No other is looked at.",
    ]),
    shared("cache_dir"),
    shared("registry"),
    shared("containers"),
    shared("registry_auth"),
    shared("docker_host"),
    shared("ca_bundle"),
    shared("timeout"),
    shared("lock_timeout"),
];

/// The options of one call, as they were typed: coerced and with their defaults, not yet understood.
#[derive(Debug, Clone)]
pub struct Arguments {
    pub own: Own,
    pub environment: cross_compile::Arguments,
}

/// The options that only this module has.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Own {
    pub artifact_retention_days: i64,
    #[serde(flatten)]
    pub pruning: Pruning,
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
    use serde_json::json;

    #[test]
    fn the_rule_has_defaults_that_surprise_nobody() {
        let raw = json!({ "cache_max_gb": "20", "base_dir": "/x" });
        let checked = typed::checked(&SPECIFICATION, raw);
        let Arguments { own, environment } = Arguments::from_parameters(&checked).unwrap();
        assert_eq!(own.artifact_retention_days, 30);
        let expected = Pruning {
            keep: 1,
            unmanaged: false,
            cache_max_gb: Some(20),
            images: true,
        };
        assert_eq!(own.pruning, expected);
        assert_eq!(environment.base_dir, std::path::PathBuf::from("/x"));
        assert_eq!(environment.images().unwrap().len(), 3);
    }
}
