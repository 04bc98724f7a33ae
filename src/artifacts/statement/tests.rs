//! What stands in a statement, to the letter, and what is read back.

use std::time::{Duration, UNIX_EPOCH};

use super::*;

fn build() -> Build {
    Build {
        name: "envoy".to_owned(),
        image: Image {
            reference: "ghcr.io/goldentooth/envoy-builder:latest".to_owned(),
            digest: format!("sha256:{}", Digest::of(b"image")),
        },
        command: vec!["build".to_owned(), "--release".to_owned()],
        environment: hash_environment([("TOKEN", "hunter2"), ("ENVOY_VERSION", "v1.32.0")]),
        parameters: Map::from_iter([("platform".to_owned(), Value::from("linux/arm64"))]),
        toolkit: Some(Toolkit {
            url: "https://user:secret@example.org/toolkit.git".to_owned(),
            commit: "7FD1A60B01F91B314F59955A4E4D4E80D8EDF11D".to_owned(),
        }),
        fingerprint: Digest::of(b"inputs"),
        invocation: "5c1d".to_owned(),
        started: UNIX_EPOCH,
        finished: UNIX_EPOCH + Duration::from_secs(7200),
        log: Some(("envoy.log".to_owned(), Digest::of(b"log"))),
    }
}

fn noted() -> Noted {
    Noted {
        kind: Kind::Executable,
        architecture: Some(Architecture::Arm64),
        size: 6,
        modified: Moment {
            seconds: 7000,
            nanoseconds: 5,
        },
    }
}

fn statement() -> Statement {
    build().statement(&Subject {
        path: Path::new("envoy-v1.32.0-arm64"),
        digest: Digest::of(b"binary"),
        noted: noted(),
    })
}

#[test]
fn a_statement_has_the_fields_of_both_specifications() {
    let text = statement().render().unwrap();
    let value: Value = serde_json::from_slice(&text).unwrap();
    let digest = |content: &str| Digest::of(content.as_bytes()).to_string();
    assert_eq!(
        value,
        serde_json::json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{
                "name": "envoy-v1.32.0-arm64",
                "digest": { "sha256": digest("binary") },
                "annotations": { "goldentooth_artifact": {
                    "kind": "executable", "architecture": "arm64", "size": 6,
                    "modified": { "seconds": 7000, "nanoseconds": 5 },
                } },
            }],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": {
                "buildDefinition": {
                    "buildType": "https://github.com/goldentooth/cross_compile/container-build/v1",
                    "externalParameters": {
                        "platform": "linux/arm64",
                        "name": "envoy",
                        "image": "ghcr.io/goldentooth/envoy-builder:latest",
                        "command": ["build", "--release"],
                        "environment": {
                            "ENVOY_VERSION": { "sha256": digest("ENVOY_VERSION=v1.32.0") },
                            "TOKEN": { "sha256": digest("TOKEN=hunter2") },
                        },
                    },
                    "internalParameters": { "fingerprint": digest("inputs") },
                    "resolvedDependencies": [
                        {
                            "name": "image",
                            "uri": format!(
                                "pkg:oci/envoy-builder@sha256%3A{}\
                                 ?repository_url=ghcr.io/goldentooth/envoy-builder&tag=latest",
                                digest("image")
                            ),
                            "digest": { "sha256": digest("image") },
                        },
                        {
                            "name": "toolkit",
                            "uri": "git+https://example.org/toolkit.git",
                            "digest": { "gitCommit": "7fd1a60b01f91b314f59955a4e4d4e80d8edf11d" },
                        },
                    ],
                },
                "runDetails": {
                    "builder": {
                        "id": "https://github.com/goldentooth/cross_compile",
                        "version": { "cross_compile": env!("CARGO_PKG_VERSION") },
                    },
                    "metadata": {
                        "invocationId": "5c1d",
                        "startedOn": "1970-01-01T00:00:00Z",
                        "finishedOn": "1970-01-01T02:00:00Z",
                    },
                    "byproducts": [{
                        "name": "envoy.log",
                        "digest": { "sha256": digest("log") },
                        "mediaType": "text/plain",
                    }],
                },
            },
        })
    );
}

#[test]
fn a_statement_reads_back_as_it_was_written() {
    let read = Statement::parse(&statement().render().unwrap()).unwrap();
    assert_eq!(read, statement());
    assert!(read.is_ours());
    assert_eq!(read.fingerprint(), Some(Digest::of(b"inputs")));
    for path in ["envoy-v1.32.0-arm64", "previous/x/envoy-v1.32.0-arm64"] {
        assert_eq!(read.digest_of(Path::new(path)), Some(Digest::of(b"binary")));
        assert_eq!(read.noted_of(Path::new(path)), Some(noted()));
    }
    for path in ["other", "other-envoy-v1.32.0-arm64"] {
        assert_eq!(read.digest_of(Path::new(path)), None);
    }
}

#[test]
fn neither_values_of_the_environment_nor_passwords_are_told() {
    let text = String::from_utf8(statement().render().unwrap()).unwrap();
    for secret in ["hunter2", "v1.32.0\"", "user", "secret"] {
        let told = text.replace("\"envoy-v1.32.0-arm64\"", "");
        assert!(!told.contains(secret), "{secret}: {told}");
    }
}

#[test]
fn unset_null_and_empty_mean_the_same_and_what_is_not_known_is_ignored() {
    let digest = Digest::of(b"x");
    let text = |more: &str| {
        format!(
            r#"{{"_type": "{STATEMENT_TYPE}", "subject": [{{"digest": {{"sha256": "{digest}"}}, "x": 1}}],
                "predicateType": "{PREDICATE_TYPE}", "predicate": {{"buildDefinition":
                {{"buildType": "x", "externalParameters": {{}} {more}}}, "runDetails": {{"builder": {{"id": "y"}} }} }} }}"#
        )
    };
    let plain = Statement::parse(text("").as_bytes()).unwrap();
    for more in [
        r#", "internalParameters": null"#,
        r#", "resolvedDependencies": []"#,
        r#", "resolvedDependencies": null, "y": {}"#,
    ] {
        assert_eq!(
            Statement::parse(text(more).as_bytes()),
            Ok(plain.clone()),
            "{more}"
        );
    }
    assert!(!plain.is_ours());
}

#[test]
fn what_is_no_provenance_of_a_digest_is_refused() {
    let text = String::from_utf8(statement().render().unwrap()).unwrap();
    for (part, other) in [
        ("Statement/v1", "Statement/v2"),
        ("provenance/v1", "provenance/v0.2"),
        ("sha256\": \"9", "sha256\": \"x"),
        ("subject", "object"),
        ("buildType", "type"),
        ("{", "["),
    ] {
        assert!(text.contains(part), "{part}: {text}");
        let changed = text.replacen(part, other, 1);
        assert!(Statement::parse(changed.as_bytes()).is_err(), "{part}");
    }
    let none = text.replace(r#""sha256""#, r#""md5""#);
    assert!(Statement::parse(none.as_bytes()).is_err());
}
