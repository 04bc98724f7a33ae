//! The configuration of a checkout: written so that git reads it, and the user's own left as it is.

use std::fs;

use cross_compile::error::Kind;

use crate::support::{Scene, converge, git, plan, run, source, write};

/// Returns the lines of `git config --list` that are no default of a new repository.
fn listed(scene: &Scene) -> Vec<String> {
    git(&scene.dest(), &["config", "--local", "--list"])
        .lines()
        .filter(|line| !line.starts_with("core."))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_clone_is_configured_as_git_configures_it() {
    let scene = Scene::new();
    scene.converge("main");
    let url = scene.path("remote");
    git(
        scene.directory.path(),
        &["clone", "-q", url.to_str().expect("a path"), "theirs"],
    );
    let theirs = git(&scene.path("theirs"), &["config", "--local", "--list"]);
    let ours = git(&scene.dest(), &["config", "--local", "--list"]);
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&ours), sorted(&theirs));
}

#[test]
fn branches_of_any_name_are_followed_by_git_itself() {
    for name in [
        "Feature/v1.2",
        "a#b;c",
        "say\"it\"",
        "üñí",
        "main.remote",
        "]",
        "'quoted'",
        "x=y",
    ] {
        let scene = Scene::new();
        git(&scene.path("remote"), &["branch", name]);
        scene.converge(name);
        assert_eq!(
            git(&scene.dest(), &["status", "-sb"]),
            format!("## {name}...origin/{name}")
        );
        git(&scene.path("remote"), &["checkout", "-q", name]);
        let newest = scene.commit("remote", &[("a", "a")], "three");
        git(&scene.dest(), &["pull", "-q"]);
        assert_eq!(scene.head("place/checkout"), newest, "{name}");
        assert_eq!(plan(&scene.dest(), &scene.source(name)), Ok(None), "{name}");
    }
}

#[test]
fn what_a_user_wrote_stays_byte_for_byte() {
    let scene = Scene::new();
    scene.converge("main");
    let path = scene.dest().join(".git/config");
    let theirs = "; mine\r\n[User]\n  name = \"Ann # Other\" ; me\n\temail=a@\\\n  b\n[alias] st = status\n\
                  [remote \"origin\"] # where it comes from\n  url = /elsewhere ; old\n  fetch = +refs/heads/*:refs/remotes/origin/*\n\
                  \tpushurl = /pushed\n[core]\n\tbare = false\n[branch \"main\"]\n\tremote = origin\n\tmerge = refs/heads/main\n# end";
    fs::write(&path, theirs).expect("a file");
    let actions = scene.converge("main");
    assert_eq!(actions.len(), 1, "{actions:?}");
    let url = scene.path("remote").display().to_string();
    let expected = theirs
        .replace("/elsewhere", &url)
        .replace("\tpushurl = /pushed\n", "");
    assert_eq!(fs::read_to_string(&path).expect("a file"), expected);
    assert_eq!(
        listed(&scene),
        [
            "user.name=Ann # Other",
            "user.email=a@  b",
            "alias.st=status",
            &format!("remote.origin.url={url}"),
            "remote.origin.fetch=+refs/heads/*:refs/remotes/origin/*",
            "branch.main.remote=origin",
            "branch.main.merge=refs/heads/main",
        ]
    );
    git(&scene.dest(), &["pull", "-q"]);
}

#[test]
fn a_url_of_several_becomes_the_only_one() {
    let scene = Scene::new();
    scene.converge("main");
    for url in ["/second", "/third"] {
        git(&scene.dest(), &["config", "--add", "remote.origin.url", url]);
    }
    assert_eq!(scene.converge("main").len(), 1);
    assert_eq!(
        git(&scene.dest(), &["config", "--get-all", "remote.origin.url"]),
        scene.path("remote").display().to_string()
    );
}

#[test]
fn a_url_that_an_included_file_sets_is_refused_by_name() {
    let scene = Scene::new();
    scene.converge("main");
    write(
        &scene.dest().join(".git/more"),
        "[remote \"origin\"]\n\turl = /elsewhere\n",
    );
    git(&scene.dest(), &["config", "include.path", "more"]);
    let error = run(&scene.dest(), &scene.source("main")).expect_err("a refusal");
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.cause().contains(".git/config` includes"), "{error}");
    git(&scene.dest(), &["config", "--unset", "include.path"]);
    scene.converge("main");
}

#[test]
fn a_lock_on_the_configuration_is_refused_when_something_changes() {
    let scene = Scene::new();
    scene.converge("main");
    let lock = scene.dest().join(".git/config.lock");
    write(&lock, "");
    assert_eq!(plan(&scene.dest(), &scene.source("main")), Ok(None));
    git(&scene.path("remote"), &["branch", "other"]);
    let error = run(&scene.dest(), &scene.source("other")).expect_err("a refusal");
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.cause().contains("config.lock"), "{error}");
    fs::remove_file(lock).expect("removed");
    scene.converge("other");
}

#[test]
fn submodules_of_odd_names_are_registered_so_that_git_finds_them() {
    let scene = Scene::new();
    scene.repository("lib");
    scene.commit("lib", &[("content", "lib")], "one");
    let name = "Odd.na\"me # 1";
    git(
        &scene.path("remote"),
        &[
            "submodule",
            "--quiet",
            "add",
            "--name",
            name,
            "../lib",
            "vendor/lib",
        ],
    );
    scene.commit("remote", &[], "with lib");
    let url = scene.path("remote").display().to_string();
    converge(&scene.dest(), &source(&url, "main"));
    assert_eq!(
        git(&scene.dest(), &["config", &format!("submodule.{name}.url")]),
        scene.path("lib").display().to_string()
    );
    let status = git(&scene.dest(), &["submodule", "status"]);
    assert!(status.starts_with(' '), "{status}");
    git(&scene.dest(), &["submodule", "update", "--init"]);
    assert_eq!(
        git(&scene.dest().join("vendor/lib"), &["status", "--porcelain"]),
        ""
    );
}
