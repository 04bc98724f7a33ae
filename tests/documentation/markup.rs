//! Ansible's markup in the texts of the declaration, for readers that do not know it.
//!
//! Owns the way from `O(pull)` to Markdown, and the change of an option's name. It must not know any option.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What is written as code: options, values, constants, environment variables, return values, modules.
static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b(?:O|V|C|E|RV|M)\(([^)]*)\)").unwrap());
static RESULT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bRV\(([^)]*)\)").unwrap());
static OPTION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bO\(([^)]*)\)").unwrap());

/// Returns `text` in Markdown, fit for the cell of a table.
pub fn markdown(text: &str) -> String {
    let text = CODE.replace_all(text, |found: &Captures<'_>| code(&found[1]));
    text.replace('|', "\\|")
}

/// Returns the Markdown of something that a user types.
pub fn code(text: &str) -> String {
    match text {
        "" => "`\"\"`".to_owned(),
        text => format!("`{text}`"),
    }
}

/// Returns `text` with the options that it names renamed.
pub fn rename_options(text: &str, rename: impl Fn(&str) -> String) -> String {
    OPTION
        .replace_all(text, |found: &Captures<'_>| format!("O({})", rename(&found[1])))
        .into_owned()
}

/// Returns the options that `text` names, without the values that it gives them.
pub fn options(text: &str) -> Vec<String> {
    names(&OPTION, text)
}

/// Returns the results that `text` names.
pub fn results(text: &str) -> Vec<String> {
    names(&RESULT, text)
}

fn names(kind: &Regex, text: &str) -> Vec<String> {
    kind.captures_iter(text)
        .map(|found| found[1].split('=').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn markup_becomes_code() {
    assert_eq!(
        markdown("V(a) with O(x.y=false), RV(z[].id) | M(a.b.c) of E(HOME), USB(x)"),
        "`a` with `x.y=false`, `z[].id` \\| `a.b.c` of `HOME`, USB(x)"
    );
    assert_eq!(
        rename_options("O(a=1) and V(O)", |name| format!("b.{name}")),
        "O(b.a=1) and V(O)"
    );
}
