//! Values that nobody may see, and their removal from everything that is shown.
//!
//! Owns both halves of Ansible's `no_log`: which values are secret, and what stands in their place. Keys stay as
//! they are, as in Ansible's own results: a secret such as `changed` would otherwise unmake the result.

use serde_json::Value;

use super::specification::Options;
use super::{Parameters, coerce, passwords, python};

/// Stands for a value that is a secret as a whole, and for a number that holds one.
const WHOLE: &str = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER";

/// Stands for a secret inside a text.
const PART: &str = "********";

/// The texts that are secret, each once, in the order of their discovery.
#[derive(Debug, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Notes every text and number inside `value`; booleans and nulls tell nothing.
    pub fn add(&mut self, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(_) => self.note(python::text(value)),
            Value::String(text) => self.note(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            Value::Object(entries) => entries.values().for_each(|entry| self.add(entry)),
        }
    }

    /// Notes the values of all secret options, on every level, also where a dict came as text.
    ///
    /// The first value that cannot hold the options it should is complained of; the others are noted all the same.
    pub fn collect(&mut self, options: &Options, parameters: &Parameters) -> Result<(), String> {
        let mut complaint = Ok(());
        for argument in options.arguments {
            let Some(value) = parameters.get(argument.name) else {
                continue;
            };
            if argument.is_secret() && python::is_true(value) {
                self.add(value);
            }
            if argument.secret_keys
                && let Ok(entries) = coerce::dict(value)
            {
                let named = entries
                    .iter()
                    .filter(|(name, _)| passwords::is_secret_variable(name));
                named.for_each(|(_, value)| self.add(value));
            }
            let Some(suboptions) = argument.nested() else {
                continue;
            };
            let items = match value {
                Value::Null => continue,
                Value::Array(items) => items.as_slice(),
                single => std::slice::from_ref(single),
            };
            for item in items {
                let collected = match item {
                    Value::Object(entries) => self.collect(suboptions, entries),
                    Value::String(_) => {
                        coerce::dict(item).and_then(|entries| self.collect(suboptions, &entries))
                    }
                    _ => Err(format!(
                        "Value '{}' in the sub parameter field '{}' must be a {}, not '{}'",
                        python::text(item),
                        argument.name,
                        argument.kind,
                        python::type_name(item)
                    )),
                };
                complaint = complaint.and(collected);
            }
        }
        complaint
    }

    #[must_use]
    pub fn into_vec(self) -> Vec<String> {
        self.0
    }

    fn note(&mut self, text: String) {
        if !text.is_empty() && !self.0.contains(&text) {
            self.0.push(text);
        }
    }
}

/// Returns `parameters` as they are shown: without the values of those dicts of which any may be a secret.
#[must_use]
pub fn concealed(options: &Options, parameters: &Parameters) -> Parameters {
    let mut shown = parameters.clone();
    for argument in options.arguments.iter().filter(|argument| argument.secret_keys) {
        match shown.get_mut(argument.name) {
            Some(Value::Object(entries)) => {
                entries.values_mut().for_each(|value| *value = Value::from(WHOLE));
            }
            Some(Value::Null) | None => {}
            // A text that could not be read as a dict.
            Some(other) => *other = Value::from(WHOLE),
        }
    }
    shown
}

/// Takes `secrets` out of every text and number inside `value`, the longest first.
pub fn remove_values(value: &mut Value, secrets: &[String]) {
    let mut longest_first: Vec<&str> = secrets
        .iter()
        .map(String::as_str)
        .filter(|secret| !secret.is_empty())
        .collect();
    // Ansible leaves secrets of one length in the order of a set, that is, in none.
    longest_first.sort_unstable_by_key(|secret| (std::cmp::Reverse(secret.chars().count()), *secret));
    if !longest_first.is_empty() {
        remove(value, &longest_first);
    }
}

fn remove(value: &mut Value, secrets: &[&str]) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(_) => {
            let digits = python::text(value);
            if secrets.iter().any(|secret| digits.contains(secret)) {
                *value = Value::from(WHOLE);
            }
        }
        Value::String(text) if secrets.contains(&text.as_str()) => WHOLE.clone_into(text),
        Value::String(text) => {
            for secret in secrets {
                if text.contains(secret) {
                    *text = text.replace(secret, PART);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| remove(item, secrets)),
        Value::Object(entries) => entries.values_mut().for_each(|entry| remove(entry, secrets)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn removed(mut value: Value, secrets: &[&str]) -> Value {
        let secrets: Vec<String> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        remove_values(&mut value, &secrets);
        value
    }

    #[test]
    fn whole_values_and_parts_have_different_marks() {
        assert_eq!(
            removed(
                json!({"msg": "token s3cret!", "list": ["s3cret", {"x": "s3crets3cret"}]}),
                &["s3cret"]
            ),
            json!({"msg": "token ********!", "list": [WHOLE, {"x": "****************"}]})
        );
    }

    #[test]
    fn longer_secrets_go_first() {
        assert_eq!(
            removed(json!("x s3cret-long s3cret"), &["s3cret", "s3cret-long"]),
            "x ******** ********"
        );
    }

    #[test]
    fn numbers_that_hold_a_secret_go_whole() {
        assert_eq!(
            removed(json!([12_345, 1.5, 99]), &["234", "1.5"]),
            json!([WHOLE, WHOLE, 99])
        );
    }

    #[test]
    fn booleans_nulls_and_keys_survive() {
        let value = json!({"True": true, "None": null, "changed": false});
        assert_eq!(
            removed(value.clone(), &["True", "None", "changed", "False"]),
            value
        );
    }

    #[test]
    fn no_secret_and_an_empty_one_change_nothing() {
        assert_eq!(removed(json!("text"), &[]), "text");
        assert_eq!(removed(json!("text"), &[""]), "text");
    }

    #[test]
    fn values_of_variables_are_not_shown_whatever_they_are_called() {
        use super::super::cross_compile_build::SPECIFICATION;
        for (given, shown) in [
            (json!({"A": "x", "B": 1}), json!({"A": WHOLE, "B": WHOLE})),
            (json!("A=x"), json!(WHOLE)),
            (json!({}), json!({})),
            (Value::Null, Value::Null),
        ] {
            let parameters = json!({"name": "x", "environment": given});
            let expected = json!({"name": "x", "environment": shown});
            let told = concealed(&SPECIFICATION.options, parameters.as_object().unwrap());
            assert_eq!(Value::Object(told), expected);
        }
    }

    #[test]
    fn every_text_and_number_inside_a_secret_is_one() {
        let mut secrets = Secrets::default();
        secrets.add(&json!({"key": ["a", 1, 2.0, true, null, "", "a"]}));
        assert_eq!(secrets.into_vec(), ["a", "1", "2.0"]);
    }
}
