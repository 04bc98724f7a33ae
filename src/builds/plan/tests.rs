//! What follows from what is there, in tables.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use super::super::desired::tests::desired;
use super::super::record;
use super::*;

const IMAGE: &str = "sha256:1";

fn wanted(options: Value) -> Desired {
    desired(options).unwrap()
}

fn container(state: State, desired: &Desired, fingerprint: &str) -> Container {
    let labels = Labels {
        build: desired.place.name().to_owned(),
        artifacts: desired.place.artifacts().to_path_buf(),
        fingerprint: fingerprint.to_owned(),
        invocation: "i".to_owned(),
    };
    Container {
        id: "c".to_owned(),
        labels: labels.write(),
        state,
        exit_code: 0,
        out_of_memory: false,
        error: String::new(),
        started_on: None,
        finished_on: None,
    }
}

fn delivered(desired: &Desired) -> record::Delivery {
    let inputs = desired.inputs(IMAGE);
    let artifact = |path: &str| record::Artifact {
        path: path.to_owned(),
        target: None,
        size: 1,
        sha256: None,
        architecture: None,
        kind: "file".to_owned(),
    };
    record::Delivery {
        fingerprint: inputs.fingerprint(),
        inputs: inputs.as_map().clone(),
        invocation: "i".to_owned(),
        finished_on: None,
        artifacts: [
            "envoy-v1.32.0-arm64",
            "envoy-arm64",
            "envoy-v1.32.0-arm64.sha256",
            "build-info.txt",
            "envoy-arm64_1.32.0_arm64.deb",
        ]
        .map(artifact)
        .to_vec(),
        statements: Vec::new(),
    }
}

fn record(state: Recorded, delivery: Option<record::Delivery>) -> Record {
    Record {
        run: record::Run {
            name: "envoy".to_owned(),
            state,
            reason: None,
            fingerprint: String::new(),
            inputs: BTreeMap::new(),
            image: record::Image {
                reference: String::new(),
                digest: None,
                id: String::new(),
            },
            container: record::Container {
                name: String::new(),
                id: "c".to_owned(),
            },
            invocation: "i".to_owned(),
            started_on: None,
            finished_on: None,
            exit_code: None,
            log: record::Log {
                path: PathBuf::new(),
                size: 0,
                sha256: None,
            },
        },
        delivery,
    }
}

fn step(
    desired: &Desired,
    container: Option<&Container>,
    record: Option<&Record>,
    damage: Option<&str>,
) -> Result<Step> {
    Situation {
        desired,
        inputs: &desired.inputs(IMAGE),
        container,
        record,
        damage,
        now: UNIX_EPOCH,
    }
    .step()
}

fn reasons(step: Step) -> Vec<String> {
    match step {
        Step::Start(reasons) => reasons,
        other => panic!("not a start: {other:?}"),
    }
}

#[test]
fn a_build_runs_for_a_reason_and_not_without() {
    let plain = wanted(json!({}));
    let fresh = record(Recorded::Succeeded, Some(delivered(&plain)));
    assert_eq!(step(&plain, None, Some(&fresh), None), Ok(Step::Fresh));
    for (options, record, damage, expected) in [
        (json!({}), None, None, vec!["it was not built before"]),
        (
            json!({}),
            Some(record(Recorded::Failed, None)),
            None,
            vec!["it was not built before"],
        ),
        (
            json!({}),
            None,
            Some("`record.json` is not as it was written"),
            vec!["`record.json` is not as it was written"],
        ),
        (
            json!({ "force": true }),
            Some(fresh.clone()),
            None,
            vec!["it was forced"],
        ),
        (
            json!({ "envoy_build": { "version": "v1.33.0" } }),
            Some(fresh.clone()),
            None,
            vec!["`envoy_build.version` changed from `v1.32.0` to `v1.33.0`"],
        ),
        (
            json!({}),
            Some(fresh.clone()),
            Some("`envoy-arm64` is missing"),
            vec!["`envoy-arm64` is missing"],
        ),
        (
            json!({ "expect": ["envoy-*", "more.txt"] }),
            Some(fresh.clone()),
            None,
            vec!["`more.txt` is expected and not there"],
        ),
    ] {
        let desired = wanted(options.clone());
        let found = step(&desired, None, record.as_ref(), damage).unwrap();
        assert_eq!(reasons(found), expected, "{options}");
    }
}

