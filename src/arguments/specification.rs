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

    /// Returns the option `name`, for another module that takes the same one: its text stands once.
    ///
    /// Meant for declarations: a name that is not there is found out by the compiler.
    #[must_use]
    pub const fn shared(&self, name: &str) -> Argument {
        let mut position = 0;
        while !is_same(self.arguments[position].name, name) {
            position += 1;
        }
        self.arguments[position]
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

/// Compares as `==` does, which a constant may not do yet.
const fn is_same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut position = 0;
    while position < left.len() {
        if left[position] != right[position] {
            return false;
        }
        position += 1;
    }
    true
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Type;

    const ORIGINAL: Options = Options::new(&[
        Argument::new("name", Type::Str),
        Argument::new("names", Type::Int).describe(&["How many."]),
    ]);
    const BORROWED: Argument = ORIGINAL.shared("names");

    #[test]
    fn a_shared_option_is_the_one_of_that_very_name() {
        assert_eq!(BORROWED.kind, Type::Int);
        assert_eq!(BORROWED.description, ["How many."]);
        assert_eq!(ORIGINAL.shared("name").kind, Type::Str);
    }
}
