//! The specifications of the comparison, built from the description that both sides share.
//!
//! Declarations are constant data, so the test leaks what it reads; it runs once.

use std::collections::BTreeMap;

use cross_compile::arguments::{
    Alias, Argument, Environment, Literal, Options, Relations, Removal, RequiredBy, RequiredIf,
    Specification, System, Type, When,
};
use serde_json::Value;

/// The specifications by name, and the environment of their paths and fallbacks.
#[derive(Debug)]
pub struct Description {
    environment: Value,
    specifications: BTreeMap<String, Specification>,
}

impl Description {
    pub fn read() -> Self {
        let description: Value = serde_json::from_str(include_str!("specification.json")).unwrap();
        let specifications = description["specifications"].as_object().unwrap();
        Self {
            environment: description["environment"].clone(),
            specifications: specifications
                .iter()
                .map(|(name, described)| (name.clone(), Specification::new(leaked(name), options(described))))
                .collect(),
        }
    }

    pub fn specification(&self, name: &str) -> &Specification {
        &self.specifications[name]
    }
}

impl Environment for Description {
    fn variable(&self, name: &str) -> Option<String> {
        self.environment[name].as_str().map(str::to_owned)
    }

    fn home(&self, user: Option<&str>) -> Option<String> {
        System.home(user)
    }
}

fn options(described: &Value) -> Options {
    let arguments = described["options"].as_object().unwrap();
    let arguments = arguments
        .iter()
        .map(|(name, described)| argument(name, described));
    Options::new(slice(arguments)).related(relations(described))
}

fn argument(name: &str, described: &Value) -> Argument {
    let mut argument = Argument::new(leaked(name), kind(&described["type"]).unwrap());
    argument.elements = kind(&described["elements"]);
    if described["required"] == true {
        argument = argument.required();
    }
    if let Some(default) = literal(&described["default"]) {
        argument = argument.default(default);
    }
    if described["apply_defaults"] == true {
        argument = argument.apply_defaults();
    }
    argument.choices = slice(items(&described["choices"]).filter_map(literal));
    argument.no_log = described["no_log"].as_bool();
    argument.removal = removal(
        &described["removed_in_version"],
        &described["removed_at_date"],
        &described["removed_from_collection"],
    );
    argument.fallback = names(&described["fallback"]);
    argument.aliases = slice(names(&described["aliases"]).iter().map(|name| {
        Alias {
            name,
            removal: items(&described["deprecated_aliases"])
                .find(|alias| alias["name"] == **name)
                .and_then(|alias| removal(&alias["version"], &alias["date"], &alias["collection_name"])),
        }
    }));
    if described["options"].is_object() {
        argument = argument.suboptions(options(described));
    }
    argument
}

fn relations(described: &Value) -> Relations {
    let groups = |name: &str| slice(items(&described[name]).map(names));
    Relations {
        mutually_exclusive: groups("mutually_exclusive"),
        required_together: groups("required_together"),
        required_one_of: groups("required_one_of"),
        required_if: slice(items(&described["required_if"]).map(|condition| RequiredIf {
            option: text(&condition[0]).unwrap(),
            value: literal(&condition[1]).unwrap(),
            required: names(&condition[2]),
            any: condition[3] == true,
        })),
        required_by: slice(described["required_by"].as_object().into_iter().flatten().map(
            |(option, required)| RequiredBy {
                option: leaked(option),
                required: names(required),
            },
        )),
    }
}

fn removal(version: &Value, date: &Value, collection: &Value) -> Option<Removal> {
    let when = text(date).map(When::Date).or(text(version).map(When::Version))?;
    Some(Removal {
        when,
        collection: text(collection).unwrap(),
    })
}

fn literal(value: &Value) -> Option<Literal> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(flag) => Literal::Bool(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Literal::Int(number),
            None => Literal::Float(number.as_f64().unwrap()),
        },
        Value::String(text) => Literal::Str(leaked(text)),
        Value::Array(items) => Literal::List(slice(items.iter().filter_map(literal))),
        Value::Object(entries) => Literal::Dict(slice(
            entries
                .iter()
                .filter_map(|(key, value)| Some((leaked(key), literal(value)?))),
        )),
    })
}

fn kind(name: &Value) -> Option<Type> {
    const TYPES: [Type; 12] = [
        Type::Str,
        Type::Int,
        Type::Float,
        Type::Bool,
        Type::List,
        Type::Dict,
        Type::Path,
        Type::Raw,
        Type::Json,
        Type::Jsonarg,
        Type::Bytes,
        Type::Bits,
    ];
    TYPES.into_iter().find(|kind| *name == kind.name())
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn names(value: &Value) -> &'static [&'static str] {
    slice(items(value).filter_map(text))
}

fn text(value: &Value) -> Option<&'static str> {
    value.as_str().map(leaked)
}

fn leaked(text: &str) -> &'static str {
    String::leak(text.to_owned())
}

fn slice<T>(items: impl Iterator<Item = T>) -> &'static [T] {
    Vec::leak(items.collect())
}
