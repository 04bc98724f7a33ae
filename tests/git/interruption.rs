//! A run that is killed or finds the disk full, at whatever moment, is finished by the next.
//!
//! `strace` disturbs the driver at the n-th of its system calls that change files; `GIT_KILL_POINTS=all` tries every one.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::driver::Drive;
use crate::support::{Scene, assert_sound, git, write};

/// Everything by which the state of the file system changes.
const CALLS: &str = "write,pwrite64,writev,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat,\
                     unlink,unlinkat,rmdir,fsync,fdatasync,chmod,fchmod,fchmodat,ftruncate,openat,utimensat";

/// A call of a run: its name, and the how manieth of that name it is in its thread, which is how `strace` counts.
struct Call {
    name: String,
    number: usize,
    /// All of it, as `strace` writes it.
    text: String,
}

/// Returns every call of a run that changes files, or opens one.
fn calls(drive: &Drive, scratch: &Path) -> Vec<Call> {
    let log = scratch.join("calls");
    let filter = format!("trace={CALLS}");
    let status = drive
        .command(&[
            "strace",
            "-f",
            "-qq",
            "-o",
            log.to_str().expect("a path"),
            "-e",
            &filter,
        ])
        .stdout(Stdio::null())
        .status()
        .expect("strace is installed");
    assert!(status.success());
    let log = fs::read_to_string(log).expect("the log");
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    log.lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(thread, call)| Some((thread, call.trim_start().split_once('(')?.0, call)))
        .map(|(thread, name, call)| {
            let count = counts.entry((thread, name)).or_default();
            *count += 1;
            Call {
                name: name.to_owned(),
                number: *count,
                text: call.to_owned(),
            }
        })
        .collect()
}

/// What becomes of a run at one of its calls.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Kill,
    FullDisk,
    UnreadableConfiguration,
}

impl Fault {
    fn injection(self) -> &'static str {
        match self {
            Self::Kill => "signal=SIGKILL",
            Self::FullDisk => "error=ENOSPC",
            Self::UnreadableConfiguration => "error=EIO",
        }
    }

    fn befalls(self, call: &Call) -> bool {
        let takes_space = [
            "write",
            "pwrite64",
            "mkdir",
            "mkdirat",
            "symlinkat",
            "rename",
            "renameat",
            "fsync",
        ];
        match self {
            // One that only reads leaves the disk as the call before it did.
            Self::Kill => call.name != "openat" || call.text.contains("O_CREAT"),
            Self::FullDisk => takes_space.contains(&call.name.as_str()),
            Self::UnreadableConfiguration => call.name == "openat" && call.text.contains("/config\""),
        }
    }
}

/// Disturbs runs at sampled calls, each from the state that `prepare` makes, and lets the next run finish.
fn disturbed_everywhere(scene: &Scene, fault: Fault, prepare: impl Fn()) {
    let home = scene.path("home");
    let drive = Drive::new(&home, &scene.dest(), &scene.path("remote").display().to_string());
    prepare();
    let mut calls = calls(&drive, scene.directory.path());
    calls.retain(|call| fault.befalls(call));
    let points = match env::var("GIT_KILL_POINTS").ok().as_deref() {
        Some("all") => calls.len(),
        Some(number) => number.parse().expect("`all` or a number"),
        None => 40,
    }
    .min(calls.len());
    let mut disturbed = 0;
    for index in 0..points {
        let Call { name, number, .. } = &calls[index * calls.len() / points];
        let point = format!("after call {name} {number}");
        prepare();
        let inject = format!("inject={name}:{}:when={number}", fault.injection());
        let log = scene.path("log");
        let prefix = [
            "strace",
            "-f",
            "-qq",
            "-o",
            log.to_str().expect("a path"),
            "-e",
            &inject,
        ];
        let output = drive.command(&prefix).output().expect("strace is installed");
        disturbed += usize::from(!output.status.success() || fault != Fault::Kill);
        // `strace` ends by the signal that ended what it ran.
        let broken = output.status.signal();
        assert!(fault == Fault::Kill || broken.is_none(), "{point}: {output:?}");
        let actions = drive.run().unwrap_or_else(|error| panic!("{point}: {error:?}"));
        assert_eq!(drive.run(), Ok(Vec::new()), "{point}, then {actions:?}");
        assert_sound(&scene.dest());
        assert_eq!(scene.head("place/checkout"), scene.head("remote"), "{point}");
        assert_eq!(
            fs::read_dir(home.join("tmp")).expect("a directory").count(),
            0,
            "{point}"
        );
        if scene.path("updating").exists() {
            for name in ["ignored", "untracked/file"] {
                assert_eq!(
                    fs::read_to_string(scene.dest().join(name)).expect("a file"),
                    "mine",
                    "{point}"
                );
            }
        }
    }
    assert!(
        disturbed * 10 >= points * 9,
        "{disturbed} of {points} runs were disturbed"
    );
}

fn with_submodule() -> Scene {
    let scene = Scene::new();
    scene.repository("lib");
    scene.commit("lib", &[("content", "lib")], "one");
    git(
        &scene.path("remote"),
        &["submodule", "--quiet", "add", "../lib", "vendor/lib"],
    );
    scene.commit("remote", &[], "with lib");
    scene
}

fn clones(fault: Fault) {
    let scene = with_submodule();
    disturbed_everywhere(&scene, fault, || {
        drop(fs::remove_dir_all(scene.path("place")));
        fs::create_dir(scene.path("place")).expect("a directory");
    });
}

fn updates(fault: Fault) {
    let scene = with_submodule();
    scene.converge("main");
    write(&scene.dest().join("ignored"), "mine");
    write(&scene.dest().join("untracked/file"), "mine");
    write(&scene.path("updating"), "");
    fs::rename(scene.path("place"), scene.path("pristine")).expect("moved");
    scene.commit("lib", &[("content", "newer"), ("more", "more")], "two");
    git(&scene.path("remote/vendor/lib"), &["pull", "-q"]);
    fs::remove_dir_all(scene.path("remote/new")).expect("removed");
    let files = [
        ("Makefile", "all: 3\n"),
        ("third/file", "3\n"),
        ("new", "a file now\n"),
    ];
    scene.commit("remote", &files, "three");
    disturbed_everywhere(&scene, fault, || {
        drop(fs::remove_dir_all(scene.path("place")));
        let copy = Command::new("cp")
            .arg("-a")
            .args([scene.path("pristine"), scene.path("place")])
            .status();
        assert!(copy.expect("cp runs").success());
    });
}

#[test]
fn a_killed_clone_is_finished_by_the_next_run() {
    clones(Fault::Kill);
}

#[test]
fn a_killed_update_is_finished_by_the_next_run() {
    updates(Fault::Kill);
}

#[test]
fn a_clone_that_fills_the_disk_is_finished_by_the_next_run() {
    clones(Fault::FullDisk);
}

#[test]
fn an_update_that_fills_the_disk_is_finished_by_the_next_run() {
    updates(Fault::FullDisk);
}

#[test]
fn a_clone_whose_configuration_cannot_be_read_breaks_nothing() {
    clones(Fault::UnreadableConfiguration);
}

#[test]
fn an_update_whose_configuration_cannot_be_read_breaks_nothing() {
    updates(Fault::UnreadableConfiguration);
}
