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
    // The module trusts the authority, the engine does not.
    station.refuses(&["base-builder:latest", "x509", &certificate]);
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
fn nothing_is_begun_for_images_that_podman_cannot_pull() {
    let podman = Podman::start(false);
    let station = station(&podman);
    let certificate = format!(
        "/etc/containers/certs.d/{}/ca.crt",
        testbed().get("/registry/address")
    );
    station.refuses(&["base-builder:latest", "x509", &certificate]);
    assert!(!station.base("").exists());
}

/// Makes an image of the host's own under the name of one of the station's.
fn import(podman: &Podman, station: &Station, image: &str) {
    // The end of a tar archive: an image without files.
    let archive = station.path("empty.tar");
    std::fs::write(&archive, [0; 1024]).unwrap();
    podman.command(&["import", archive.to_str().unwrap(), &station.image(image)]);
}

#[test]
fn an_image_built_on_podman_is_kept_with_a_warning() {
    let podman = Podman::start(true);
    let mut station = station(&podman).only(&["images"]);
    for (image, in_registry) in [("own:latest", false), ("base-builder:latest", true)] {
        import(&podman, &station, image);
        station.set_images(&[("base_builder", image)]);
        let answer = station.settled();
        let answer = answer.warned(&format!("{image}` was built on this host and is kept"));
        assert_eq!(answer.get("/images/0/digest"), &Value::Null);
        let told = station.info(json!({})).get("/environment").to_string();
        assert!(told.contains(image) && !told.contains("Pulled"), "{told}");
        station.set("pull", "always");
        match in_registry {
            true => drop(station.converges()),
            false => drop(station.refuses(&[image, "the name and the tag"])),
        }
        station.set("pull", Value::Null);
    }
    // What came from the registry is still replaced by what is newer there.
    station.push("base-builder", 2);
    station.converges();
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
