//! Writes YAML as this project's files have it: block style, sentences in single quotes, lines of at most 120.
//!
//! Owns the look of generated files. It must not know what they say.

use serde_json::{Map, Value};

const WIDTH: usize = 120;

/// Keys whose values are words of a fixed vocabulary, which stand without quotes.
const WORDS: &[&str] = &["type", "elements", "support"];

/// Names the mapping that it stands in, so that [`ALIAS`] can repeat it.
pub const ANCHOR: &str = "&";

/// Alone in a mapping: repeats the one that its value names.
pub const ALIAS: &str = "*";

/// Returns `mapping` as the lines of a document, without its `---`.
pub fn document(mapping: &Map<String, Value>) -> String {
    let mut text = String::new();
    write_mapping(&mut text, mapping, 0, false);
    text
}

/// Writes the entries; where `hangs`, the first one stands behind the hyphen of a list.
fn write_mapping(text: &mut String, mapping: &Map<String, Value>, indent: usize, mut hangs: bool) {
    for (key, value) in mapping.iter().filter(|(key, _)| *key != ANCHOR) {
        if !std::mem::take(&mut hangs) {
            text.push_str(&" ".repeat(indent));
        }
        text.push_str(key);
        text.push(':');
        write_value(text, key, value, indent);
    }
}

/// Writes what follows a key and its colon.
fn write_value(text: &mut String, key: &str, value: &Value, indent: usize) {
    let column = indent + key.len() + 2;
    if let Some(flow) = flow(key, value).filter(|flow| column + flow.len() <= WIDTH) {
        text.push(' ');
        text.push_str(&flow);
        text.push('\n');
        return;
    }
    match value {
        Value::Object(mapping) => {
            if let Some(name) = mapping.get(ANCHOR).and_then(Value::as_str) {
                text.extend([" &", name]);
            }
            text.push('\n');
            write_mapping(text, mapping, indent + 2, false);
        }
        Value::Array(items) => {
            text.push('\n');
            for item in items {
                text.push_str(&" ".repeat(indent + 2));
                text.push('-');
                match item {
                    Value::Object(mapping) if !mapping.is_empty() => {
                        text.push(' ');
                        write_mapping(text, mapping, indent + 4, true);
                    }
                    _ => write_value(text, "", item, indent + 2),
                }
            }
        }
        Value::String(long) if long.contains('\n') => {
            text.push_str(" |\n");
            for line in long.lines() {
                let margin = if line.is_empty() { 0 } else { indent + 2 };
                write_line(text, line, margin);
            }
        }
        Value::String(long) => write_folded(text, long, indent + 2),
        _ => panic!("`{value}` of `{key}` does not fit into a line"),
    }
}

/// Writes a sentence that is too long for its line, broken where it has a space.
fn write_folded(text: &mut String, long: &str, indent: usize) {
    assert!(
        !long.contains("  ") && long.trim() == long,
        "folding would change the spaces of `{long}`"
    );
    text.push_str(" >-\n");
    let mut line = String::new();
    for word in long.split(' ') {
        if !line.is_empty() && indent + line.len() + 1 + word.len() > WIDTH {
            write_line(text, &line, indent);
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    write_line(text, &line, indent);
}

fn write_line(text: &mut String, line: &str, indent: usize) {
    text.extend([&" ".repeat(indent), line, "\n"]);
}

/// Returns `value` as it stands on the line of its key, unless it has lines of its own.
fn flow(key: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("null".to_owned()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::String(word) if WORDS.contains(&key) => Some(word.clone()),
        Value::String(text) if text.contains('\n') => None,
        Value::String(text) => Some(format!("'{}'", text.replace('\'', "''"))),
        Value::Array(items) => {
            // Sentences stand below each other.
            let words = items
                .iter()
                .all(|item| !item.is_object() && !item.as_str().is_some_and(|text| text.contains(' ')));
            let items: Option<Vec<String>> = items.iter().map(|item| flow("", item)).collect();
            items
                .filter(|_| words && key != "description")
                .map(|items| format!("[{}]", items.join(", ")))
        }
        Value::Object(mapping) => match mapping.get(ALIAS) {
            Some(Value::String(name)) => Some(format!("*{name}")),
            _ => mapping.is_empty().then(|| "{}".to_owned()),
        },
    }
}

#[test]
fn what_is_written_is_read_back() {
    let written = serde_json::json!({
        "type": "str",
        "description": ["It's one.", "x".repeat(30) + &" and more".repeat(20)],
        "default": {"text": "", "no": "no", "number": 5, "list": ["0755", true, null], "empty": {}, "none": []},
        "examples": "- name: 'x'\n\n  y: # z\n    - 1\n",
        "sample": [{"name": "a: b # c", "changed": false}, {"name": "b", "id": null}, {}],
    });
    let text = document(written.as_object().unwrap());
    let read: Value = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(read, written, "{text}");
    assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
}

#[test]
fn a_mapping_is_repeated_by_its_name() {
    let written = serde_json::json!({"one": {"&": "it", "x": 1, "y": {"z": 2}}, "other": {"*": "it"}});
    let text = document(written.as_object().unwrap());
    assert_eq!(text, "one: &it\n  x: 1\n  y:\n    z: 2\nother: *it\n");
}