#[test]
fn what_was_begun_is_taken_up_once() {
    let plain = wanted(json!({}));
    let fingerprint = plain.inputs(IMAGE).fingerprint();
    let started = record(Recorded::Started, None);
    for state in [State::Running, State::Ended] {
        let container = container(state, &plain, &fingerprint);
        for record in [None, Some(&started)] {
            assert_eq!(
                step(&plain, Some(&container), record, None),
                Ok(Step::TakeUp(container.clone()))
            );
        }
    }
    let unwaited = wanted(json!({ "wait": false }));
    let running = container(State::Running, &plain, &fingerprint);
    assert_eq!(
        step(&unwaited, Some(&running), Some(&started), None),
        Ok(Step::Runs(running.clone()))
    );
    let ended = container(State::Ended, &plain, &fingerprint);
    assert_eq!(
        step(&unwaited, Some(&ended), Some(&started), None),
        Ok(Step::TakeUp(ended.clone()))
    );
    // Its end was seen: a failure is told once, then the build runs anew.
    let failed = record(Recorded::Failed, None);
    reasons(step(&plain, Some(&ended), Some(&failed), None).unwrap());
    // It never ran.
    let created = container(State::Created, &plain, &fingerprint);
    reasons(step(&plain, Some(&created), Some(&started), None).unwrap());
    // It made something else.
    let other = container(State::Ended, &plain, "other");
    reasons(step(&plain, Some(&other), Some(&started), None).unwrap());
    let forced = wanted(json!({ "force": true }));
    reasons(step(&forced, Some(&ended), Some(&started), None).unwrap());
}

#[test]
fn only_what_a_delivered_run_left_is_tidied_up() {
    let plain = wanted(json!({}));
    let elsewhere = wanted(json!({ "base_dir": "/srv" }));
    let ended = container(State::Ended, &plain, "f");
    let mut later = ended.clone();
    later
        .labels
        .insert(super::super::labels::INVOCATION.to_owned(), "j".to_owned());
    let mut foreign = ended.clone();
    foreign.labels.clear();
    let gone = Some(Leftovers {
        container: Some("c".to_owned()),
    });
    let kept = Some(Leftovers { container: None });
    for (container, expected) in [
        (None, &kept),
        (Some(ended.clone()), &gone),
        (Some(container(State::Created, &plain, "f")), &gone),
        (Some(container(State::Created, &elsewhere, "f")), &kept),
        (Some(container(State::Running, &plain, "f")), &kept),
        (Some(later), &kept),
        (Some(foreign), &kept),
    ] {
        for state in [Recorded::Succeeded, Recorded::Failed, Recorded::Started] {
            let situation = Situation {
                desired: &plain,
                inputs: &plain.inputs(IMAGE),
                container: container.as_ref(),
                record: Some(&record(state, None)),
                damage: None,
                now: UNIX_EPOCH,
            };
            let is_delivered = state == Recorded::Succeeded;
            let expected = expected.clone().filter(|_| is_delivered);
            assert_eq!(situation.leftovers(), expected, "{state:?} {container:?}");
        }
    }
}

#[test]
fn a_running_build_with_other_inputs_is_left_alone() {
    let plain = wanted(json!({}));
    let running = container(State::Running, &plain, "other");
    for options in [json!({}), json!({ "force": true }), json!({ "wait": false })] {
        let error = step(&wanted(options), Some(&running), None, None).unwrap_err();
        assert_eq!(error.kind(), Kind::Refused);
        assert!(error.cause().contains("with other inputs"), "{error}");
        assert!(
            error
                .remedy()
                .unwrap()
                .contains("docker stop goldentooth-envoy-builder")
        );
    }
}

#[test]
fn a_container_that_is_not_this_builds_is_refused_unless_nothing_is_to_do() {
    let plain = wanted(json!({}));
    let elsewhere = wanted(json!({ "base_dir": "/srv" }));
    let fingerprint = plain.inputs(IMAGE).fingerprint();
    let mut foreign = container(State::Running, &plain, &fingerprint);
    foreign.labels.clear();
    for container in [foreign, container(State::Ended, &elsewhere, &fingerprint)] {
        let error = step(&plain, Some(&container), None, None).unwrap_err();
        assert!(
            error
                .cause()
                .contains("`goldentooth-envoy-builder` is in the way"),
            "{error}"
        );
        let fresh = record(Recorded::Succeeded, Some(delivered(&plain)));
        assert_eq!(
            step(&plain, Some(&container), Some(&fresh), None),
            Ok(Step::Fresh)
        );
    }
}

