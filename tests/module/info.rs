//! `cross_compile_info`: everything told, nothing changed, and no part hidden by another that cannot be looked at.

use std::fs;

use cross_compile::artifacts::Digest;
use serde_json::{Value, json};

use crate::support::{Answer, Podman, Station, testbed};

/// Asks, and asserts that nothing was changed by it.
#[track_caller]
fn told(station: &Station, more: Value) -> Answer {
    let before = station.snapshot();
    let answer = station.info(more);
    answer.succeeded();
    assert_eq!(answer.json["changed"], json!(false));
    assert_eq!(station.snapshot(), before);
    answer
}

#[test]
fn a_converged_station_is_told_as_it_is() {
    let station = Station::converged();
    let digest = station.push("base-builder", 1);
    fs::write(station.base("build-cache/base-builder/object"), vec![1; 300_000]).unwrap();
    let answer = told(&station, json!({}));
    assert_eq!(
        answer.get("/environment"),
        &json!({ "converged": true, "actions": [], "warnings": [] })
    );
    assert_eq!(answer.get("/engine/name"), &json!("Docker"));
    let image = station.image("base-builder:latest");
    for (pointer, expected) in [
        ("/images/0/name", json!(image)),
        ("/images/0/present", json!(true)),
        ("/images/0/up_to_date", json!(true)),
        ("/images/0/digest", json!(digest)),
        ("/images/0/registry_digest", json!(digest)),
        (
            "/images/0/id",
            json!(testbed().docker(&["image", "inspect", "--format", "{{.Id}}", &image])),
        ),
        ("/toolkit/commit", json!(station.repository.head())),
        ("/toolkit/remote_commit", json!(station.repository.head())),
        ("/toolkit/behind", json!(0)),
        ("/toolkit/changed_files", json!([])),
        ("/disk/0/path", json!(station.base(""))),
        ("/builds", json!([])),
        ("/health", json!({ "healthy": true, "problems": [] })),
    ] {
        assert_eq!(answer.get(pointer), &expected, "{pointer}");
    }
    assert!(answer.get("/images/0/size").as_u64() > Some(0));
    assert!(answer.get("/disk/0/total").as_u64() > answer.get("/disk/0/available").as_u64());
    let services = answer.get("/cache/services").as_array().unwrap();
    let base = services
        .iter()
        .find(|service| service["service"] == "base-builder")
        .unwrap();
    assert!(
        base["size"].as_u64() >= Some(300_000) && base["files"] == 1,
        "{base}"
    );
}

#[test]
fn what_is_newer_elsewhere_is_told_and_not_brought() {
    let station = Station::converged();
    let old = station.repository.head();
    station.push("base-builder", 2);
    for number in ["second", "third"] {
        station.repository.write("README.md", number);
        station.repository.commit(number);
    }
    let answer = told(&station, json!({}));
    assert_eq!(answer.get("/images/0/up_to_date"), &json!(false));
    assert_eq!(answer.get("/toolkit/commit"), &json!(old));
    assert_eq!(answer.get("/toolkit/behind"), &json!(2));
    assert_eq!(answer.get("/environment/converged"), &json!(false));
    let check = station.check().changed();
    assert_eq!(answer.get("/environment/actions"), &check.json["actions"]);
    // The image that is there still serves.
    assert_eq!(answer.get("/health/healthy"), &json!(true));
}

#[test]
fn registries_are_asked_whatever_the_policy_and_the_plan_keeps_to_it() {
    let station = Station::converged().with("pull", "missing");
    station.push("base-builder", 2);
    let answer = told(&station, json!({ "gather": ["images", "environment"] }));
    assert_eq!(answer.get("/images/0/up_to_date"), &json!(false));
    assert_eq!(answer.get("/environment/converged"), &json!(true));
}

#[test]
fn what_somebody_changed_in_the_checkout_is_named() {
    let station = Station::converged();
    fs::write(station.checkout().join("README.md"), "mine").unwrap();
    let answer = told(&station, json!({ "gather": "toolkit,environment" }));
    assert_eq!(answer.get("/toolkit/changed_files"), &json!(["README.md"]));
    // `cross_compile` refuses to go on once there is something to update.
    station.repository.write("README.md", "theirs");
    station.repository.commit("theirs");
    let answer = told(&station, json!({ "gather": "environment" }));
    assert_eq!(answer.get("/environment/converged"), &Value::Null);
    let refusal = answer.get("/environment/error").as_str().unwrap();
    assert!(refusal.contains("README.md"), "{refusal}");
}

