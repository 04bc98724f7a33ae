//! What the host must have before anything is changed on it: disk, memory, an engine that is new enough.
//!
//! It changes nothing; it only says what falls short, all of it at once.

use std::path::{Path, PathBuf};

use crate::docker::Product;
use crate::error::{Error, Kind, Result};
use crate::files;

const GIB: u64 = 1 << 30;
const KIB_IN_GIB: u64 = 1 << 20;

/// What is wanted; zero and the empty string turn a check off.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_field_names, reason = "the names are those of the options")]
pub struct Desired {
    pub min_disk_space_gb: u64,
    pub min_memory_gb: u64,
    pub min_engine_version: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The file systems that have to hold something, each once.
    pub disks: Vec<Disk>,
    pub memory_kib: u64,
    pub product: Product,
    pub engine_version: String,
}

/// A file system and the space that is left on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    pub path: PathBuf,
    /// Bytes.
    pub available: u64,
}

/// What is to be said: shortfalls end the run, warnings do not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    pub shortfalls: Vec<String>,
    pub warnings: Vec<String>,
}

/// Measures the file systems that hold `paths`, or will: each at the nearest parent that exists.
///
/// # Errors
/// The system's, with the path.
pub fn observe_disks(paths: &[PathBuf]) -> Result<Vec<Disk>> {
    let mut disks: Vec<Disk> = Vec::new();
    let mut devices = Vec::new();
    for path in paths {
        let path = files::nearest_existing(path);
        let device = files::device(&path)?;
        if !devices.contains(&device) {
            devices.push(device);
            let available = files::space(&path)?.available;
            disks.push(Disk { path, available });
        }
    }
    Ok(disks)
}

/// Returns whether docker's plugin `buildx` is installed where its command line looks for it.
#[must_use]
pub fn observe_buildx(home: Option<&Path>) -> bool {
    let configured = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    configured
        .or_else(|| home.map(|home| home.join(".docker")))
        .map(|directory| directory.join("cli-plugins"))
        .into_iter()
        .chain(
            [
                "/usr/local/lib/docker/cli-plugins",
                "/usr/local/libexec/docker/cli-plugins",
                "/usr/lib/docker/cli-plugins",
                "/usr/libexec/docker/cli-plugins",
            ]
            .map(PathBuf::from),
        )
        .any(|directory| directory.join("docker-buildx").exists())
}

/// Compares what is there with what is wanted. `fetches` says whether the plan clones or pulls: only then does
/// too little space end the run.
#[must_use]
pub fn check(desired: &Desired, observed: &Observed, fetches: bool) -> Findings {
    let Desired {
        min_disk_space_gb,
        min_memory_gb,
        min_engine_version,
    } = desired;
    let mut findings = Findings::default();
    for disk in &observed.disks {
        if disk.available < min_disk_space_gb.saturating_mul(GIB) {
            let text = format!(
                "`{}` has {} GiB free, {min_disk_space_gb} GiB are required (`min_disk_space_gb`)",
                disk.path.display(),
                tenths(disk.available),
            );
            if fetches {
                findings.shortfalls.push(text);
            } else {
                findings.warnings.push(text);
            }
        }
    }
    let memory = (observed.memory_kib + KIB_IN_GIB / 2) / KIB_IN_GIB;
    if memory < *min_memory_gb {
        findings.shortfalls.push(format!(
            "the machine has {memory} GiB of memory, {min_memory_gb} GiB are required (`min_memory_gb`)"
        ));
    }
    let too_old = observed.product == Product::Docker
        && version(&observed.engine_version) < version(min_engine_version);
    if too_old {
        findings.shortfalls.push(format!(
            "{} is version {}, {min_engine_version} is required (`min_engine_version`)",
            observed.product.name(),
            observed.engine_version,
        ));
    }
    findings
}

/// Returns the error for all that falls short.
#[must_use]
pub fn shortfall(findings: &Findings) -> Option<Error> {
    (!findings.shortfalls.is_empty()).then(|| {
        Error::new(
            Kind::Refused,
            format!(
                "this host does not meet the requirements: {}",
                findings.shortfalls.join("; ")
            ),
        )
        .with_remedy("make room or upgrade, or lower the limits in `system_requirements`")
    })
}

/// Returns whether `text` is a version that others can be compared with.
#[must_use]
pub fn is_version(text: &str) -> bool {
    !version(text).is_empty()
}

