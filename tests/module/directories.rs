//! Directories: made with their parents, repaired where the contract enforces them, and left alone elsewhere.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;

use serde_json::{Value, json};

use crate::support::Station;

/// A station of which only the directories are asked for; its engine does not exist.
fn station() -> Station {
    Station::new()
        .only(&["directories"])
        .with("docker_host", "unix:///nonexistent/engine.sock")
}

fn converged() -> Station {
    let station = station();
    station.run().changed();
    station
}

fn created(station: &Station, paths: &[&str]) -> Vec<String> {
    paths
        .iter()
        .map(|path| format!("Created directory `{}`", station.base(path).display()))
        .collect()
}

/// Returns owner, group and mode.
fn attributes(path: &Path) -> (u32, u32, u32) {
    let metadata = fs::metadata(path).unwrap();
    (
        metadata.uid(),
        metadata.gid(),
        metadata.permissions().mode() & 0o7777,
    )
}

#[test]
fn everything_is_there_after_one_run() {
    let station = Station::new();
    let answer = station.converges();
    assert_eq!(answer.get("/toolkit/after"), &json!(station.repository.head()));
    for (path, owner) in [
        ("artifacts", 0),
        ("artifacts/envoy", 1000),
        ("build-cache/base-builder", 1000),
    ] {
        assert_eq!(attributes(&station.base(path)), (owner, owner, 0o755), "{path}");
    }
}

#[test]
fn all_directories_are_made_in_order_without_an_engine() {
    let station = station();
    let answer = station.converges();
    let expected = created(
        &station,
        &[
            "",
            "artifacts",
            "artifacts/envoy",
            "artifacts/consul",
            "artifacts/vault",
            "artifacts/packages",
            "artifacts/containers",
            "build-cache",
            "build-cache/base-builder",
            "build-cache/envoy-builder",
            "build-cache/dev-environment",
            "workspace",
        ],
    );
    assert_eq!(answer.actions(), expected);
    assert_eq!(answer.get("/directories/2/uid"), &json!(1000));
    assert_eq!(answer.get("/directories/2/mode"), &json!("0755"));
    assert_eq!(answer.get("/diff/0/before/state"), &json!("absent"));
}

#[test]
fn a_missing_directory_is_made_again() {
    let station = converged();
    for missing in [
        vec!["artifacts/vault"],
        vec!["build-cache/dev-environment"],
        vec!["workspace"],
        vec![
            "build-cache",
            "build-cache/base-builder",
            "build-cache/envoy-builder",
            "build-cache/dev-environment",
        ],
    ] {
        fs::remove_dir_all(station.base(missing[0])).unwrap();
        assert_eq!(station.converges().actions(), created(&station, &missing));
    }
}

#[test]
fn the_builder_owns_what_it_writes_to() {
    let station = converged();
    for path in ["artifacts/envoy", "build-cache/envoy-builder"] {
        for (uid, gid) in [(4242, 1000), (1000, 4242), (0, 0)] {
            let path = station.base(path);
            chown(&path, Some(uid), Some(gid)).unwrap();
            let answer = station.converges();
            let action = &answer.actions()[0];
            assert!(action.starts_with("Changed owner from "), "{action}");
            assert!(action.ends_with(&format!("`{}`", path.display())), "{action}");
            assert_eq!(answer.get("/diff/0/before/uid"), &json!(uid));
            assert_eq!(attributes(&path), (1000, 1000, 0o755));
        }
        // Its mode is its owner's business.
        fs::set_permissions(station.base(path), fs::Permissions::from_mode(0o2700)).unwrap();
        station.settled();
        chown(station.base(path), Some(0), None).unwrap();
        station.converges();
        assert_eq!(attributes(&station.base(path)), (1000, 1000, 0o2700), "{path}");
    }
}

#[test]
fn another_builder_gets_what_it_writes_to() {
    let mut station = converged();
    station.set("builder_uid", 4242);
    station.set("builder_gid", 4343);
    assert_eq!(station.converges().actions().len(), 8);
    assert_eq!(attributes(&station.base("artifacts/vault")), (4242, 4343, 0o755));
    assert_eq!(attributes(&station.base("artifacts")), (0, 0, 0o755));
}

#[test]
fn owner_group_and_mode_are_enforced_only_when_given() {
    let mut station = converged();
    let ours = ["", "artifacts", "build-cache", "workspace"];
    for path in ours {
        chown(station.base(path), Some(4242), Some(4343)).unwrap();
        fs::set_permissions(station.base(path), fs::Permissions::from_mode(0o711)).unwrap();
    }
    station.settled();
    for (option, value, expected) in [
        ("owner", json!("root"), (0, 4343, 0o711)),
        ("group", json!("root"), (0, 0, 0o711)),
        ("mode", json!("0750"), (0, 0, 0o750)),
        ("owner", json!("4242"), (4242, 0, 0o750)),
    ] {
        station.set(option, value);
        assert_eq!(station.converges().actions().len(), ours.len(), "{option}");
        for path in ours {
            assert_eq!(attributes(&station.base(path)), expected, "{option} {path}");
        }
    }
    assert_eq!(attributes(&station.base("artifacts/envoy")), (1000, 1000, 0o755));
}

