//! Engines that are not as they should be while they are used.

use serde_json::json;

use crate::support::{Station, testbed};

#[test]
fn a_failure_in_one_lets_the_others_finish_and_tells_both() {
    let mut station = Station::new();
    // There is no such platform in the image: the registry answers, the pull fails.
    testbed().push(&[
        "push-index",
        "--name",
        &format!("{}/other", station.name),
        "--platform",
        "linux/s390x",
    ]);
    station.set_images(&[("base_builder", "base-builder"), ("other", "other")]);
    let answer = station.run().failed(&["other:latest", "By then it had: "]);
    assert_eq!(answer.json["changed"], json!(true));
    let actions = answer.actions().join("\n");
    for part in [
        "Created directory",
        "Cloned the toolkit",
        "Created network",
        "base-builder:latest",
    ] {
        assert!(actions.contains(part), "{part}: {actions}");
    }
    assert!(!actions.contains("other:latest"), "{actions}");

    station.set_images(&[("base_builder", "base-builder")]);
    station.run();
    station.settled();
}
