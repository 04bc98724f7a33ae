//! Compares the argument engine with Ansible's own `AnsibleModule`, over thousands of argument sets.
//!
//! `ansible_module.py` makes the sets from a fixed seed and says what Ansible makes of each; both sides build the
//! same specifications from `specification.json`. Every difference must be one that `differences.rs` lists with
//! its reason, and every reason listed must be seen. `ANSIBLE_PYTHON` names the Python that can import Ansible.

mod ansible;
mod differences;
mod specification;

use std::collections::BTreeMap;

use cross_compile::arguments::{Context, Parsed, Rejected, invoked, parse, remove_values, sanitized};
use cross_compile::protocol::json;
use serde_json::Value;

use crate::ansible::{Ours, Theirs};
use crate::differences::{DIFFERENCES, Difference};
use crate::specification::Description;

#[test]
fn arguments_are_taken_as_ansible_takes_them() {
    let description = Description::read();
    let mut explained: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unexplained = Vec::new();
    let mut compared = 0;
    let mut alike = [0, 0];
    let mut logged = 0;
    for line in ansible::lines("arguments") {
        let theirs = Theirs::read(&line);
        let ours = ours(&description, &theirs);
        compared += 1;
        if matches!(verdict(&theirs, &ours), Verdict::Alike) {
            logged += usize::from(ours.logged.is_some());
            if ours.logged != theirs.logged {
                unexplained.push(format!(
                    "{}:\n  Ansible: {:?}\n  we: {:?}\n",
                    theirs.raw, theirs.logged, ours.logged
                ));
            }
        }
        match verdict(&theirs, &ours) {
            Verdict::Alike => alike[usize::from(ours.message.is_some())] += 1,
            Verdict::Explained(difference) => *explained.entry(difference.name).or_default() += 1,
            Verdict::Unexplained => unexplained.push(ansible::report(&theirs, &ours)),
        }
    }
    let [accepted, refused] = alike;
    println!("{compared} argument sets: {accepted} accepted alike, {refused} refused alike, {explained:#?}");
    assert!(
        unexplained.is_empty(),
        "{} of {compared} differ without a reason, such as:\n{}",
        unexplained.len(),
        unexplained.into_iter().take(5).collect::<Vec<_>>().join("\n")
    );
    assert!(
        compared >= 5_000 && accepted >= 2_000 && refused >= 2_000,
        "too few sets were compared"
    );
    assert!(logged >= 1_000, "only {logged} lines for the log were compared");
    for difference in DIFFERENCES {
        let Difference { name, reason, .. } = difference;
        assert!(
            explained.contains_key(name),
            "the difference `{name}` is listed and was never seen; its reason is: {reason}"
        );
    }
}

#[test]
fn secrets_are_removed_as_ansible_removes_them() {
    let mut compared = 0;
    for line in ansible::lines("documents") {
        let mut case = json::read(line.as_bytes()).unwrap();
        let secrets: Vec<String> = serde_json::from_value(case["secrets"].take()).unwrap();
        let mut document = case["document"].take();
        remove_values(&mut document, &secrets);
        assert_eq!(document, case["removed"], "without {secrets:?}: {line}");
        compared += 1;
    }
    assert!(compared >= 1_000, "only {compared} documents were compared");
}

#[test]
fn passwords_are_taken_out_of_texts_as_ansible_takes_them_out() {
    let mut starred = 0;
    for line in ansible::lines("texts") {
        let case = json::read(line.as_bytes()).unwrap();
        let secrets: Vec<String> = serde_json::from_value(case["secrets"].clone()).unwrap();
        let text = case["text"].as_str().unwrap();
        let ours = sanitized(text, &secrets);
        assert_eq!(ours, case["sanitized"], "{text} without {secrets:?}");
        starred += usize::from(ours.contains(":********@"));
    }
    assert!(starred >= 1_000, "only {starred} texts had a password");
}

enum Verdict {
    Alike,
    Explained(&'static Difference),
    Unexplained,
}

fn verdict(theirs: &Theirs, ours: &Ours) -> Verdict {
    if theirs.agrees_with(ours) {
        return Verdict::Alike;
    }
    DIFFERENCES
        .iter()
        .find(|difference| (difference.explains)(theirs, ours))
        .map_or(Verdict::Unexplained, Verdict::Explained)
}

fn ours(description: &Description, theirs: &Theirs) -> Ours {
    let raw = match json::read(theirs.raw.as_bytes()) {
        Ok(Value::Object(raw)) => raw,
        Ok(_) => panic!("options are an object: {}", theirs.raw),
        Err(error) => return Ours::unreadable(&error),
    };
    let flag = |name: &str| raw.get(name) == Some(&Value::Bool(true));
    let name = raw["_ansible_module_name"].as_str().unwrap().to_owned();
    let context = Context {
        module_name: Some(&name),
        ignore_unknown_opts: flag("_ansible_ignore_unknown_opts"),
        no_log: flag("_ansible_no_log"),
        environment: description,
    };
    let specification = description.specification(&theirs.specification);
    match parse(specification, raw, &context) {
        Ok(Parsed {
            parameters,
            secrets,
            warnings,
            deprecations,
        }) => Ours {
            logged: (!context.no_log).then(|| invoked(&specification.options, &parameters, &secrets)),
            message: None,
            parameters: Value::Object(parameters),
            secrets,
            warnings,
            deprecations: serde_json::to_value(deprecations).unwrap(),
        },
        Err(rejected) => {
            let Rejected {
                message,
                parameters,
                secrets,
                warnings,
                deprecations,
            } = *rejected;
            Ours {
                message: Some(message),
                parameters: Value::Object(parameters),
                secrets,
                warnings,
                deprecations: serde_json::to_value(deprecations).unwrap(),
                logged: None,
            }
        }
    }
}
