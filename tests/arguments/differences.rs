//! Where we differ from `AnsibleModule` on purpose.
//!
//! Owns the table of differences, each with its reason and the narrowest test that recognises it.

use serde_json::Value;

use crate::ansible::{Ours, Theirs};

pub struct Difference {
    pub name: &'static str,
    /// For whoever reads docs/differences.md, which is made of the table.
    pub reason: &'static str,
    pub explains: fn(&Theirs, &Ours) -> bool,
}

pub const DIFFERENCES: &[Difference] = &[
    Difference {
        name: "half a surrogate pair is refused",
        reason: "Python smuggles bytes that are no UTF-8 through its strings; no other program can read them back",
        explains: |theirs, ours| {
            theirs.is_marked("broken")
                && ours
                    .message
                    .as_ref()
                    .is_some_and(|message| message.contains("is half a character"))
        },
    },
    Difference {
        name: "a message instead of a traceback",
        reason: "Ansible fails with an exception of its own there: a number where a dict with options belongs, an \
                 infinite integer, a value that JSON cannot carry",
        explains: |theirs, ours| theirs.crash.is_some() && ours.message.is_some(),
    },
    Difference {
        name: "a dict with values that JSON cannot carry is no dict",
        reason: "Ansible reads Python's bytes, sets and complex numbers, and fails when it writes the result",
        explains: |theirs, ours| {
            theirs.is_marked("uncarried")
                && ours
                    .message
                    .as_ref()
                    .is_some_and(|message| message.ends_with("unable to evaluate string as dictionary"))
        },
    },
    Difference {
        name: "unknown internal keys are passed over",
        reason: "a later Ansible may send more of them, and the binary may be older than it",
        explains: |theirs, ours| {
            let internal = |message: &String| message.contains("_ansible_of_tomorrow");
            theirs.is_marked("internal")
                && (theirs.same_message(ours) || theirs.message.as_ref().is_some_and(internal))
                && !ours.message.as_ref().is_some_and(internal)
                && theirs.covers_secrets(ours)
        },
    },
    Difference {
        name: "unknown names on several levels tell the first level's options",
        reason: "Ansible tells those of any level, as the order of a set has it",
        explains: |theirs, ours| {
            theirs.alternatives.len() > 1
                && same_but_for_booleans(&theirs.parameters, &ours.parameters)
                && ours
                    .message
                    .as_ref()
                    .is_some_and(|message| theirs.alternatives.contains(message))
        },
    },
    Difference {
        name: "a boolean for an integer ends as 1 or 0",
        reason: "Python's booleans are integers and stay as they are; elsewhere a number has to be one",
        explains: |theirs, ours| {
            theirs.same_message(ours)
                && theirs.same_notes(ours)
                && theirs.covers_secrets(ours)
                && theirs.parameters != ours.parameters
                && same_but_for_booleans(&theirs.parameters, &ours.parameters)
        },
    },
    Difference {
        name: "numbers that are not finite or exceed 64 bits are text, or are refused",
        reason: "the result is JSON that every parser must read; a text option takes them all the same",
        explains: |theirs, ours| {
            theirs.is_marked("extreme")
                && (ours.message.is_some()
                    || theirs.message.is_some()
                    || unquoted(&theirs.parameters) == unquoted(&ours.parameters))
        },
    },
    Difference {
        name: "secrets that coercion brings out are secret too",
        reason: "Ansible hides `a=s3cret` as a whole and shows `s3cret` once it is a dict's value",
        explains: |theirs, ours| {
            theirs.agrees_but_for_secrets(ours)
                && theirs.covers_secrets(ours)
                && ours.secrets.len() > theirs.secrets.len()
        },
    },
];

fn same_but_for_booleans(theirs: &Value, ours: &Value) -> bool {
    match (theirs, ours) {
        (Value::Bool(theirs), Value::Number(ours)) => ours.as_u64() == Some(u64::from(*theirs)),
        (Value::Array(theirs), Value::Array(ours)) => {
            theirs.len() == ours.len()
                && theirs
                    .iter()
                    .zip(ours)
                    .all(|(theirs, ours)| same_but_for_booleans(theirs, ours))
        }
        (Value::Object(theirs), Value::Object(ours)) => {
            theirs.len() == ours.len()
                && theirs.iter().all(|(key, theirs)| {
                    ours.get(key)
                        .is_some_and(|ours| same_but_for_booleans(theirs, ours))
                })
        }
        _ => theirs == ours,
    }
}

/// Returns `value` without quotes, so that a number of Python's reads like the text that stands for it.
fn unquoted(value: &Value) -> String {
    let text = value.to_string().replace(['"', '\'', '\\'], "");
    text.replace("NaN", "nan").replace("Infinity", "inf")
}
