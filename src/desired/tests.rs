//! What arguments come to, in tables.

use serde_json::{Value, json};

use super::*;
use crate::arguments::cross_compile::SPECIFICATION;
use crate::arguments::{Context, parse};

const FACTS: Facts = Facts {
    processors: 4,
    memory_kib: 16 * 1024 * 1024,
    uid: 0,
    gid: 0,
};

fn try_desired(raw: Value) -> Result<Desired> {
    let Value::Object(raw) = raw else {
        panic!("not a dict")
    };
    let parsed = parse(&SPECIFICATION, raw, &Context::system()).unwrap();
    let arguments = Arguments::from_parameters(&parsed.parameters).unwrap();
    Desired::new(&arguments, &FACTS, &Secrets::default())
}

fn desired(raw: Value) -> Desired {
    try_desired(raw).unwrap()
}

#[test]
fn the_defaults_are_the_standard_environment() {
    let desired = desired(json!({}));
    let paths: Vec<String> = desired
        .directories
        .iter()
        .map(|directory| directory.path.display().to_string())
        .collect();
    assert_eq!(
        paths,
        [
            "/opt/goldentooth",
            "/opt/goldentooth/artifacts",
            "/opt/goldentooth/artifacts/envoy",
            "/opt/goldentooth/artifacts/consul",
            "/opt/goldentooth/artifacts/vault",
            "/opt/goldentooth/artifacts/packages",
            "/opt/goldentooth/artifacts/containers",
            "/opt/goldentooth/build-cache",
            "/opt/goldentooth/build-cache/base-builder",
            "/opt/goldentooth/build-cache/envoy-builder",
            "/opt/goldentooth/build-cache/dev-environment",
            "/opt/goldentooth/workspace",
        ]
    );
    let toolkit = "/opt/goldentooth/workspace/cross-compile-toolkit";
    assert_eq!(desired.toolkit.dest, Path::new(toolkit));
    assert_eq!(
        desired.compose_override.path,
        Path::new(toolkit).join("docker-compose.override.yml")
    );
    assert_eq!(desired.images.pull, images::Pull::Newer);
    assert_eq!(desired.images.references.len(), 3);
    assert_eq!(desired.resources, Resource::ALL);
}

#[test]
fn the_builders_user_owns_what_it_writes_and_nothing_else() {
    let desired = desired(json!({ "builder_uid": 7, "owner": "0", "mode": "0750" }));
    for directory in &desired.directories {
        let depth = directory.path.components().count();
        let builders = depth == 5;
        assert_eq!(directory.uid, Some(if builders { 7 } else { 0 }), "{directory:?}");
        assert_eq!(directory.mode.is_some(), !builders);
    }
}

#[test]
fn every_further_container_gets_a_cache_unless_it_is_dropped() {
    let desired = desired(json!({ "containers": {
        "llama_builder": "x/llama:1", "dropped": "", "base_builder": ""
    } }));
    let caches: Vec<_> = desired
        .directories
        .iter()
        .filter_map(|directory| directory.path.strip_prefix("/opt/goldentooth/build-cache").ok())
        .map(|path| path.display().to_string())
        .collect();
    assert_eq!(
        caches,
        [
            "",
            "base-builder",
            "envoy-builder",
            "dev-environment",
            "llama-builder"
        ]
    );
    let images: Vec<_> = desired
        .images
        .references
        .iter()
        .map(ToString::to_string)
        .collect();
    let prefix = "ghcr.io/goldentooth";
    assert_eq!(
        images,
        ["ci-builder:latest", "envoy-builder:latest", "x/llama:1"].map(|image| format!("{prefix}/{image}"))
    );
}

#[test]
fn the_built_in_override_makes_the_services_use_what_is_pulled() {
    let content = desired(json!({})).compose_override.content;
    for (service, image) in [
        ("base-builder", "base-builder"),
        ("dev-environment", "base-builder"),
        ("envoy-builder", "envoy-builder"),
        ("ci-builder", "ci-builder"),
    ] {
        let expected = format!("  {service}:\n    image: 'ghcr.io/goldentooth/{image}:latest'\n");
        assert!(content.contains(&expected), "{content}");
    }
    assert!(content.contains("memory: 12288M"), "{content}");
    assert!(content.contains("PARALLEL_JOBS: '4'"), "{content}");
}

#[test]
fn override_variables_are_laid_over_what_is_there() {
    let desired = desired(json!({
        "override_template": "services: {a: {image: '{{ cross_compile.mine }}-{{ cross_compile.registry }}-{{ other }}'}}",
        "override_variables": { "cross_compile": { "mine": 1 }, "other": "x" },
    }));
    assert_eq!(
        desired.compose_override.content,
        "services: {a: {image: '1-ghcr.io/goldentooth-x'}}"
    );
}

