//! What the options of a build mean, in tables.

use serde_json::{Value, json};

use super::*;
use crate::arguments::cross_compile_build::SPECIFICATION;
use crate::arguments::{Context, parse};

const MACHINE: Facts = Facts {
    processors: 4,
    memory_kib: 8 << 20,
    uid: 0,
    gid: 0,
};

/// Returns what `options` mean for a build of Envoy.
pub fn desired(options: Value) -> Result<Desired> {
    let mut raw = json!({ "name": "envoy" });
    let (Value::Object(raw), Value::Object(options)) = (&mut raw, options) else {
        panic!("not a dict")
    };
    raw.extend(options);
    let parsed = parse(&SPECIFICATION, raw.clone(), &Context::system()).unwrap();
    let arguments = Arguments::from_parameters(&parsed.parameters).unwrap();
    Desired::new(&arguments, &MACHINE, &Secrets::default())
}

#[test]
fn the_image_is_the_one_of_the_builds_name_or_the_one_that_is_said() {
    for (options, image, cache) in [
        (
            json!({}),
            "ghcr.io/goldentooth/envoy-builder:latest",
            "envoy-builder",
        ),
        (
            json!({ "name": "base" }),
            "ghcr.io/goldentooth/base-builder:latest",
            "base-builder",
        ),
        (
            json!({ "name": "llama.cpp", "containers": { "llama_cpp_builder": "r.io/x:1" } }),
            "r.io/x:1",
            "llama.cpp-builder",
        ),
        (
            json!({ "name": "consul", "image": "go:1" }),
            "ghcr.io/goldentooth/go:1",
            "consul_custom",
        ),
        (
            json!({ "image": "docker.io/library/other:1" }),
            "docker.io/library/other:1",
            "envoy_custom",
        ),
        (
            json!({ "image": "envoy-builder" }),
            "ghcr.io/goldentooth/envoy-builder:latest",
            "envoy-builder",
        ),
        (
            json!({ "name": "packages", "image": "base-builder:latest" }),
            "ghcr.io/goldentooth/base-builder:latest",
            "base-builder",
        ),
    ] {
        let desired = desired(options.clone()).unwrap();
        assert_eq!(desired.image().to_string(), image, "{options}");
        assert_eq!(
            desired.cache,
            Path::new("/opt/goldentooth/build-cache").join(cache),
            "{options}"
        );
    }
}

#[test]
fn what_can_never_work_is_refused_by_option() {
    for (options, part) in [
        (json!({ "name": "vault" }), "`containers` has no `vault_builder`"),
        (json!({ "name": "../x" }), "`name` cannot be"),
        (json!({ "image": "A B" }), "`image`: malformed"),
        (json!({ "artifacts_target": "relative" }), "`artifacts_target`"),
        (json!({ "artifacts_target": "/proc/x" }), "`artifacts_target`"),
        (json!({ "artifacts_target": "/usr/" }), "`artifacts_target`"),
        (json!({ "cache_target": "/etc/x" }), "`cache_target`"),
        (json!({ "cache_target": "/artifacts/cache" }), "overlap"),
        (json!({ "memory": 1000 }), "`memory` must be"),
        (json!({ "cpus": 0 }), "`cpus` must be"),
        (json!({ "cpus": -1 }), "`cpus` must be"),
        (json!({ "cpus": 4.5 }), "no more than this machine's 4"),
        (json!({ "pids_limit": 0 }), "`pids_limit` must be"),
        (json!({ "network": "host" }), "`network` cannot be"),
        (json!({ "network": "container:x" }), "`network` cannot be"),
        (
            json!({ "network": "slirp4netns:allow_host_loopback=true" }),
            "`network` cannot be",
        ),
        (json!({ "network": " " }), "`network` must not be empty"),
        (json!({ "user": "a b" }), "is no user"),
        (json!({ "build_timeout": 0 }), "`build_timeout` must be"),
        (
            json!({ "expect": ["../x"] }),
            "`expect`: `../x` is no valid pattern",
        ),
        (json!({ "command": [] }), "`command` has no words"),
        (json!({ "environment": { "A": {} } }), "`environment.A`"),
        (json!({ "envoy_build": { "parallel_jobs": 0 } }), "parallel_jobs"),
    ] {
        let error = desired(options.clone()).unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid, "{options}");
        assert!(error.to_string().contains(part), "{options}: {error}");
    }
}

#[test]
fn only_what_changes_the_outcome_changes_the_fingerprint() {
    let fingerprint = |options: Value| desired(options).unwrap().inputs("sha256:1").fingerprint();
    let plain = fingerprint(json!({}));
    for same in [
        json!({ "memory": "1GB", "cpus": 1, "pids_limit": 7 }),
        json!({ "envoy_build": { "parallel_jobs": 3 } }),
        json!({ "environment": { "PARALLEL_JOBS": 3 } }),
        json!({ "wait": false, "force": true, "build_timeout": 7, "expect": ["x"] }),
        json!({ "base_dir": "/srv", "network": "none" }),
    ] {
        assert_eq!(fingerprint(same.clone()), plain, "{same}");
    }
    for other in [
        json!({ "envoy_build": { "version": "v2" } }),
        json!({ "envoy_build": { "create_deb_package": false } }),
        json!({ "environment": { "A": "1" } }),
        json!({ "command": "make" }),
        json!({ "user": "1000" }),
        json!({ "platform": "linux/amd64" }),
    ] {
        assert_ne!(fingerprint(other.clone()), plain, "{other}");
    }
    let other_image = desired(json!({})).unwrap().inputs("sha256:2").fingerprint();
    assert_ne!(other_image, plain);
}

#[test]
fn what_is_expected_can_be_said_and_can_be_nothing() {
    assert_eq!(desired(json!({})).unwrap().expect.len(), 5);
    let none: [&str; 0] = [];
    assert_eq!(desired(json!({ "expect": [] })).unwrap().expect, none);
    assert_eq!(desired(json!({ "expect": ["a*"] })).unwrap().expect, ["a*"]);
    let directories = |options| desired(options).unwrap().directories().len();
    assert_eq!(directories(json!({})), 2);
    assert_eq!(directories(json!({ "expect": [] })), 1);
}

#[test]
fn names_that_have_one_image_have_caches_of_their_own() {
    let caches = ["my-tool", "my_tool", "my.tool"].map(|name| {
        let options = json!({ "name": name, "containers": { "my_tool_builder": "x:1" } });
        desired(options).unwrap().cache
    });
    let expected = ["my-tool-builder", "my_tool-builder", "my.tool-builder"];
    assert_eq!(
        caches,
        expected.map(|name| Path::new("/opt/goldentooth/build-cache").join(name))
    );
}
