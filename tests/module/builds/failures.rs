//! Builds that fail: each way has its own cause and remedy, and the next run is none the worse for it.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::background::until;
use crate::support::build_station::read;
use crate::support::{BuildStation, Podman, testbed};

#[test]
fn a_compilers_error_is_shown_and_its_log_kept() {
    let mut station = BuildStation::envoy().with("memory", "1GB");
    station.set_script("printf 'int main(void) { return nonesuch; }\\n' >x.c; aarch64-linux-gnu-gcc x.c");
    let answer = station
        .run()
        .failed(&["exit code 1", "'nonesuch' undeclared", "docker logs", "/log`"]);
    assert_eq!(answer.get("/exit_code"), &json!(1));
    let container = station.container();
    assert!(
        testbed()
            .docker_command(&["logs", &container])
            .output()
            .unwrap()
            .status
            .success()
    );
    assert!(read(&station.own("log")).contains("'nonesuch' undeclared"));
    assert_eq!(station.record()["run"]["state"], json!("failed"));
    // Mended, it builds, and the container of the failure goes.
    station
        .set_script("printf 'int main(void) { return 0; }\\n' >x.c; aarch64-linux-gnu-gcc -o x x.c; rm x.c");
    station.converges();
    assert_eq!(station.inspect(), Value::Null);
    assert!(read(&station.own("log.1")).contains("nonesuch"));
}

#[test]
fn a_failed_build_is_cleared_away_when_it_is_not_to_be_kept() {
    let station = BuildStation::new("touch x; echo words; exit 4").with("keep_failed", false);
    let answer = station.run().failed(&["exit code 4"]);
    assert!(!answer.message().contains("docker logs"));
    assert_eq!(station.inspect(), Value::Null);
    assert!(!station.own("staging").exists());
    assert_eq!(read(&station.own("log")), "words\n");
}

#[test]
fn memory_that_runs_out_names_the_option() {
    let station = BuildStation::new("tail /dev/zero").with("memory", "32MB");
    station
        .run()
        .failed(&["ran out of memory", "32 MiB", "raise `memory`"]);
}

#[test]
fn a_build_that_takes_too_long_is_stopped() {
    let station = BuildStation::new("trap 'echo stopped in order; exit 9' TERM; sleep 600 & wait")
        .with("build_timeout", 2);
    station.run().failed(&[
        "longer than `build_timeout` (2 s) and was stopped",
        "stopped in order",
    ]);
    assert_eq!(station.inspect()["State"]["Running"], json!(false));
    assert_eq!(station.record()["run"]["state"], json!("failed"));
}

#[test]
fn a_full_disk_is_told_as_one() {
    // Podman's service sees what is mounted after its start.
    let podman = Podman::start(true);
    let station = BuildStation::new("dd if=/dev/zero of=x bs=1M count=64").on(&podman);
    let artifacts = station.path("artifacts");
    std::fs::create_dir_all(&artifacts).unwrap();
    let mount = |words: &[&str]| {
        assert!(
            Command::new(words[0])
                .args(&words[1..])
                .status()
                .unwrap()
                .success()
        );
    };
    let place = artifacts.to_string_lossy().into_owned();
    mount(&[
        "mount",
        "-t",
        "tmpfs",
        "-o",
        "size=24m,mode=0755",
        "tmpfs",
        &place,
    ]);
    let answer = station.run();
    mount(&["umount", "--lazy", &place]);
    answer.failed(&[
        "the file system of",
        "cross_compile_prune",
        "No space left on device",
    ]);
}

#[test]
fn a_command_that_cannot_start_leaves_nothing_behind() {
    let mut station = BuildStation::new("");
    for (option, value, part) in [
        ("command", json!(["/nonesuch"]), "`command`"),
        ("network", json!("nonesuch-network"), "`network`"),
    ] {
        station.set(option, value);
        station.run().failed(&[part]);
        assert_eq!(station.inspect(), Value::Null);
    }
}

#[test]
fn a_container_that_is_not_ours_is_refused_and_never_removed() {
    let station = BuildStation::new("touch x");
    let image = format!("{}/base-builder:latest", testbed().get("/registry/prefix"));
    testbed()
        .docker_command(&["pull", "--quiet", &image])
        .output()
        .unwrap();
    station.check().changed();
    let other = BuildStation::new("touch x");
    other.run().changed();
    let id = testbed().docker(&["create", "--name", &station.container(), &image, "sh"]);
    for answer in [station.check(), station.run()] {
        answer
            .failed(&["is in the way: it is not a build of ours", "docker rm"])
            .untouched();
    }
    assert_eq!(station.inspect()["Id"], json!(id));
}

#[test]
fn a_container_that_is_removed_from_outside_is_told() {
    let station = BuildStation::new("sleep 600");
    let run = station.begin();
    station.engine(&["rm", "--force", &station.container()]);
    run.answer().failed(&["was removed while it ran", "run again"]);
    assert_eq!(station.record()["run"]["state"], json!("failed"));
}

/// Waits until the build has printed something.
fn has_begun(station: &BuildStation<'_>) {
    until("it has begun", || {
        let output = testbed()
            .docker_command(&["logs", &station.container()])
            .output()
            .unwrap();
        !output.stdout.is_empty()
    });
}

#[test]
fn a_build_that_is_stopped_from_outside_failed_whatever_it_says() {
    let station = BuildStation::new("trap 'exit 0' TERM; echo half >x; echo begun; sleep 600 & wait");
    let run = station.begin();
    has_begun(&station);
    station.engine(&["stop", &station.container()]);
    run.answer()
        .failed(&["stopped from outside (exit code 0)", "begun"]);
    assert!(!station.artifact("x").exists());
}

#[test]
fn a_signal_that_tells_a_build_something_is_no_end() {
    let station = BuildStation::new("trap 'echo told >x; exit 0' USR1; echo begun; sleep 600 & wait");
    let run = station.begin();
    has_begun(&station);
    station.engine(&["kill", "--signal", "USR1", &station.container()]);
    run.answer().changed();
    assert_eq!(read(&station.artifact("x")), "told\n");
}

#[test]
fn a_container_that_is_killed_from_outside_is_told() {
    let station = BuildStation::new("echo begun; sleep 600");
    let run = station.begin();
    has_begun(&station);
    station.engine(&["kill", &station.container()]);
    run.answer()
        .failed(&["killed from outside (exit code 137)", "begun"]);
}

#[test]
fn logs_are_private_and_complete() {
    let station = BuildStation::new("seq 1 200000; touch x");
    let answer = station.run().changed();
    let log = station.own("log");
    assert_eq!(
        std::fs::metadata(&log).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let text = read(&log);
    assert_eq!(text.lines().count(), 200_000);
    assert!(text.ends_with("200000\n"));
    assert_eq!(answer.get("/log/size"), &json!(text.len()));
}
