//! Images: pulled when they are missing or the registry has something else, and not otherwise.

use serde_json::json;

use crate::support::{Station, testbed};

#[test]
fn a_missing_image_is_pulled() {
    let station = Station::converged();
    testbed().docker(&["rmi", "--force", &station.image("base-builder:latest")]);
    let answer = station.converges();
    let action = format!("Pulled image `{}`", station.image("base-builder:latest"));
    assert_eq!(answer.actions(), [action]);
    assert!(answer.get("/images/0/id").is_string());
}

#[test]
fn a_moved_tag_is_followed() {
    let station = Station::converged();
    let digest = station.push("base-builder", 2);
    let answer = station.converges();
    assert_eq!(answer.get("/images/0/digest"), &json!(digest));
    assert_eq!(answer.get("/diff/0/after/digest"), &json!(digest));
}
