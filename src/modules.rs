//! The modules that this binary is, by name: the only list of them.

pub mod cross_compile;
pub mod cross_compile_build;
pub mod cross_compile_info;
pub mod cross_compile_prune;

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::arguments::{self, Parameters, Specification};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::{git, registry};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Module {
    Converge,
    Build,
    Info,
    Prune,
}

impl Module {
    pub const ALL: [Self; 4] = [Self::Converge, Self::Build, Self::Info, Self::Prune];

    /// Returns the module that Ansible names, short or fully qualified; else the one by whose name the program
    /// was started.
    ///
    /// # Errors
    /// `Invalid` for a name that is none of ours.
    pub fn choose(asked: Option<&str>, program: Option<&str>) -> Result<Self> {
        let started_as = asked.or(program).unwrap_or_default();
        let short = started_as.rsplit(['.', '/']).next().unwrap_or_default();
        let short = short.strip_prefix("AnsiballZ_").unwrap_or(short);
        let found = Self::ALL.into_iter().find(|module| module.name() == short);
        match (found, asked) {
            (Some(module), _) => Ok(module),
            // Copied under a name of the user's own, with nothing said: the main job.
            (None, None) => Ok(Self::Converge),
            (None, Some(asked)) => {
                let names: Vec<&str> = Self::ALL.iter().map(|module| module.name()).collect();
                Err(
                    Error::new(Kind::Invalid, format!("this binary has no module `{asked}`"))
                        .with_remedy(format!("it has: {}", names.join(", "))),
                )
            }
        }
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        self.specification().module
    }

    #[must_use]
    pub fn specification(self) -> &'static Specification {
        match self {
            Self::Converge => &arguments::cross_compile::SPECIFICATION,
            Self::Build => &arguments::cross_compile_build::SPECIFICATION,
            Self::Info => &arguments::cross_compile_info::SPECIFICATION,
            Self::Prune => &arguments::cross_compile_prune::SPECIFICATION,
        }
    }

    /// Runs with checked parameters and returns the fields of the result.
    ///
    /// # Errors
    /// Whatever stopped it; the context's journal says what was done.
    pub async fn run(
        self,
        parameters: &Parameters,
        check_mode: bool,
        context: &Context,
    ) -> Result<Map<String, Value>> {
        match self {
            Self::Converge => cross_compile::run(parameters, check_mode, context).await,
            Self::Build => cross_compile_build::run(parameters, check_mode, context).await,
            Self::Info => cross_compile_info::run(parameters, context).await,
            Self::Prune => cross_compile_prune::run(parameters, check_mode, context).await,
        }
    }
}

/// Sets the process up to reach git servers and registries. Must be called before any thread is started.
///
/// # Errors
/// When `ca_bundle` cannot be read, or holds no certificate.
fn set_up_connections(ca_bundle: Option<&Path>, timeout: Duration) -> Result<()> {
    git::initialise(&git::Settings {
        ca_bundle: ca_bundle.map(Path::to_path_buf),
        timeout,
    })?;
    registry::find_by_hash();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_known_by_every_name_that_ansible_gives_them() {
        for (typed, program) in [
            (Some("cross_compile"), None),
            (Some("goldentooth.cross_compile.cross_compile"), Some("/tmp/x")),
            (None, Some("AnsiballZ_cross_compile")),
            (None, Some("/root/.ansible/tmp/cross_compile")),
            (None, Some("renamed")),
        ] {
            assert_eq!(
                Module::choose(typed, program),
                Ok(Module::Converge),
                "{typed:?} {program:?}"
            );
        }
        for module in Module::ALL {
            assert_eq!(Module::choose(Some(module.name()), None), Ok(module));
        }
        let error = Module::choose(Some("cross_compile_none"), None).unwrap_err();
        assert_eq!(error.cause(), "this binary has no module `cross_compile_none`");
    }
}
