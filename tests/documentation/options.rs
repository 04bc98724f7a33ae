//! What the declaration says of options, as Ansible's documentation formats have it.
//!
//! Owns the way from an [`Argument`] to the fields of its documentation. It must not know any module.

use cross_compile::arguments::{Argument, Options, Presence, When};
use serde_json::{Map, Value, json};

/// The formats differ in the name under which the options of a dict stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Module,
    Role,
}

/// Returns the options that are `wanted` on the first level, by name.
pub fn document(options: &Options, format: Format, wanted: impl Fn(&str) -> bool) -> Map<String, Value> {
    level(options, format, "", wanted)
}

fn level(
    options: &Options,
    format: Format,
    within: &str,
    wanted: impl Fn(&str) -> bool,
) -> Map<String, Value> {
    let mut documented = Map::new();
    for argument in options.arguments.iter().filter(|argument| wanted(argument.name)) {
        let name = format!("{within}{}", argument.name);
        documented.insert(
            argument.name.to_owned(),
            Value::Object(option(argument, format, &name)),
        );
        // The schema by which roles are checked knows no aliases.
        for alias in argument.aliases.iter().filter(|_| format == Format::Role) {
            let description = format!("Another name of O({name}), which wins when both are given.");
            let mut other = json!({ "description": description, "type": argument.kind.name() });
            if argument.is_secret() {
                other["no_log"] = json!(true);
            }
            documented.insert(alias.name.to_owned(), other);
        }
    }
    documented
}

fn option(argument: &Argument, format: Format, path: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut tell = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    let paragraphs = paragraphs(argument);
    match paragraphs.as_slice() {
        [only] => tell("description", json!(only)),
        several => tell("description", json!(several)),
    };
    tell("type", json!(argument.kind.name()));
    if let Some(elements) = argument.elements {
        tell("elements", json!(elements.name()));
    }
    if argument.is_required() {
        tell("required", json!(true));
    }
    if let Some(default) = argument.default_value() {
        tell("default", default);
    }
    if !argument.choices.is_empty() {
        tell("choices", choices(argument));
    }
    if !argument.aliases.is_empty() && format == Format::Module {
        let aliases: Vec<&str> = argument.aliases.iter().map(|alias| alias.name).collect();
        tell("aliases", json!(aliases));
    }
    if let Some(version) = argument.version_added {
        tell("version_added", json!(version));
    }
    // The documentation of a module has no word for it; what a role is given, Ansible itself has to hide.
    if argument.is_secret() && format == Format::Role {
        tell("no_log", json!(true));
    }
    if let Some(nested) = argument.nested() {
        let name = match format {
            Format::Module => "suboptions",
            Format::Role => "options",
        };
        tell(
            name,
            Value::Object(level(nested, format, &format!("{path}."), |_| true)),
        );
    }
    fields
}

pub fn choices(argument: &Argument) -> Value {
    argument.choices.iter().map(|choice| choice.to_value()).collect()
}

/// Returns the description, with what the formats have no field for.
fn paragraphs(argument: &Argument) -> Vec<String> {
    let mut paragraphs: Vec<String> = argument.description.iter().map(|&text| text.to_owned()).collect();
    assert!(
        !paragraphs.is_empty(),
        "the option `{}` is not described",
        argument.name
    );
    if let Presence::Computed(text) = argument.presence {
        paragraphs.push(format!("The default is {text}."));
    }
    if !argument.fallback.is_empty() {
        let variables: Vec<String> = argument
            .fallback
            .iter()
            .map(|name| format!("E({name})"))
            .collect();
        paragraphs.push(format!(
            "When it is not given, {} serves.",
            variables.join(", or else ")
        ));
    }
    paragraphs.extend(removal(argument));
    paragraphs
}

/// Returns the sentence about the end of an option that is on its way out.
pub fn removal(argument: &Argument) -> Option<String> {
    argument.removal.map(|removal| match removal.when {
        When::Version(version) => format!("Deprecated; version {version} will not have it."),
        When::Date(date) => format!("Deprecated; a version after {date} will not have it."),
    })
}

#[test]
fn all_that_a_declaration_says_is_documented() {
    use cross_compile::arguments::{Alias, Literal, Removal, Type};
    const OPTIONS: Options = Options::new(&[
        Argument::new("name", Type::Str)
            .required()
            .fallback(&["NAME", "LOGNAME"])
            .version_added("1.2.0")
            .describe(&["Whose."]),
        Argument::list("rules", Type::Dict)
            .removed(Removal {
                when: When::Date("2030-01-01"),
                collection: "a.b",
            })
            .suboptions(Options::new(&[Argument::new("key", Type::Str)
                .no_log()
                .aliases(&[Alias::new("secret")])
                .choices(&[Literal::Str("a"), Literal::Str("b")])
                .default(Literal::Str("a"))
                .describe(&["Its key.", "One of two."])]))
            .describe(&["Which."]),
    ]);
    let documented = |format| Value::Object(document(&OPTIONS, format, |_| true));
    let name = json!({
        "description": ["Whose.", "When it is not given, E(NAME), or else E(LOGNAME) serves."],
        "type": "str", "required": true, "version_added": "1.2.0",
    });
    let key = |more: &str, value: Value| {
        json!({
            "description": ["Its key.", "One of two."], "type": "str", "default": "a", "choices": ["a", "b"],
            more: value,
        })
    };
    let rules = |within: &str, inside: Value| {
        json!({
            "description": ["Which.", "Deprecated; a version after 2030-01-01 will not have it."],
            "type": "list", "elements": "dict", within: inside,
        })
    };
    let inside = json!({ "key": key("aliases", json!(["secret"])) });
    assert_eq!(
        documented(Format::Module),
        json!({ "name": name, "rules": rules("suboptions", inside) })
    );
    let inside = json!({
        "key": key("no_log", json!(true)),
        "secret": {
            "description": "Another name of O(rules.key), which wins when both are given.", "type": "str",
            "no_log": true,
        },
    });
    assert_eq!(
        documented(Format::Role),
        json!({ "name": name, "rules": rules("options", inside) })
    );
}
