//! As whom builds run: the image says, nobody guesses, and root only when the option says so.

use serde_json::json;

use crate::support::{BuildStation, testbed};

/// Returns an image that is like the testbed's small one, with another configuration.
fn image(station: &BuildStation<'_>, change: &str) -> String {
    let testbed = testbed();
    // It is there once some build has pulled it.
    station.run().succeeded();
    let base = format!("{}/base-builder:latest", testbed.get("/registry/prefix"));
    let tag = format!("{}/made-here:{}", testbed.get("/registry/prefix"), station.name);
    let container = testbed.docker(&["create", "--network", "none", &base]);
    testbed.docker(&["commit", "--change", change, &container, &tag]);
    testbed.docker(&["rm", &container]);
    tag
}

fn forget(image: &str) {
    testbed().docker(&["rmi", "--force", image]);
}

#[test]
fn an_image_that_runs_as_root_is_refused_unless_the_option_says_so() {
    let mut station = BuildStation::new("id -u >who").with("force", true);
    let image = image(&station, "USER root");
    station.set("image", image.as_str());
    station.set("pull", "never");
    station
        .run()
        .failed(&["runs as root", "`user`", "builder_uid: 0"])
        .untouched();
    assert_eq!(station.inspect(), serde_json::Value::Null);
    station.set("user", "1000:1000");
    station.run().changed();
    assert_eq!(
        crate::support::build_station::read(&station.artifact("who")),
        "1000\n"
    );
    for (option, value) in [
        ("user", json!("root")),
        ("builder_uid", json!(0)),
        ("builder_gid", json!(0)),
    ] {
        station.set(option, value);
    }
    station.run().changed();
    assert_eq!(
        crate::support::build_station::read(&station.artifact("who")),
        "0\n"
    );
    forget(&image);
}

#[test]
fn a_user_that_cannot_write_is_refused_with_both_numbers() {
    let mut station = BuildStation::new("touch x").with("force", true);
    let image = image(&station, "USER 1234");
    station.set("image", image.as_str());
    station.set("pull", "never");
    station
        .run()
        .failed(&["user id 1234", "`builder_uid` 1000", "`builder_uid: 1234`"]);
    station.set("builder_uid", 1234);
    station.set("builder_gid", 1234);
    station.run().changed();
    forget(&image);
    station.set("image", "base-builder:latest");
    station.set("user", "builder");
    station.run().failed(&["user id 1000", "`builder_uid` 1234"]);
}

#[test]
fn a_user_whom_the_image_does_not_know_is_refused_by_name() {
    let mut station = BuildStation::new("touch x").with("user", "nobody-here");
    station
        .run()
        .failed(&["`nobody-here`, whom its `/etc/passwd` does not know"]);
    station.set("user", "a b");
    station.run().failed(&["`a b` is no user"]).untouched();
}
