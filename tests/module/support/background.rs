//! A run that is under way: what it says in the end, and what a test does to it meanwhile.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Answer;

const PATIENCE: Duration = Duration::from_secs(30);

pub struct Background(Child);

/// A process that waits to be told to go on.
#[must_use]
pub struct Stopped(String);

impl Stopped {
    /// Waits until `strace` tells in the file `trace` that what it runs was stopped.
    #[track_caller]
    pub fn told_in(trace: &Path) -> Self {
        let told = || {
            let text = std::fs::read_to_string(trace).unwrap_or_default();
            let line = text
                .lines()
                .find(|line| line.contains("--- stopped by SIGSTOP"))?;
            line.split_whitespace().next().map(str::to_owned)
        };
        until("the process is stopped", || told().is_some());
        Self(told().unwrap())
    }

    pub fn goes_on(self) {
        let done = Command::new("kill").arg("-CONT").arg(self.0).status().unwrap();
        assert!(done.success());
    }
}

impl Background {
    pub fn start(mut command: Command) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Self(child.unwrap())
    }

    /// Sends a signal by its number.
    pub fn signal(&self, number: i32) {
        let done = Command::new("kill")
            .arg(format!("-{number}"))
            .arg(self.0.id().to_string())
            .status()
            .unwrap();
        assert!(done.success());
    }

    /// Waits until it handles signals itself.
    #[track_caller]
    pub fn listens(&self) {
        // The last signals of all, the real-time ones, are the last to be listened to.
        self.is(|status| {
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            caught.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).unwrap_or(0) >> 63 == 1)
        });
    }

    /// Waits until its `/proc/<pid>/status` is as wanted.
    #[track_caller]
    fn is(&self, wanted: impl Fn(&str) -> bool) {
        let file = format!("/proc/{}/status", self.0.id());
        until("the process is ready", || {
            std::fs::read_to_string(&file).is_ok_and(|status| wanted(&status))
        });
    }

    /// Waits until it has a file of this name open.
    #[track_caller]
    pub fn opens(&self, name: &str) {
        let directory = format!("/proc/{}/fd", self.0.id());
        until("the file is open", || {
            let entries = std::fs::read_dir(&directory).into_iter().flatten().flatten();
            entries
                .filter_map(|entry| std::fs::read_link(entry.path()).ok())
                .any(|target| target.file_name().is_some_and(|file| file == name))
        });
    }

    /// Waits until it is gone, whatever it said.
    pub fn ended(mut self) {
        self.0.wait().unwrap();
    }

    #[track_caller]
    pub fn answer(self) -> Answer {
        Answer::new(&self.0.wait_with_output().unwrap())
    }
}

/// Waits until `condition` holds.
#[track_caller]
pub fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "waited too long until {what}");
        sleep(Duration::from_millis(5));
    }
}
