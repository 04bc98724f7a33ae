//! The role: what Ansible checks its variables against, and what its tasks and defaults have to say of each option.
//!
//! Owns how the module's options become the role's variables. A few are variables of their own; every other one is
//! a key of the variable that has the module's name.

use cross_compile::arguments::{Argument, Options, Presence, Specification};
use serde_json::{Map, Value, json};

use crate::options::{self, Format};
use crate::{files, markup, yaml};

const ROLE: &str = "roles/goldentooth.setup_cross_compilation";
const SOURCE: &str = "src/documentation/setup_cross_compilation.yaml";
pub const ARGUMENT_SPECS: &str = "roles/goldentooth.setup_cross_compilation/meta/argument_specs.yml";

/// The options that are variables of the role by themselves.
const VARIABLES: &[&str] = &[
    "envoy_build",
    "build_automation",
    "system_requirements",
    "registry_auth",
];

/// The options that the role's tasks set, each to what it is for.
const FIXED: &[&str] = &["state", "resources"];

/// Where the role's defaults say something else than the module's, and why.
const OTHER_DEFAULTS: &[(&str, &str)] = &[
    (
        "cleanup_old_artifacts",
        "a cluster wants old artifacts removed; a bare call must not remove anything unasked",
    ),
    (
        "username",
        "Ansible's defaults cannot leave a key unset; empty means the same",
    ),
    ("token", "as with the user's name"),
];

/// Returns the argument specification of the role.
pub fn argument_specs(specification: &Specification) -> String {
    let module = specification.module;
    let mut texts = files::read_mapping(SOURCE);
    let mut entry_points = Map::new();
    for name in ["main", "artifacts"] {
        let Some(Value::Object(mut entry_point)) = texts.remove(name) else {
            panic!("`{SOURCE}` has no `{name}`");
        };
        let variables = match entry_point.remove("variable") {
            Some(description) => variables(specification, &description),
            // The same variable, whole: its keys are checked for whatever entry point it is given.
            None => Map::from_iter([(module.to_owned(), json!({ yaml::ALIAS: module }))]),
        };
        entry_point.insert("options".to_owned(), Value::Object(variables));
        entry_points.insert(name.to_owned(), Value::Object(entry_point));
    }
    assert!(texts.is_empty(), "`{SOURCE}` has what nobody reads: {texts:?}");
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
    let defaults = files::read_mapping(&format!("{ROLE}/defaults/main.yaml"));
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
    let path = format!("{ROLE}/tasks/containers.yaml");
    let module = specification.module;
    let tasks = files::read_yaml(&path);
    let Some(Value::Object(passed)) = tasks[0].get(module) else {
        panic!("the first task of `{path}` does not call `{module}`");
    };
    for argument in specification.options.arguments {
        let name = argument.name;
        // The task that converges everything leaves the choice of the parts to the module.
        if name == "resources" {
            assert!(!passed.contains_key(name), "`{path}` passes `{name}`");
            continue;
        }
        let value = passed
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("`{path}` does not pass `{name}`"));
        let variable = match VARIABLES.contains(&name) {
            true => format!("{name} |"),
            false => format!("{module}.{name} |"),
        };
        assert!(
            FIXED.contains(&name) || value.starts_with(&format!("{{{{ {variable}")),
            "`{path}` passes `{value}` as `{name}`, which does not begin with `{variable}`"
        );
        for alias in argument.aliases {
            assert!(
                value.contains(&format!("| default({module}.{}", alias.name)),
                "`{path}` passes `{value}` as `{name}`, which leaves out `{}`",
                alias.name
            );
        }
    }
    for name in passed.keys() {
        assert!(
            specification.options.find(name).is_some(),
            "`{path}` passes `{name}`, which is no option"
        );
    }
}

/// Asserts that a default that the role repeats is the module's: a key that a user's dictionary lacks gets that one.
pub fn assert_defaults_agree(specification: &Specification) {
    let path = format!("{ROLE}/defaults/main.yaml");
    for (name, value) in files::read_mapping(&path) {
        let inner = value
            .as_object()
            .unwrap_or_else(|| panic!("`{name}` in `{path}` is no dictionary"));
        if name == specification.module {
            compare(&specification.options, inner, &path);
        } else {
            let nested = specification.options.find(&name).and_then(Argument::nested);
            compare(
                nested.unwrap_or_else(|| panic!("`{name}` in `{path}` is no option")),
                inner,
                &path,
            );
        }
    }
}

fn compare(options: &Options, defaults: &Map<String, Value>, path: &str) {
    for (name, value) in defaults {
        let argument = options
            .find(name)
            .unwrap_or_else(|| panic!("`{name}` in `{path}` is no option"));
        if let (Some(nested), Value::Object(inner)) = (argument.nested(), value) {
            compare(nested, inner, path);
            continue;
        }
        let same = match argument.presence {
            Presence::Default(default) => default.to_value() == *value,
            Presence::Computed(_) => true,
            Presence::Optional | Presence::Required => false,
        };
        let excused = OTHER_DEFAULTS.iter().any(|(other, _)| other == name);
        assert!(
            same != excused,
            "`{name}` is `{value}` in `{path}`, and {:?} for the module",
            argument.presence
        );
    }
}
