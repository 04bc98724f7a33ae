//! Every way in which the wanted version and what is checked out can differ.

use std::fs;

use cross_compile::error::Kind;
use cross_compile::git::{self as door, Stop, observe};

use crate::support::{Scene, converge, git, plan, refusal, run, snapshot, source, write};

#[test]
fn a_branch_is_cloned_as_git_would() {
    let scene = Scene::new();
    let actions = scene.converge("main");
    assert_eq!(actions.len(), 1);
    assert!(actions[0].starts_with("Cloned the toolkit `"), "{actions:?}");
    let dest = scene.dest();
    assert_eq!(git(&dest, &["status", "-sb"]), "## main...origin/main");
    assert_eq!(
        git(&dest, &["config", "remote.origin.fetch"]),
        "+refs/heads/*:refs/remotes/origin/*"
    );
    assert_eq!(
        fs::read_link(dest.join("link")).expect("a link").to_str(),
        Some("run")
    );
    assert!(
        std::process::Command::new(dest.join("run"))
            .status()
            .expect("it runs")
            .success()
    );
    git(&dest, &["pull", "-q"]);
}

#[test]
fn a_moved_branch_is_followed_and_leaves_other_files_alone() {
    let scene = Scene::new();
    scene.converge("main");
    let from = scene.head("remote");
    write(&scene.dest().join("ignored"), "mine");
    write(&scene.dest().join("untracked/file"), "mine");
    fs::remove_dir_all(scene.path("remote/new")).expect("removed");
    let to = scene.commit("remote", &[("Makefile", "all: 3\n"), ("third", "3\n")], "three");
    let expected = format!(
        "Updated the toolkit at `{}` from {} to {}",
        scene.dest().display(),
        &from[..8],
        &to[..8]
    );
    assert_eq!(scene.converge("main"), [expected]);
    assert_eq!(
        fs::read_to_string(scene.dest().join("ignored")).expect("a file"),
        "mine"
    );
    assert_eq!(
        fs::read_to_string(scene.dest().join("untracked/file")).expect("a file"),
        "mine"
    );
    assert!(!scene.dest().join("new").exists());
}

#[test]
fn versions_of_all_kinds_follow_one_another() {
    let scene = Scene::new();
    let first = git(&scene.path("remote"), &["rev-parse", "HEAD~1"]);
    git(&scene.path("remote"), &["branch", "other", "HEAD~1"]);
    for (version, reference) in [
        ("main", "refs/heads/main"),
        ("v1", ""),
        ("HEAD", "refs/heads/main"),
        (&first, ""),
        ("other", "refs/heads/other"),
        (&first[..9], ""),
        ("main", "refs/heads/main"),
    ] {
        assert_eq!(scene.converge(version).len(), 1, "{version}");
        let output = crate::support::command(&scene.dest(), &["symbolic-ref", "-q", "HEAD"])
            .output()
            .expect("git runs");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout).trim_end(),
            reference,
            "{version}"
        );
    }
}

#[test]
fn a_forced_push_is_no_local_change() {
    let scene = Scene::new();
    scene.converge("main");
    git(&scene.path("remote"), &["reset", "-q", "--hard", "HEAD~1"]);
    scene.commit("remote", &[("Makefile", "forced\n")], "forced");
    assert_eq!(scene.converge("main").len(), 1);
    git(&scene.path("remote"), &["reset", "-q", "--hard", "HEAD~1"]);
    assert_eq!(scene.converge("main").len(), 1);
}

#[test]
fn a_moved_tag_is_followed() {
    let scene = Scene::new();
    scene.converge("v1");
    git(
        &scene.path("remote"),
        &["tag", "-f", "-a", "v1", "-m", "moved", "HEAD"],
    );
    assert_eq!(scene.converge("v1").len(), 1);
    assert_eq!(scene.head("place/checkout"), scene.head("remote"));
}

#[test]
fn a_commit_that_is_not_advertised_is_found() {
    let scene = Scene::new();
    let hidden = git(&scene.path("remote"), &["rev-parse", "HEAD~1"]);
    git(&scene.path("remote"), &["tag", "-d", "v1"]);
    assert_eq!(scene.converge(&hidden[..10]).len(), 1);
    assert_eq!(scene.head("place/checkout"), hidden);
    let later = scene.commit("remote", &[("a", "a")], "later");
    scene.commit("remote", &[("a", "b")], "latest");
    assert_eq!(scene.converge(&later).len(), 1);
}

#[test]
fn branches_that_exclude_each_other_by_name_follow_one_another() {
    let scene = Scene::new();
    git(&scene.path("remote"), &["branch", "topic"]);
    scene.converge("main");
    git(&scene.path("remote"), &["branch", "-D", "topic"]);
    git(&scene.path("remote"), &["branch", "topic/part"]);
    scene.commit("remote", &[("a", "a")], "three");
    assert_eq!(scene.converge("main").len(), 1);
}

