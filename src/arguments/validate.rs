//! The checks of one level of options, and of the levels inside it, in Ansible's order.
//!
//! Owns the order; each check has its own file. All checks run, though only the first complaint counts, because
//! the later ones still find secrets and fill in what a failing result shows.

use serde_json::Value;

use super::argument::{Argument, Type};
use super::environment::Environment;
use super::secrets::Secrets;
use super::specification::Options;
use super::{Deprecation, Parameters, choices, coerce, names, number, python, relations};

/// What came of the checks.
#[derive(Debug)]
pub struct Verdict {
    /// The first complaint.
    pub error: Option<String>,
    /// The complaint about unknown names, which comes after every other.
    pub unsupported: Option<String>,
    pub secrets: Vec<String>,
    pub warnings: Vec<String>,
    pub deprecations: Vec<Deprecation>,
}

/// Checks and completes `parameters` in place.
pub fn validate(options: &Options, parameters: &mut Parameters, environment: &dyn Environment) -> Verdict {
    let mut validation = Validation {
        environment,
        error: None,
        unknown: Vec::new(),
        secrets: Secrets::default(),
        warnings: Vec::new(),
        late_warnings: Vec::new(),
        deprecations: Vec::new(),
    };
    validation.level(options, parameters, &Scope::default());
    validation.finish(options, parameters)
}

/// Adds `item`, unless it was said before.
pub fn note<T: PartialEq>(items: &mut Vec<T>, item: T) {
    if !items.contains(&item) {
        items.push(item);
    }
}

/// Leaves no option out, and no boolean in the place of a number.
fn settle(options: &Options, parameters: &mut Parameters) {
    for argument in options.arguments {
        let value = parameters.entry(argument.name).or_insert(Value::Null);
        match (argument.kind, argument.elements, value) {
            (Type::Int, _, value) => number::settle(value),
            (_, Some(Type::Int), Value::Array(items)) => items.iter_mut().for_each(number::settle),
            _ => {}
        }
    }
}

/// Where in the nested options a level lies.
#[derive(Debug, Default)]
struct Scope {
    path: Vec<&'static str>,
    /// What names of this level carry in front, such as `list[0].`.
    prefix: String,
}

impl Scope {
    fn is_top(&self) -> bool {
        self.path.is_empty()
    }

    fn trail(&self) -> String {
        self.path.join(" -> ")
    }

    /// Adds to a complaint where it was found.
    fn placed(&self, message: String) -> String {
        if self.is_top() {
            message
        } else {
            format!("{message} found in {}", self.trail())
        }
    }

    /// Returns where a value of the wrong type was found, for the middle of a complaint.
    fn place(&self, end: &str) -> String {
        if self.is_top() {
            String::new()
        } else {
            format!(" found in '{}'{end}", self.trail())
        }
    }

    fn inner(&self, argument: &Argument, index: usize) -> Self {
        let mut path = self.path.clone();
        path.push(argument.name);
        let index = match argument.kind {
            Type::List => format!("[{index}]"),
            _ => String::new(),
        };
        Self {
            path,
            prefix: format!("{}{}{index}.", self.prefix, argument.name),
        }
    }
}

struct Validation<'a> {
    environment: &'a dyn Environment,
    error: Option<String>,
    unknown: Vec<names::Unknown>,
    secrets: Secrets,
    warnings: Vec<String>,
    /// Ansible reports the top level's doubled names after those inside it.
    late_warnings: Vec<String>,
    deprecations: Vec<Deprecation>,
}

