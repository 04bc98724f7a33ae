//! Root works on anybody's checkout, and leaves it theirs.

use std::os::unix::fs::{MetadataExt, lchown};
use std::path::Path;

use crate::support::{Scene, assert_sound, git, run, snapshot};

fn give(path: &Path, user: u32) {
    for path in snapshot(path).into_keys().chain([path.to_path_buf()]) {
        lchown(path, Some(user), Some(user)).expect("the tests of ownership run as root");
    }
}

#[test]
fn files_in_somebodys_checkout_stay_theirs() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can give files away");
        return;
    }
    let scene = Scene::new();
    scene.converge("main");
    git(&scene.dest(), &["remote", "set-url", "origin", "/elsewhere"]);
    give(&scene.dest(), 1000);
    scene.commit(
        "remote",
        &[("Makefile", "all: 3\n"), ("third/file", "3\n")],
        "three",
    );
    assert_eq!(run(&scene.dest(), &scene.source("main")).expect("a run").len(), 2);
    for path in snapshot(&scene.dest()).into_keys() {
        assert_eq!(
            path.symlink_metadata().expect("metadata").uid(),
            1000,
            "{}",
            path.display()
        );
    }
    assert_sound(&scene.dest());
}
