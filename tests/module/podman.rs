//! Podman behind the same module: its socket cannot ask registries, and tells failures within a success.

use serde_json::{Value, json};

use crate::support::{Podman, Station, testbed};

fn station(podman: &Podman) -> Station {
    Station::new().with("docker_host", podman.docker_host())
}

#[test]
fn everything_converges_on_podman_too() {
    let podman = Podman::start(true);
    let station = station(&podman);
    let answer = station.converges();
    assert_eq!(answer.get("/engine/name"), &json!("Podman"));
    assert_eq!(answer.get("/engine/buildx"), &Value::Null);
    let image = station.image("base-builder:latest");
    let id = podman.command(&["image", "inspect", "--format", "{{.Id}}", &image]);
    assert_eq!(
        answer
            .get("/images/0/id")
            .as_str()
            .map(|text| text.trim_start_matches("sha256:")),
        Some(id.as_str())
    );
    podman.command(&["network", "inspect", &station.name]);

    // A registry that has something newer is noticed without the engine's help.
    for seed in [2, 1] {
        let digest = station.push("base-builder", seed);
        let answer = station.converges();
        assert_eq!(answer.actions(), [format!("Pulled image `{image}`")]);
        assert_eq!(answer.get("/images/0/digest"), &json!(digest));
    }

    podman.command(&["rmi", "--force", &image]);
    assert_eq!(station.converges().actions(), [format!("Pulled image `{image}`")]);
    podman.command(&["network", "rm", &station.name]);
    assert_eq!(
        station.converges().actions(),
        [format!("Created network `{}`", station.name)]
    );
}

#[test]
fn podman_keeps_to_pinned_digests() {
    let podman = Podman::start(true);
    let mut station = station(&podman).only(&["images"]);
    let first = station.push("base-builder", 1);
    let second = station.push("base-builder", 2);
    for (image, digest) in [
        (format!("base-builder@{first}"), &first),
        (format!("base-builder:latest@{second}"), &second),
    ] {
        station.set_images(&[("base_builder", &image)]);
        let answer = station.converges();
        assert_eq!(answer.get("/images/0/digest"), &json!(digest));
    }
}

#[test]
fn registries_are_refused_alike_by_podman_and_its_client() {
    let podman = Podman::start(false);
    let mut station = station(&podman).only(&["images"]).with("timeout", 2);
    let right = station.arguments()["registry_auth"].clone();
    let wrong = json!({ "enabled": true, "username": "velaryon", "token": "hightide-hightide" });
    station.set("registry_auth", wrong);
    let answer = station.refuses(&["base-builder:latest", "`registry_auth`"]);
    assert!(!answer.json.to_string().contains("hightide"), "{}", answer.json);
    station.set("registry_auth", right);

    let address = testbed().get("/registry/address");
    let certificate = format!("/etc/containers/certs.d/{address}/ca.crt");
    // The module trusts the authority, the engine does not: only the pull can tell.
    station.check().changed();
    let before = station.snapshot();
    station
        .run()
        .failed(&["base-builder:latest", &certificate])
        .untouched();
    assert_eq!(station.snapshot(), before);
    let bundle = station.arguments()["ca_bundle"].clone();
    station.set("ca_bundle", Value::Null);
    station.refuses(&["base-builder:latest", &certificate]);
    station.set("ca_bundle", bundle);

    for (image, parts) in [
        ("nonesuch", vec!["nonesuch:latest", "the name and the tag"]),
        (
            "base-builder:nonesuch",
            vec!["base-builder:nonesuch", "the name and the tag"],
        ),
        (
            "0.0.0.0:1/x:1",
            vec!["0.0.0.0:1/x:1", "tcp connect error", "firewall"],
        ),
        (
            "0.0.0.0:1/team/denied:1",
            vec!["0.0.0.0:1/team/denied:1", "tcp connect error", "firewall"],
        ),
        (
            "registry.invalid/x:1",
            vec!["registry.invalid/x:1", "name resolution"],
        ),
    ] {
        station.set_images(&[("base_builder", image)]);
        station.refuses(&parts);
    }
}

#[test]
fn an_identity_token_is_no_password() {
    let podman = Podman::start(true);
    let mut station = station(&podman)
        .only(&["images"])
        .with("registry_auth", Value::Null);
    let address = testbed().get("/registry/address");
    std::fs::create_dir_all(station.path("docker")).unwrap();
    std::fs::write(
        station.path("docker/config.json"),
        json!({ "auths": { address: { "identitytoken": "driftwood-and-kelp" } } }).to_string(),
    )
    .unwrap();
    station.set_environment("DOCKER_CONFIG", station.path("docker").to_str().unwrap());
    let answer = station.refuses(&["base-builder:latest", "identity token", "set `registry_auth`"]);
    assert!(!answer.json.to_string().contains("driftwood"), "{}", answer.json);
}