#[test]
fn a_part_that_cannot_be_looked_at_hides_no_other() {
    let mut station = Station::converged();
    station.set("docker_host", "unix:///nonexistent/engine.sock");
    station.set("toolkit_repo", "https://127.0.0.1:1/toolkit.git");
    station.set("override_template", "{{ nonesuch }}");
    let answer = told(&station, json!({}));
    for (pointer, part) in [
        ("/engine/error", "/nonexistent/engine.sock"),
        ("/images/0/error", "/nonexistent/engine.sock"),
        ("/toolkit/error", "127.0.0.1:1"),
        ("/environment/error", "nonesuch"),
    ] {
        let error = answer.get(pointer).as_str().unwrap_or_default();
        assert!(error.contains(part), "{pointer}: {error}");
    }
    assert_eq!(answer.get("/toolkit/commit"), &json!(station.repository.head()));
    assert_eq!(answer.get("/environment/converged"), &Value::Null);
    assert!(answer.get("/disk/0/available").as_u64() > Some(0));
    assert!(answer.get("/cache/services/0").is_object());
    assert_eq!(answer.get("/health/healthy"), &json!(false));
    let problems = answer.get("/health/problems").as_array().unwrap();
    assert_eq!(problems.len(), 1, "{problems:?}");

    station.set("override_template", Value::Null);
    let answer = told(&station, json!({ "gather": "environment" }));
    let error = answer.get("/environment/error").as_str().unwrap();
    for part in ["/nonexistent/engine.sock", "127.0.0.1:1"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn only_what_is_named_is_told() {
    let mut station = Station::new();
    station.set("docker_host", "unix:///nonexistent/engine.sock");
    let answer = told(&station, json!({ "gather": ["cache"] }));
    let names: Vec<&String> = answer.json.as_object().unwrap().keys().collect();
    assert_eq!(names, ["changed", "cache", "warnings", "invocation"]);
    assert_eq!(answer.get("/cache/services"), &json!([]));
    station
        .info(json!({ "gather": ["weather"] }))
        .failed(&["value of gather must be one or more of", "weather"]);
}

#[test]
fn health_asks_no_server_and_names_every_problem() {
    let mut station = Station::converged();
    // Any question to the registry would be denied, and any to the remote fail.
    station.set(
        "registry_auth",
        json!({ "enabled": true, "username": "nobody", "token": "hightide-hightide" }),
    );
    station.set("toolkit_repo", "https://127.0.0.1:1/toolkit.git");
    let answer = told(&station, json!({ "gather": "health" }));
    assert_eq!(answer.get("/health"), &json!({ "healthy": true, "problems": [] }));
    assert_eq!(answer.get("/images"), &Value::Null);

    station.set_images(&[("base_builder", "base-builder"), ("other", "other")]);
    let answer = told(&station, json!({ "gather": "health", "min_free_gb": 1_000_000 }));
    let problems = answer.get("/health/problems").to_string();
    for part in [
        station.image("other:latest").as_str(),
        "1000000 GiB are wanted",
        &station.base("").display().to_string(),
    ] {
        assert!(problems.contains(part), "{part}: {problems}");
    }
}

#[test]
fn artifacts_are_listed_with_what_is_known_of_them() {
    let station = Station::converged();
    let category = station.base("artifacts/envoy");
    for name in ["envoy-v1.32.0-arm64", "extra"] {
        fs::write(category.join(name), name).unwrap();
    }
    std::os::unix::fs::symlink("envoy-v1.32.0-arm64", category.join("envoy-arm64")).unwrap();
    let listed = std::process::Command::new("sh")
        .args(["-c", "sha256sum envoy-v1.32.0-arm64 >SHA256SUMS"])
        .current_dir(&category)
        .status()
        .unwrap();
    assert!(listed.success());
    let find = |answer: &Answer, name: &str| {
        let categories = answer.get("/artifacts").as_array().unwrap();
        let envoy = categories.iter().find(|one| one["category"] == "envoy").unwrap();
        let artifacts = envoy["artifacts"].as_array().unwrap();
        artifacts.iter().find(|one| one["path"] == name).unwrap().clone()
    };
    let quick = told(&station, json!({ "gather": "artifacts" }));
    let envoy = find(&quick, "envoy-v1.32.0-arm64");
    assert_eq!(envoy["verification"], "unchecked");
    assert_eq!(envoy["links"], json!(["envoy-arm64"]));
    assert_eq!((&envoy["size"], &envoy["recorded"]), (&json!(19), &json!(false)));
    assert_eq!(find(&quick, "extra")["verification"], "unlisted");
    let full = told(&station, json!({ "gather": "artifacts", "verify": "full" }));
    assert_eq!(find(&full, "envoy-v1.32.0-arm64")["verification"], "intact");
    fs::write(category.join("envoy-v1.32.0-arm64"), "envoy-v1.32.0-arm65").unwrap();
    let full = told(&station, json!({ "gather": "artifacts", "verify": "full" }));
    assert_eq!(find(&full, "envoy-v1.32.0-arm64")["verification"], "changed");
}

/// Returns a record as the module writes it: with the digest of all that stands before.
fn sealed(record: &Value) -> String {
    let text = serde_json::to_string_pretty(record).unwrap();
    let body = text.strip_suffix("\n}").unwrap();
    let digest = Digest::of(body.as_bytes());
    format!("{body},\n  \"sha256\": \"{digest}\"\n}}\n")
}

#[test]
fn builds_are_told_by_their_records_and_their_containers() {
    let station = Station::converged();
    let artifacts = station.base("artifacts");
    let record = |name: &str, state: &str| {
        let directory = artifacts.join(".builds").join(name);
        fs::create_dir_all(&directory).unwrap();
        let record = json!({
            "run": {
                "name": name, "state": state, "reason": "exit code 2", "fingerprint": "f", "inputs": {},
                "image": { "reference": "r/x:1", "digest": null, "id": "sha256:1" },
                "container": { "name": "c", "id": "c" },
                "invocation": "i", "started_on": "2026-01-01T00:00:00Z", "finished_on": null, "exit_code": 2,
                "log": { "path": directory.join("log"), "size": 3, "sha256": null },
            },
            "delivery": null,
        });
        fs::write(directory.join("record.json"), sealed(&record)).unwrap();
    };
    record("envoy", "failed");
    record("consul", "started");
    record("packages", "started");
    fs::write(artifacts.join(".builds/envoy/log"), "log").unwrap();
    fs::create_dir_all(artifacts.join(".builds/vault")).unwrap();
    fs::write(artifacts.join(".builds/vault/record.json"), "{}").unwrap();
    let container = format!("{}-consul", station.name);
    let prefix = "io.goldentooth.cross_compile";
    let label = |name: &str, value: &str| format!("--label={prefix}{name}={value}");
    let testbed = testbed();
    testbed.docker(&[
        "--config",
        testbed.get("/registry/docker_config"),
        "run",
        "--detach",
        "--network=none",
        "--name",
        &container,
        &label("", "0"),
        &label(".build", "consul"),
        &label(".artifacts", &artifacts.to_string_lossy()),
        &label(".fingerprint", "f"),
        &label(".invocation", "i"),
        &format!("{}/base-builder:latest", testbed.get("/registry/prefix")),
        "sh",
        "-c",
        "exit 3",
    ]);
    testbed.docker(&["wait", &container]);
    let answer = told(&station, json!({ "gather": "builds,health" }));
    testbed.docker(&["rm", "--force", &container]);
    let told = |name: &str| {
        let builds = answer.get("/builds").as_array().unwrap();
        builds.iter().find(|build| build["name"] == name).unwrap().clone()
    };
    assert_eq!(told("envoy")["state"], "failed");
    assert_eq!(told("envoy")["reason"], "exit code 2");
    assert_eq!(told("envoy")["log"]["size"], 3);
    assert_eq!(told("consul")["state"], "ended_badly");
    assert_eq!(told("consul")["exit_code"], 3);
    assert_eq!(told("consul")["reason"], "exit code 3");
    assert!(told("consul")["finished_on"].is_string());
    assert_eq!(told("consul")["log"], Value::Null);
    assert_eq!(told("packages")["state"], "lost");
    assert_eq!(told("consul")["container"]["name"], json!(container));
    assert!(told("vault")["error"].as_str().unwrap().contains("record.json"));
    let problems = answer.get("/health/problems").to_string();
    assert!(
        problems.contains("the last build of `envoy` failed: exit code 2"),
        "{problems}"
    );
    assert!(problems.contains("vault/record.json"), "{problems}");
    for part in [
        "the last build of `consul` failed: exit code 3",
        "the last build of `packages` failed: its container is gone",
    ] {
        assert!(problems.contains(part), "{problems}");
    }
}

#[test]
fn podman_is_told_as_well() {
    let podman = Podman::start(true);
    let station = Station::new().with("docker_host", podman.docker_host());
    station.run().changed();
    let answer = told(&station, json!({}));
    assert_eq!(answer.get("/engine/name"), &json!("Podman"));
    assert_eq!(
        answer.get("/environment/converged"),
        &json!(true),
        "{:#}",
        answer.json
    );
    assert_eq!(answer.get("/images/0/up_to_date"), &json!(true));
    assert!(answer.get("/images/0/size").as_u64() > Some(0));
    assert_eq!(answer.get("/health"), &json!({ "healthy": true, "problems": [] }));
}

#[test]
fn secrets_are_not_told() {
    let station = Station::converged();
    let answer = told(&station, json!({}));
    let token = station.arguments()["registry_auth"]["token"].as_str().unwrap();
    assert!(!answer.json.to_string().contains(token));
}
