//! One run at a time on a host.

use std::fs::File;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::Station;
use crate::support::background::Background;
use crate::support::private::{LOCKS, private};

const NAME: &str = "goldentooth-cross-compile.lock";

fn held(station: &Station) -> File {
    std::fs::create_dir_all(station.path(LOCKS)).unwrap();
    std::fs::write(station.path(LOCKS).join(NAME), "process 4242, user 7").unwrap();
    let file = File::open(station.path(LOCKS).join(NAME)).unwrap();
    file.lock().unwrap();
    file
}

#[test]
fn a_run_that_may_not_wait_names_the_holder() {
    let station = Station::new().with("lock_timeout", 1);
    let _lock = held(&station);
    let before = station.snapshot();
    for check in [true, false] {
        let start = Instant::now();
        let run = Background::start(private(&station, json!({"_ansible_check_mode": check}), ""));
        run.answer()
            .failed(&[
                "another run holds this host",
                "process 4242, user 7",
                "waited 1 s",
                "`lock_timeout`",
            ])
            .untouched();
        assert!(
            (1..6).contains(&start.elapsed().as_secs()),
            "{:?}",
            start.elapsed()
        );
    }
    assert_eq!(station.snapshot(), before);
}

#[test]
fn a_second_run_waits_for_the_first_and_finds_its_work_whole() {
    let station = Station::new();
    let lock = held(&station);
    let run = Background::start(private(&station, json!({}), ""));
    run.opens(NAME);
    assert!(!station.base("").exists());
    drop(lock);
    run.answer().changed();
    station.run().unchanged();
}

#[test]
fn of_eight_runs_at_once_one_changes() {
    let station = Station::new();
    let start = Instant::now();
    // Each command writes the same file of arguments: all of it is there before the first starts.
    let commands: Vec<_> = (0..8).map(|_| private(&station, json!({}), "")).collect();
    let runs: Vec<_> = commands.into_iter().map(Background::start).collect();
    let answers: Vec<_> = runs.into_iter().map(Background::answer).collect();
    let changed = answers
        .iter()
        .filter(|answer| answer.json["changed"] == true)
        .count();
    for answer in &answers {
        answer.succeeded();
    }
    assert_eq!(changed, 1);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn a_killed_run_holds_nobody() {
    let station = Station::new().with("lock_timeout", 5);
    let lock = held(&station);
    let run = Background::start(private(&station, json!({}), ""));
    run.opens(NAME);
    run.signal(9);
    drop(lock);
    let output = private(&station, json!({}), "").output().unwrap();
    crate::support::Answer::new(&output).changed();
}
