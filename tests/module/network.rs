//! The external network of the override: there after a run, and nobody else's is touched.

use serde_json::json;

use crate::support::{Station, testbed};

#[test]
fn a_missing_network_is_made() {
    let mut station = Station::new().only(&["network"]);
    let action = format!("Created network `{}`", station.name);
    let answer = station.converges().did(&[&action]);
    assert_eq!(
        answer.get("/network"),
        &json!({ "name": station.name, "changed": true })
    );
    assert_eq!(answer.get("/diff/0/before/state"), &json!("absent"));
    let format = "{{.Driver}} {{.Scope}}";
    assert_eq!(
        testbed().docker(&["network", "inspect", "--format", format, &station.name]),
        "bridge local"
    );
    testbed().docker(&["network", "rm", &station.name]);
    station.converges();

    // The engine finds networks by the beginning of their id, too.
    let id = testbed().docker(&["network", "inspect", "--format", "{{.Id}}", &station.name]);
    station.set("container", json!({ "network_name": &id[..12] }));
    let told = station.check().changed();
    assert_eq!(told.actions(), [format!("Created network `{}`", &id[..12])]);
}

#[test]
fn a_network_that_compose_made_is_taken_as_it_is() {
    let station = Station::new().only(&["network"]);
    testbed().docker(&["network", "create", "--label", "whose=theirs", &station.name]);
    station.settled();
}

#[test]
fn a_network_without_a_name_is_refused() {
    let mut station = Station::new().only(&["network"]);
    station.set("container", json!({ "network_name": "" }));
    station.refuses(&["network_name"]);
}