#[test]
fn names_of_networks_are_those_that_both_engines_take() {
    for (name, is_taken) in [
        ("goldentooth-builds", true),
        ("A.b_c-1", true),
        ("7", true),
        ("bridges", true),
        ("", false),
        ("a b", false),
        ("../x", false),
        ("-a", false),
        ("_a", false),
        ("é", false),
        ("container:x", false),
        ("bridge", false),
        ("host", false),
        ("none", false),
        ("default", false),
        ("container", false),
    ] {
        let raw = json!({ "container": { "network_name": name } });
        match try_desired(raw) {
            Ok(desired) => assert!(is_taken && desired.network == name, "{name}"),
            Err(error) => {
                assert!(!is_taken, "{error}");
                assert!(error.cause().contains("`container.network_name`"), "{error}");
                assert!(error.remedy().is_some(), "{error}");
            }
        }
    }
}

#[test]
fn no_directory_is_made_where_the_toolkit_is_cloned_to() {
    for (raw, named) in [
        (
            json!({ "toolkit_dest": "/t", "artifacts_dir": "/t/artifacts" }),
            Some("`artifacts_dir`, `/t/artifacts`"),
        ),
        (
            json!({ "toolkit_dest": "/t", "artifacts_dir": "/t" }),
            Some("`artifacts_dir`, `/t`"),
        ),
        (
            json!({ "toolkit_dest": "/t", "cache_dir": "/t/a/b" }),
            Some("`cache_dir`, `/t/a/b`"),
        ),
        (
            json!({ "toolkit_dest": "/t", "workspace_dir": "/t/w" }),
            Some("`workspace_dir`, `/t/w`"),
        ),
        (
            json!({ "toolkit_dest": "/opt", "workspace_dir": "/w" }),
            Some("`base_dir`, `/opt/goldentooth`"),
        ),
        (
            json!({ "toolkit_dest": "/opt/goldentooth" }),
            Some("`workspace_dir`, `/opt/goldentooth/workspace`"),
        ),
        (json!({ "toolkit_dest": "/t", "workspace_dir": "/t" }), None),
        (json!({ "toolkit_dest": "/t", "artifacts_dir": "/t2" }), None),
    ] {
        let result = try_desired(raw.clone());
        match named {
            None => assert!(result.is_ok(), "{raw}"),
            Some(named) => {
                let error = result.unwrap_err();
                for part in [named, "must not lie in `toolkit_dest`"] {
                    assert!(error.cause().contains(part), "{raw}: {error}");
                }
            }
        }
    }
}

#[test]
fn a_version_is_the_same_to_git_and_to_the_template() {
    let desired = desired(json!({
        "toolkit_version": " v1 ",
        "override_template": "services: {a: {image: 'x:{{ cross_compile.toolkit_version }}'}}",
    }));
    assert_eq!(desired.toolkit.source.version, "v1");
    assert_eq!(desired.compose_override.content, "services: {a: {image: 'x:v1'}}");
}

#[test]
fn pulling_follows_the_automation_unless_it_is_said() {
    for (raw, expected) in [
        (json!({}), images::Pull::Newer),
        (
            json!({ "build_automation": { "auto_pull_images": false } }),
            images::Pull::Missing,
        ),
        (
            json!({ "build_automation": { "auto_pull_images": false }, "pull": "always" }),
            images::Pull::Always,
        ),
    ] {
        assert_eq!(desired(raw).images.pull, expected);
    }
}

#[test]
fn the_token_is_for_the_host_of_the_registry_option() {
    let auth = |raw: Value| try_desired(raw).map(|desired| desired.images.registry_auth);
    let given = json!({ "enabled": true, "username": "u", "token": "t" });
    let registry = auth(json!({ "registry_auth": given })).unwrap().unwrap().registry;
    assert_eq!(registry, "ghcr.io");
    for off in [
        json!({ "username": "u", "token": "t" }),
        json!({ "enabled": true }),
        json!({ "enabled": true, "username": "", "token": "" }),
    ] {
        assert_eq!(auth(json!({ "registry_auth": off })), Ok(None));
    }
    let error = auth(json!({ "registry_auth": { "enabled": true, "token": "t" } })).unwrap_err();
    assert!(error.cause().contains("no `username`"), "{error}");
}

