//! When a build runs: for what goes in, and for what has become of what came out.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;

use crate::support::BuildStation;
use crate::support::background::until;
use crate::support::build_station::read;

#[test]
fn envoy_is_built_for_arm64_by_a_real_compiler_and_runs() {
    let station = BuildStation::envoy()
        .with(
            "environment",
            json!({ "CREATE_DEB": true, "ENVOY_VERSION": "v1.32.0" }),
        )
        .with("memory", "1GB")
        .with(
            "expect",
            json!([
                "envoy-*-arm64",
                "envoy-arm64",
                "envoy-*-arm64.sha256",
                "build-info.txt",
                "*.deb"
            ]),
        );
    let answer = station.converges();
    station.verifies();
    let artifacts = answer.get("/artifacts").as_array().unwrap();
    let kinds: Vec<_> = artifacts
        .iter()
        .map(|artifact| {
            (
                artifact["kind"].as_str().unwrap(),
                artifact["architecture"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        kinds,
        [
            ("file", None),
            ("debian_package", Some("arm64")),
            ("executable", Some("arm64")),
            ("file", None),
            ("link", None),
        ]
    );
    let output = std::process::Command::new("qemu-aarch64-static")
        .arg(station.artifact("envoy-arm64"))
        .arg("--version")
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "envoy  version: v1.32.0/release/disabled\n"
    );
    // What one build cached, the next finds.
    assert!(!read(&station.own("log")).contains("found in the cache"));
    let again = station.with("force", true);
    again.run().changed();
    assert!(read(&again.own("log")).contains("found in the cache"));
}

#[test]
fn every_input_runs_the_build_again_and_is_named() {
    let mut station = BuildStation::new("echo $FLAG >x");
    station.set("environment", json!({ "FLAG": "one" }));
    let first = station.converges();
    assert!(
        first
            .actions()
            .last()
            .unwrap()
            .ends_with(": it was not built before")
    );
    for (option, value, reason) in [
        (
            "environment",
            json!({ "FLAG": "two" }),
            "`environment.FLAG` changed",
        ),
        (
            "environment",
            json!({ "FLAG": "two", "MORE": 1 }),
            "`environment.MORE` is new",
        ),
        (
            "environment",
            json!({ "FLAG": "two" }),
            "`environment.MORE` is gone",
        ),
        (
            "command",
            json!("sh -c 'touch $OUTPUT_DIR/x'"),
            "`command` changed from",
        ),
        ("user", json!("1000"), "`user` is new"),
    ] {
        station.set(option, value);
        let answer = station.converges();
        assert!(
            answer.actions().last().unwrap().contains(reason),
            "{:?}",
            answer.actions()
        );
    }
    for (option, value) in [
        ("memory", json!("300MB")),
        ("cpus", json!(0.5)),
        ("pids_limit", json!(99)),
    ] {
        station.set(option, value);
        station.run().unchanged();
    }
    station.set("expect", json!(["y"]));
    station.check().changed().did(&[&format!(
        "Built `{}` in `{}`: `y` is expected and not there",
        station.name,
        first.get("/image/name").as_str().unwrap()
    )]);
}

#[test]
fn a_newer_image_is_pulled_and_built_with() {
    let testbed = crate::support::testbed();
    let mut station = BuildStation::new("touch x").with("pull", "newer");
    station.converges();
    // The same tag, another image: made here, pushed there.
    let prefix = testbed.get("/registry/prefix");
    let tag = format!("{prefix}/{}:latest", station.name);
    let config = testbed.get("/registry/docker_config");
    let push = |change: &str| {
        let base = format!("{prefix}/base-builder:latest");
        let container = testbed.docker(&["create", "--network", "none", &base]);
        testbed.docker(&["commit", "--change", change, &container, &tag]);
        testbed.docker(&["--config", config, "push", "--quiet", &tag]);
        testbed.docker(&["rm", &container]);
        testbed.docker(&["rmi", "--force", &tag]);
    };
    push("ENV BUILD=1");
    station.set("image", tag.as_str());
    let first = station.converges();
    assert_eq!(first.actions()[0], format!("Pulled image `{tag}`"));
    push("ENV BUILD=2");
    let second = station.converges();
    assert_eq!(second.actions()[0], format!("Pulled image `{tag}`"));
    assert!(
        second.actions()[1].ends_with(": `image` changed"),
        "{:?}",
        second.actions()
    );
    assert_ne!(first.get("/image/digest"), second.get("/image/digest"));
    // The tag moves while it is built: what was begun is finished as what it is, and the next one is newer.
    station.set("wait", false);
    station.set("force", true);
    station.run().changed();
    station.set("force", false);
    push("ENV BUILD=3");
    let moved = "was begun in another image than";
    until("the build has ended", || {
        station.inspect().pointer("/State/Running") == Some(&json!(false))
    });
    let told = station.check().changed().warned(moved);
    let collected = station.run().changed().warned(moved);
    for pointer in ["/fingerprint", "/image/digest"] {
        assert_eq!(collected.get(pointer), second.get(pointer), "{pointer}");
        assert_eq!(told.get(pointer), second.get(pointer), "{pointer}");
    }
    station.set("wait", true);
    let third = station.converges();
    assert!(
        third.actions()[1].ends_with(": `image` changed"),
        "{:?}",
        third.actions()
    );
    assert_ne!(third.get("/image/digest"), second.get("/image/digest"));
    testbed.docker(&["rmi", "--force", &tag]);
}

#[test]
fn what_was_tampered_with_is_noticed_and_built_again() {
    let station = BuildStation::new("echo content >x; echo more >y; ln -sf x link; touch build-info.txt");
    station.converges();
    let flip = |path: &str| {
        let path = station.artifact(path);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
    };
    let cases: [(&str, &dyn Fn()); 7] = [
        ("`x` changed", &|| flip("x")),
        ("SHA256SUMS", &|| flip("SHA256SUMS")),
        ("`x.intoto.json` changed", &|| flip("x.intoto.json")),
        ("`y` is missing", &|| {
            fs::remove_file(station.artifact("y")).unwrap();
        }),
        ("`SHA256SUMS` is missing", &|| {
            fs::remove_file(station.artifact("SHA256SUMS")).unwrap();
        }),
        ("`link` is not the link that it was", &|| {
            fs::remove_file(station.artifact("link")).unwrap();
            symlink("y", station.artifact("link")).unwrap();
        }),
        ("`y` is not a file any more", &|| {
            fs::remove_file(station.artifact("y")).unwrap();
            symlink("/etc/passwd", station.artifact("y")).unwrap();
        }),
    ];
    for (reason, tamper) in cases {
        tamper();
        let answer = station.converges();
        let action = answer.actions()[0].to_owned();
        assert!(action.contains(reason), "{reason}: {action}");
        station.verifies();
        assert_eq!(read(&station.artifact("x")), "content\n");
    }
}

#[test]
fn no_changed_byte_of_the_record_goes_unnoticed() {
    let station = BuildStation::new("echo content >x; ln -sf x link");
    station.converges();
    let record = fs::read(station.own("record.json")).unwrap();
    let reason = "`record.json` is not as it was written";
    // Every bit is tried beside the code that reads them; here, that the answer follows.
    for position in (0..record.len()).step_by(29).chain([record.len() - 1]) {
        let mut changed = record.clone();
        changed[position] ^= 1;
        fs::write(station.own("record.json"), changed).unwrap();
        let answer = station.check().changed();
        assert!(
            answer.actions()[0].ends_with(reason),
            "{position}: {:?}",
            answer.actions()
        );
    }
    // One that would hide what somebody did to an artifact.
    fs::write(station.own("record.json"), &record).unwrap();
    let text = String::from_utf8(record).unwrap();
    let fingerprint = station.record()["delivery"]["fingerprint"].clone();
    let fingerprint = fingerprint.as_str().unwrap();
    let hiding = text.replace(fingerprint, &fingerprint.replace(&fingerprint[63..], "g"));
    fs::write(station.own("record.json"), hiding).unwrap();
    fs::write(station.artifact("x"), "mine").unwrap();
    let answer = station.converges();
    assert!(answer.actions()[0].ends_with(reason), "{:?}", answer.actions());
    assert_eq!(read(&station.artifact("x")), "content\n");
    station.verifies();
}

#[test]
fn what_was_built_by_hand_into_the_same_place_is_accepted() {
    let station = BuildStation::new("echo module >x");
    station.converges();
    let status = std::process::Command::new("sh")
        .arg("-c")
        .arg("rm x; echo hand >x; echo more >unlisted; chown -R 1000:1000 .")
        .current_dir(station.artifact(""))
        .status()
        .unwrap();
    assert!(status.success());
    station.converges();
    station.verifies();
    assert_eq!(read(&station.artifact("x")), "module\n");
    assert_eq!(read(&station.artifact("unlisted")), "more\n");
}

#[test]
fn a_forced_build_runs_every_time() {
    let station = BuildStation::new("touch x").with("force", true);
    station.run().changed();
    let answer = station.run().changed();
    assert!(answer.actions()[0].ends_with(": it was forced"));
}
