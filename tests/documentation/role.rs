//! The role: what Ansible checks its variables against, and what its tasks and defaults have to say of each option.
//!
//! Owns how the module's options become the role's variables. A few are variables of their own; every other one is
//! a key of the variable that has the module's name.

use cross_compile::arguments::{Options, Presence, Specification};
use serde_json::{Map, Value, json};

use crate::options::{self, Format};
use crate::{files, markup, yaml};

const TASK: &str = "roles/goldentooth.setup_cross_compilation/tasks/containers.yaml";
const DEFAULTS: &str = "roles/goldentooth.setup_cross_compilation/defaults/main.yaml";
const SOURCE: &str = "src/documentation/setup_cross_compilation.yaml";
pub const ARGUMENT_SPECS: &str = "roles/goldentooth.setup_cross_compilation/meta/argument_specs.yml";

/// The options that are variables of the role by themselves.
const VARIABLES: &[&str] = &[
    "envoy_build",
    "build_automation",
    "artifact_pruning",
    "system_requirements",
    "registry_auth",
];

/// The variables of the role that hold options of other modules.
const OTHER_MODULES: &[&str] = &["cross_compile_build"];

/// The options that the role's tasks set, each to what it is for.
const FIXED: &[&str] = &["state", "resources"];

/// Where the role's defaults say something else than the module's, and why, in the order of the names.
const OTHER_DEFAULTS: [(&str, &str); 3] = [
    (
        "build_automation.cleanup_old_artifacts",
        "a cluster wants old artifacts removed; a bare call must not remove anything unasked",
    ),
    ("registry_auth.token", "as with the user's name"),
    (
        "registry_auth.username",
        "Ansible's defaults cannot leave a key unset; empty means the same",
    ),
];

/// Returns the argument specification of the role.
pub fn argument_specs(specification: &Specification) -> String {
    let module = specification.module;
    let mut entry_points = files::read_mapping(SOURCE);
    for entry_point in entry_points.values_mut().filter_map(Value::as_object_mut) {
        let variables = match entry_point.remove("variable") {
            Some(description) => variables(specification, &description),
            // The same variable, whole: a user sets it once, for all entry points.
            None => Map::from_iter([(module.to_owned(), json!({ yaml::ALIAS: module }))]),
        };
        entry_point.insert("options".to_owned(), Value::Object(variables));
    }
    let document = Map::from_iter([("argument_specs".to_owned(), Value::Object(entry_points))]);
    format!(
        "---\n# Made by `make docs` from src/arguments/{module}.rs and {SOURCE}.\n\n{}",
        yaml::document(&document)
    )
}

fn variables(specification: &Specification, description: &Value) -> Map<String, Value> {
    let module = specification.module;
    let keys = options::document(&specification.options, Format::Role, |name| {
        !FIXED.contains(&name) && !VARIABLES.contains(&name)
    });
    let whole = json!({ yaml::ANCHOR: module, "description": description, "type": "dict", "options": keys });
    let mut variables = Map::from_iter([(module.to_owned(), whole)]);
    variables.extend(options::document(&specification.options, Format::Role, |name| {
        VARIABLES.contains(&name)
    }));
    let defaults = files::read_mapping(DEFAULTS);
    for (name, variable) in &mut variables {
        variable["default"] = defaults[name].clone();
        rename(variable, &|option| match option.split(['.', '=']).next() {
            Some(head) if VARIABLES.contains(&head) => option.to_owned(),
            _ => format!("{module}.{option}"),
        });
    }
    variables
}

/// Gives the options in all descriptions their names in the role.
fn rename(documented: &mut Value, name: &dyn Fn(&str) -> String) {
    let Value::Object(fields) = documented else { return };
    for (field, value) in fields {
        match (field.as_str(), value) {
            ("description", Value::String(text)) => *text = markup::rename_options(text, name),
            ("description", Value::Array(paragraphs)) => {
                for paragraph in paragraphs {
                    *paragraph = json!(markup::rename_options(paragraph.as_str().unwrap(), name));
                }
            }
            ("options", Value::Object(nested)) => nested.values_mut().for_each(|option| rename(option, name)),
            _ => {}
        }
    }
}

/// Asserts that the task of the role passes every option from where a user sets it.
pub fn assert_passes_every_option(specification: &Specification) {
    let module = specification.module;
    let tasks = files::read_yaml(TASK);
    let Some(Value::Object(passed)) = tasks[0].get(module) else {
        panic!("the first task of `{TASK}` does not call `{module}`");
    };
    for argument in specification.options.arguments {
        let name = argument.name;
        // The task that converges everything leaves the choice of the parts to the module.
        if name == "resources" {
            assert!(!passed.contains_key(name), "`{TASK}` passes `{name}`");
            continue;
        }
        let value = passed
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("`{TASK}` does not pass `{name}`"));
        let variable = match VARIABLES.contains(&name) {
            true => format!("{name} |"),
            false => format!("{module}.{name} |"),
        };
        assert!(
            FIXED.contains(&name) || value.starts_with(&format!("{{{{ {variable}")),
            "`{TASK}` passes `{value}` as `{name}`, which does not begin with `{variable}`"
        );
        for alias in argument.aliases {
            assert!(
                value.contains(&format!("| default({module}.{}", alias.name)),
                "`{TASK}` passes `{value}` as `{name}`, which leaves out `{}`",
                alias.name
            );
        }
    }
    for name in passed.keys() {
        assert!(
            specification.options.find(name).is_some(),
            "`{TASK}` passes `{name}`, which is no option"
        );
    }
}

/// Asserts that a default that the role repeats is the module's: a key that a user's dictionary lacks gets that one.
pub fn assert_defaults_agree(specification: &Specification) {
    let mut defaults = files::read_mapping(DEFAULTS);
    for module in OTHER_MODULES {
        defaults.remove(*module);
    }
    if let Some(Value::Object(keys)) = defaults.remove(specification.module) {
        defaults.extend(keys);
    }
    let mut excused = Vec::new();
    compare(&specification.options, "", &defaults, &mut excused);
    excused.sort_unstable();
    assert_eq!(
        excused,
        OTHER_DEFAULTS.map(|(name, _)| name),
        "defaults of `{DEFAULTS}` that differ"
    );
}

/// Compares the defaults of one level, and notes the options whose defaults differ.
fn compare(options: &Options, within: &str, defaults: &Map<String, Value>, different: &mut Vec<String>) {
    for (name, value) in defaults {
        let argument = options
            .find(name)
            .unwrap_or_else(|| panic!("`{within}{name}` in `{DEFAULTS}` is no option"));
        if let (Some(nested), Value::Object(inner)) = (argument.nested(), value) {
            compare(nested, &format!("{within}{name}."), inner, different);
            continue;
        }
        let same = match argument.presence {
            Presence::Default(default) => default.to_value() == *value,
            // What comes of it depends on other options, or on the host.
            Presence::Computed(_) => true,
            Presence::Optional | Presence::Required => false,
        };
        if !same {
            different.push(format!("{within}{name}"));
        }
    }
}
