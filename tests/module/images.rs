//! Images: pulled when they are missing or the registry has something else, and not otherwise.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Relay, Station, testbed};

/// A station of which only the images are asked for.
fn station() -> Station {
    Station::new().only(&["images"])
}

fn converged() -> Station {
    let station = station();
    station.run().changed();
    station
}

fn pulled(station: &Station, images: &[&str]) -> Vec<String> {
    images
        .iter()
        .map(|image| format!("Pulled image `{}`", station.image(image)))
        .collect()
}

fn remove(station: &Station, image: &str) {
    testbed().docker(&["rmi", "--force", &station.image(image)]);
}

/// Makes an image under this name that no registry knows.
fn build(station: &Station, image: &str) {
    let mut child = testbed()
        .docker_command(&["import", "-", &station.image(image)])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // The end of a tar archive: an image without files.
    child.stdin.take().unwrap().write_all(&[0; 1024]).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_missing_image_is_pulled() {
    let station = station();
    let answer = station.converges();
    assert_eq!(answer.actions(), pulled(&station, &["base-builder:latest"]));
    let id = testbed().docker(&["images", "--no-trunc", "--quiet", &station.image("base-builder")]);
    assert_eq!(answer.get("/images/0/id"), &json!(id));
    assert_eq!(
        answer.get("/images/0/name"),
        &json!(station.image("base-builder:latest"))
    );
    assert_eq!(answer.get("/images/0/changed"), &json!(true));
    assert_eq!(answer.get("/diff/0/before/digest"), &Value::Null);
    assert_eq!(station.run().get("/images/0/id"), &json!(id));
}

#[test]
fn a_moved_tag_is_followed_and_back_again() {
    let station = converged();
    for seed in [2, 1] {
        let digest = station.push("base-builder", seed);
        let answer = station.converges();
        assert_eq!(answer.get("/images/0/digest"), &json!(digest));
        assert_eq!(answer.get("/diff/0/after/digest"), &json!(digest));
        assert!(answer.get("/diff/0/before/digest").is_string());
    }
}

#[test]
fn a_digest_pins_whatever_the_tag_does() {
    let mut station = station();
    let first = station.push("base-builder", 1);
    let second = station.push("base-builder", 2);
    for (image, digest) in [
        (format!("base-builder@{first}"), &first),
        (format!("base-builder:latest@{second}"), &second),
        (format!("base-builder:latest@{first}"), &first),
    ] {
        for earlier in [&first, &second] {
            let name = station.image(&format!("base-builder@{earlier}"));
            testbed()
                .docker_command(&["rmi", "--force", &name])
                .output()
                .unwrap();
        }
        station.set_images(&[("base_builder", &image)]);
        let answer = station.converges();
        assert_eq!(answer.actions(), pulled(&station, &[&image]));
        assert_eq!(answer.get("/images/0/digest"), &json!(digest));
    }
    let unknown = format!("base-builder@sha256:{}", "0".repeat(64));
    station.set_images(&[("base_builder", &unknown)]);
    station.refuses(&[&station.image(&unknown)]);
}

#[test]
fn keys_choose_images_once_each() {
    let mut station = station();
    station.push("envoy-builder", 3);
    station.set_images(&[
        ("base_builder", "base-builder"),
        ("ci_builder", "base-builder:latest"),
        ("envoy_builder", "envoy-builder"),
        ("mine", ""),
    ]);
    let answer = station.converges();
    assert_eq!(
        answer.actions(),
        pulled(&station, &["base-builder:latest", "envoy-builder:latest"])
    );
    assert_eq!(answer.get("/images").as_array().map(Vec::len), Some(2));
    station.set_images(&[]);
    let answer = station.settled();
    assert_eq!(answer.get("/images"), &json!([]));
}

#[test]
fn a_registry_of_its_own_gets_no_token_and_needs_none() {
    let mut station = station();
    let registry = testbed().get("/registry/anonymous_address");
    let image = format!("{registry}/{}/base-builder:latest", station.name);
    station.set_images(&[("base_builder", &image)]);
    assert_eq!(station.converges().actions(), [format!("Pulled image `{image}`")]);
    station.set("registry_auth", Value::Null);
    station.settled();
    testbed().docker(&["rmi", "--force", &image]);
}

#[test]
fn pull_decides_when() {
    // What is on the host, the policy, and whether something is pulled.
    let states = ["missing", "present", "outdated", "built"];
    let mut station = station();
    for (policy, expected) in [
        ("newer", [true, false, true, false]),
        ("missing", [true, false, false, false]),
        ("always", [true, false, true, true]),
        ("never", [false, false, false, false]),
    ] {
        for (state, expected) in states.into_iter().zip(expected) {
            station.push("base-builder", 1);
            station.set("pull", "newer");
            testbed()
                .docker_command(&["rmi", "--force", &station.image("base-builder:latest")])
                .output()
                .unwrap();
            match state {
                "missing" => {}
                "built" => build(&station, "base-builder:latest"),
                _ => drop(station.run().changed()),
            }
            if state == "outdated" {
                station.push("base-builder", 2);
            }
            station.set("pull", policy);
            match (policy, state, expected) {
                ("never", "missing", _) => {
                    drop(station.refuses(&["base-builder:latest", "`pull` is `never`"]));
                }
                (_, _, true) => drop(station.converges()),
                ("newer", "built", _) => {
                    drop(station.settled().warned("was built on this host and is kept"));
                }
                _ => drop(station.settled().without_warnings()),
            }
        }
    }
    station.set("pull", "sometimes");
    station.refuses(&["sometimes"]);
}

#[test]
fn auto_pull_images_off_means_only_what_is_missing() {
    let mut station = converged();
    station.push("base-builder", 2);
    station.set("build_automation", json!({ "auto_pull_images": false }));
    station.settled();
    station.set("pull", "newer");
    station.converges();
}

#[test]
fn the_platform_chooses_from_an_index() {
    let mut station = station();
    let digest = testbed().push(&[
        "push-index",
        "--name",
        &format!("{}/multi", station.name),
        "--platform",
        "linux/amd64",
        "linux/arm64",
    ]);
    station.set_images(&[("base_builder", "multi")]);
    for (platform, architecture) in [
        (json!("linux/arm64"), "arm64"),
        (json!("linux/amd64"), "amd64"),
        (json!("arm64"), "arm64"),
    ] {
        station.set("platform", platform);
        let answer = station.converges();
        assert_eq!(answer.get("/images/0/digest"), &json!(digest));
        let has = testbed().docker(&[
            "image",
            "inspect",
            "--format",
            "{{.Architecture}}",
            &station.image("multi"),
        ]);
        assert_eq!(has, architecture);
    }
}

#[test]
fn a_platform_that_the_image_is_not_made_for_is_an_error() {
    let station = station().with("platform", "linux/s390x");
    station.refuses(&["base-builder:latest", "not for `linux/s390x`", "`platform`"]);
    let present = testbed().docker(&["images", "--quiet", &station.image("base-builder")]);
    assert_eq!(
        present, "",
        "the image of another platform was pulled all the same"
    );
}

#[test]
fn credentials_come_from_the_users_own_store() {
    let mut station = station().with("registry_auth", Value::Null);
    let store = testbed().path("/registry/docker_config").join("config.json");
    let denied = ["base-builder:latest", "`registry_auth`", "docker login"];
    station.refuses(&denied);
    fs::create_dir_all(station.path("home/.docker")).unwrap();
    fs::copy(&store, station.path("home/.docker/config.json")).unwrap();
    let answer = station.converges();
    assert!(
        !answer
            .json
            .to_string()
            .contains(testbed().get("/registry/password"))
    );

    remove(&station, "base-builder:latest");
    fs::remove_file(station.path("home/.docker/config.json")).unwrap();
    station.refuses(&denied);
    station.set_environment("DOCKER_CONFIG", testbed().get("/registry/docker_config"));
    station.converges();

    fs::create_dir_all(station.path("broken")).unwrap();
    fs::write(
        station.path("broken/config.json"),
        json!({ "auths": { testbed().get("/registry/address"): { "auth": "%%%" } } }).to_string(),
    )
    .unwrap();
    remove(&station, "base-builder:latest");
    station.set_environment("DOCKER_CONFIG", station.path("broken").to_str().unwrap());
    station.refuses(&["stored credentials", "cannot be decoded", "docker login"]);
}

#[test]
fn wrong_credentials_are_denied_even_with_the_image_at_hand() {
    let mut station = station();
    let wrong = json!({ "enabled": true, "username": "velaryon", "token": "hightide-hightide" });
    let right = station.arguments()["registry_auth"].clone();
    for present in [false, true] {
        station.set("registry_auth", wrong.clone());
        let answer = station.refuses(&["base-builder:latest", "`registry_auth`"]);
        assert!(!answer.json.to_string().contains("hightide"), "{}", answer.json);
        station.set("registry_auth", right.clone());
        if !present {
            station.converges();
        }
    }
    station.set(
        "registry_auth",
        json!({ "enabled": true, "token": "hightide-hightide" }),
    );
    station.refuses(&["`registry_auth`", "`username`"]);
}

#[test]
fn what_no_registry_has_is_told_with_the_remedy() {
    let mut station = station().with("timeout", 1);
    let stranger = format!(
        "{}/{}/base-builder",
        testbed().get("/registry/stranger_address"),
        station.name
    );
    let address = testbed().get("/registry/stranger_address");
    let certificate = format!("/etc/docker/certs.d/{address}/ca.crt");
    for (image, parts) in [
        ("nonesuch", vec!["nonesuch:latest", "the name and the tag"]),
        (
            "base-builder:nonesuch",
            vec!["base-builder:nonesuch", "the name and the tag"],
        ),
        (
            "registry.invalid/x/y:1",
            vec!["registry.invalid/x/y:1", "name resolution"],
        ),
        (
            "0.0.0.0:1/x:1",
            vec!["0.0.0.0:1/x:1", "connection refused", "firewall"],
        ),
        (
            "0.0.0.0:1/team/denied:1",
            vec!["0.0.0.0:1/team/denied:1", "connection refused", "firewall"],
        ),
        (stranger.as_str(), vec![certificate.as_str(), "`ca-certificates`"]),
        ("Base-Builder", vec!["`containers.base_builder`", "lower case"]),
        ("base-builder:a b", vec!["malformed image reference"]),
        (
            "base-builder@sha256:12",
            vec!["malformed image reference", "`sha256:12`"],
        ),
    ] {
        station.set_images(&[("base_builder", image)]);
        station.refuses(&parts);
    }
}

#[test]
fn an_unreachable_registry_is_a_warning_with_the_image_at_hand() {
    let mut relay = Relay::to(testbed().get("/registry/anonymous_address"));
    let mut station = station().with("timeout", 1);
    station.set("registry", format!("{}/{}", relay.address(), station.name));
    station.set("registry_auth", Value::Null);
    station.converges();
    relay.close();
    station
        .settled()
        .warned("base-builder:latest` is kept as it is: ")
        .warned("connection refused");
    station.set("pull", "always");
    station.refuses(&["connection refused", &relay.address()]);
    station.set("pull", "missing");
    station.settled().without_warnings();
    let image = format!("{}/{}/base-builder:latest", relay.address(), station.name);
    testbed().docker(&["rmi", "--force", &image]);
    station.refuses(&["connection refused", &relay.address()]);
}
