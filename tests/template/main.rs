//! Renders thousands of templates with Ansible and with this crate, and compares.
//!
//! Owns the rule of the comparison: the same bytes; or both fail; or only this crate fails, by a message that is on
//! the list of `allowed.rs` and no more often than that says. Never other bytes, never a rendering where Ansible
//! fails. `ANSIBLE_PYTHON` names a Python that has ansible-core; without it the test fails.
//!
//! The rule holds for ansible-core 2.19. Earlier releases print tuples as such, give a newline back to a value that
//! is the whole template, and lack some arguments of filters: there the corpus that must render is compared by the
//! same rule, and of all else no more than a small share may differ.

mod allowed;

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use allowed::{ALLOWED, Allowance};
use cross_compile::template::render;
use serde_json::Value;

/// Fewer cases than this mean that the generator is broken.
const FEWEST_CASES: usize = 5_000;

/// Of a hundred templates, so many may differ from an ansible-core before 2.19.
const PERCENT_BY_RELEASE: usize = 3;

#[derive(Default)]
struct Tally {
    is_earlier_release: bool,
    by_release: usize,
    same: usize,
    both_fail: usize,
    refused: BTreeMap<usize, Vec<String>>,
    faults: Vec<String>,
}

/// Runs a Python program of this directory and returns what it writes.
fn python(program: &str) -> String {
    let interpreter = env::var_os("ANSIBLE_PYTHON")
        .expect("ANSIBLE_PYTHON must name a Python interpreter that has ansible-core");
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/template");
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let output = Command::new(&interpreter)
        .arg("-B")
        .arg(directory.join(program))
        .env("ANSIBLE_LOCAL_TEMP", temporary.join("ansible"))
        .env("TMPDIR", temporary)
        .env("PYTHONHASHSEED", "0")
        .env("TZ", "UTC")
        .output()
        .unwrap_or_else(|error| panic!("{} cannot be run: {error}", Path::new(&interpreter).display()));
    assert!(
        output.status.success(),
        "{program} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("the program writes UTF-8")
}

impl Tally {
    fn add(&mut self, contexts: &Value, case: &Value) {
        let field = |name: &str| case[name].as_str().unwrap_or_default();
        let (kind, template) = (field("kind"), field("template"));
        let context = contexts[field("context")].as_object().expect("a known context");
        let ours = render(field("name"), template, context);
        let theirs = case["ansible"]["text"].as_str();
        match (ours, theirs) {
            (Ok(ours), Some(theirs)) if ours == theirs => self.same += 1,
            (Ok(ours), Some(theirs)) => {
                self.fault(
                    kind,
                    format!("{kind}: {template:?}\n  Ansible: {theirs:?}\n  here:    {ours:?}"),
                );
            }
            (Ok(ours), None) => {
                let error = &case["ansible"]["error"];
                self.fault(
                    kind,
                    format!("{kind}: {template:?}\n  Ansible fails: {error}\n  here: {ours:?}"),
                );
            }
            (Err(error), None) if kind == "renders" => {
                let theirs = &case["ansible"]["error"];
                self.faults.push(format!(
                    "{kind}: {} fails: {error}\n  Ansible fails: {theirs}",
                    field("name")
                ));
            }
            (Err(_), None) => self.both_fail += 1,
            (Err(error), Some(theirs)) => {
                let message = error.to_string();
                let allowed = ALLOWED
                    .iter()
                    .position(|allowed| kind != "renders" && message.contains(allowed.message));
                let text = format!("{kind}: {template:?}\n  Ansible: {theirs:?}\n  here fails: {message}");
                match allowed {
                    Some(index) => self.refused.entry(index).or_default().push(text),
                    None => self.fault(kind, text),
                }
            }
        }
    }

    fn fault(&mut self, kind: &str, text: String) {
        if self.is_earlier_release && kind != "renders" {
            self.by_release += 1;
        } else {
            self.faults.push(text);
        }
    }

    /// Adds what the list of allowances itself gets wrong: a bound that is passed.
    fn check_bounds(&mut self) {
        if self.is_earlier_release {
            return;
        }
        for (index, cases) in &self.refused {
            let Allowance { message, most, .. } = &ALLOWED[*index];
            if cases.len() > *most {
                self.faults.push(format!(
                    "`{message}` fails {} times, {most} are allowed, the last:\n{}",
                    cases.len(),
                    cases[cases.len() - 1]
                ));
            }
        }
    }
}

#[test]
fn templates_render_as_ansible_renders_them_or_fail() {
    let written = python("compare.py");
    let mut lines = written
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a JSON line"));
    let head = lines.next().expect("a first line");
    let mut tally = Tally {
        is_earlier_release: !head["version"]
            .as_str()
            .is_some_and(|version| version.starts_with("2.19.")),
        ..Tally::default()
    };
    let mut count = 0;
    for case in lines {
        tally.add(&head["contexts"], &case);
        count += 1;
    }
    tally.check_bounds();
    let refused: usize = tally.refused.values().map(Vec::len).sum();
    let mut summary = format!(
        "ansible-core {}: {count} templates, {} render the same, {} fail in both, {refused} are refused here only\n",
        head["version"], tally.same, tally.both_fail
    );
    for (index, cases) in &tally.refused {
        let Allowance { message, reason, .. } = &ALLOWED[*index];
        writeln!(summary, "{:6}  {message}: {reason}", cases.len()).expect("writing to a string");
    }
    println!("{summary}");
    assert!(
        tally.by_release * 100 <= count * PERCENT_BY_RELEASE,
        "{} of {count} templates differ in this earlier release",
        tally.by_release
    );
    assert!(count >= FEWEST_CASES, "only {count} templates were compared");
    assert!(
        tally.faults.is_empty(),
        "{} of {count} templates differ:\n{}",
        tally.faults.len(),
        tally
            .faults
            .iter()
            .take(20)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n")
    );
}

#[test]
fn the_comparison_renders_as_the_template_action_does() {
    let written = python("check_action.py");
    assert!(written.ends_with("the same\n"), "{written}");
    println!("{written}");
}
