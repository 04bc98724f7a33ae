//! Root works on anybody's checkout, and leaves it theirs.

use std::fs;
use std::os::unix::fs::{MetadataExt, lchown, symlink};
use std::path::Path;

use cross_compile::error::Kind;

use crate::support::{Scene, assert_sound, git, plan, refusal, run, snapshot, write};

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

#[test]
fn links_in_somebodys_repository_lead_root_nowhere() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can give files away");
        return;
    }
    let scene = Scene::new();
    scene.converge("main");
    let victim = scene.path("victim");
    write(&victim, "root's");
    let directory = scene.dest().join(".git");
    // Hooks are often links, and nobody writes them.
    symlink(&victim, directory.join("hooks/pre-commit")).expect("a link");
    give(&scene.dest(), 1000);
    scene.commit("remote", &[("Makefile", "all: 3\n")], "three");
    assert_eq!(run(&scene.dest(), &scene.source("main")).expect("a run").len(), 1);
    for name in [
        "cross_compile-update.lock",
        "refs/remotes/origin/other",
        "modules",
    ] {
        symlink(&victim, directory.join(name)).expect("a link");
        assert_eq!(plan(&scene.dest(), &scene.source("main")), Ok(None), "{name}");
        scene.commit("remote", &[("Makefile", name)], name);
        let error = refusal(&scene.dest(), &scene.source("main"));
        assert_eq!(error.kind(), Kind::Refused);
        for part in ["belongs to another user", name] {
            assert!(error.cause().contains(part), "{error}");
        }
        assert!(
            error.remedy().is_some_and(|text| text.contains("remove them")),
            "{error}"
        );
        assert_eq!(fs::read_to_string(&victim).expect("a file"), "root's", "{name}");
        fs::remove_file(directory.join(name)).expect("removed");
        assert_eq!(run(&scene.dest(), &scene.source("main")).expect("a run").len(), 1);
    }
    assert_eq!(fs::read_to_string(&victim).expect("a file"), "root's");
}

#[test]
fn links_in_ones_own_repository_are_ones_own() {
    let scene = Scene::new();
    scene.converge("main");
    let (directory, elsewhere) = (scene.dest().join(".git"), scene.path("elsewhere"));
    fs::rename(directory.join("objects"), &elsewhere).expect("moved");
    symlink(&elsewhere, directory.join("objects")).expect("a link");
    scene.commit("remote", &[("Makefile", "all: 3\n")], "three");
    assert_eq!(run(&scene.dest(), &scene.source("main")).expect("a run").len(), 1);
}
