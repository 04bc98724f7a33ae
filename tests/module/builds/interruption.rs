//! Runs that end before their build does: it goes on or it is stopped, and the next run knows.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::background::{Background, until};
use crate::support::build_station::read;
use crate::support::private::leftovers;
use crate::support::strace::{self, CALLS, DISK_CALLS, Point, points, spread, told, was_killed, with_fault};
use crate::support::{Answer, BuildStation, Podman};

/// Goes on once the test says so, by a file in the cache.
const WAITS: &str = "echo begun; while [ ! -e /tmp/bazel-cache/go ]; do sleep 0.1; done; echo done >x";

fn go(station: &BuildStation<'_>) {
    let cache = station
        .path("build-cache")
        .join(format!("{}-builder", station.name));
    let cache = match cache.exists() {
        true => cache,
        false => station.path("build-cache/base-builder"),
    };
    std::fs::write(cache.join("go"), "").unwrap();
}

fn id(station: &BuildStation<'_>) -> Value {
    station.inspect()["Id"].clone()
}

fn running(station: &BuildStation<'_>) -> bool {
    station.inspect().pointer("/State/Running") == Some(&json!(true))
}

#[test]
fn a_killed_run_leaves_the_build_and_the_next_takes_it_up() {
    let station = BuildStation::new(WAITS);
    // A kill, and a connection that drops.
    for number in [9, 1] {
        let run = station.begin();
        let container = id(&station);
        run.signal(number);
        run.ended();
        assert!(running(&station));
        station.check().changed();
        assert_eq!(id(&station), container, "a second container was made");
    }
    let container = id(&station);
    let next = station.begin();
    go(&station);
    let answer = next.answer().changed();
    assert_eq!(answer.get("/container/id"), &container);
    assert!(
        answer.actions()[0].ends_with(": it was begun before"),
        "{:?}",
        answer.actions()
    );
    assert_eq!(read(&station.artifact("x")), "done\n");
    assert_eq!(read(&station.own("log")), "begun\n");
    station.verifies();
    station.run().unchanged();
}

#[test]
fn a_build_that_ended_unseen_is_collected_by_the_next_run() {
    let station = BuildStation::new(WAITS);
    let run = station.begin();
    let container = id(&station);
    run.signal(9);
    run.ended();
    go(&station);
    until("the build has ended", || !running(&station));
    let answer = station.run().changed();
    assert_eq!(answer.get("/container/id"), &container);
    station.run().unchanged();
}

#[test]
fn a_build_that_ended_in_time_is_collected_however_late() {
    let mut station = BuildStation::new("echo hi >x").with("wait", false);
    station.set("build_timeout", 1);
    station.run().changed();
    let start = Instant::now();
    until("the build has ended and its time is over", || {
        !running(&station) && start.elapsed() > Duration::from_secs(2)
    });
    let answer = station.run().changed();
    assert_eq!(answer.get("/exit_code"), &json!(0));
    assert_eq!(read(&station.artifact("x")), "hi\n");
    station.run().unchanged();
}

#[test]
fn a_build_that_nobody_waits_for_is_stopped_by_the_first_call_after_its_time() {
    let station = BuildStation::new("sleep 600")
        .with("wait", false)
        .with("build_timeout", 2);
    station.run().changed();
    let start = Instant::now();
    until("its time is over", || start.elapsed() > Duration::from_secs(3));
    assert!(running(&station));
    station.run().failed(&["longer than `build_timeout` (2 s)"]);
    assert!(!running(&station));
}

#[test]
fn a_build_that_was_never_collected_does_not_go_unsaid() {
    let mut station = BuildStation::new("echo $A >x-$A").with("wait", false);
    let set = |station: &mut BuildStation<'_>, value: &str| {
        station.set("environment", json!({ "A": value }));
    };
    set(&mut station, "1");
    station.run().changed();
    until("the build has ended", || !running(&station));
    station.run().changed();
    assert!(station.artifact("x-1").exists());
    set(&mut station, "2");
    station.run().changed();
    until("the build has ended", || !running(&station));
    // What is delivered is asked for again: the other one stays.
    set(&mut station, "1");
    let parts = "ended with exit code 0 and was never collected, with other inputs (`environment.A` changed)";
    for answer in [station.check(), station.run()] {
        answer.unchanged().warned(parts).warned("`docker rm goldentooth-");
    }
    assert_ne!(station.inspect(), Value::Null);
    set(&mut station, "3");
    for answer in [station.check(), station.run()] {
        answer
            .changed()
            .warned(parts)
            .warned("it goes, with what it left");
    }
}

#[test]
fn a_failure_that_nobody_saw_is_told_once() {
    let mut station = BuildStation::new("echo begun; exit 5").with("wait", false);
    station.run().changed();
    until("the build has ended", || !running(&station));
    station.set("wait", true);
    station.run().failed(&["exit code 5", "begun"]);
    station.set_script("touch x");
    station.run().changed();
}

#[test]
fn a_run_that_is_told_to_end_stops_its_build_in_order() {
    let station =
        BuildStation::new("trap 'echo stopped in order; exit 0' TERM; echo begun; sleep 600 & wait");
    for (number, name) in [(15, "SIGTERM"), (2, "SIGINT")] {
        let run = station.begin();
        until("it handles signals", || {
            let output = crate::support::testbed()
                .docker_command(&["logs", &station.container()])
                .output();
            output.is_ok_and(|output| output.stdout == b"begun\n")
        });
        let start = Instant::now();
        run.signal(number);
        run.answer().failed(&[
            &format!("interrupted by {name}"),
            "was stopped",
            "stopped in order",
        ]);
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
        assert!(!running(&station));
        assert!(!station.artifact("x").exists());
    }
}

