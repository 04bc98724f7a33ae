//! What a run of `cross_compile_build` says at the end. Pure.

use serde_json::{Map, Value, json};

use super::desired::Desired;
use super::moment;
use super::plan::{Change, Plan, Step};
use super::record::{Delivery, Record, Run};
use crate::changes;

/// Returns the result of a run that carried `plan` out, or of check mode. `record` is what is remembered then.
#[must_use]
pub fn report(desired: &Desired, plan: &Plan, record: Option<&Record>) -> Map<String, Value> {
    let actions = plan.changes.iter().map(Change::action).collect();
    let mut result = changes::told(actions, plan.changes.iter().map(Change::difference));
    let mut tell = |name: &str, value: Value| result.insert(name.to_owned(), value);
    tell("fingerprint", json!(plan.inputs.fingerprint()));
    tell(
        "image",
        json!({ "name": desired.image().to_string(), "digest": plan.inputs.image() }),
    );
    tell("running", json!(is_running(desired, plan)));
    let delivery = record.and_then(|record| record.delivery.as_ref());
    tell("artifacts", artifacts(desired, delivery));
    tell("provenance", provenance(desired, delivery));
    if let Some(record) = record {
        result.extend(of_run(&record.run));
    }
    result
}

/// Returns the part that is told of a run that failed, too.
#[must_use]
pub fn of_run(run: &Run) -> Map<String, Value> {
    let mut result = Map::new();
    let mut tell = |name: &str, value: Value| result.insert(name.to_owned(), value);
    tell(
        "image",
        json!({ "name": run.image.reference, "id": run.image.id, "digest": run.image.digest }),
    );
    tell(
        "container",
        json!({ "name": run.container.name, "id": run.container.id }),
    );
    tell("fingerprint", json!(run.fingerprint));
    tell("exit_code", json!(run.exit_code));
    tell(
        "log",
        json!({ "path": run.log.path, "size": run.log.size, "sha256": run.log.sha256 }),
    );
    tell("duration", json!(duration(run)));
    result
}

/// Returns the seconds that a run took, to the millisecond.
fn duration(run: &Run) -> Option<f64> {
    let time = |time: &Option<String>| time.as_deref().and_then(moment::parse);
    let passed = time(&run.finished_on)?
        .duration_since(time(&run.started_on)?)
        .ok()?;
    Some((passed.as_secs_f64() * 1000.0).round() / 1000.0)
}

/// A build runs on after this run: one that is not waited for.
fn is_running(desired: &Desired, plan: &Plan) -> bool {
    match plan.step {
        Step::Runs(_) => true,
        Step::Start(_) => !desired.wait,
        Step::Fresh | Step::TakeUp(_) => false,
    }
}

fn artifacts(desired: &Desired, delivery: Option<&Delivery>) -> Value {
    let category = desired.place.category();
    delivery
        .into_iter()
        .flat_map(|delivery| &delivery.artifacts)
        .map(|artifact| {
            json!({
                "path": category.join(&artifact.path),
                "target": artifact.target,
                "size": artifact.size,
                "sha256": artifact.sha256,
                "architecture": artifact.architecture,
                "kind": artifact.kind,
            })
        })
        .collect()
}

fn provenance(desired: &Desired, delivery: Option<&Delivery>) -> Value {
    let category = desired.place.category();
    delivery
        .into_iter()
        .flat_map(|delivery| &delivery.statements)
        .map(|statement| json!(category.join(&statement.path)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use super::super::record::{Container, Image, Log, State};

    #[test]
    fn a_run_is_told_with_its_duration() {
        let run = Run {
            name: "envoy".to_owned(),
            state: State::Failed,
            reason: None,
            fingerprint: "f".to_owned(),
            inputs: BTreeMap::new(),
            image: Image {
                reference: "r.io/x:1".to_owned(),
                digest: None,
                id: "sha256:2".to_owned(),
            },
            container: Container {
                name: "goldentooth-envoy-builder".to_owned(),
                id: "c".to_owned(),
            },
            invocation: "i".to_owned(),
            started_on: Some("2026-01-01T00:00:00Z".to_owned()),
            finished_on: Some("2026-01-01T00:01:02.3456Z".to_owned()),
            exit_code: Some(2),
            log: Log {
                path: PathBuf::from("/log"),
                size: 3,
                sha256: None,
            },
        };
        let told = of_run(&run);
        assert_eq!(told["duration"], json!(62.346));
        assert_eq!(told["exit_code"], json!(2));
        assert_eq!(told["log"]["path"], json!("/log"));
        let unfinished = Run {
            finished_on: None,
            ..run
        };
        assert_eq!(of_run(&unfinished)["duration"], Value::Null);
    }
}
