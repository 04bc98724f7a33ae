//! Directories: there, and owned by whom they have to be.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use crate::support::Station;

#[test]
fn everything_is_there_after_one_run() {
    let station = Station::new();
    let answer = station.converges();
    assert_eq!(
        answer.get("/toolkit/after"),
        &serde_json::json!(station.repository.head())
    );
    for (path, uid) in [
        ("artifacts", 0),
        ("artifacts/envoy", 1000),
        ("build-cache/base-builder", 1000),
    ] {
        let metadata = std::fs::metadata(station.base(path)).unwrap();
        assert_eq!(
            (metadata.uid(), metadata.permissions().mode() & 0o7777),
            (uid, 0o755),
            "{path}"
        );
    }
}
