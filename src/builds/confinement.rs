//! What a build's container may do: nothing but compute, and write to two directories.
//!
//! Pure: a build as it is to be becomes the specification of its container. Everything that confines is in it, none
//! of it left to an engine's defaults (the default seccomp profile apart, which no specification may loosen).

use super::desired::{Confinement, Desired};
use super::labels::{Labels, container_name};
use crate::docker::containers::{Bind, InMemory, Specification};

/// Where programs put what they need for a while, when the image itself cannot be written.
const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];

/// Returns the container that builds `desired` in the image of this id.
#[must_use]
pub fn specification(desired: &Desired, image: &str, labels: &Labels) -> Specification {
    let Confinement {
        memory,
        nano_processors,
        processes,
        open_files,
        processes_of_user,
        network,
        read_only,
        user,
    } = &desired.confinement;
    let bind = |source: &std::path::Path, target: &str| Bind {
        source: source.to_string_lossy().into_owned(),
        target: target.to_owned(),
    };
    Specification {
        name: container_name(desired.place.name()),
        image: image.to_owned(),
        command: desired.command.clone(),
        environment: desired.variables.to_pairs(),
        labels: labels.write(),
        user: user.as_ref().map(ToString::to_string),
        binds: vec![
            bind(&desired.place.staging(), &desired.artifacts_target),
            bind(&desired.cache, &desired.cache_target),
        ],
        in_memory: match read_only {
            true => TEMPORARY
                .iter()
                .map(|path| InMemory {
                    path: (*path).to_owned(),
                    uid: desired.builder.uid,
                    gid: desired.builder.gid,
                })
                .collect(),
            false => Vec::new(),
        },
        capabilities_dropped: vec!["ALL".to_owned()],
        security_options: vec!["no-new-privileges:true".to_owned()],
        memory: *memory,
        nano_processors: *nano_processors,
        processes: *processes,
        open_files: *open_files,
        processes_of_user: *processes_of_user,
        network: network.clone(),
        read_only: *read_only,
    }
}

#[cfg(test)]
mod tests {
    use super::super::desired::tests::desired;
    use super::*;
    use serde_json::{Value, json};
    use std::path::PathBuf;

    fn specified(options: Value) -> Specification {
        let desired = desired(options).unwrap();
        let labels = Labels {
            build: desired.place.name().to_owned(),
            artifacts: PathBuf::from("/opt/goldentooth/artifacts"),
            fingerprint: "f".to_owned(),
            invocation: "i".to_owned(),
        };
        specification(&desired, "sha256:1", &labels)
    }

    #[test]
    fn whatever_is_asked_for_nothing_is_allowed_beyond_it() {
        for options in [
            json!({}),
            json!({ "read_only": true }),
            json!({ "network": "none", "memory": "1GB", "cpus": 0.5, "pids_limit": 9 }),
            json!({ "user": "root", "builder_uid": 0 }),
            json!({ "command": ["/bin/sh"], "environment": { "A": "1" } }),
        ] {
            let made = specified(options.clone());
            assert_eq!(made.capabilities_dropped, ["ALL"], "{options}");
            assert_eq!(made.security_options, ["no-new-privileges:true"], "{options}");
            assert_eq!(
                made.binds,
                [
                    Bind {
                        source: "/opt/goldentooth/artifacts/.builds/envoy/staging".to_owned(),
                        target: "/artifacts".to_owned(),
                    },
                    Bind {
                        source: "/opt/goldentooth/build-cache/envoy-builder".to_owned(),
                        target: "/tmp/bazel-cache".to_owned(),
                    },
                ],
                "{options}"
            );
            assert!(made.memory > 0 && made.nano_processors > 0 && made.processes > 0);
            assert_eq!(made.name, "goldentooth-envoy-builder");
        }
    }

    #[test]
    fn limits_are_those_of_the_options_or_the_machine() {
        // The machine of these tests has four processors and eight GiB.
        let made = specified(json!({}));
        assert_eq!(made.memory, 6 << 30);
        assert_eq!(made.nano_processors, 4_000_000_000);
        assert_eq!((made.processes, made.network.as_str()), (4096, "bridge"));
        let made = specified(json!({ "memory": "1GB", "cpus": 0.5, "pids_limit": 9, "network": "x" }));
        assert_eq!((made.memory, made.nano_processors), (1 << 30, 500_000_000));
        assert_eq!((made.processes, made.network.as_str()), (9, "x"));
    }

    #[test]
    fn only_a_read_only_build_has_private_file_systems_and_they_are_the_builders() {
        assert!(specified(json!({})).in_memory.is_empty());
        let made = specified(json!({ "read_only": true, "builder_uid": 1234, "builder_gid": 5 }));
        assert!(made.read_only);
        let owned = |path: &str| InMemory {
            path: path.to_owned(),
            uid: 1234,
            gid: 5,
        };
        assert_eq!(made.in_memory, [owned("/tmp"), owned("/var/tmp")]);
        assert!(made.environment.contains(&("HOME".to_owned(), "/tmp".to_owned())));
    }

    #[test]
    fn the_image_says_who_runs_unless_the_option_does() {
        assert_eq!(specified(json!({})).user, None);
        assert_eq!(
            specified(json!({ "user": "1000:1000" })).user.as_deref(),
            Some("1000:1000")
        );
    }
}