#[test]
fn modes_are_read_as_ansible_reads_them() {
    let mut station = converged();
    for (mode, expected) in [
        (json!("0700"), 0o700),
        (json!("u=rwx,g=rx,o="), 0o750),
        (json!("g+w"), 0o770),
        (json!("o=g"), 0o777),
        (json!("go-w"), 0o755),
        (json!("g+s"), 0o2755),
        (json!("2775"), 0o2775),
        // What YAML makes of 01777.
        (json!(0o1777), 0o1777),
        (json!("a=rX,u+w"), 0o755),
    ] {
        station.set("mode", mode.clone());
        station.converges();
        for path in ["", "artifacts", "workspace"] {
            assert_eq!(attributes(&station.base(path)).2, expected, "{mode} {path}");
        }
    }
    for mode in ["rwx", "0999", "u=q", "77777", ""] {
        station.set("mode", mode);
        station.refuses(&["mode must be in octal or symbolic form", &format!("`{mode}`")]);
    }
}

#[test]
fn the_first_mode_is_set_whatever_the_umask() {
    let mut station = station().with("mode", "0775");
    station.set_runner(&["sh", "-c", "umask 077; exec \"$0\" \"$@\""]);
    station.converges();
    assert_eq!(attributes(&station.base("artifacts")).2, 0o775);
    assert_eq!(attributes(&station.base("artifacts/envoy")).2, 0o755);
}

#[test]
fn a_file_in_the_way_is_named_and_kept() {
    for file in ["", "artifacts", "artifacts/envoy", "workspace"] {
        let station = station();
        let path = station.base(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "mine").unwrap();
        let answer = station.refuses(&[
            &format!("`{}`", path.display()),
            "directory",
            "move that file away",
        ]);
        // Not told again for everything below it.
        assert!(!answer.message().contains("failures"), "{}", answer.message());
        assert_eq!(fs::read_to_string(path).unwrap(), "mine");
    }
}

#[test]
fn a_link_to_a_directory_is_one_and_a_link_to_nothing_is_not() {
    let station = station();
    fs::create_dir_all(station.base("")).unwrap();
    let disk = station.path("disk");
    symlink(&disk, station.base("artifacts")).unwrap();
    station.refuses(&[
        &format!("`{}`", station.base("artifacts").display()),
        "link to nothing",
    ]);
    fs::create_dir(&disk).unwrap();
    station.converges();
    assert!(disk.join("envoy").is_dir());
    assert!(station.base("artifacts").is_symlink());
}

#[test]
fn changed_categories_add_and_never_remove() {
    let mut station = converged();
    station.set("artifact_categories", json!(["envoy", "nomad"]));
    assert_eq!(
        station.converges().actions(),
        created(&station, &["artifacts/nomad"])
    );
    assert!(station.base("artifacts/vault").is_dir());
    station.set("artifact_categories", "envoy,boundary");
    assert_eq!(
        station.converges().actions(),
        created(&station, &["artifacts/boundary"])
    );
    for name in ["a/b", "..", "", ".builds"] {
        station.set("artifact_categories", json!([name]));
        station.refuses(&["`artifact_categories`", &format!("`{name}`")]);
    }
}

#[test]
fn every_directory_has_its_option() {
    let mut station = station();
    let elsewhere = |path: &str| station.path("else/where").join(path);
    let options = [
        ("artifacts_dir", elsewhere("artifacts")),
        ("cache_dir", elsewhere("cache")),
        ("workspace_dir", elsewhere("workspace")),
    ];
    for (option, path) in &options {
        station.set(option, path.to_str().unwrap());
    }
    station.converges();
    assert!(options[0].1.join("envoy").is_dir() && options[1].1.join("base-builder").is_dir());
    assert!(options[2].1.is_dir());
    assert_eq!(fs::read_dir(station.base("")).unwrap().count(), 0);
    // Parents that no option names are root's.
    assert_eq!(attributes(&station.path("else")), (0, 0, 0o755));
    for (option, _) in &options {
        let before = station.arguments()[*option].clone();
        for path in ["relative", "/a/../b"] {
            station.set(option, path);
            station.refuses(&[&format!("`{option}`"), path]);
        }
        station.set(option, before);
    }
}

#[test]
fn what_takes_root_is_told_to_other_users_before_the_first_change() {
    let mut station = station();
    station.set_user(4242);
    station.refuses(&["user 4242", "`become: true`", "`builder_uid`"]);
    assert!(!station.base("").exists());
    station.set("builder_uid", 4242);
    station.set("builder_gid", 4242);
    station.converges();
    assert_eq!(attributes(&station.base("artifacts/envoy")), (4242, 4242, 0o755));
    station.set("owner", "root");
    station.refuses(&["user 4242", "`become: true`"]);
    station.set("owner", Value::Null);
    let foreign = station.path("foreign");
    fs::create_dir(&foreign).unwrap();
    station.set("base_dir", foreign.join("base").to_str().unwrap());
    station.refuses(&[
        &format!("`{}", foreign.display()),
        "permission denied",
        "`become: true`",
    ]);
    chown(station.base("workspace"), Some(0), Some(0)).unwrap();
    station.set("base_dir", station.base("").to_str().unwrap());
    station.settled();
    station.set("mode", "0700");
    station.refuses(&["change the mode of", "workspace"]);
}
