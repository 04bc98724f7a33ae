//! `cross_compile_prune`: what is old by the rule goes, exactly as check mode told, and nothing else.

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use cross_compile::artifacts::statement::{Build, Image, Noted, Subject};
use cross_compile::artifacts::{Digest, Kind, Tree, rewrite};
use serde_json::{Map, Value, json};

use crate::support::background::{Background, Stopped};
use crate::support::private::{LOCKS, leftovers, private, wrapped};
use crate::support::strace::{
    self, CALLS, DISK_CALLS, Point, Traceable, points, spread, told, was_killed, with_fault,
};
use crate::support::{Answer, BuildStation, Podman, Station, testbed};

const MODULE: &str = "cross_compile_prune";

/// A station without any engine to ask, which prunes nothing but files.
fn station() -> Station {
    let station = Station::new();
    fs::create_dir_all(station.base("artifacts/envoy")).unwrap();
    station
}

fn options(more: Value) -> Value {
    let mut options = json!({ "_ansible_module_name": MODULE, "_ansible_ignore_unknown_opts": true });
    if let (Value::Object(options), Value::Object(more)) = (&mut options, more) {
        options.extend(more);
    }
    options
}

#[track_caller]
fn run(station: &Station, more: Value) -> Answer {
    Answer::new(&station.output(options(more)))
}

#[track_caller]
fn check(station: &Station, mut more: Value) -> Answer {
    more["_ansible_check_mode"] = json!(true);
    run(station, more)
}

/// Asserts the four steps: check mode tells what goes and takes nothing, the run takes that, and then nothing is left
/// to take. Returns the answer of the run.
#[track_caller]
fn prunes(station: &Station, more: Value) -> Answer {
    let before = station.snapshot();
    let told = check(station, more.clone()).changed();
    assert_eq!(station.snapshot(), before);
    let done = run(station, more.clone()).changed();
    for field in [
        "actions",
        "diff",
        "bytes",
        "artifacts",
        "builds",
        "cache",
        "images",
    ] {
        assert_eq!(told.json[field], done.json[field], "{field}");
    }
    check(station, more.clone()).unchanged();
    run(station, more).unchanged();
    done
}

#[track_caller]
fn spares(station: &Station, more: Value) -> Answer {
    let before = station.snapshot();
    check(station, more.clone()).unchanged();
    let answer = run(station, more).unchanged();
    assert_eq!(station.snapshot(), before);
    answer
}

fn age(path: &Path, days: u64) {
    let time = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
    let times = FileTimes::new().set_accessed(time).set_modified(time);
    File::open(path).unwrap().set_times(times).unwrap();
}

