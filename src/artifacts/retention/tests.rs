//! What goes and what stays, as tables: days of age, then what the artifact is.

use super::*;
use crate::artifacts::inventory::{Companion, Origin, Verification};
use crate::artifacts::naming::without_version;
use crate::artifacts::{Digest, Kind};

const DAY: i64 = 24 * 60 * 60;
const NOW: i64 = 1000 * DAY;

fn artifact(path: &str, days: i64) -> Artifact {
    Artifact {
        path: path.into(),
        name: without_version(Path::new(path)),
        size: 100,
        modified: Moment {
            seconds: NOW - days * DAY,
            nanoseconds: 0,
        },
        kind: Kind::File,
        architecture: None,
        sha256: None,
        fingerprint: Some(Digest::of(b"inputs")),
        origin: Origin::Recorded,
        recorded: None,
        verification: Verification::AsRecorded,
        companions: Vec::new(),
        links: Vec::new(),
    }
}

fn companion(path: &str) -> Companion {
    Companion {
        path: path.into(),
        size: 10,
    }
}

fn unmanaged(path: &str, days: i64) -> Artifact {
    Artifact {
        fingerprint: None,
        origin: Origin::Foreign,
        ..artifact(path, days)
    }
}

fn inventory(artifacts: Vec<Artifact>) -> Inventory {
    Inventory {
        artifacts,
        ..Inventory::default()
    }
}

fn rule(days: u64, keep: usize, unmanaged: bool) -> Rule {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs());
    Rule::new(now, days, keep, unmanaged)
}

#[track_caller]
fn assert_goes(artifacts: Vec<Artifact>, rule: Rule, going: &[&str]) {
    assert_goes_beside(&[], artifacts, rule, going);
}

/// As `assert_goes`, where links lead to `targets`.
#[track_caller]
fn assert_goes_beside(targets: &[&str], artifacts: Vec<Artifact>, rule: Rule, going: &[&str]) {
    let targets = targets.iter().map(PathBuf::from).collect();
    let selected = select(&inventory(artifacts), &rule, &targets);
    let paths: Vec<&str> = selected
        .iter()
        .map(|removal| removal.artifact.to_str().unwrap())
        .collect();
    assert_eq!(paths, going);
}

fn releases() -> Vec<Artifact> {
    vec![
        artifact("envoy-v1.30.0-arm64", 90),
        artifact("envoy-v1.31.0-arm64", 60),
        artifact("envoy-v1.32.0-arm64", 40),
    ]
}

#[test]
fn a_statement_that_outlived_its_artifact_goes_by_its_age_alone() {
    let bereft = "envoy-v1.30.0-arm64.intoto.json";
    let listed = inventory(vec![artifact(bereft, 90), artifact("envoy-v1.32.0-arm64", 90)]);
    let gone = |rule: Rule| -> Vec<PathBuf> {
        select(&listed, &rule, &BTreeSet::new())
            .into_iter()
            .map(|removal| removal.artifact)
            .collect()
    };
    assert_eq!(gone(rule(30, 1, false)), [PathBuf::from(bereft)]);
    assert!(gone(rule(100, 1, false)).is_empty());
}

#[test]
fn nothing_younger_than_the_retention_goes() {
    assert_goes(releases(), rule(91, 0, true), &[]);
    assert_goes(releases(), rule(90, 0, true), &[]);
    assert_goes(releases(), rule(89, 0, true), &["envoy-v1.30.0-arm64"]);
    assert_goes(releases(), rule(u64::MAX, 0, true), &[]);
}

#[test]
fn the_newest_of_a_name_stay_however_old() {
    let all = [
        "envoy-v1.30.0-arm64",
        "envoy-v1.31.0-arm64",
        "envoy-v1.32.0-arm64",
    ];
    for keep in 0..4 {
        let going = &all[..all.len().saturating_sub(keep)];
        assert_goes(releases(), rule(30, keep, false), going);
    }
}

#[test]
fn names_are_told_apart_and_so_are_directories() {
    assert_goes(
        vec![
            artifact("envoy-arm64_1.30.0_arm64.deb", 90),
            artifact("envoy-arm64_1.31.0_arm64.deb", 80),
            artifact("envoy-v1.30.0-arm64", 90),
            artifact("nightly/envoy-v1.30.0-arm64", 90),
        ],
        rule(30, 1, false),
        &["envoy-arm64_1.30.0_arm64.deb"],
    );
}

#[test]
fn the_newest_is_so_by_its_age_and_not_by_its_version() {
    assert_goes(
        vec![artifact("a-1.0", 40), artifact("a-2.0", 50)],
        rule(30, 1, false),
        &["a-2.0"],
    );
}

