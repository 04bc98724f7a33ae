//! The declaration of one option: its type, what it is when absent, its names, its documentation.
//!
//! Owns the builder in which declarations are written. It must not check or coerce anything.

use std::fmt;

use serde_json::{Map, Value};

use super::specification::Options;

/// One option.
#[derive(Debug, Clone, Copy)]
pub struct Argument {
    pub name: &'static str,
    pub kind: Type,
    /// The type of a list's elements.
    pub elements: Option<Type>,
    pub presence: Presence,
    /// The values allowed; none given means any.
    pub choices: &'static [Literal],
    pub aliases: &'static [Alias],
    /// Whether the value is secret; unsaid, a name that looks like a password's earns a warning.
    pub no_log: Option<bool>,
    /// Whether the values of a dict are secret under keys that are called so; the others are not shown either where the
    /// options are.
    pub secret_keys: bool,
    /// Set once the option is on its way out.
    pub removal: Option<Removal>,
    /// Environment variables that serve, the first that is set, when the option is absent.
    pub fallback: &'static [&'static str],
    /// The options inside a dict, or inside each dict of a list.
    pub suboptions: Option<Options>,
    /// Whether an absent dict is an empty one, so that the defaults of its own options apply.
    pub apply_defaults: bool,
    /// The module's version that brought the option, when it was not the first.
    pub version_added: Option<&'static str>,
    /// Paragraphs of documentation, in Ansible's markup.
    pub description: &'static [&'static str],
}

impl Argument {
    #[must_use]
    pub const fn new(name: &'static str, kind: Type) -> Self {
        Self {
            name,
            kind,
            elements: None,
            presence: Presence::Optional,
            choices: &[],
            aliases: &[],
            no_log: None,
            secret_keys: false,
            removal: None,
            fallback: &[],
            suboptions: None,
            apply_defaults: false,
            version_added: None,
            description: &[],
        }
    }

    /// Returns a list option with elements of type `elements`.
    #[must_use]
    pub const fn list(name: &'static str, elements: Type) -> Self {
        let mut argument = Self::new(name, Type::List);
        argument.elements = Some(elements);
        argument
    }

    #[must_use]
    pub const fn required(mut self) -> Self {
        self.presence = Presence::Required;
        self
    }

    #[must_use]
    pub const fn default(mut self, value: Literal) -> Self {
        self.presence = Presence::Default(value);
        self
    }

    /// Documents what an absent value comes to where only the run can tell; parsing leaves it unset.
    #[must_use]
    pub const fn computed(mut self, text: &'static str) -> Self {
        self.presence = Presence::Computed(text);
        self
    }

    #[must_use]
    pub const fn choices(mut self, choices: &'static [Literal]) -> Self {
        self.choices = choices;
        self
    }

    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [Alias]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Marks the value as secret.
    #[must_use]
    pub const fn no_log(mut self) -> Self {
        self.no_log = Some(true);
        self
    }

    /// Marks those values of a dict as secret whose keys are called like a password or a token.
    #[must_use]
    pub const fn secret_keys(mut self) -> Self {
        self.secret_keys = true;
        self
    }

    /// States that the value is no secret, though the name looks like one's.
    #[must_use]
    pub const fn harmless(mut self) -> Self {
        self.no_log = Some(false);
        self
    }

    #[must_use]
    pub const fn removed(mut self, removal: Removal) -> Self {
        self.removal = Some(removal);
        self
    }

    #[must_use]
    pub const fn fallback(mut self, variables: &'static [&'static str]) -> Self {
        self.fallback = variables;
        self
    }

    #[must_use]
    pub const fn suboptions(mut self, options: Options) -> Self {
        self.suboptions = Some(options);
        self
    }

    #[must_use]
    pub const fn apply_defaults(mut self) -> Self {
        self.apply_defaults = true;
        self
    }

    #[must_use]
    pub const fn version_added(mut self, version: &'static str) -> Self {
        self.version_added = Some(version);
        self
    }

    #[must_use]
    pub const fn describe(mut self, description: &'static [&'static str]) -> Self {
        self.description = description;
        self
    }

    #[must_use]
    pub const fn is_required(&self) -> bool {
        matches!(self.presence, Presence::Required)
    }

    #[must_use]
    pub const fn is_secret(&self) -> bool {
        matches!(self.no_log, Some(true))
    }

    #[must_use]
    pub fn default_value(&self) -> Option<Value> {
        match self.presence {
            Presence::Default(literal) => Some(literal.to_value()),
            Presence::Optional | Presence::Required | Presence::Computed(_) => None,
        }
    }

    /// Returns the options inside, when the type is one that can have some.
    #[must_use]
    pub fn nested(&self) -> Option<&Options> {
        match (self.kind, self.elements) {
            (Type::Dict, _) | (Type::List, Some(Type::Dict)) => self.suboptions.as_ref(),
            _ => None,
        }
    }
}

/// What an option is when the user does not give it. Required with a default cannot be said.
#[derive(Debug, Clone, Copy)]
pub enum Presence {
    Optional,
    Required,
    Default(Literal),
    Computed(&'static str),
}

/// Ansible's option types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Str,
    Int,
    Float,
    Bool,
    List,
    Dict,
    Path,
    Raw,
    Json,
    Jsonarg,
    Bytes,
    Bits,
}

impl Type {
    /// Returns the name that Ansible's documentation and messages use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Str => "str",
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::List => "list",
            Self::Dict => "dict",
            Self::Path => "path",
            Self::Raw => "raw",
            Self::Json => "json",
            Self::Jsonarg => "jsonarg",
            Self::Bytes => "bytes",
            Self::Bits => "bits",
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A value that a declaration can write down: a default, a choice, a condition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Literal {
    Str(&'static str),
    Int(i64),
    Float(f64),
    Bool(bool),
    List(&'static [Literal]),
    Dict(&'static [(&'static str, Literal)]),
}

impl Literal {
    #[must_use]
    pub fn to_value(self) -> Value {
        match self {
            Self::Str(text) => Value::from(text),
            Self::Int(number) => Value::from(number),
            Self::Float(number) => Value::from(number),
            Self::Bool(flag) => Value::from(flag),
            Self::List(items) => items.iter().map(|item| item.to_value()).collect(),
            Self::Dict(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, value)| ((*key).to_owned(), value.to_value()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

/// Another name of an option.
#[derive(Debug, Clone, Copy)]
pub struct Alias {
    pub name: &'static str,
    pub removal: Option<Removal>,
}

impl Alias {
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, removal: None }
    }

    #[must_use]
    pub const fn removed(mut self, removal: Removal) -> Self {
        self.removal = Some(removal);
        self
    }
}

/// When something goes away, and from which collection.
#[derive(Debug, Clone, Copy)]
pub struct Removal {
    pub when: When,
    pub collection: &'static str,
}

/// A version of the collection, or a day as YYYY-MM-DD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Version(&'static str),
    Date(&'static str),
}