#[test]
fn a_build_that_is_not_waited_for_is_found_again() {
    let mut station = BuildStation::new(WAITS).with("wait", false);
    let started = station.check().changed();
    let answer = station.run().changed();
    assert_eq!(started.json["actions"], answer.json["actions"]);
    assert!(answer.actions().last().unwrap().starts_with("Started to build"));
    assert_eq!(answer.get("/running"), &json!(true));
    let again = station.run().unchanged();
    assert_eq!(again.get("/running"), &json!(true));
    // Other inputs have to wait.
    station.set("environment", json!({ "A": "1" }));
    station.run().failed(&[
        "is running",
        "with other inputs (`environment.A` is new)",
        "docker stop",
    ]);
    station.set("environment", Value::Null);
    go(&station);
    until("the build has ended", || !running(&station));
    let collected = station.run().changed();
    assert_eq!(collected.get("/running"), &json!(false));
    assert_eq!(collected.get("/exit_code"), &json!(0));
    station.run().unchanged();
}

#[test]
fn an_engine_that_is_restarted_in_the_middle_is_found_again() {
    let podman = Podman::start(true);
    let station = BuildStation::new(WAITS).on(&podman);
    // Podman's containers outlive its service.
    let run = station.begin();
    podman.restart();
    go(&station);
    run.answer().changed();
    assert_eq!(read(&station.artifact("x")), "done\n");
    assert_eq!(read(&station.own("log")), "begun\n");
    station.run().unchanged();
}

/// A station whose category holds what its first build made.
fn delivered() -> BuildStation<'static> {
    let mut station = BuildStation::new("echo $ROUND >x; echo $ROUND >y; ln -sf x link");
    set_round(&mut station, "first");
    station.run().changed();
    station
}

fn set_round(station: &mut BuildStation<'_>, round: &str) {
    station.set("environment", json!({ "ROUND": round }));
}

/// Asserts that the next run leaves everything as an undisturbed one would, and the one after it finds that.
fn assert_finished(station: &BuildStation<'_>, round: &str, point: &Point) {
    let answer = station.run();
    assert_eq!(answer.json.get("failed"), None, "{point:?}: {}", answer.message());
    station.run().unchanged();
    station.verifies();
    for name in ["x", "y", "link"] {
        assert_eq!(read(&station.artifact(name)), format!("{round}\n"), "{point:?}");
    }
    assert_eq!(station.inspect(), Value::Null, "{point:?}");
    assert!(!station.own("staging").exists(), "{point:?}");
    assert_eq!(leftovers(&station.artifact("")), [""; 0], "{point:?}");
    assert_eq!(leftovers(&station.own("")), [""; 0], "{point:?}");
}

fn all_points(calls: &str) -> Vec<Point> {
    let mut station = delivered();
    set_round(&mut station, "second");
    points(&station, calls)
}

#[test]
fn a_run_killed_anywhere_is_finished_by_the_next() {
    let points = all_points(CALLS);
    assert!(points.len() > 60, "{}", points.len());
    let chosen = spread(&points, 60);
    let killed = AtomicUsize::new(0);
    strace::at_each(&chosen, delivered, |station, point| {
        let before = read(&station.artifact("x"));
        let round = format!("killed at {} {}", point.call, point.number);
        set_round(station, &round);
        let output = with_fault(station, point, "signal=SIGKILL");
        if was_killed(&output) {
            killed.fetch_add(1, Ordering::SeqCst);
        } else {
            Answer::new(&output).changed();
        }
        // Whoever reads meanwhile finds the old one or the new one.
        let between = read(&station.artifact("link"));
        assert!(
            between == before || between == format!("{round}\n"),
            "{point:?}: {between}"
        );
        assert_finished(station, &round, point);
    });
    let killed = killed.into_inner();
    println!("killed {killed} of {} at {} points", chosen.len(), points.len());
    assert!(killed * 10 >= chosen.len() * 7, "{killed} of {}", chosen.len());
}

#[test]
fn a_disk_that_fails_anywhere_is_an_error_and_the_next_build_delivers() {
    let points = all_points(DISK_CALLS);
    let chosen = spread(&points, 30);
    let failed = AtomicUsize::new(0);
    strace::at_each(&chosen, delivered, |station, point| {
        let round = format!("failed at {} {}", point.call, point.number);
        set_round(station, &round);
        let fault = ["error=ENOSPC", "error=EIO"][point.number % 2];
        let output = with_fault(station, point, fault);
        failed.fetch_add(usize::from(told(&output, point).is_some()), Ordering::SeqCst);
        assert_finished(station, &round, point);
    });
    let failed = failed.into_inner();
    println!("failed {failed} of {} at {} points", chosen.len(), points.len());
    assert!(failed * 3 >= chosen.len(), "{failed} of {}", chosen.len());
}

#[test]
fn two_runs_of_one_build_make_one_container() {
    let station = BuildStation::new(WAITS);
    let first = station.begin();
    let second = Background::start(station.command(json!({})));
    second.opens(&format!("goldentooth-cross-compile-build-{}.lock", station.name));
    go(&station);
    first.answer().changed();
    second.answer().unchanged();
    let impatient = BuildStation::new(WAITS).with("lock_timeout", 0);
    let holder = impatient.begin();
    impatient
        .run()
        .failed(&[
            &format!("another run holds the build `{}`", impatient.name),
            "lock_timeout",
        ])
        .untouched();
    go(&impatient);
    holder.answer().changed();
}