/// Returns the record of a run that began in another image, and its container.
fn begun(desired: &Desired, state: State, image: &str) -> (Record, Container) {
    let inputs = desired.inputs(image);
    let mut started = record(Recorded::Started, None);
    started.run.inputs = inputs.as_map().clone();
    started.run.image.reference = desired.image().to_string();
    (started, container(state, desired, &inputs.fingerprint()))
}

fn situation<'a>(
    desired: &'a Desired,
    inputs: &'a Inputs,
    record: &'a Record,
    container: &'a Container,
) -> Situation<'a> {
    Situation {
        desired,
        inputs,
        container: Some(container),
        record: Some(record),
        damage: None,
        now: UNIX_EPOCH,
    }
}

#[test]
fn a_build_whose_images_tag_moved_is_taken_up_as_what_it_is() {
    let plain = wanted(json!({}));
    let now = plain.inputs(IMAGE);
    for state in [State::Running, State::Ended] {
        let (record, container) = begun(&plain, state, "sha256:old");
        let situation = situation(&plain, &now, &record, &container);
        let step = situation.step().unwrap();
        assert_eq!(step, Step::TakeUp(container.clone()));
        assert_eq!(situation.inputs_of(&step).image(), "sha256:old");
        assert!(
            situation.warnings(&step)[0]
                .contains("another image than `ghcr.io/goldentooth/envoy-builder:latest`")
        );
    }
    let (record, container) = begun(&plain, State::Running, IMAGE);
    let same = situation(&plain, &now, &record, &container);
    assert!(same.warnings(&same.step().unwrap()).is_empty());
    // Another image that somebody asks for is another input.
    let other = wanted(json!({ "image": "r.io/other:1" }));
    let (record, container) = begun(&plain, State::Running, "sha256:old");
    situation(&other, &other.inputs(IMAGE), &record, &container)
        .step()
        .unwrap_err();
    let more = wanted(json!({ "environment": { "A": "1" } }));
    let inputs = more.inputs(IMAGE);
    let error = situation(&more, &inputs, &record, &container).step().unwrap_err();
    assert!(error.cause().contains("`environment.A` is new"), "{error}");
}

#[test]
fn what_was_never_collected_and_goes_or_stays_is_named() {
    let plain = wanted(json!({}));
    let other = wanted(json!({ "envoy_build": { "version": "v2" } }));
    let inputs = other.inputs(IMAGE);
    let (mut record, container) = begun(&plain, State::Ended, IMAGE);
    let told = |record: &Record| {
        let situation = situation(&other, &inputs, record, &container);
        let step = situation.step().unwrap();
        situation.warnings(&step)
    };
    let warning = told(&record).remove(0);
    for part in [
        "ended with exit code 0 and was never collected, with other inputs",
        "`envoy_build.version` changed from `v1.32.0` to `v2`",
        "it goes, with what it left",
    ] {
        assert!(warning.contains(part), "{part}: {warning}");
    }
    record.delivery = Some(delivered(&other));
    if let Some(delivery) = &mut record.delivery {
        delivery.artifacts.iter_mut().for_each(|artifact| {
            artifact.path = artifact.path.replace("v1.32.0", "v2").replace("1.32.0", "2");
        });
    }
    let warning = told(&record).remove(0);
    assert!(
        warning.contains("`docker rm goldentooth-envoy-builder`"),
        "{warning}"
    );
    // Its end was told.
    record.run.state = Recorded::Failed;
    assert!(told(&record).is_empty());
}

#[test]
fn a_build_that_has_had_its_time_is_stopped_though_nobody_waits() {
    let unwaited = wanted(json!({ "wait": false, "build_timeout": 60 }));
    let inputs = unwaited.inputs(IMAGE);
    let (record, mut container) = begun(&unwaited, State::Running, IMAGE);
    container.started_on = Some("1970-01-01T00:00:00Z".to_owned());
    for (seconds, expected) in [
        (59, Step::Runs(container.clone())),
        (60, Step::TakeUp(container.clone())),
    ] {
        let situation = Situation {
            now: UNIX_EPOCH + Duration::from_secs(seconds),
            ..situation(&unwaited, &inputs, &record, &container)
        };
        assert_eq!(situation.step(), Ok(expected), "{seconds}");
    }
}
