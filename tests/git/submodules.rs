//! Repositories inside the checkout come along, nested ones too.

use std::fs;

use cross_compile::error::Kind;

use crate::support::{Scene, converge, git, plan, refusal, write};

/// Returns a scene whose remote has the submodule `lib`, which has the submodule `deep`.
fn scene() -> Scene {
    let scene = Scene::new();
    for name in ["deep", "lib"] {
        scene.repository(name);
        scene.commit(name, &[("content", name)], "one");
    }
    git(
        &scene.path("lib"),
        &["submodule", "--quiet", "add", "../deep", "deep"],
    );
    scene.commit("lib", &[], "with deep");
    git(
        &scene.path("remote"),
        &["submodule", "--quiet", "add", "../lib", "vendor/lib"],
    );
    scene.commit("remote", &[], "with lib");
    scene
}

/// Moves the submodule of the remote to the newest commit of `lib`.
fn follow(scene: &Scene) {
    git(&scene.path("remote/vendor/lib"), &["pull", "-q"]);
    scene.commit("remote", &[], "newer lib");
}

#[test]
fn submodules_are_cloned_and_git_agrees() {
    let scene = scene();
    assert_eq!(scene.converge("main").len(), 1);
    let content = fs::read_to_string(scene.dest().join("vendor/lib/deep/content"));
    assert_eq!(content.expect("a file"), "deep");
    let status = git(&scene.dest(), &["submodule", "status", "--recursive"]);
    assert!(
        status.lines().count() == 2 && status.lines().all(|line| line.starts_with(' ')),
        "{status}"
    );
    git(&scene.dest(), &["submodule", "update", "--init", "--recursive"]);
    git(&scene.dest().join("vendor/lib"), &["fetch", "-q"]);
}

#[test]
fn a_moved_submodule_is_part_of_the_update() {
    let scene = scene();
    scene.converge("main");
    scene.commit("lib", &[("content", "newer")], "two");
    follow(&scene);
    let actions = scene.converge("main");
    assert_eq!(actions.len(), 2, "{actions:?}");
    assert!(
        actions[1].starts_with("Updated the submodule `vendor/lib`"),
        "{actions:?}"
    );
    assert_eq!(
        fs::read_to_string(scene.dest().join("vendor/lib/content")).expect("a file"),
        "newer"
    );
}

#[test]
fn a_submodule_at_another_commit_or_missing_is_repaired() {
    let scene = scene();
    scene.converge("main");
    git(&scene.dest().join("vendor/lib"), &["checkout", "-q", "HEAD~1"]);
    assert_eq!(scene.converge("main").len(), 1);
    fs::remove_dir_all(scene.dest().join("vendor")).expect("removed");
    let actions = scene.converge("main");
    assert!(
        actions[0].starts_with("Cloned the submodule `vendor/lib`"),
        "{actions:?}"
    );
    fs::remove_dir_all(scene.dest().join("vendor/lib/deep")).expect("removed");
    fs::remove_dir_all(scene.dest().join(".git/modules/vendor/lib/modules")).expect("removed");
    let actions = scene.converge("main");
    assert!(
        actions[0].starts_with("Cloned the submodule `vendor/lib/deep`"),
        "{actions:?}"
    );
}

#[test]
fn changes_in_a_submodule_are_refused_by_name() {
    let scene = scene();
    scene.converge("main");
    write(&scene.dest().join("vendor/lib/deep/content"), "mine");
    let mut source = scene.source("main");
    let error = refusal(&scene.dest(), &source);
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.cause().contains("`vendor/lib/deep/content`"), "{error}");
    source.force = true;
    assert!(converge(&scene.dest(), &source)[0].contains("`vendor/lib/deep/content`"));
}

#[test]
fn a_submodule_that_came_with_an_update_is_cloned() {
    let scene = scene();
    scene.converge("v1");
    write(&scene.dest().join("vendor/lib/mine"), "mine");
    let mut source = scene.source("main");
    let error = refusal(&scene.dest(), &source);
    assert!(error.cause().contains("`vendor/lib/mine`"), "{error}");
    source.force = true;
    converge(&scene.dest(), &source);
    assert!(scene.dest().join("vendor/lib/content").exists());
}

#[test]
fn a_checkout_of_gits_own_making_keeps_its_submodules() {
    let scene = scene();
    fs::create_dir_all(scene.path("place")).expect("a directory");
    let url = scene.path("remote");
    let url = url.to_str().expect("a path");
    git(
        scene.directory.path(),
        &["clone", "-q", "--recurse-submodules", url, "place/checkout"],
    );
    assert_eq!(plan(&scene.dest(), &scene.source("main")), Ok(None));
}
