//! What falls short is told, with figures, all of it at once and before the first change.

use std::os::unix::net::UnixListener;

use serde_json::{Value, json};

use crate::support::{Station, testbed};

#[test]
fn all_that_falls_short_is_in_one_message_before_any_change() {
    let mut station = Station::new();
    let limits =
        json!({ "min_disk_space_gb": 999_999, "min_memory_gb": 99_999, "min_engine_version": "99.1" });
    station.set("system_requirements", limits);
    let version = format!("Docker is version {}", testbed().get("/engine/version"));
    let answer = station.refuses(&[
        "does not meet the requirements",
        "GiB free, 999999 GiB are required (`min_disk_space_gb`)",
        "GiB of memory, 99999 GiB are required (`min_memory_gb`)",
        &version,
        "99.1 is required (`min_engine_version`)",
        "`system_requirements`",
    ]);
    assert!(!answer.message().contains("has 0.0 GiB"), "{}", answer.message());
    assert!(!station.base("").exists());
}

#[test]
fn little_space_is_a_warning_when_nothing_is_fetched() {
    let mut station = Station::converged();
    let limits = json!({ "min_disk_space_gb": 999_999, "min_memory_gb": 0 });
    station.set("system_requirements", limits);
    station.settled().warned("GiB free, 999999 GiB are required");
    station.push("base-builder", 2);
    station.refuses(&["999999 GiB are required"]);
    station.set(
        "system_requirements",
        json!({ "min_disk_space_gb": 0, "min_memory_gb": 0, "min_engine_version": "" }),
    );
    station.converges();
}

#[test]
fn limits_that_make_no_sense_are_refused() {
    let mut station = Station::new();
    for (key, value) in [("min_disk_space_gb", json!(-1)), ("min_memory_gb", json!("much"))] {
        station.set("system_requirements", json!({ (key): value }));
        station.refuses(&[key]);
    }
}

/// Runs the binary where the sockets of the host's own engines are out of sight.
fn without_engines() -> Station {
    let mut station = Station::new().with("docker_host", Value::Null);
    station.set_runner(&[
        "unshare",
        "--mount",
        "sh",
        "-c",
        "mount -t tmpfs none /run && mkdir /run/lock && exec \"$0\" \"$@\"",
    ]);
    station
}

#[test]
fn a_host_without_an_engine_is_told_where_one_was_looked_for() {
    let mut station = without_engines();
    station.refuses(&[
        "found no container engine",
        "`/var/run/docker.sock`",
        "`/run/user/0/docker.sock`",
        "`/run/podman/podman.sock`",
        "`/run/user/0/podman/podman.sock`",
        "`docker_host`",
    ]);
    station.set_environment("XDG_RUNTIME_DIR", "/run/mine");
    station.refuses(&["`/run/mine/docker.sock`", "`/run/mine/podman/podman.sock`"]);
    assert!(!station.base("").exists());
}

#[test]
fn an_engine_is_found_by_the_environment() {
    let mut station = without_engines();
    station.set_environment("DOCKER_HOST", testbed().get("/engine/docker_host"));
    let answer = station.run().changed();
    assert_eq!(
        answer.get("/engine/socket"),
        &json!(testbed().get("/engine/socket"))
    );
    assert_eq!(answer.get("/engine/name"), &json!("Docker"));
    assert_eq!(
        answer.get("/engine/version"),
        &json!(testbed().get("/engine/version"))
    );
}

#[test]
fn engines_that_are_not_on_this_host_are_refused_by_name() {
    for (address, part) in [
        ("tcp://user:hunter2@127.0.0.1:2375", "`tcp://`"),
        ("ssh://root:hunter2@host", "`ssh://`"),
        ("/var/run/docker.sock", "`unix://`"),
    ] {
        let mut station = Station::new();
        station.set("docker_host", address);
        let answer = station.refuses(&["`docker_host`", part, "unix:///var/run/docker.sock"]);
        assert!(!answer.json.to_string().contains("hunter2"), "{}", answer.json);
        station.set("docker_host", Value::Null);
        station.set_environment("DOCKER_HOST", address);
        station.refuses(&["`DOCKER_HOST`", part]);
    }
}

#[test]
fn a_socket_that_does_not_answer_is_an_error() {
    let mut station = Station::new().with("timeout", 1);
    let path = station.path("engine.sock");
    let address = format!("unix://{}", path.display());
    let named = format!("`{}`", path.display());
    station.set("docker_host", address);
    station.refuses(&["there is no engine socket", &named]);
    let listener = UnixListener::bind(&path).unwrap();
    station.refuses(&["does not answer on", &named]);
    drop(listener);
    station.refuses(&["does not answer on", &named]);
}

#[test]
fn a_socket_that_only_roots_group_may_write_names_become() {
    let mut station = Station::new().only(&["requirements"]);
    station.set_user(4242);
    let answer = station.refuses(&[
        &format!("`{}`", testbed().get("/engine/socket")),
        "permission denied",
        "`become: true`",
    ]);
    assert!(!answer.message().contains("group"), "{}", answer.message());
}