#[test]
fn files_and_directories_take_each_others_place() {
    let scene = Scene::new();
    scene.converge("main");
    let remote = scene.path("remote");
    fs::remove_dir_all(remote.join("new")).expect("removed");
    fs::remove_file(remote.join("run")).expect("removed");
    scene.commit(
        "remote",
        &[("new", "a file now\n"), ("run/inside", "a directory now\n")],
        "three",
    );
    assert_eq!(scene.converge("main").len(), 1);
    git(&remote, &["reset", "-q", "--hard", "HEAD~1"]);
    assert_eq!(scene.converge("main").len(), 1);
}

#[test]
fn line_endings_of_attributes_are_not_changes() {
    let scene = Scene::new();
    scene.commit(
        "remote",
        &[(".gitattributes", "*.bat text eol=crlf\n"), ("a.bat", "x\ny\n")],
        "three",
    );
    scene.converge("main");
    assert_eq!(
        fs::read_to_string(scene.dest().join("a.bat")).expect("a file"),
        "x\r\ny\r\n"
    );
    scene.commit("remote", &[("a.bat", "x\nz\n")], "four");
    assert_eq!(scene.converge("main").len(), 1);
    assert_eq!(
        fs::read_to_string(scene.dest().join("a.bat")).expect("a file"),
        "x\r\nz\r\n"
    );
}

#[test]
fn a_changed_url_is_stored_and_credentials_are_not() {
    let scene = Scene::new();
    scene.converge("main");
    git(
        &scene.dest(),
        &[
            "remote",
            "set-url",
            "origin",
            "https://user:s3cret@elsewhere.invalid/a",
        ],
    );
    let expected = format!(
        "Changed the remote URL of `{}` to `{}`",
        scene.dest().display(),
        scene.path("remote").display()
    );
    assert_eq!(scene.converge("main"), [expected]);
    let found = std::process::Command::new("grep")
        .args(["-r", "s3cret"])
        .arg(scene.dest())
        .output()
        .expect("grep");
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
}

#[test]
fn a_repository_of_another_history_takes_over() {
    let scene = Scene::new();
    scene.converge("main");
    scene.repository("another");
    scene.commit(
        "another",
        &[("Makefile", "another\n"), ("only/here", "x\n")],
        "one",
    );
    let another = source(scene.path("another").to_str().expect("a path"), "main");
    let actions = converge(&scene.dest(), &another);
    assert_eq!(actions.len(), 2, "{actions:?}");
    assert!(actions[0].starts_with("Changed the remote URL"), "{actions:?}");
    assert_eq!(git(&scene.dest(), &["ls-files"]), "Makefile\nonly/here");
    assert!(!scene.dest().join("run").exists());
}

#[test]
fn an_empty_beginning_of_another_clone_is_completed() {
    let scene = Scene::new();
    fs::create_dir_all(scene.dest()).expect("a directory");
    assert_eq!(scene.converge("main").len(), 1, "an empty directory");
    fs::remove_dir_all(scene.dest()).expect("removed");
    git(scene.directory.path(), &["init", "-q", "place/checkout"]);
    assert_eq!(scene.converge("main").len(), 1, "an empty repository");
}

#[test]
fn what_appears_at_the_place_during_a_clone_is_kept() {
    let scene = Scene::new();
    let (dest, source, stop) = (scene.dest(), scene.source("main"), Stop::default());
    let fails = |make: &dyn Fn()| {
        fs::create_dir_all(&dest).expect("a directory");
        let observed = observe(&dest, &source, &stop).expect("observed");
        let change = door::plan(&observed, &source).expect("a plan").expect("a change");
        make();
        let before = snapshot(&scene.path("place"));
        let error = door::apply(&observed, &source, &change, &stop).expect_err("a refusal");
        assert_eq!(error.kind(), Kind::Refused, "{error}");
        assert_eq!(snapshot(&scene.path("place")), before);
        fs::remove_dir_all(&dest).expect("removed");
        error
    };
    let error = fails(&|| write(&dest.join("artifacts/envoy/mine"), "mine"));
    assert!(error.cause().ends_with("it holds `artifacts`"), "{error}");
    let remote = scene.path("remote");
    let error = fails(&|| {
        git(&remote, &["clone", "-q", ".", dest.to_str().expect("a path")]);
    });
    assert!(
        error.cause().starts_with("another checkout appeared at"),
        "{error}"
    );
    assert!(error.remedy().is_some_and(|text| text.contains("run again")));
    let observed = observe(&dest, &source, &stop).expect("observed");
    let change = door::plan(&observed, &source).expect("a plan").expect("a change");
    git(scene.directory.path(), &["init", "-q", "place/checkout"]);
    door::apply(&observed, &source, &change, &stop).expect("an empty beginning is nothing");
    assert_eq!(plan(&dest, &source), Ok(None));
}