#[test]
fn what_was_replaced_counts_as_of_where_it_lay() {
    assert_goes(
        vec![
            artifact("envoy-arm64", 40),
            artifact("previous/1/envoy-arm64", 80),
            artifact("previous/2/envoy-arm64", 60),
            artifact("previous/2/sub/envoy-arm64", 60),
        ],
        rule(30, 2, false),
        &["previous/1/envoy-arm64"],
    );
}

#[test]
fn of_two_that_are_as_old_the_one_that_was_not_replaced_is_the_newer() {
    assert_goes(
        vec![artifact("a", 40), artifact("previous/1/a", 40)],
        rule(30, 1, false),
        &["previous/1/a"],
    );
}

#[test]
fn what_a_link_leads_to_stays() {
    let all = || {
        let mut first = artifact("sub/a-1.0", 90);
        first.companions = vec![companion("sub/a-1.0.sha256")];
        vec![first, artifact("sub/a-2.0", 80), artifact("sub/a-3.0", 70)]
    };
    let rest = ["sub/a-2.0"];
    for (target, going) in [
        ("sub/a-1.0", &rest[..]),
        ("sub/a-1.0.sha256", &rest[..]),
        ("sub/a-1", &["sub/a-1.0", "sub/a-2.0"][..]),
        ("sub", &[][..]),
        ("", &[][..]),
    ] {
        assert_goes_beside(&[target], all(), rule(30, 1, true), going);
    }
}

#[test]
fn what_somebody_replaced_or_nobody_looked_into_goes_only_when_asked_for() {
    for origin in [Origin::Foreign, Origin::Unsure] {
        let replaced = || Artifact {
            origin,
            ..artifact("a-1.0", 90)
        };
        assert_goes(vec![replaced()], rule(30, 0, false), &[]);
        assert_goes(vec![replaced()], rule(30, 0, true), &["a-1.0"]);
    }
}

#[test]
fn what_no_build_recorded_goes_only_when_asked_for() {
    let mixed = || {
        vec![
            unmanaged("a-1.0", 90),
            artifact("a-2.0", 80),
            unmanaged("a-3.0", 70),
        ]
    };
    assert_goes(mixed(), rule(30, 0, false), &["a-2.0"]);
    assert_goes(mixed(), rule(30, 1, false), &["a-2.0"]);
    assert_goes(mixed(), rule(30, 1, true), &["a-1.0", "a-2.0"]);
}

#[test]
fn a_file_with_a_time_of_long_ago_is_as_old_as_its_record() {
    let mut fresh = artifact("a-1.0", 999);
    fresh.recorded = Some(Moment {
        seconds: NOW - DAY,
        nanoseconds: 0,
    });
    assert_goes(vec![fresh, artifact("a-2.0", 50)], rule(30, 1, false), &["a-2.0"]);
}

#[test]
fn companions_go_with_their_artifact_and_their_bytes_are_counted() {
    let mut old = artifact("a-1.0", 90);
    old.companions = vec![companion("a-1.0.sha256"), companion("a-1.0.intoto.json")];
    let selected = select(
        &inventory(vec![old, artifact("a-2.0", 1)]),
        &rule(30, 1, false),
        &BTreeSet::new(),
    );
    assert_eq!(
        selected,
        [Removal {
            artifact: "a-1.0".into(),
            companions: vec!["a-1.0.sha256".into(), "a-1.0.intoto.json".into()],
            bytes: 120,
        }]
    );
}

#[test]
fn what_describes_a_directory_goes_with_the_last_artifact_in_it() {
    let described = |artifacts| Inventory {
        descriptions: vec![companion("build-info.txt"), companion("sub/build-info.txt")],
        ..inventory(artifacts)
    };
    let going_beside = |targets: &[&str], inventory: &Inventory| -> Vec<PathBuf> {
        let targets = targets.iter().map(PathBuf::from).collect();
        let selected = select(inventory, &rule(30, 0, false), &targets);
        selected
            .into_iter()
            .flat_map(|removal| removal.companions)
            .collect()
    };
    let going = |inventory: &Inventory| going_beside(&[], inventory);
    let both = || vec![artifact("a-1.0", 90), artifact("a-2.0", 90)];
    assert_eq!(going(&described(both())), [Path::new("build-info.txt")]);
    let mut one_stays = both();
    one_stays[1] = artifact("a-2.0", 1);
    assert_eq!(going(&described(one_stays)), [] as [PathBuf; 0]);
    assert_eq!(
        going_beside(&["build-info.txt"], &described(both())),
        [] as [PathBuf; 0]
    );
}