#[test]
fn what_can_never_work_is_refused_by_option_and_value() {
    for (raw, cause) in [
        (
            json!({ "base_dir": "opt/x" }),
            "`base_dir` must be an absolute path without `..`, got `opt/x`",
        ),
        (
            json!({ "cache_dir": "/a/../b" }),
            "`cache_dir` must be an absolute path",
        ),
        (json!({ "timeout": 0 }), "`timeout` must be 1 or more, got `0`"),
        (
            json!({ "lock_timeout": -1 }),
            "`lock_timeout` must be 0 or more, got `-1`",
        ),
        (
            json!({ "timeout": i64::MAX }),
            "`timeout` must be at most 31536000 seconds, a year, got `9223372036854775807`",
        ),
        (
            json!({ "lock_timeout": 31_536_001 }),
            "`lock_timeout` must be at most 31536000",
        ),
        (json!({ "toolkit_depth": 0 }), "`toolkit_depth` must be 1 or more"),
        (
            json!({ "builder_uid": u32::MAX }),
            "`builder_uid` is too large, got `4294967295`",
        ),
        (json!({ "builder_gid": u32::MAX }), "`builder_gid` is too large"),
        (
            json!({ "owner": "4294967295" }),
            "chown failed: `4294967295` is the number of no user",
        ),
        (
            json!({ "system_requirements": { "min_engine_version": "twenty" } }),
            "`system_requirements.min_engine_version` must begin with a number, got `twenty`",
        ),
        (
            json!({ "builder_uid": 5_000_000_000_u64 }),
            "`builder_uid` is too large",
        ),
        (
            json!({ "toolkit_version": " " }),
            "`toolkit_version` must not be empty",
        ),
        (
            json!({ "artifact_categories": ["a/b"] }),
            "`artifact_categories` must hold names",
        ),
        (
            json!({ "containers": { "base_builder": "A" } }),
            "`containers.base_builder`: malformed image",
        ),
        (
            json!({ "registry": "http://x" }),
            "`registry` must be the host of a registry, with a path or without, got `http://x`",
        ),
        (json!({ "registry": "ghcr.io/x:tag" }), "got `ghcr.io/x:tag`"),
        (json!({ "registry": "ghcr.io/x@sha256:12" }), "`registry` must be"),
        (
            json!({ "mode": "rwx" }),
            "mode must be in octal or symbolic form, got `rwx`",
        ),
        (json!({ "mode": 99999 }), "mode must be in octal or symbolic form"),
        (
            json!({ "owner": "nobody-here" }),
            "chown failed: failed to look up user nobody-here",
        ),
        (
            json!({ "group": "nobody-here" }),
            "chgrp failed: failed to look up group nobody-here",
        ),
        (
            json!({ "ca_bundle": "/nowhere.pem" }),
            "cannot read `ca_bundle` `/nowhere.pem`",
        ),
        (
            json!({ "toolkit_repo": "ftp://x/y" }),
            "`ftp://x/y` is not the URL of a git repository",
        ),
        (
            json!({ "override_template": "{{ missing }}" }),
            "`missing` is undefined",
        ),
        (json!({ "override_template": "a: [" }), "is not valid YAML"),
        (
            json!({ "envoy_build": { "parallel_jobs": 0 } }),
            "`envoy_build.parallel_jobs` must be 1 or more",
        ),
    ] {
        let error = try_desired(raw.clone()).unwrap_err();
        assert!(error.cause().contains(cause), "{raw}: {error}");
    }
}

#[test]
fn names_of_files_networks_and_services_are_refused_where_they_cannot_work() {
    for (raw, cause) in [
        (
            json!({ "container": { "override_file": "../x" } }),
            "`container.override_file` must be a file",
        ),
        (
            json!({ "container": { "override_file": ".git/config" } }),
            "`container.override_file` must be a file in the toolkit's checkout, got `.git/config`",
        ),
        (
            json!({ "container": { "override_file": "./." } }),
            "`container.override_file` must be a file",
        ),
        (
            json!({ "container": { "override_file": "sub/dir/o.yml" } }),
            "must be a file in the toplevel directory of the toolkit's checkout, got `sub/dir/o.yml`",
        ),
        (
            json!({ "container": { "override_file": "./c.yml", "compose_file": "c.yml" } }),
            "`container.override_file` must be another file than `container.compose_file`, got `./c.yml`",
        ),
        (
            json!({ "container": { "compose_file": "x/.GIT/config" } }),
            "`container.compose_file` must be a file",
        ),
        (
            json!({ "container": { "network_name": "host" } }),
            "must be a network of the toolkit's own, got `host`, which is the engine's",
        ),
        (
            json!({ "container": { "network_name": " x " } }),
            "`container.network_name` must be the name of a network, got ` x `",
        ),
        (
            json!({ "containers": { "": "a:1" } }),
            "`containers` has an image without a key",
        ),
        (
            json!({ "containers": { "a_b": "x:1", "a-b": "x:2" } }),
            "`containers` has two keys for the compose service `a-b`: `a-b` and `a_b`",
        ),
        (
            json!({ "containers": { "dev-environment": "x:1" } }),
            "for the compose service `dev-environment`: `dev_environment` and `dev-environment`",
        ),
    ] {
        let error = try_desired(raw.clone()).unwrap_err();
        assert!(error.cause().contains(cause), "{raw}: {error}");
    }
}
