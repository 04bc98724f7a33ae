//! Collecting in a process of its own: fit to be measured, and to be killed.
//!
//! The test binary starts itself with only [`drive`] selected, so that nothing of this is in what is shipped.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cross_compile::artifacts::{self, Architecture, Request, Tree};

use crate::support::{Scene, build};

const SCENE: &str = "DRIVE_SCENE";

/// Returns the command that collects and records, behind the words of `prefix`.
pub fn command(scene: &Scene, prefix: &[&str]) -> Command {
    let program = env::current_exe().expect("the test binary").display().to_string();
    let mut words = prefix.iter().copied().chain([program.as_str()]);
    let mut command = Command::new(words.next().expect("a program"));
    command
        .args(words)
        .args([
            "--exact",
            "driver::drive",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(SCENE, scene.directory.path());
    command
}

/// Collects, and returns the most memory that it took, in KiB.
pub fn collect_and_measure(scene: &Scene) -> u64 {
    let output = command(scene, &[]).output().expect("the test binary runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout);
    let peak = text
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("a peak");
    peak.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Not a test: the run that others start.
#[test]
#[ignore = "started by the tests that measure or kill it"]
fn drive() {
    let Some(directory) = env::var_os(SCENE).map(PathBuf::from) else {
        return;
    };
    let staging = Tree::open(&directory.join("staging")).expect("staging");
    let category = Tree::open(&directory.join("artifacts/envoy")).expect("the category");
    let request = Request {
        staging: &staging,
        category: &category,
        name: "envoy",
        artifacts_target: Path::new("/artifacts"),
        architecture: Architecture::Arm64,
        owner: None,
        generation: "later",
    };
    let collection = artifacts::plan(&request).expect("a plan");
    artifacts::apply(&request, &collection).expect("a collection");
    artifacts::record(&category, &collection, &build()).expect("a record");
    let status = fs::read_to_string("/proc/self/status").expect("the status");
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .expect("a peak");
    // Before it the test harness has printed something without a line's end.
    println!("\n{peak}");
}
