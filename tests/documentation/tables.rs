//! The tables of docs/, between markers in pages that are otherwise written by hand.
//!
//! Owns the columns, and the way to put a table where it belongs.

use cross_compile::arguments::{Argument, Options, Presence};
use serde_json::{Map, Value};

use crate::markup::{code, markdown};
use crate::options;

/// Puts what `render` makes of the words behind a marker `<!-- KIND:begin words -->` up to `<!-- KIND:end -->`.
pub fn fill(page: &str, kind: &str, mut render: impl FnMut(&str) -> String) -> String {
    let (begin, end) = (format!("<!-- {kind}:begin"), format!("<!-- {kind}:end -->"));
    let mut filled = String::new();
    let mut rest = page;
    while let Some((before, marked)) = rest.split_once(&begin) {
        let (words, marked) = marked.split_once("-->").expect("a marker ends");
        let (_, after) = marked
            .split_once(&end)
            .unwrap_or_else(|| panic!("`{begin}{words}-->` has no `{end}`"));
        let table = render(words.trim());
        filled.extend([before, &begin, words, "-->\n", &table, &end]);
        rest = after;
    }
    filled + rest
}

/// Returns the table of the options `names`, those inside them included.
pub fn options(options: &Options, names: &[&str]) -> String {
    let rows = names.iter().flat_map(|name| {
        let argument = options
            .find(name)
            .unwrap_or_else(|| panic!("`{name}` is no option"));
        rows(argument, "")
    });
    table(&["option", "type", "default", "meaning"], rows)
}

fn rows(argument: &Argument, within: &str) -> Vec<Vec<String>> {
    let name = format!("{within}{}", argument.name);
    let kind = match argument.elements {
        Some(elements) => format!("{} of {elements}", argument.kind),
        None => argument.kind.to_string(),
    };
    let mut rows = vec![vec![code(&name), kind, default(argument), meaning(argument)]];
    for nested in argument.nested().iter().flat_map(|options| options.arguments) {
        rows.extend(self::rows(nested, &format!("{name}.")));
    }
    rows
}

fn default(argument: &Argument) -> String {
    match argument.presence {
        Presence::Required => "required".to_owned(),
        Presence::Computed(text) => markdown(text),
        Presence::Default(default) => match default.to_value() {
            all if all.is_array() && all == options::choices(argument) => "all of them".to_owned(),
            value => code(&short(&value)),
        },
        Presence::Optional if argument.nested().is_some() => "see below".to_owned(),
        Presence::Optional => "unset".to_owned(),
    }
}

fn meaning(argument: &Argument) -> String {
    let mut sentences: Vec<String> = argument.description.iter().map(|text| markdown(text)).collect();
    if !argument.choices.is_empty() {
        let choices: Vec<String> = argument
            .choices
            .iter()
            .map(|choice| code(&short(&choice.to_value())))
            .collect();
        sentences.push(format!("Choices: {}.", choices.join(", ")));
    }
    sentences.extend(
        argument
            .aliases
            .iter()
            .map(|alias| format!("Alias: {}.", code(alias.name))),
    );
    if argument.is_secret() {
        sentences.push("Secret.".to_owned());
    }
    sentences.extend(options::removal(argument));
    sentences.join(" ")
}

/// Returns `value` as a user would type it.
fn short(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(short).collect::<Vec<_>>().join(", ")),
        Value::Object(mapping) => {
            let entries: Vec<String> = mapping
                .iter()
                .map(|(key, value)| format!("{key}: {}", short(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

/// Returns the table of what a module returns.
pub fn results(returned: &Map<String, Value>) -> String {
    let rows = returned.iter().flat_map(|(name, field)| result_rows(name, field));
    table(&["key", "type", "returned", "meaning"], rows)
}

fn result_rows(name: &str, field: &Value) -> Vec<Vec<String>> {
    let text = |key: &str| field[key].as_str().unwrap_or_default();
    let (kind, inside) = match field["elements"].as_str() {
        Some(elements) => (format!("list of {elements}"), format!("{name}[].")),
        None => (text("type").to_owned(), format!("{name}.")),
    };
    let mut rows = vec![vec![
        code(name),
        kind,
        markdown(text("returned")),
        markdown(text("description")),
    ]];
    for (nested, field) in field["contains"].as_object().into_iter().flatten() {
        rows.extend(result_rows(&format!("{inside}{nested}"), field));
    }
    rows
}

pub fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut lines = vec![
        format!("| {} |", header.join(" | ")),
        format!("|{}", "---|".repeat(header.len())),
    ];
    lines.extend(rows.map(|row| format!("| {} |", row.join(" | "))));
    lines.join("\n") + "\n"
}

#[test]
fn a_page_keeps_what_is_written_by_hand() {
    let page = "a\n<!-- x:begin one, two -->\nold\n<!-- x:end -->\nb\n<!-- y:begin -->\n<!-- y:end -->\n";
    assert_eq!(
        fill(page, "x", |words| format!("new: {words}\n")),
        "a\n<!-- x:begin one, two -->\nnew: one, two\n<!-- x:end -->\nb\n<!-- y:begin -->\n<!-- y:end -->\n"
    );
}
