//! Whether a value is one of those that its option allows.
//!
//! Owns the comparison, and the way back from a boolean that YAML made of a word such as `no`.

use serde_json::Value;

use super::argument::Literal;
use super::python;

/// Makes of a text that was a boolean the one choice that it can have been.
pub fn restore(value: &mut Value, choices: &[Literal]) {
    for (boolean, text) in [(false, "False"), (true, "True")] {
        if value != text || allowed(value, choices) {
            continue;
        }
        let mut meant: Vec<Value> = Vec::new();
        for choice in choices.iter().map(|choice| choice.to_value()) {
            if means(&choice, boolean) && !contains(&meant, &choice) {
                meant.push(choice);
            }
        }
        if let [choice] = meant.as_slice() {
            *value = choice.clone();
        }
    }
}

/// Returns the complaint about `value`, when it is not among `choices`. Of a list, every element must be.
pub fn complaint(name: &str, value: &Value, choices: &[Literal]) -> Option<String> {
    let listed = || {
        let choices: Vec<String> = choices
            .iter()
            .map(|choice| python::text(&choice.to_value()))
            .collect();
        choices.join(", ")
    };
    match value {
        Value::Array(items) => {
            let strange: Vec<String> = items
                .iter()
                .filter(|item| !allowed(item, choices))
                .map(python::text)
                .collect();
            (!strange.is_empty()).then(|| {
                format!(
                    "value of {name} must be one or more of: {}. Got no match for: {}",
                    listed(),
                    strange.join(", ")
                )
            })
        }
        _ => (!allowed(value, choices)).then(|| {
            format!(
                "value of {name} must be one of: {}, got: {}",
                listed(),
                python::text(value)
            )
        }),
    }
}

fn allowed(value: &Value, choices: &[Literal]) -> bool {
    choices
        .iter()
        .any(|choice| python::equal(value, &choice.to_value()))
}

fn contains(values: &[Value], value: &Value) -> bool {
    values.iter().any(|other| python::equal(other, value))
}

/// Returns whether `choice`, as it is spelt, is one of the words for `boolean`.
fn means(choice: &Value, boolean: bool) -> bool {
    match choice {
        Value::String(word) if boolean => matches!(word.as_str(), "y" | "yes" | "on" | "1" | "true" | "t"),
        Value::String(word) => matches!(word.as_str(), "n" | "no" | "off" | "0" | "false" | "f"),
        _ => python::equal(choice, &Value::from(boolean)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const WORDS: &[Literal] = &[Literal::Str("yes"), Literal::Str("no"), Literal::Str("ask")];

    fn restored(value: &str, choices: &[Literal]) -> Value {
        let mut value = json!(value);
        restore(&mut value, choices);
        value
    }

    #[test]
    fn a_boolean_becomes_the_one_word_that_it_can_have_been() {
        assert_eq!(restored("True", WORDS), "yes");
        assert_eq!(restored("False", WORDS), "no");
        assert_eq!(
            restored("False", &[Literal::Str("no"), Literal::Str("off")]),
            "False"
        );
        assert_eq!(
            restored("True", &[Literal::Str("True"), Literal::Str("yes")]),
            "True"
        );
        assert_eq!(restored("True", &[Literal::Int(1), Literal::Bool(true)]), 1);
        assert_eq!(restored("true", WORDS), "true");
    }

    #[test]
    fn other_values_are_named_with_the_choices() {
        assert_eq!(complaint("c", &json!("ask"), WORDS), None);
        assert_eq!(
            complaint("c", &json!(null), WORDS).as_deref(),
            Some("value of c must be one of: yes, no, ask, got: None")
        );
        assert_eq!(complaint("c", &json!(["no", "yes"]), WORDS), None);
        assert_eq!(
            complaint("c", &json!(["w", "no", 1]), WORDS).as_deref(),
            Some("value of c must be one or more of: yes, no, ask. Got no match for: w, 1")
        );
        assert_eq!(complaint("c", &json!(true), &[Literal::Int(1)]), None);
    }
}