/// Puts an artifact of `days` into the category, as one of our builds records it.
fn artifact(station: &Station, name: &str, days: u64) -> PathBuf {
    let category = station.base("artifacts/envoy");
    let path = category.join(name);
    fs::write(&path, name.repeat(1000)).unwrap();
    age(&path, days);
    let tree = Tree::open(&category).unwrap();
    let entry = tree.entry(Path::new(name)).unwrap().unwrap();
    let digest = Digest::of(name.repeat(1000).as_bytes());
    let build = Build {
        name: "envoy".to_owned(),
        image: Image {
            reference: "r.io/x/envoy-builder:latest".to_owned(),
            digest: format!("sha256:{}", "1".repeat(64)),
        },
        command: Vec::new(),
        environment: BTreeMap::new(),
        parameters: Map::new(),
        toolkit: None,
        fingerprint: Digest::of(b"fingerprint"),
        invocation: "i".to_owned(),
        started: SystemTime::UNIX_EPOCH,
        finished: SystemTime::UNIX_EPOCH,
        log: None,
    };
    let noted = Noted {
        kind: Kind::File,
        architecture: None,
        size: entry.size,
        modified: entry.modified,
    };
    let statement = build.statement(&Subject {
        path: Path::new(name),
        digest,
        noted,
    });
    let beside = category.join(format!("{name}.intoto.json"));
    fs::write(&beside, statement.render().unwrap()).unwrap();
    age(&beside, days);
    rewrite(&tree, &BTreeMap::new()).unwrap();
    path
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[track_caller]
fn assert_proven(category: &Path) {
    let status = Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet", "SHA256SUMS"])
        .current_dir(category)
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn artifacts_beyond_the_retention_go_with_what_belongs_to_them() {
    let station = station();
    for (name, days) in [
        ("envoy-v1.30.0-arm64", 90),
        ("envoy-v1.31.0-arm64", 60),
        ("envoy-v1.32.0-arm64", 1),
    ] {
        artifact(&station, name, days);
    }
    let category = station.base("artifacts/envoy");
    fs::write(category.join("by-hand"), "x").unwrap();
    age(&category.join("by-hand"), 400);
    symlink("envoy-v1.30.0-arm64", category.join("stable")).unwrap();

    let answer = prunes(&station, json!({}));
    let gone = category.join("envoy-v1.31.0-arm64");
    assert_eq!(answer.get("/artifacts/0/path"), &json!(gone));
    assert_eq!(answer.actions().len(), 1);
    assert_eq!(answer.get("/bytes"), answer.get("/artifacts/0/size"));
    assert_eq!(
        names(&category),
        [
            "SHA256SUMS",
            "by-hand",
            "envoy-v1.30.0-arm64",
            "envoy-v1.30.0-arm64.intoto.json",
            "envoy-v1.32.0-arm64",
            "envoy-v1.32.0-arm64.intoto.json",
            "stable",
        ]
    );
    assert_proven(&category);

    // The newest of a name stays; what no build recorded goes only when that is asked for.
    fs::remove_file(category.join("stable")).unwrap();
    age(&category.join("envoy-v1.32.0-arm64"), 300);
    age(&category.join("envoy-v1.32.0-arm64.intoto.json"), 300);
    let answer = prunes(&station, json!({ "unmanaged": true }));
    assert_eq!(answer.get("/artifacts/1"), &Value::Null);
    assert_eq!(
        answer.get("/artifacts/0/path"),
        &json!(category.join("envoy-v1.32.0-arm64"))
    );
    prunes(&station, json!({ "unmanaged": true, "keep": 0 }));
    assert_eq!(names(&category), ["SHA256SUMS"]);
}

#[test]
fn only_the_categories_that_are_named_are_looked_at() {
    let station = station().with("artifact_categories", json!(["consul", "nonesuch"]));
    artifact(&station, "envoy-v1.30.0-arm64", 90);
    spares(&station, json!({ "keep": 0 }));
    // Among the last, builds keep their records and logs.
    for category in ["..", "a/b", ".builds"] {
        check(
            &station,
            json!({ "artifact_categories": [category], "unmanaged": true }),
        )
        .failed(&[
            "artifact_categories",
            &format!("`{category}`"),
            "does not begin with a dot",
        ]);
    }
}

#[test]
fn a_category_that_is_a_link_is_refused_and_the_others_are_pruned() {
    let station = station();
    let old = artifact(&station, "envoy-v1.30.0-arm64", 90);
    let elsewhere = station.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("victim"), "").unwrap();
    age(&elsewhere.join("victim"), 900);
    symlink(&elsewhere, station.base("artifacts/consul")).unwrap();
    let more = json!({ "keep": 0, "unmanaged": true });
    check(&station, more.clone())
        .failed(&["artifacts/consul"])
        .untouched();
    run(&station, more).failed(&["artifacts/consul", "By then it had: "]);
    assert!(!old.exists());
    assert!(elsewhere.join("victim").exists());
}

#[test]
fn what_a_link_leads_to_stays_wherever_the_link_lies() {
    let station = station();
    let old = artifact(&station, "envoy-v1.30.0-arm64", 90);
    let packages = station.base("artifacts/packages");
    fs::create_dir_all(&packages).unwrap();
    for (link, target) in [
        (
            packages.join("tool"),
            PathBuf::from("../envoy/envoy-v1.30.0-arm64"),
        ),
        (
            station.base("artifacts/current"),
            PathBuf::from("envoy/envoy-v1.30.0-arm64"),
        ),
        (packages.join("absolute"), old.clone()),
        (packages.join("all"), PathBuf::from("../envoy")),
    ] {
        symlink(target, &link).unwrap();
        spares(&station, json!({ "keep": 0 }));
        fs::remove_file(link).unwrap();
    }
    prunes(&station, json!({ "keep": 0 }));
    assert!(!old.exists());
}

#[test]
fn where_links_cannot_be_seen_no_artifact_goes_and_the_rest_does() {
    let station = station();
    let old = artifact(&station, "envoy-v1.30.0-arm64", 90);
    let log = station.base("artifacts/.builds/envoy/log");
    fs::create_dir_all(log.parent().unwrap()).unwrap();
    fs::write(&log, "").unwrap();
    age(&log, 90);
    let deep = station.base("artifacts/elsewhere").join("d/".repeat(100));
    fs::create_dir_all(&deep).unwrap();
    let parts = [
        "cannot tell which artifacts links lead to",
        "artifacts/elsewhere",
        "nested deeper",
    ];
    check(&station, json!({ "keep": 0 })).failed(&parts).untouched();
    run(&station, json!({ "keep": 0 })).failed(&parts);
    assert!(old.exists() && !log.exists());
    fs::remove_dir_all(station.base("artifacts/elsewhere")).unwrap();
    prunes(&station, json!({ "keep": 0 }));
}

#[test]
fn a_delivered_file_that_somebody_replaced_is_no_longer_ours_to_remove() {
    let station = station();
    let replaced = artifact(&station, "envoy-v1.30.0-arm64", 90);
    let touched = artifact(&station, "envoy-v1.31.0-arm64", 90);
    let size = usize::try_from(fs::metadata(&replaced).unwrap().len()).unwrap();
    fs::write(&replaced, "x".repeat(size)).unwrap();
    age(&replaced, 90);
    age(&touched, 80);
    let answer = prunes(&station, json!({ "keep": 0 }));
    assert_eq!(answer.get("/artifacts/0/path"), &json!(touched));
    assert!(replaced.exists());
    prunes(&station, json!({ "keep": 0, "unmanaged": true }));
    assert_eq!(names(&station.base("artifacts/envoy")), ["SHA256SUMS"]);
}

#[test]
fn what_finished_builds_left_goes_by_its_age_and_their_record_stays() {
    let station = station();
    let build = station.base("artifacts/.builds/envoy");
    fs::create_dir_all(build.join("staging/envoy")).unwrap();
    for file in ["staging/envoy/half", "log", "log.1", "record.json"] {
        fs::write(build.join(file), "{}").unwrap();
    }
    spares(&station, json!({}));
    for path in ["staging/envoy/half", "staging/envoy", "staging", "log", "log.1"] {
        age(&build.join(path), 31);
    }
    let answer = prunes(&station, json!({}));
    assert_eq!(answer.json["builds"].as_array().unwrap().len(), 3);
    assert_eq!(names(&build), ["record.json"]);
}

#[test]
fn a_build_that_is_under_way_is_left_alone_with_all_that_is_its_own() {
    let station = station();
    let old = artifact(&station, "envoy-v1.30.0-arm64", 90);
    let locks = station.path(LOCKS);
    fs::create_dir_all(&locks).unwrap();
    let lock = locks.join("goldentooth-cross-compile-build-envoy.lock");
    let held = File::create(&lock).unwrap();
    held.lock().unwrap();
    let answer = |more: Value| Answer::new(&private(&station, options(more), "true").output().unwrap());
    answer(json!({ "keep": 0 }))
        .unchanged()
        .warned("the build `envoy` is under way");
    assert!(old.exists());
    drop(held);
    answer(json!({ "keep": 0 })).changed();
    assert!(!old.exists());
}

#[test]
fn a_build_whose_container_runs_is_seen_without_its_lock() {
    let station = Station::converged();
    let artifacts = station.base("artifacts");
    let log = artifacts.join(".builds/consul/log");
    fs::create_dir_all(log.parent().unwrap()).unwrap();
    fs::write(&log, "").unwrap();
    age(&log, 90);
    let label = |name: &str, value: &str| format!("--label=io.goldentooth.cross_compile{name}={value}");
    testbed().docker(&[
        "run",
        "--detach",
        "--name",
        &station.name,
        "--network=none",
        &label("", "0"),
        &label(".build", "consul"),
        &label(".artifacts", &artifacts.to_string_lossy()),
        &label(".fingerprint", "f"),
        &label(".invocation", "i"),
        &format!("{}/base-builder:latest", testbed().get("/registry/prefix")),
        "sleep",
        "60",
    ]);
    let told = station.info(json!({ "gather": "builds" }));
    spares(&station, json!({})).warned("the build `consul` is under way");
    testbed().docker(&["rm", "--force", &station.name]);
    assert_eq!(told.get("/builds/0/state"), &json!("running"), "{:#}", told.json);
    prunes(&station, json!({})).without_warnings();
    assert!(!log.exists());
}

fn pruned(station: &BuildStation, more: Value) -> Answer {
    let mut options = options(json!({ "artifact_retention_days": 0, "images": false }));
    if let (Value::Object(options), Value::Object(more)) = (&mut options, more) {
        options.extend(more);
    }
    Answer::new(&station.command(options).output().unwrap())
}

fn age_all(directory: &Path) {
    let aged = Command::new("find")
        .arg(directory)
        .args([
            "-exec",
            "touch",
            "--no-dereference",
            "--date=40 days ago",
            "{}",
            "+",
        ])
        .status()
        .unwrap();
    assert!(aged.success());
}

#[test]
fn what_a_build_made_that_nobody_waited_for_stays_until_it_is_collected() {
    let mut station = BuildStation::new("echo precious >x").with("wait", false);
    station.run().changed();
    station.engine(&["wait", &station.container()]);
    age_all(&station.own(""));
    symlink(station.path("artifacts"), station.path("alias")).unwrap();
    for more in [json!({}), json!({ "artifacts_dir": station.path("alias") })] {
        let name = &station.name;
        pruned(&station, more)
            .unchanged()
            .warned(&format!("the build `{name}` is under way"))
            .warned("is not collected yet");
    }
    station.set("wait", true);
    station.run().changed();
    assert_eq!(fs::read_to_string(station.artifact("x")).unwrap(), "precious\n");
    age_all(&station.own(""));
    pruned(&station, json!({})).changed().without_warnings();
    assert!(!station.own("log").exists() && station.artifact("x").exists());
}

#[test]
fn what_nobody_can_collect_any_more_goes_by_its_age() {
    let station = BuildStation::new("echo precious >x").with("wait", false);
    station.run().changed();
    station.engine(&["wait", &station.container()]);
    // Without its record, the next run takes it up by its container's labels all the same.
    fs::remove_file(station.own("record.json")).unwrap();
    age_all(&station.own(""));
    pruned(&station, json!({}))
        .unchanged()
        .warned("is not collected yet");
    station.engine(&["rm", &station.container()]);
    pruned(&station, json!({})).changed().without_warnings();
    assert!(!station.own("staging").exists() && !station.own("log").exists());
}

#[test]
fn a_cache_that_cannot_be_looked_at_is_told_and_the_others_are_pruned() {
    let mut station = station();
    // Root that may not look everywhere, as where a file system does not trust it.
    let without = "-dac_override,-dac_read_search";
    station.set_runner(&["setpriv", "--inh-caps", without, "--bounding-set", without]);
    let closed = station.base("build-cache/closed");
    let open = station.base("build-cache/open");
    for service in [&closed, &open] {
        fs::create_dir_all(service).unwrap();
        fs::write(service.join("object"), vec![1; 100_000]).unwrap();
    }
    chown(&closed, Some(1234), Some(1234)).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let more = json!({ "cache_max_gb": 0 });
    check(&station, more.clone())
        .failed(&["build-cache/closed"])
        .untouched();
    run(&station, more).failed(&[
        "build-cache/closed",
        "ermission denied",
        "By then it had: Removed cache",
    ]);
    assert!(closed.join("object").exists() && !open.join("object").exists());
}

#[test]
fn a_cache_beyond_its_limit_loses_what_was_used_least_recently() {
    let station = station();
    let service = station.base("build-cache/envoy-builder");
    let entry = |name: &str, years: u64| {
        let file = service.join(name).join("deep/object");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        File::create(&file).unwrap().set_len(0).unwrap();
        fs::write(&file, vec![1; 600 << 20 >> 4]).unwrap();
        // Ahead of every time that the kernel sets meanwhile.
        let time = SystemTime::now() + Duration::from_secs(years * 365 * 24 * 60 * 60);
        File::open(&file)
            .unwrap()
            .set_times(FileTimes::new().set_accessed(time))
            .unwrap();
    };
    for (name, years) in [("old", 1), ("new", 3), ("middle", 2)] {
        entry(name, years);
    }
    let outside = station.path("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("victim"), "").unwrap();
    symlink(&outside, service.join("old/link")).unwrap();
    symlink(&outside, station.base("build-cache/link")).unwrap();
    fs::write(station.base("build-cache/file"), "").unwrap();

    spares(&station, json!({}));
    spares(&station, json!({ "cache_max_gb": 1 }));
    let answer = prunes(&station, json!({ "cache_max_gb": 0 }));
    let gone: Vec<&str> = answer.json["cache"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["path"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    assert_eq!(gone, ["old", "middle", "new"]);
    assert_eq!(names(&service), [""; 0]);
    assert_eq!(
        names(&station.base("build-cache")),
        ["envoy-builder", "file", "link"]
    );
    assert!(outside.join("victim").exists());
}

#[test]
fn a_cache_that_a_running_container_sees_stays() {
    let station = Station::converged();
    let service = station.base("build-cache/base-builder");
    fs::write(service.join("object"), vec![1; 100_000]).unwrap();
    let image = testbed().get("/registry/prefix").to_owned() + "/base-builder:latest";
    testbed().docker(&[
        "run",
        "--detach",
        "--name",
        &station.name,
        "--network=none",
        "--volume",
        &format!("{}:/tmp/bazel-cache", service.display()),
        &image,
        "sleep",
        "60",
    ]);
    spares(&station, json!({ "cache_max_gb": 0 }));
    testbed().docker(&["rm", "--force", &station.name]);
    prunes(&station, json!({ "cache_max_gb": 0 }));
}

#[test]
fn superseded_images_go_and_none_that_anything_uses() {
    // Images that no other station has: by one of theirs, an image would be somebody else's, too.
    let seed = |number: u32| 1000 + std::process::id() * 10 + number;
    let mut station = Station::new().only(&["images"]);
    station.set_images(&[("base_builder", "pruned")]);
    let image = station.image("pruned:latest");
    let bring = |number: u32| {
        station.push("pruned", seed(number));
        station.run().changed();
        testbed().docker(&["image", "inspect", "--format", "{{.Id}}", &image])
    };
    let first = bring(1);
    spares(&station, json!({}));
    let second = bring(2);
    bring(3);

    // One of the two is used by a container, though it does not run.
    testbed().docker(&["create", "--name", &station.name, &second, "true"]);
    let others = testbed().docker(&["images", "--quiet", "--no-trunc"]);
    spares(&station, json!({ "images": false }));
    let answer = prunes(&station, json!({}));
    assert_eq!(answer.json["images"].as_array().unwrap().len(), 1);
    assert_eq!(
        answer.get("/images/0/id"),
        &json!(first.trim_start_matches("sha256:"))
    );
    let left = testbed().docker(&["images", "--quiet", "--no-trunc"]);
    assert!(
        left.contains(&second) && !left.contains(&first),
        "{others} became {left}"
    );
    testbed().docker(&["rm", &station.name]);
    prunes(&station, json!({}));
    station.settled();
}

/// A station with an image that no other has, since by one of theirs it would be somebody else's, too.
fn station_with_images(images: &[(&str, &str)]) -> Station {
    let mut station = Station::new().only(&["images"]);
    station.set_images(images);
    station
}

/// Returns a number from which no other test makes an image.
fn seed() -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    2000 + std::process::id() * 100 + COUNT.fetch_add(1, Ordering::Relaxed)
}

/// Has what is in a container of `image` as an image of its own, and returns its id.
fn commit(station: &Station, image: &str, more: &[&str]) -> String {
    testbed().docker(&["create", "--name", &station.name, image, "true"]);
    let id = testbed().docker(&[&["commit", "--change=ENV MINE=1", &station.name], more].concat());
    testbed().docker(&["rm", &station.name]);
    id
}

#[test]
fn what_an_image_was_made_from_stays_as_long_as_that_one_does() {
    let station = station_with_images(&[("base_builder", "made-from")]);
    station.push("made-from", seed());
    station.run().changed();
    let step = commit(&station, &station.image("made-from:latest"), &[]);
    let mine = format!("{}-mine:1", station.name);
    commit(&station, &step, &[&mine]);
    station.push("made-from", seed());
    station.run().changed();
    spares(&station, json!({}));
    testbed().docker(&["rmi", &mine]);
    // With the last name went the step in between.
    prunes(&station, json!({}));
    station.settled();
}

#[test]
fn an_image_of_two_repositories_goes_from_both() {
    let station = station_with_images(&[("base_builder", "one"), ("ci_builder", "other")]);
    let bring = || {
        station.push("one", seed());
        let (one, other) = (station.image("one:latest"), station.image("other:latest"));
        testbed().docker(&["pull", "--quiet", &one]);
        testbed().docker(&["tag", &one, &other]);
        testbed().docker(&["push", "--quiet", &other]);
        station.run().succeeded();
        testbed().docker(&[
            "image",
            "inspect",
            "--format",
            "{{.Id}}",
            &station.image("one:latest"),
        ])
    };
    let old = bring();
    bring();
    prunes(&station, json!({}));
    let left = testbed().docker(&["images", "--all", "--quiet", "--no-trunc"]);
    assert!(!left.contains(&old), "{left}");
    station.settled();
}

#[test]
fn an_image_that_was_built_here_stays_though_it_was_pushed() {
    let station = station_with_images(&[("base_builder", "built")]);
    station.push("built", seed());
    station.run().changed();
    let image = station.image("built:latest");
    let built = commit(&station, &image, &[&image]);
    testbed().docker(&["push", "--quiet", &image]);
    station.push("built", seed());
    station.run().changed();
    let digests = testbed().docker(&[
        "image",
        "inspect",
        "--format",
        "{{.RepoTags}} {{.RepoDigests}}",
        &built,
    ]);
    assert!(
        digests.starts_with("[] [") && digests.contains("@sha256:"),
        "{digests}"
    );
    spares(&station, json!({}));
    testbed().docker(&["rmi", &built]);
    prunes(&station, json!({}));
}

#[test]
fn an_image_that_somebody_begins_to_use_meanwhile_stays_with_a_warning() {
    let station = station_with_images(&[("base_builder", "raced")]);
    station.push("raced", seed());
    station.run().changed();
    let old = testbed().docker(&[
        "image",
        "inspect",
        "--format",
        "{{.Id}}",
        &station.image("raced:latest"),
    ]);
    station.push("raced", seed());
    station.run().changed();
    fs::create_dir_all(station.base("artifacts/envoy")).unwrap();
    artifact(&station, "envoy-v1.30.0-arm64", 90);

    // The first file that is removed is so once everything was looked at, and images go last.
    let trace = station.path("trace");
    let output = trace.to_string_lossy();
    let calls = [
        "-e",
        "trace=unlinkat",
        "-e",
        "inject=unlinkat:signal=SIGSTOP:when=1",
    ];
    let words = [&["strace", "-f", "-qq", "-o", &output], &calls[..]].concat();
    let run = Background::start(wrapped(&station, options(json!({ "keep": 0 })), "", &words));
    let stopped = Stopped::told_in(&trace);
    testbed().docker(&["create", "--name", &station.name, &old, "true"]);
    stopped.goes_on();
    let answer = run
        .answer()
        .changed()
        .warned("it stays as long as something uses it");
    assert_eq!(answer.json["images"], json!([]), "{:#}", answer.json);
    assert_eq!(answer.actions().len(), 1);
    testbed().docker(&["rm", &station.name]);
    prunes(&station, json!({}));
}

#[test]
fn an_image_that_was_built_here_stays() {
    let station = Station::converged();
    let image = station.image("base-builder:latest");
    testbed().docker(&["create", "--name", &station.name, &image, "true"]);
    let built = testbed().docker(&["commit", "--message", "mine", &station.name]);
    testbed().docker(&["rm", &station.name]);
    spares(&station, json!({}));
    testbed().docker(&["rmi", &built]);
}

#[test]
fn superseded_images_go_on_podman_too() {
    let podman = Podman::start(true);
    let station = Station::new()
        .with("docker_host", podman.docker_host())
        .only(&["images"]);
    station.run().changed();
    station.push("base-builder", 2);
    station.run().changed();
    let count = || podman.command(&["images", "--quiet", "--all"]).lines().count();
    assert_eq!(count(), 2);
    prunes(&station, json!({}));
    assert_eq!(count(), 1);
    station.settled();
}

#[test]
fn an_engine_that_does_not_answer_is_told_after_everything_else_is_done() {
    let station = station().with("docker_host", "unix:///nonexistent/engine.sock");
    let old = artifact(&station, "envoy-v1.30.0-arm64", 90);
    run(&station, json!({ "keep": 0 }))
        .failed(&["/nonexistent/engine.sock", "By then it had: Removed artifact"]);
    assert!(!old.exists());
    artifact(&station, "envoy-v1.30.0-arm64", 90);
    prunes(&station, json!({ "keep": 0, "images": false }));
}

/// A station that is pruned behind other words.
struct Pruned(Station);

impl Traceable for Pruned {
    fn behind(&self, words: &[&str]) -> Command {
        wrapped(&self.0, options(json!({ "cache_max_gb": 0 })), "", words)
    }
}

impl Pruned {
    /// Puts something of each kind there that is to go, beside what is to stay.
    fn fill(&self) {
        let Self(station) = self;
        let category = station.base("artifacts/envoy");
        fs::remove_dir_all(station.base("")).ok();
        fs::create_dir_all(&category).unwrap();
        for (name, days) in [
            ("envoy-v1.30.0-arm64", 90),
            ("envoy-v1.31.0-arm64", 60),
            ("envoy-v1.32.0-arm64", 1),
        ] {
            artifact(station, name, days);
        }
        symlink("envoy-v1.32.0-arm64", category.join("envoy-arm64")).unwrap();
        let build = station.base("artifacts/.builds/envoy");
        fs::create_dir_all(build.join("staging/envoy")).unwrap();
        for path in ["log", "log.1", "staging/envoy/half", "staging/envoy", "staging"] {
            let path = build.join(path);
            if !path.exists() {
                fs::write(&path, "left").unwrap();
            }
            age(&path, 90);
        }
        let cache = station.base("build-cache/envoy-builder/deep");
        fs::create_dir_all(&cache).unwrap();
        fs::write(cache.join("object"), "cached").unwrap();
    }

    fn assert_recovers(&self, point: &Point) {
        let Self(station) = self;
        let more = json!({ "cache_max_gb": 0 });
        let answer = run(station, more.clone());
        assert_eq!(answer.json.get("failed"), None, "{point:?}: {}", answer.message());
        run(station, more).unchanged();
        let category = station.base("artifacts/envoy");
        assert_eq!(
            names(&category),
            [
                "SHA256SUMS",
                "envoy-arm64",
                "envoy-v1.32.0-arm64",
                "envoy-v1.32.0-arm64.intoto.json"
            ],
            "{point:?}"
        );
        assert_proven(&category);
        assert_eq!(
            names(&station.base("artifacts/.builds/envoy")),
            [""; 0],
            "{point:?}"
        );
        assert_eq!(
            names(&station.base("build-cache/envoy-builder")),
            [""; 0],
            "{point:?}"
        );
        assert_eq!(leftovers(&station.base("")), [""; 0], "{point:?}");
    }
}

fn filled() -> Pruned {
    let pruned = Pruned(Station::new());
    pruned.fill();
    pruned
}

#[test]
fn pruning_that_is_killed_anywhere_is_finished_by_the_next_run() {
    let points = points(&filled(), CALLS);
    assert!(points.len() > 25, "{}", points.len());
    let chosen = spread(&points, 60);
    let killed = AtomicUsize::new(0);
    strace::at_each(&chosen, filled, |pruned, point| {
        pruned.fill();
        let output = with_fault(pruned, point, "signal=SIGKILL");
        if was_killed(&output) {
            killed.fetch_add(1, Ordering::SeqCst);
        } else {
            Answer::new(&output).changed();
        }
        // At no moment the list names what is not there.
        assert_proven(&pruned.0.base("artifacts/envoy"));
        pruned.assert_recovers(point);
    });
    let killed = killed.into_inner();
    println!("killed {killed} of {} at {} points", chosen.len(), points.len());
    assert!(killed * 10 >= chosen.len() * 7, "{killed} of {}", chosen.len());
}

#[test]
fn pruning_on_a_disk_that_fails_anywhere_is_an_error_and_the_next_run_finishes() {
    let points = points(&filled(), DISK_CALLS);
    let chosen = spread(&points, 30);
    let failed = AtomicUsize::new(0);
    strace::at_each(&chosen, filled, |pruned, point| {
        pruned.fill();
        let fault = ["error=ENOSPC", "error=EIO"][point.number % 2];
        let output = with_fault(pruned, point, fault);
        failed.fetch_add(usize::from(told(&output, point).is_some()), Ordering::SeqCst);
        pruned.assert_recovers(point);
    });
    let failed = failed.into_inner();
    println!("failed {failed} of {} at {} points", chosen.len(), points.len());
    assert!(failed * 3 >= chosen.len(), "{failed} of {}", chosen.len());
}

#[test]
fn values_that_mean_nothing_are_refused() {
    let station = station();
    for (option, value) in [
        ("artifact_retention_days", json!(-1)),
        ("keep", json!(-1)),
        ("cache_max_gb", json!(-1)),
        ("artifacts_dir", json!("relative")),
    ] {
        let mut more = json!({});
        more[option] = value;
        run(&station, more).failed(&[option]).untouched();
    }
}
