//! Collecting that is killed or finds the disk full, at whatever moment, is finished by doing it again.
//!
//! `strace` disturbs the driver at the n-th of its system calls that change files.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::driver;
use crate::support::{Scene, arm64, snapshot};

/// Everything by which the state of the file system changes.
const CALLS: &str = "write,renameat,renameat2,rename,linkat,symlinkat,mkdirat,unlinkat,fsync,fchmod,fchown";

/// Has a release in place, and the same one rebuilt in staging.
fn scene() -> Scene {
    let scene = Scene::built("v1.32.0");
    scene.collect().expect("a collection");
    scene.build("v1.32.0");
    let binary = [arm64(), b"rebuilt"].concat();
    scene.leave("envoy-v1.32.0-arm64", &binary);
    fs::remove_file(scene.left("envoy-v1.32.0-arm64.sha256")).expect("a checksum");
    scene.leave("sub/notes.txt", b"notes");
    scene
}

fn strace(scene: &Scene, options: &[&str]) -> Command {
    let mut prefix = vec!["strace", "-f", "-qq"];
    prefix.extend(options);
    let mut command = driver::command(scene, &prefix);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Returns how many of each call the busiest thread makes.
fn calls() -> BTreeMap<String, usize> {
    let scene = scene();
    let log = scene.directory.path().join("calls");
    let filter = format!("trace={CALLS}");
    let status = strace(&scene, &["-o", log.to_str().expect("a path"), "-e", &filter])
        .status()
        .expect("strace is installed");
    assert!(status.success());
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in fs::read_to_string(log).expect("the log").lines() {
        if let Some((thread, call)) = line.split_once(' ')
            && let Some((name, _)) = call.trim_start().split_once('(')
        {
            *counts.entry((name.to_owned(), thread.to_owned())).or_default() += 1;
        }
    }
    let mut most: BTreeMap<String, usize> = BTreeMap::new();
    for ((name, _), count) in counts {
        let known = most.entry(name).or_default();
        *known = count.max(*known);
    }
    most
}

/// What has to be there in the end, however often it was tried; times and statements apart.
fn outcome(scene: &Scene) -> BTreeMap<PathBuf, String> {
    let mut found = snapshot(&scene.category());
    found.retain(|path, _| path != &PathBuf::from("SHA256SUMS"));
    for (path, told) in &mut found {
        if path.to_string_lossy().ends_with(".intoto.json") {
            told.clear();
        }
    }
    found
}

fn disturb(injection: &str, is_disturbed: impl Fn(&str) -> bool) {
    let expected = {
        let scene = scene();
        let undisturbed = driver::command(&scene, &[]).output().expect("the driver");
        assert!(undisturbed.status.success());
        outcome(&scene)
    };
    assert!(expected.contains_key(&PathBuf::from("previous/later/envoy-v1.32.0-arm64.intoto.json")));
    let mut disturbed = 0;
    for (call, count) in calls() {
        if !is_disturbed(&call) {
            continue;
        }
        for number in 1..=count {
            let scene = scene();
            let before = scene.read("envoy-v1.32.0-arm64");
            let inject = format!("inject={call}:{injection}:when={number}");
            let status = strace(&scene, &["-e", &format!("trace={call}"), "-e", &inject])
                .status()
                .expect("strace is installed");
            disturbed += usize::from(!status.success());
            // At no moment is there half a file, or none.
            let meanwhile = scene.read("envoy-v1.32.0-arm64");
            assert!(meanwhile == before || meanwhile.ends_with(b"rebuilt"), "{inject}");
            let again = driver::command(&scene, &[]).output().expect("the driver");
            assert!(
                again.status.success(),
                "{inject}: {}",
                String::from_utf8_lossy(&again.stdout)
            );
            assert_eq!(outcome(&scene), expected, "{inject}");
            scene.assert_proven();
        }
    }
    println!("{disturbed} runs were disturbed");
    assert!(disturbed > 20, "{disturbed}");
}

#[test]
fn a_run_that_is_killed_anywhere_is_finished_by_the_next() {
    disturb("signal=SIGKILL", |_| true);
}

#[test]
fn a_run_that_finds_the_disk_full_is_finished_by_the_next() {
    disturb("error=ENOSPC", |call| {
        ["write", "linkat", "symlinkat", "mkdirat", "renameat", "fsync"].contains(&call)
    });
}
