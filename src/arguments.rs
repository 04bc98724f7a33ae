//! Turns what Ansible sends into validated parameters, as `AnsibleModule` does.
//!
//! Owns the engine: a [`Specification`] is constant data, [`parse`] walks it in ansible-core 2.19's order of
//! checks and answers with the parameters, or with the first complaint in Ansible's own words. It must not know
//! any module, and it does nothing: environment variables and home directories are asked of an [`Environment`].
//!
//! Ansible's behaviour is kept down to its oddities, because playbooks and people rely on them. Where it would
//! crash, or hand on what JSON cannot carry, this engine refuses instead; `tests/arguments` lists the differences.

mod argument;
mod bytes;
mod choices;
mod coerce;
pub mod cross_compile;
pub mod cross_compile_build;
pub mod cross_compile_info;
pub mod cross_compile_prune;
mod environment;
mod literal;
mod logged;
mod names;
mod number;
mod passwords;
mod path;
mod python;
mod relations;
mod secrets;
mod specification;
mod typed;
mod validate;

use serde::Serialize;
use serde_json::{Map, Value, json};

pub use argument::{Alias, Argument, Literal, Presence, Removal, Type, When};
pub use coerce::boolean;
pub use environment::{Environment, System};
pub use logged::{invoked, sanitized};
pub use secrets::{concealed, remove_values};
pub use specification::{Options, Relations, RequiredBy, RequiredIf, Specification};

/// Options as Ansible sends them, and as modules get them.
pub type Parameters = Map<String, Value>;

/// What a call says besides its options.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The name that the user typed, which may be fully qualified; else the specification's.
    pub module_name: Option<&'a str>,
    /// Whether unknown options are passed over.
    pub ignore_unknown_opts: bool,
    /// Whether nothing is logged, so that a password-like name without `no_log` deserves no warning.
    pub no_log: bool,
    pub environment: &'a dyn Environment,
}

impl Context<'_> {
    /// Returns the context of a call with Ansible's defaults on this system.
    #[must_use]
    pub fn system() -> Self {
        Self {
            module_name: None,
            ignore_unknown_opts: false,
            no_log: false,
            environment: &System,
        }
    }
}

/// A use of something that will go away, in the form that every supported Ansible accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deprecation {
    pub msg: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection_name: Option<String>,
}

/// Options that passed every check. An alias that was used stays beside its option, as Ansible leaves it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    pub parameters: Parameters,
    /// What [`remove_values`] must take out of everything that leaves the process.
    pub secrets: Vec<String>,
    pub warnings: Vec<String>,
    pub deprecations: Vec<Deprecation>,
}

/// The first complaint about the options, and what a failing result shows besides.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Rejected {
    /// Ansible's own words; they may quote a secret until they are scrubbed.
    pub message: String,
    /// The options as far as they were understood.
    pub parameters: Parameters,
    pub secrets: Vec<String>,
    pub warnings: Vec<String>,
    pub deprecations: Vec<Deprecation>,
}

/// Checks `raw` against `specification` and returns every option, coerced and with its default.
///
/// # Errors
///
/// Returns the first complaint that `AnsibleModule` would report.
pub fn parse(
    specification: &Specification,
    raw: Parameters,
    context: &Context<'_>,
) -> Result<Parsed, Box<Rejected>> {
    let mut parameters = raw;
    parameters.retain(|name, _| !name.starts_with("_ansible_"));
    let verdict = validate::validate(&specification.options, &mut parameters, context.environment);
    let validate::Verdict {
        error,
        unsupported,
        secrets,
        mut warnings,
        deprecations,
    } = verdict;
    let module = context.module_name.unwrap_or(specification.module);
    let unsupported = unsupported
        .filter(|_| !context.ignore_unknown_opts)
        .map(|complaint| format!("Unsupported parameters for ({module}) module: {complaint}"));
    if let Some(message) = error.or(unsupported) {
        return Err(Box::new(Rejected {
            message,
            parameters,
            secrets,
            warnings,
            deprecations,
        }));
    }
    if !context.no_log {
        for warning in passwords::unmarked(&specification.options, &parameters) {
            validate::note(&mut warnings, warning);
        }
    }
    Ok(Parsed {
        parameters,
        secrets,
        warnings,
        deprecations,
    })
}

/// Returns what Ansible shows as `invocation`: the validated options, without the secrets.
#[must_use]
pub fn invocation(parameters: &Parameters, secrets: &[String]) -> Value {
    let mut shown = json!({ "module_args": parameters });
    remove_values(&mut shown, secrets);
    shown
}

#[cfg(test)]
mod tests;