/// Returns the leading numbers of a version, so that `20.10.24+dfsg1` compares as 20, 10, 24.
fn version(text: &str) -> Vec<u64> {
    text.trim_start_matches('v')
        .split('.')
        .map_while(|part| {
            let digits = part
                .find(|letter: char| !letter.is_ascii_digit())
                .unwrap_or(part.len());
            part[..digits].parse().ok()
        })
        .collect()
}

/// Returns bytes as GiB with one decimal, rounded down: what is shown must not look like enough.
fn tenths(bytes: u64) -> String {
    let tenths = bytes / (GIB / 10);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed() -> Observed {
        Observed {
            disks: vec![Disk {
                path: PathBuf::from("/opt"),
                available: 50 * GIB,
            }],
            memory_kib: 8 * KIB_IN_GIB,
            product: Product::Docker,
            engine_version: "20.10.24+dfsg1".to_owned(),
        }
    }

    fn desired() -> Desired {
        Desired {
            min_disk_space_gb: 50,
            min_memory_gb: 8,
            min_engine_version: "20.10".to_owned(),
        }
    }

    #[test]
    fn exactly_enough_is_enough() {
        assert_eq!(check(&desired(), &observed(), true), Findings::default());
    }

    #[test]
    fn memory_is_rounded_to_the_nearest_gib() {
        for (mib, enough) in [(7_700, true), (7_680, true), (7_679, false)] {
            let observed = Observed {
                memory_kib: mib * 1024,
                ..observed()
            };
            assert_eq!(
                check(&desired(), &observed, true).shortfalls.is_empty(),
                enough,
                "{mib}"
            );
        }
    }

    #[test]
    fn all_that_falls_short_is_in_one_message_with_figures() {
        let observed = Observed {
            disks: vec![Disk {
                path: PathBuf::from("/opt"),
                available: 12 * GIB + GIB / 2 + GIB / 4,
            }],
            memory_kib: 4 * KIB_IN_GIB,
            engine_version: "19.03.15".to_owned(),
            ..observed()
        };
        let findings = check(&desired(), &observed, true);
        assert_eq!(
            shortfall(&findings).unwrap().cause(),
            "this host does not meet the requirements: `/opt` has 12.7 GiB free, 50 GiB are required \
             (`min_disk_space_gb`); the machine has 4 GiB of memory, 8 GiB are required (`min_memory_gb`); Docker \
             is version 19.03.15, 20.10 is required (`min_engine_version`)"
        );
    }

    #[test]
    fn little_space_is_a_warning_when_nothing_is_fetched() {
        let observed = Observed {
            disks: vec![Disk {
                path: PathBuf::from("/opt"),
                available: 0,
            }],
            ..observed()
        };
        let findings = check(&desired(), &observed, false);
        assert!(findings.shortfalls.is_empty());
        assert_eq!(findings.warnings.len(), 1);
    }

    #[test]
    fn zero_and_nothing_turn_a_check_off() {
        let observed = Observed {
            disks: vec![Disk {
                path: PathBuf::from("/opt"),
                available: 0,
            }],
            memory_kib: 0,
            engine_version: "1.0".to_owned(),
            ..observed()
        };
        assert_eq!(check(&Desired::default(), &observed, true), Findings::default());
    }

    #[test]
    fn versions_compare_by_number_and_podman_has_none_to_reach() {
        for (product, has, enough) in [
            (Product::Docker, "20.10.0", true),
            (Product::Docker, "28.2.2", true),
            (Product::Docker, "20.9", false),
            (Product::Docker, "dev", false),
            (Product::Podman, "4.3.1", true),
        ] {
            let observed = Observed {
                product,
                engine_version: has.to_owned(),
                ..observed()
            };
            assert_eq!(
                check(&desired(), &observed, true).shortfalls.is_empty(),
                enough,
                "{has}"
            );
        }
    }

    #[test]
    fn a_version_begins_with_a_number() {
        for (text, expected) in [
            ("20.10", true),
            ("v28", true),
            ("20.x", true),
            ("twenty", false),
            ("-1", false),
            ("", false),
        ] {
            assert_eq!(is_version(text), expected, "{text}");
        }
    }

    #[test]
    fn one_file_system_is_measured_once() {
        let directory = tempfile::tempdir().unwrap();
        let paths = [directory.path().join("a/b"), directory.path().to_path_buf()];
        assert_eq!(observe_disks(&paths).unwrap().len(), 1);
    }
}