impl Validation<'_> {
    fn level(&mut self, options: &Options, parameters: &mut Parameters, scope: &Scope) {
        self.fall_back(options, parameters);
        self.resolve_aliases(options, parameters, scope);
        if let Err(complaint) = self.secrets.collect(options, parameters) {
            self.complain(complaint);
        }
        if scope.is_top() {
            for deprecation in names::deprecated_options(options, parameters, "") {
                note(&mut self.deprecations, deprecation);
            }
        }
        for unknown in names::unknown(options, parameters, &scope.path) {
            note(&mut self.unknown, unknown);
        }
        if let Some(complaint) = relations::mutually_exclusive(&options.relations, parameters) {
            self.complain(scope.placed(complaint));
        }
        self.set_defaults(options, parameters);
        if let Some(complaint) = relations::required(options, parameters) {
            self.complain(scope.placed(complaint));
        }
        self.coerce_types(options, parameters, scope);
        self.check_choices(options, parameters, scope);
        for complaint in relations::broken(&options.relations, parameters) {
            self.complain(scope.placed(complaint));
        }
        settle(options, parameters);
        self.descend(options, parameters, scope);
    }

    fn fall_back(&mut self, options: &Options, parameters: &mut Parameters) {
        for argument in options.arguments {
            if parameters.contains_key(argument.name) {
                continue;
            }
            let found = argument
                .fallback
                .iter()
                .find_map(|variable| self.environment.variable(variable));
            if let Some(value) = found {
                parameters.insert(argument.name.to_owned(), Value::from(value));
            }
        }
    }

    fn resolve_aliases(&mut self, options: &Options, parameters: &mut Parameters, scope: &Scope) {
        let prefix = &scope.prefix;
        let resolved = names::resolve_aliases(options, parameters);
        for (name, alias) in resolved.doubled {
            let warning = format!("Both option {prefix}{name} and its alias {prefix}{alias} are set.");
            if scope.is_top() {
                note(&mut self.late_warnings, warning);
            } else {
                note(&mut self.warnings, warning);
            }
        }
        for (alias, removal) in resolved.deprecated {
            note(
                &mut self.deprecations,
                names::alias_deprecation(prefix, alias, removal),
            );
        }
    }

    fn set_defaults(&mut self, options: &Options, parameters: &mut Parameters) {
        for argument in options.arguments {
            if parameters.contains_key(argument.name) {
                continue;
            }
            if let Some(default) = argument.default_value() {
                if argument.is_secret() && python::is_true(&default) {
                    self.secrets.add(&default);
                }
                parameters.insert(argument.name.to_owned(), default);
            }
        }
    }

    fn coerce_types(&mut self, options: &Options, parameters: &mut Parameters, scope: &Scope) {
        for argument in options.arguments {
            let Some(value) = parameters.get_mut(argument.name) else {
                continue;
            };
            let unset = value.is_null() && !argument.is_required() && argument.default_value().is_none();
            if unset {
                continue;
            }
            match coerce::coerce(argument.kind, value, self.environment) {
                Ok(coerced) => *value = coerced,
                Err(reason) => {
                    let message = format!(
                        "argument '{}' is of type {}{} and we were unable to convert to {}: {reason}",
                        argument.name,
                        python::type_name(value),
                        scope.place("."),
                        argument.kind
                    );
                    self.complain(message);
                    continue;
                }
            }
            if let (Some(kind), Value::Array(items)) = (argument.elements, value) {
                self.coerce_elements(argument.name, kind, items, scope);
            }
        }
    }

    fn coerce_elements(&mut self, name: &str, kind: Type, items: &mut Vec<Value>, scope: &Scope) {
        items.retain_mut(|item| match coerce::coerce(kind, item, self.environment) {
            Ok(coerced) => {
                *item = coerced;
                true
            }
            Err(reason) => {
                self.complain(format!(
                    "Elements value for option '{name}'{} is of type {} and we were unable to convert to {kind}: \
                     {reason}",
                    scope.place(""),
                    python::type_name(item)
                ));
                false
            }
        });
    }

    fn check_choices(&mut self, options: &Options, parameters: &mut Parameters, scope: &Scope) {
        for argument in options.arguments {
            if argument.choices.is_empty() {
                continue;
            }
            if let Some(value) = parameters.get_mut(argument.name) {
                choices::restore(value, argument.choices);
                if let Some(complaint) = choices::complaint(argument.name, value, argument.choices) {
                    self.complain(scope.placed(complaint));
                }
            }
        }
    }

    fn descend(&mut self, options: &Options, parameters: &mut Parameters, scope: &Scope) {
        for argument in options.arguments {
            let (Some(suboptions), Some(value)) = (argument.nested(), parameters.get_mut(argument.name))
            else {
                continue;
            };
            if value.is_null() {
                if !argument.apply_defaults {
                    continue;
                }
                *value = Value::Object(Parameters::new());
            }
            let items = match value {
                Value::Array(items) => items.as_mut_slice(),
                single => std::slice::from_mut(single),
            };
            for (index, item) in items.iter_mut().enumerate() {
                match item {
                    Value::Object(entries) => self.level(suboptions, entries, &scope.inner(argument, index)),
                    _ => self.complain(format!(
                        "value of '{}' must be of type dict or list of dicts",
                        argument.name
                    )),
                }
            }
        }
    }

    fn complain(&mut self, message: String) {
        self.error.get_or_insert(message);
    }

    fn finish(mut self, options: &Options, parameters: &Parameters) -> Verdict {
        // Coercion brings out secrets that the raw values only held: a trimmed text, the values of a dict that
        // came as `key=value`. What is malformed was complained of before.
        let _ = self.secrets.collect(options, parameters);
        self.late_warnings
            .into_iter()
            .for_each(|warning| note(&mut self.warnings, warning));
        Verdict {
            error: self.error,
            unsupported: names::complaint(&self.unknown),
            secrets: self.secrets.into_vec(),
            warnings: self.warnings,
            deprecations: self.deprecations,
        }
    }
}
