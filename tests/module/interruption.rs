//! Interruptions at every point: whatever a run was doing when it was killed or the disk failed, the next one
//! converges, and the one after it finds nothing to do.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::private::leftovers;
use crate::support::strace::{self, CALLS, DISK_CALLS, Point, points, spread, told, was_killed, with_fault};
use crate::support::{Answer, Station, testbed};

/// Takes away everything that a run made, but for the file that is not its own.
fn make_cold(station: &Station) {
    std::fs::remove_dir_all(station.base("")).ok();
    std::fs::create_dir(station.base("")).unwrap();
    std::fs::write(station.base("foreign"), "not ours").unwrap();
    testbed()
        .docker_command(&["network", "rm", &station.name])
        .output()
        .unwrap();
    testbed()
        .docker_command(&["rmi", "--force", &station.image("base-builder:latest")])
        .output()
        .unwrap();
}

/// Tries each of `chosen` on a cold station.
fn at_each(chosen: &[Point], attempt: impl Fn(&Station, &Point) + Sync) {
    strace::at_each(chosen, Station::new, |station, point| {
        make_cold(station);
        attempt(station, point);
        assert_eq!(
            crate::support::station::read(&station.base("foreign")),
            "not ours"
        );
    });
}

fn assert_recovers(station: &Station, point: &Point) {
    let answer = station.run();
    assert_eq!(answer.json.get("failed"), None, "{point:?}: {}", answer.message());
    station.run().unchanged();
    assert_eq!(leftovers(&station.base("")), [""; 0], "{point:?}");
    assert!(station.checkout().join("docker-compose.override.yml").exists());
}

fn all_points(calls: &str) -> Vec<Point> {
    let station = Station::new();
    make_cold(&station);
    points(&station, calls)
}

#[test]
fn a_run_that_is_killed_anywhere_is_finished_by_the_next() {
    let points = all_points(CALLS);
    assert!(points.len() > 100, "{}", points.len());
    let killed = AtomicUsize::new(0);
    let chosen = spread(&points, 40);
    at_each(&chosen, |station, point| {
        let output = with_fault(station, point, "signal=SIGKILL");
        if was_killed(&output) {
            killed.fetch_add(1, Ordering::SeqCst);
        } else {
            Answer::new(&output).succeeded();
        }
        assert_recovers(station, point);
    });
    let killed = killed.into_inner();
    println!("killed {killed} of {} at {} points", chosen.len(), points.len());
    assert!(killed * 10 >= chosen.len() * 8, "{killed} of {}", chosen.len());
}

#[test]
fn a_disk_that_fails_anywhere_is_an_error_and_the_next_run_converges() {
    let points = all_points(DISK_CALLS);
    let failed = AtomicUsize::new(0);
    let chosen = spread(&points, 30);
    let faults = [("error=ENOSPC", "free space"), ("error=EIO", "dmesg")];
    at_each(&chosen, |station, point| {
        let (fault, remedy) = faults[point.number % 2];
        let output = with_fault(station, point, fault);
        if let Some(message) = told(&output, point) {
            failed.fetch_add(1, Ordering::SeqCst);
            let is_of_disk = !["write", "open", "openat"].contains(&point.call.as_str());
            assert!(!is_of_disk || message.contains(remedy), "{point:?}: {message}");
        }
        assert_recovers(station, point);
    });
    let failed = failed.into_inner();
    println!("failed {failed} of {} at {} points", chosen.len(), points.len());
    assert!(failed * 3 >= chosen.len(), "{failed} of {}", chosen.len());
}
