//! The names that users gave: aliases, deprecated names, unknown names.
//!
//! Owns the way from what was typed to what was meant. It must not look at values.

use serde_json::Value;

use super::argument::{Removal, When};
use super::specification::Options;
use super::{Deprecation, Parameters};

/// What resolving the aliases of one level brought up.
#[derive(Debug, Default)]
pub struct Resolved {
    /// Options that were given under two names: the option's and the alias.
    pub doubled: Vec<(&'static str, &'static str)>,
    /// Deprecated aliases that were used.
    pub deprecated: Vec<(&'static str, Removal)>,
}

/// Gives each option the value of its alias, the last one given; the alias stays.
pub fn resolve_aliases(options: &Options, parameters: &mut Parameters) -> Resolved {
    let mut resolved = Resolved::default();
    for argument in options.arguments {
        for alias in argument.aliases {
            let Some(value) = parameters.get(alias.name).cloned() else {
                continue;
            };
            if let Some(removal) = alias.removal {
                resolved.deprecated.push((alias.name, removal));
            }
            if parameters.insert(argument.name.to_owned(), value).is_some() {
                resolved.doubled.push((argument.name, alias.name));
            }
        }
    }
    resolved
}

/// Returns the deprecation of the alias `name`, which stands under `prefix`.
pub fn alias_deprecation(prefix: &str, name: &str, removal: Removal) -> Deprecation {
    deprecation(
        format!("Alias '{prefix}{name}' is deprecated. See the module docs for more information"),
        removal,
    )
}

/// Returns a deprecation for each option that was given though it will go away, on every level.
pub fn deprecated_options(options: &Options, parameters: &Parameters, prefix: &str) -> Vec<Deprecation> {
    let mut deprecations = Vec::new();
    for argument in options.arguments {
        let Some(value) = parameters.get(argument.name) else {
            continue;
        };
        let name = if prefix.is_empty() {
            argument.name.to_owned()
        } else {
            format!("{prefix}[\"{}\"]", argument.name)
        };
        if let Some(removal) = argument.removal {
            deprecations.push(deprecation(
                format!("Param '{name}' is deprecated. See the module docs for more information"),
                removal,
            ));
        }
        let Some(suboptions) = &argument.suboptions else {
            continue;
        };
        for entries in dicts(value) {
            deprecations.extend(deprecated_options(suboptions, entries, &name));
        }
    }
    deprecations
}

/// A name that no option of its level has.
#[derive(Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The options that lead there, and the name.
    pub path: Vec<String>,
    /// The names that would have been known there.
    pub supported: String,
}

/// Returns the names among `parameters` that `options` lack; `within` are the options that lead here.
pub fn unknown(options: &Options, parameters: &Parameters, within: &[&str]) -> Vec<Unknown> {
    parameters
        .keys()
        .filter(|name| options.find(name).is_none())
        .map(|name| Unknown {
            path: within
                .iter()
                .copied()
                .chain([name.as_str()])
                .map(str::to_owned)
                .collect(),
            supported: supported(options),
        })
        .collect()
}

/// Returns the complaint about `unknown` names; of several levels the first tells what it supports.
pub fn complaint(unknown: &[Unknown]) -> Option<String> {
    let first = unknown.first()?;
    let mut names: Vec<String> = unknown.iter().map(|name| name.path.join(".")).collect();
    names.sort_unstable();
    Some(format!(
        "{}. Supported parameters include: {}.",
        names.join(", "),
        first.supported
    ))
}

fn supported(options: &Options) -> String {
    let mut aliases: Vec<&str> = options
        .arguments
        .iter()
        .flat_map(|argument| argument.aliases)
        .map(|alias| alias.name)
        .collect();
    aliases.sort_unstable();
    let mut names: Vec<&str> = options.arguments.iter().map(|argument| argument.name).collect();
    names.sort_unstable();
    if aliases.is_empty() {
        names.join(", ")
    } else {
        format!("{} ({})", names.join(", "), aliases.join(", "))
    }
}

fn dicts(value: &Value) -> Vec<&Parameters> {
    match value {
        Value::Object(entries) => vec![entries],
        Value::Array(items) => items.iter().filter_map(Value::as_object).collect(),
        _ => Vec::new(),
    }
}

fn deprecation(msg: String, removal: Removal) -> Deprecation {
    let (version, date) = match removal.when {
        When::Version(version) => (Some(version.to_owned()), None),
        When::Date(date) => (None, Some(date.to_owned())),
    };
    Deprecation {
        msg,
        version,
        date,
        collection_name: Some(removal.collection.to_owned()),
    }
}
