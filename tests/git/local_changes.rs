//! What the user did in the checkout is never lost unasked.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use cross_compile::error::Kind;

use crate::support::{Scene, assert_sound, converge, git, plan, refusal, run, write};

/// Asserts that `change` is refused naming `named`, and that force discards it.
#[track_caller]
fn refused_then_forced(change: impl Fn(&Path), named: &str) {
    let scene = Scene::new();
    scene.converge("main");
    change(&scene.dest());
    for moved in [false, true] {
        if moved {
            scene.commit(
                "remote",
                &[("Makefile", "all: 3\n"), ("third/file", "3\n")],
                "three",
            );
        }
        let mut source = scene.source("main");
        let error = refusal(&scene.dest(), &source);
        assert_eq!(error.kind(), Kind::Refused, "{error}");
        assert!(error.cause().contains(named), "{error}");
        if moved {
            source.force = true;
            let actions = converge(&scene.dest(), &source);
            assert!(actions[0].starts_with("Discarded from"), "{actions:?}");
            assert!(actions[0].contains(named), "{actions:?}");
        }
    }
}

#[test]
fn a_changed_file_is_refused() {
    refused_then_forced(|dest| write(&dest.join("Makefile"), "mine"), "`Makefile`");
}

#[test]
fn a_change_of_the_same_length_and_time_is_seen() {
    refused_then_forced(
        |dest| {
            let file = dest.join("Makefile");
            let time = fs::metadata(&file)
                .and_then(|metadata| metadata.modified())
                .expect("a time");
            fs::write(&file, "all: RUN\n").expect("a file");
            fs::File::options()
                .write(true)
                .open(&file)
                .and_then(|file| file.set_modified(time))
                .expect("a time");
        },
        "`Makefile`",
    );
}

#[test]
fn a_deleted_file_is_refused() {
    refused_then_forced(
        |dest| fs::remove_file(dest.join("new/file")).expect("removed"),
        "`new/file`",
    );
}

#[test]
fn a_changed_mode_is_refused() {
    refused_then_forced(
        |dest| fs::set_permissions(dest.join("run"), fs::Permissions::from_mode(0o644)).expect("a mode"),
        "`run`",
    );
}

#[test]
fn a_changed_link_is_refused() {
    refused_then_forced(
        |dest| {
            fs::remove_file(dest.join("link")).expect("removed");
            symlink("/etc/passwd", dest.join("link")).expect("a link");
        },
        "`link`",
    );
}

#[test]
fn a_directory_replaced_by_a_link_is_refused_and_never_followed() {
    let outside = tempfile::tempdir().expect("a directory");
    write(&outside.path().join("file"), "precious");
    refused_then_forced(
        |dest| {
            fs::remove_dir_all(dest.join("new")).expect("removed");
            symlink(outside.path(), dest.join("new")).expect("a link");
        },
        "`new/file`",
    );
    assert_eq!(
        fs::read_to_string(outside.path().join("file")).expect("a file"),
        "precious"
    );
}

#[test]
fn a_staged_file_is_refused() {
    refused_then_forced(
        |dest| {
            write(&dest.join("staged"), "mine");
            git(dest, &["add", "staged"]);
        },
        "`staged`",
    );
}

#[test]
fn force_leaves_what_gits_own_hard_reset_leaves() {
    let scene = Scene::new();
    scene.converge("main");
    let dest = scene.dest();
    for name in [
        "staged",
        "new/staged",
        "deep/er/staged",
        "edited",
        "gone",
        "intended",
        "ignored",
        "untracked",
        "deep/untracked",
    ] {
        write(&dest.join(name), "mine");
    }
    git(
        &dest,
        &["add", "staged", "new/staged", "deep/er/staged", "edited", "gone"],
    );
    git(&dest, &["add", "--intent-to-add", "intended"]);
    write(&dest.join("edited"), "mine, and more of it");
    fs::remove_file(dest.join("gone")).expect("removed");
    git(&dest, &["mv", "Makefile", "Renamed"]);
    git(&dest, &["rm", "-q", "--cached", "run"]);
    git(&dest, &["rm", "-q", "link"]);
    let theirs = scene.path("theirs");
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .args([&dest, &theirs])
        .status();
    assert!(copied.expect("cp runs").success());
    git(&theirs, &["reset", "-q", "--hard"]);

    let mut source = scene.source("main");
    let error = refusal(&dest, &source);
    assert_eq!(error.kind(), Kind::Refused, "{error}");
    source.force = true;
    let actions = converge(&dest, &source);
    assert_eq!(actions.len(), 1, "{actions:?}");
    for name in [
        "`staged`",
        "`deep/er/staged`",
        "`edited`",
        "`gone`",
        "`intended`",
        "`Renamed`",
        "`Makefile`",
        "`run`",
    ] {
        assert!(actions[0].contains(name), "{name}: {actions:?}");
    }
    let left = |root: &Path| git(root, &["ls-files", "--cached", "--others"]);
    assert_eq!(left(&dest), left(&theirs));
    assert!(left(&dest).contains("deep/untracked"), "{}", left(&dest));
    let status = |root: &Path| git(root, &["status", "--porcelain"]);
    assert_eq!(status(&dest), status(&theirs));
    assert!(dest.join("untracked").exists() && dest.join("ignored").exists());
    assert!(!dest.join("staged").exists() && !dest.join("deep/er").exists());
}

