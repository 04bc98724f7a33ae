//! The declaration of a module's options, as constant data.
//!
//! Owns the vocabulary in which a module states its options once; parsing, documentation and the role's
//! argument specification all read it. It must not check or coerce anything.
//!
//! ```
//! use cross_compile::arguments::{Alias, Argument, Literal, Options, Specification, Type};
//!
//! const OPTIONS: &[Argument] = &[
//!     Argument::new("version", Type::Str)
//!         .default(Literal::Str("main"))
//!         .aliases(&[Alias::new("branch")])
//!         .describe(&["Branch, tag or commit."]),
//!     Argument::new("login", Type::Dict)
//!         .suboptions(Options::new(&[Argument::new("token", Type::Str).no_log()]))
//!         .describe(&["Who fetches it."]),
//! ];
//! const SPECIFICATION: Specification = Specification::new("fetch", Options::new(OPTIONS));
//! assert_eq!(SPECIFICATION.options.arguments.len(), 2);
//! ```

use super::argument::{Argument, Literal};

/// A module's name and its options.
#[derive(Debug, Clone, Copy)]
pub struct Specification {
    pub module: &'static str,
    pub options: Options,
}

impl Specification {
    #[must_use]
    pub const fn new(module: &'static str, options: Options) -> Self {
        Self { module, options }
    }
}

/// Options of one level, in the order of their documentation, and how they depend on each other.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub arguments: &'static [Argument],
    pub relations: Relations,
}

impl Options {
    #[must_use]
    pub const fn new(arguments: &'static [Argument]) -> Self {
        Self {
            arguments,
            relations: Relations::NONE,
        }
    }

    #[must_use]
    pub const fn related(mut self, relations: Relations) -> Self {
        self.relations = relations;
        self
    }

    /// Returns the argument that `name` means, be it its name or one of its aliases.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'static Argument> {
        self.arguments
            .iter()
            .rev()
            .find(|argument| argument.aliases.iter().any(|alias| alias.name == name))
            .or_else(|| self.arguments.iter().find(|argument| argument.name == name))
    }
}

/// How options of one level depend on each other, each field as `AnsibleModule` names it.
#[derive(Debug, Clone, Copy)]
pub struct Relations {
    pub mutually_exclusive: &'static [&'static [&'static str]],
    pub required_together: &'static [&'static [&'static str]],
    pub required_one_of: &'static [&'static [&'static str]],
    pub required_if: &'static [RequiredIf],
    pub required_by: &'static [RequiredBy],
}

impl Relations {
    pub const NONE: Self = Self {
        mutually_exclusive: &[],
        required_together: &[],
        required_one_of: &[],
        required_if: &[],
        required_by: &[],
    };
}

/// When `option` has `value`, all of `required` must be given; or `any` of them.
#[derive(Debug, Clone, Copy)]
pub struct RequiredIf {
    pub option: &'static str,
    pub value: Literal,
    pub required: &'static [&'static str],
    pub any: bool,
}

/// When `option` is given, all of `required` must be.
#[derive(Debug, Clone, Copy)]
pub struct RequiredBy {
    pub option: &'static str,
    pub required: &'static [&'static str],
}
