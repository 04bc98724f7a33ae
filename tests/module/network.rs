//! The external network of the override: there after a run, and nobody else's is touched.

use std::collections::HashMap;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Doorstep, Podman, Station, testbed};

#[test]
fn a_missing_network_is_made() {
    let mut station = Station::new().only(&["network"]);
    let action = format!("Created network `{}`", station.name);
    let answer = station.converges().did(&[&action]);
    assert_eq!(
        answer.get("/network"),
        &json!({ "name": station.name, "changed": true })
    );
    assert_eq!(answer.get("/diff/0/before/state"), &json!("absent"));
    let format = "{{.Driver}} {{.Scope}}";
    assert_eq!(
        testbed().docker(&["network", "inspect", "--format", format, &station.name]),
        "bridge local"
    );
    testbed().docker(&["network", "rm", &station.name]);
    station.converges();

    // The engine finds networks by the beginning of their id, too.
    let id = testbed().docker(&["network", "inspect", "--format", "{{.Id}}", &station.name]);
    station.set("container", json!({ "network_name": &id[..12] }));
    let told = station.check().changed();
    assert_eq!(told.actions(), [format!("Created network `{}`", &id[..12])]);
}

#[test]
fn a_network_that_compose_made_is_taken_as_it_is() {
    let station = Station::new().only(&["network"]);
    testbed().docker(&["network", "create", "--label", "whose=theirs", &station.name]);
    station.settled();
}

/// Creates a network whether there is one of its name or not, as two clients do that ask at the same time. Returns its id.
fn create_beside(name: &str, label: Option<&str>) -> String {
    let labels: HashMap<&str, &str> = label.into_iter().map(|label| (label, "")).collect();
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--fail", "--unix-socket"])
        .arg(testbed().path("/engine/socket"))
        .args(["--header", "Content-Type: application/json", "--data"])
        .arg(json!({ "Name": name, "Labels": labels }).to_string())
        .arg("http://engine/networks/create")
        .output()
        .unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    answer["Id"].as_str().unwrap().to_owned()
}

#[test]
fn networks_of_one_name_become_one_again() {
    let station = Station::new().only(&["network"]);
    station.run().changed();
    let name = &station.name;
    create_beside(name, Some("io.goldentooth.cross_compile"));
    station
        .converges()
        .did(&[&format!("Removed duplicates of network `{name}`")]);
    let theirs = [create_beside(name, None), create_beside(name, None)];
    station.refuses(&["3 networks are called", "docker network rm"]);
    for id in theirs {
        testbed().docker(&["network", "rm", &id]);
    }
    station.settled();
}

#[test]
fn a_name_that_an_engine_would_refuse_or_keep_for_itself_is_refused_before() {
    let podman = Podman::start(true);
    let mut station = Station::new().only(&["network"]);
    let hosts = [
        station.arguments()["docker_host"].clone(),
        json!(podman.docker_host()),
    ];
    for host in hosts {
        station.set("docker_host", host);
        for (name, part) in [
            ("", "must be the name of a network"),
            ("a b", "letters, digits"),
            ("../x", "letters, digits"),
            (" x ", "got ` x `"),
            ("host", "which is the engine's"),
            ("bridge", "which is the engine's"),
            ("none", "which is the engine's"),
            ("default", "which is the engine's"),
        ] {
            station.set("container", json!({ "network_name": name }));
            station.refuses(&["`container.network_name`", part]);
        }
    }
}

#[test]
fn a_network_that_somebody_else_makes_meanwhile_is_no_failure() {
    let mut station = Station::new().only(&["network"]);
    let name = station.name.clone();
    let create = "POST /";
    let docker = Doorstep::new(
        station.path("docker.sock"),
        &testbed().path("/engine/socket"),
        create,
        {
            let name = name.clone();
            move || drop(testbed().docker(&["network", "create", &name]))
        },
    );
    let podman = Arc::new(Podman::start(true));
    let behind = Doorstep::new(station.path("podman.sock"), &podman.socket(), create, {
        let (podman, name) = (Arc::clone(&podman), name.clone());
        move || drop(podman.command(&["network", "create", &name]))
    });
    for host in [docker.docker_host(), behind.docker_host()] {
        station.set("docker_host", host);
        station.run().did(&[&format!("Created network `{name}`")]);
        station.run().unchanged();
    }
}
