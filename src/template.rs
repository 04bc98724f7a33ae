//! Ansible's `template` module, without Ansible: a template and its variables in, the text out.
//!
//! Owns the promise that a template renders byte for byte as `ansible.builtin.template` renders it, or fails with
//! its name, line and construct. minijinja reads the syntax; what it means is decided here, by Python's rules,
//! because the two engines differ in what values print as, compare as and convert to. Whatever is not known to
//! behave the same is refused, never approximated. It must not touch the system: no files, no environment, no
//! clock, no randomness.
//!
//! The way of a template: `source` takes the header line off and parses, `check` refuses what can be refused
//! without running it, `statements` and `expressions` run it over `value`s, and `output` joins what they emit.

mod arguments;
mod arithmetic;
mod attributes;
mod calls;
mod check;
mod comparison;
mod containers;
mod digits;
mod expressions;
mod fault;
mod filters;
mod format_spec;
mod functions;
mod json;
mod literal;
mod loops;
mod methods;
mod methods_of_text;
mod numbers;
mod output;
mod pattern_syntax;
mod patterns;
mod percent;
mod python;
mod scope;
mod source;
mod statements;
mod tests_of_values;
mod value;
mod version;
mod walk;
mod yaml;
mod yaml_scalar;

use serde_json::{Map, Value as Json};

use crate::error::{Error, Kind, Result};
use fault::Fault;
use source::Source;

/// Returns what the template `source` renders to with the variables of `context`.
///
/// `name` is the template's own, for messages only.
///
/// # Errors
///
/// Fails where Ansible fails (a syntax error, an undefined variable, a wrong type), and where the template uses
/// something that is not known to render the same here.
pub fn render(name: &str, source: &str, context: &Map<String, Json>) -> Result<String> {
    if !source::is_template(source) {
        return Ok(source.to_owned());
    }
    let source = Source::new(source).map_err(|fault| explain(name, source, fault))?;
    let rendered = source.parse().and_then(|tree| {
        check::check(&source, &tree)?;
        statements::render(&source, &tree, context)
    });
    rendered.map_err(|fault| explain(name, source.text(), fault.after_header(&source)))
}

/// Turns a fault into the error that users read, with the template's name and the line.
fn explain(name: &str, text: &str, fault: Fault) -> Error {
    let place = match fault.line_in(text) {
        Some(line) => format!("template `{name}` line {line}"),
        None => format!("template `{name}`"),
    };
    let (message, remedy) = fault.into_parts();
    let error = Error::new(Kind::Invalid, format!("{place}: {message}"));
    match remedy {
        Some(remedy) => error.with_remedy(remedy),
        None => error,
    }
}

#[cfg(test)]
mod tests;