#[test]
fn a_commit_of_the_users_own_is_refused() {
    refused_then_forced(
        |dest| {
            write(&dest.join("mine"), "mine");
            git(dest, &["add", "mine"]);
            git(dest, &["commit", "-q", "-m", "my own work"]);
        },
        "my own work",
    );
}

#[test]
fn untracked_files_in_the_way_are_refused() {
    let scene = Scene::new();
    scene.converge("main");
    write(&scene.dest().join("third"), "mine");
    write(&scene.dest().join("fourth/inside"), "mine");
    symlink("/tmp", scene.dest().join("fifth")).expect("a link");
    write(&scene.dest().join("same"), "same\n");
    assert_eq!(plan(&scene.dest(), &scene.source("main")), Ok(None));
    let files = [
        ("third", "3\n"),
        ("fourth", "4\n"),
        ("fifth/file", "5\n"),
        ("same", "same\n"),
    ];
    scene.commit("remote", &files, "three");
    let mut source = scene.source("main");
    let error = refusal(&scene.dest(), &source);
    for name in ["`third`", "`fourth/inside`", "`fifth`"] {
        assert!(error.cause().contains(name), "{error}");
    }
    assert!(!error.cause().contains("`same`"), "{error}");
    source.force = true;
    converge(&scene.dest(), &source);
    assert_eq!(
        fs::read_to_string(scene.dest().join("fifth/file")).expect("a file"),
        "5\n"
    );
}

#[test]
fn files_of_others_are_never_changes_and_never_touched() {
    let scene = Scene::new();
    let mut source = scene.source("main");
    source.own_files = vec![scene.dest().join("Makefile"), "override.yml".into()];
    run(&scene.dest(), &source).expect("cloned");
    write(&scene.dest().join("Makefile"), "ours");
    write(&scene.dest().join("override.yml"), "ours");
    assert_eq!(plan(&scene.dest(), &source), Ok(None));
    scene.commit(
        "remote",
        &[("Makefile", "theirs\n"), ("override.yml", "theirs\n")],
        "three",
    );
    assert_eq!(run(&scene.dest(), &source).expect("updated").len(), 1);
    assert_eq!(plan(&scene.dest(), &source), Ok(None));
    for name in ["Makefile", "override.yml"] {
        assert_eq!(
            fs::read_to_string(scene.dest().join(name)).unwrap_or_default(),
            "ours",
            "{name}"
        );
    }
}

#[test]
fn a_version_that_has_something_where_others_write_is_refused() {
    for (reserved, named) in [
        ("Makefile", "`Makefile`"),
        ("new", "`new`"),
        ("new/file/override.yml", "`new/file/override.yml`"),
    ] {
        let scene = Scene::new();
        let mut source = scene.source("main");
        source.reserved = vec![scene.dest().join(reserved)];
        source.force = true;
        // What the remote's version holds is known only once it has been fetched.
        assert!(plan(&scene.dest(), &source).is_ok_and(|change| change.is_some()));
        let error = run(&scene.dest(), &source).expect_err("a refusal");
        assert_eq!(error.kind(), Kind::Refused);
        assert!(error.cause().ends_with(named), "{error}");
        assert!(!scene.dest().exists());

        scene.converge("v1");
        let error = refusal(&scene.dest(), &source);
        assert!(error.cause().ends_with(named), "{error}");
        source.reserved = vec!["override.yml".into()];
        converge(&scene.dest(), &source);
    }
}

#[test]
fn anothers_lock_is_refused_by_name_only_when_it_matters() {
    let scene = Scene::new();
    scene.converge("main");
    let lock = scene.dest().join(".git/index.lock");
    write(&lock, "");
    assert_eq!(plan(&scene.dest(), &scene.source("main")), Ok(None));
    scene.commit("remote", &[("a", "a")], "three");
    let error = refusal(&scene.dest(), &scene.source("main"));
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.cause().contains("index.lock"), "{error}");
    fs::remove_file(lock).expect("removed");
    scene.converge("main");
}

#[test]
fn a_half_done_update_is_ours_to_finish() {
    let scene = Scene::new();
    scene.converge("main");
    let from = scene.head("remote");
    let to = scene.commit(
        "remote",
        &[
            ("Makefile", "all: 3\n"),
            ("third", "3\n"),
            ("run", "#!/bin/sh -e\n"),
        ],
        "three",
    );
    let dest = scene.dest();
    write(
        &dest.join(".git/cross_compile-update"),
        &format!("{from}\n{to}\n"),
    );
    write(&dest.join(".git/index.lock"), "");
    write(&dest.join(".git/refs/heads/main.lock"), "");
    write(&dest.join(".git/cross_compile-staging/run"), "half");
    write(&dest.join("third"), "3\n");
    write(&dest.join("Makefile"), "all: 3\n");
    assert_eq!(scene.converge("main").len(), 1);
    assert_sound(&dest);
}

#[test]
fn a_half_done_update_does_not_hide_the_users_changes() {
    let scene = Scene::new();
    scene.converge("main");
    let from = scene.head("remote");
    let to = scene.commit("remote", &[("third", "3\n")], "three");
    write(
        &scene.dest().join(".git/cross_compile-update"),
        &format!("{from}\n{to}\n"),
    );
    write(&scene.dest().join("Makefile"), "mine");
    let error = refusal(&scene.dest(), &scene.source("main"));
    assert!(error.cause().contains("`Makefile`"), "{error}");
}