#[test]
fn a_link_to_the_place_stays_a_link() {
    let scene = Scene::new();
    fs::create_dir_all(scene.path("elsewhere")).expect("a directory");
    fs::create_dir_all(scene.path("place")).expect("a directory");
    std::os::unix::fs::symlink(scene.path("elsewhere"), scene.dest()).expect("a link");
    assert_eq!(scene.converge("main").len(), 1);
    let mut source = scene.source("main");
    source.own_files = vec![scene.dest().join("Makefile")];
    write(&scene.dest().join("Makefile"), "ours");
    scene.commit("remote", &[("Makefile", "theirs\n")], "three");
    assert_eq!(run(&scene.dest(), &source).expect("an update").len(), 1);
    assert!(scene.dest().is_symlink() && scene.path("elsewhere/Makefile").exists());
}

#[test]
fn what_is_no_checkout_is_refused_by_name_even_when_forced() {
    let scene = Scene::new();
    let mut source = scene.source("main");
    source.force = true;
    write(&scene.dest().join("precious"), "mine");
    let error = refusal(&scene.dest(), &source);
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.cause().contains("`precious`"), "{error}");
    let file = scene.dest().join("precious");
    let error = refusal(&file, &source);
    assert!(error.cause().contains("is not a directory"), "{error}");
}

#[test]
fn a_damaged_repository_is_told_with_its_remedy() {
    let scene = Scene::new();
    scene.converge("main");
    fs::write(scene.dest().join(".git/HEAD"), "nonsense").expect("a file");
    let error = refusal(&scene.dest(), &scene.source("main"));
    assert!(
        error.remedy().is_some_and(|text| text.contains("git fsck")),
        "{error}"
    );
    assert!(
        error.cause().contains(scene.dest().to_str().expect("a path")),
        "{error}"
    );
}

#[test]
fn unknown_versions_and_missing_remotes_are_not_found() {
    let scene = Scene::new();
    for version in ["nothing", "0123456789abcdef0123456789abcdef01234567", "deadbeef"] {
        let error = refusal(&scene.dest(), &scene.source(version));
        assert_eq!(error.kind(), Kind::NotFound, "{error}");
        assert!(
            error
                .to_string()
                .contains(&format!("version `{version}` not found")),
            "{error}"
        );
        assert!(
            error.remedy().is_some_and(|text| text.contains("`main`")),
            "{error}"
        );
    }
    let error = refusal(&scene.dest(), &source("/nowhere/at-all", "main"));
    assert_eq!(error.kind(), Kind::NotFound, "{error}");
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    let scene = Scene::new();
    let stop = Stop::default();
    stop.request();
    let error = observe(&scene.dest(), &scene.source("main"), &stop).expect_err("interrupted");
    assert_eq!(error.kind(), Kind::Interrupted);
    let source = scene.source("main");
    let observed = observe(&scene.dest(), &source, &Stop::default()).expect("observed");
    let change = cross_compile::git::plan(&observed, &source)
        .expect("planned")
        .expect("a change");
    let error = cross_compile::git::apply(&observed, &source, &change, &stop).expect_err("interrupted");
    assert_eq!(error.kind(), Kind::Interrupted);
    assert_eq!(fs::read_dir(scene.path("place")).expect("a directory").count(), 0);
}

#[test]
fn depth_is_ignored_for_local_remotes_with_a_warning() {
    let scene = Scene::new();
    let mut source = scene.source("main");
    source.depth = Some(1);
    let observed = observe(&scene.dest(), &source, &Stop::default()).expect("observed");
    assert_eq!(observed.warnings.len(), 1);
    assert_eq!(converge(&scene.dest(), &source).len(), 1);
}

#[test]
fn a_missing_index_is_written_again() {
    let scene = Scene::new();
    scene.converge("main");
    fs::remove_file(scene.dest().join(".git/index")).expect("removed");
    assert_eq!(scene.converge("main").len(), 1);
}

#[test]
fn a_checkout_of_gits_own_making_is_taken_over() {
    let scene = Scene::new();
    let url = scene.path("remote");
    let url = url.to_str().expect("a path");
    fs::create_dir_all(scene.path("place")).expect("a directory");
    git(scene.directory.path(), &["clone", "-q", url, "place/checkout"]);
    assert_eq!(plan(&scene.dest(), &scene.source("main")), Ok(None));
    scene.commit("remote", &[("a", "a")], "three");
    assert_eq!(run(&scene.dest(), &scene.source("main")).expect("a run").len(), 1);
    assert_eq!(plan(&scene.dest(), &scene.source("main")), Ok(None));
}
