//! The options of the module `cross_compile_prune`: where everything is, and by which rule it goes.

use serde::Deserialize;

use super::cross_compile::{self, shared};
use super::{Argument, Literal, Options, Parameters, Specification, Type, typed};
use crate::error::Result;

pub const SPECIFICATION: Specification = Specification::new("cross_compile_prune", Options::new(ARGUMENTS));

const ARGUMENTS: &[Argument] = &[
    Argument::new("artifact_retention_days", Type::Int)
        .default(Literal::Int(30))
        .describe(&[
            "How old artifacts may become, in days. An older one goes, with its checksum, signature and statement.",
            "What a symbolic link leads to stays however old it is, and so do the newest O(keep) of a name.",
            "What builds left besides artifacts, their staging directories and logs, goes at the same age once the \
             build has ended.",
        ]),
    Argument::new("keep", Type::Int)
        .default(Literal::Int(1))
        .describe(&[
            "How many artifacts of a name stay, however old. The name is that of the file without its version.",
        ]),
    Argument::new("unmanaged", Type::Bool)
        .default(Literal::Bool(false))
        .describe(&["Whether files that no build of this collection recorded may go as well."]),
    Argument::new("cache_max_gb", Type::Int)
        .computed("no limit")
        .describe(&[
            "How much the caches of all services may hold, in GiB. What is beyond goes, least recently used first.",
            "What goes is always a whole entry of a service's cache directory, never a part of one. A cache that a \
             running container sees stays as it is.",
        ]),
    Argument::new("images", Type::Bool)
        .default(Literal::Bool(true))
        .describe(&[
            "Whether superseded images go: those that came from the repositories of O(containers), have no tag any \
             more, and are used by no container. An image that was built on the host is never one of them.",
            "Podman forgets where an image without a tag came from; there, only what the registry still has goes.",
        ]),
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
    pub keep: i64,
    pub unmanaged: bool,
    pub cache_max_gb: Option<i64>,
    pub images: bool,
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
        assert_eq!((own.artifact_retention_days, own.keep), (30, 1));
        assert!(!own.unmanaged && own.images);
        assert_eq!(own.cache_max_gb, Some(20));
        assert_eq!(environment.base_dir, std::path::PathBuf::from("/x"));
        assert_eq!(environment.images().unwrap().len(), 3);
    }
}
