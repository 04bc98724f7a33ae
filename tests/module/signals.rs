//! Signals: whichever can be caught, the run ends with one answer, and the next one goes on from there.

use std::fs::File;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::faults::push_new_layers;
use crate::support::Station;
use crate::support::background::Background;
use crate::support::private::{LOCKS, leftovers, private};
use crate::support::proxy::{Fate, Proxy, Registry};

const SOON: Duration = Duration::from_secs(8);
/// As long as ending takes on a busy machine where nothing has to be waited for.
const AT_ONCE: Duration = Duration::from_secs(3);

/// Every signal that can be caught and ends a process that does not catch it.
fn catchable() -> Vec<i32> {
    // Not KILL, STOP, and those that by default stop, continue or do nothing: CHLD, CONT, TSTP, TTIN, TTOU, URG,
    // WINCH. PIPE is ignored by Rust's runtime. 32 to 34 belong to the C library (musl), which hands them to nobody.
    (1..=64)
        .filter(|number| ![9, 13, 17, 18, 19, 20, 21, 22, 23, 28, 32, 33, 34].contains(number))
        .collect()
}

/// Returns the station's lock, held as another run would hold it, until it is dropped.
fn held(station: &Station) -> File {
    let directory = station.path(LOCKS);
    std::fs::create_dir_all(&directory).unwrap();
    let file = File::create(directory.join("goldentooth-cross-compile.lock")).unwrap();
    file.lock().unwrap();
    file
}

#[test]
fn every_signal_that_can_be_caught_ends_a_waiting_run_with_one_answer() {
    let station = Station::new();
    let lock = held(&station);
    let before = station.snapshot();
    // Each command writes the same file of arguments: all of it is there before the first starts.
    let commands: Vec<_> = catchable()
        .iter()
        .map(|_| private(&station, json!({}), ""))
        .collect();
    let runs: Vec<_> = commands.into_iter().map(Background::start).collect();
    for (number, run) in catchable().into_iter().zip(runs) {
        run.listens();
        run.opens("goldentooth-cross-compile.lock");
        let start = Instant::now();
        println!("signal {number}");
        run.signal(number);
        let answer = run.answer().failed(&["run it again"]);
        // A broken process cannot know what it had changed, and does not say that it knew.
        let changed = if answer.message().contains("the module broke") {
            Value::Null
        } else {
            assert!(
                answer.message().contains("interrupted by"),
                "{number}: {answer:?}"
            );
            json!(false)
        };
        assert_eq!(answer.get("/changed"), &changed, "{number}: {answer:?}");
        assert!(start.elapsed() < SOON, "{number}: {:?}", start.elapsed());
    }
    assert_eq!(station.snapshot(), before);
    drop(lock);
    station.run().changed();
}

#[test]
fn a_silent_git_server_does_not_keep_a_signal_from_ending_the_run() {
    for part in ["info/refs", "git-upload-pack HTTP"] {
        let (reached, asked) = mpsc::channel();
        let proxy = Proxy::before_git(move |line, _| match line.contains(part) {
            true => {
                reached.send(()).ok();
                Fate::Silent
            }
            false => Fate::Pass,
        });
        let mut station = Station::new().with("timeout", 60);
        station.set(
            "toolkit_repo",
            format!("http://{}/{}.git", proxy.address(), station.repository.name()),
        );
        let run = Background::start(private(&station, json!({}), ""));
        asked.recv_timeout(Duration::from_secs(30)).unwrap();
        let start = Instant::now();
        run.signal(15);
        run.answer().failed(&["interrupted by SIGTERM", "run it again"]);
        println!("{part}: {:?}", start.elapsed());
        assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
        if station.base("").exists() {
            assert_eq!(leftovers(&station.base("")), [""; 0]);
        }
        station.set("toolkit_repo", station.repository.url());
        station.run().changed();
        station.run().unchanged();
        assert_eq!(leftovers(&station.base("")), [""; 0]);
    }
}

#[test]
fn a_server_that_never_says_a_word_does_not_keep_a_signal_from_ending_the_run() {
    for scheme in ["http", "https", "git", "ssh"] {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut station = Station::new().with("timeout", 60);
        let address = silent.local_addr().unwrap();
        station.set("toolkit_repo", format!("{scheme}://{address}/x.git"));
        let run = Background::start(private(&station, json!({}), ""));
        let (connection, _) = silent.accept().unwrap();
        let start = Instant::now();
        run.signal(15);
        run.answer()
            .failed(&["interrupted by SIGTERM", "run it again"])
            .untouched();
        println!("{scheme}: {:?}", start.elapsed());
        assert!(start.elapsed() < AT_ONCE, "{scheme}: {:?}", start.elapsed());
        drop(connection);
    }
}

#[test]
fn a_signal_during_a_pull_tells_what_was_done_and_the_next_run_finishes_it() {
    let (reached, asked) = mpsc::channel();
    let silent = Arc::new(AtomicBool::new(true));
    let mut station = Station::new().with("timeout", 60);
    push_new_layers(&station, 7);
    let is_silent = Arc::clone(&silent);
    // The engine also asks for the image's configuration before anything is changed.
    let last_directory = station.base("workspace");
    let registry = Registry::serve(&mut station, move |line, _| {
        match line.contains("/blobs/") && last_directory.exists() && is_silent.load(Ordering::SeqCst) {
            true => {
                reached.send(()).ok();
                Fate::Silent
            }
            false => Fate::Pass,
        }
    });
    for (index, number) in [15, 2, 10, 64, 11, 6].into_iter().enumerate() {
        let run = Background::start(private(&station, json!({}), ""));
        asked.recv_timeout(Duration::from_secs(30)).unwrap();
        let start = Instant::now();
        run.signal(number);
        let answer = run.answer().failed(&["run it again"]);
        if index == 0 {
            answer.failed(&["By then it had: Created directory", "workspace"]);
        }
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
        // The engine asks for several layers at once.
        while asked.try_recv().is_ok() {}
    }
    silent.store(false, Ordering::SeqCst);
    station.run().changed();
    station.run().unchanged();
    assert_eq!(leftovers(&station.base("")), [""; 0]);
    drop(registry);
}
