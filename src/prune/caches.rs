//! Which entries of the caches go: the least recently used, until the rest is within the limit. Pure.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::files::usage::{Measured, Usage};

/// The cache of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    pub name: OsString,
    /// Whether something uses it, so that it counts and stays.
    pub is_busy: bool,
    pub entries: Vec<Measured>,
}

/// One entry of a service's cache, as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the directory of all caches.
    pub path: PathBuf,
    pub usage: Usage,
}

/// Returns what has to go from `services` to come to `limit` bytes, the least recently used first.
#[must_use]
pub fn select(services: &[Service], limit: u64) -> Vec<Entry> {
    let mut total: u64 = services
        .iter()
        .flat_map(|service| &service.entries)
        .map(|entry| entry.usage.bytes)
        .sum();
    let mut entries: Vec<Entry> = services
        .iter()
        .filter(|service| !service.is_busy)
        .flat_map(|service| {
            service.entries.iter().map(|entry| Entry {
                path: PathBuf::from(&service.name).join(&entry.name),
                usage: entry.usage,
            })
        })
        .collect();
    entries.sort_by(|left, right| (left.usage.used, &left.path).cmp(&(right.usage.used, &right.path)));
    let mut going = Vec::new();
    for entry in entries {
        if total <= limit {
            break;
        }
        total -= entry.usage.bytes;
        going.push(entry);
    }
    going
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str, is_busy: bool, entries: &[(&str, u64, i64)]) -> Service {
        Service {
            name: name.into(),
            is_busy,
            entries: entries
                .iter()
                .map(|(name, bytes, used)| Measured {
                    name: name.into(),
                    is_directory: true,
                    usage: Usage {
                        bytes: *bytes,
                        files: 1,
                        used: *used,
                        modified: 0,
                    },
                })
                .collect(),
        }
    }

    fn paths(services: &[Service], limit: u64) -> Vec<String> {
        select(services, limit)
            .iter()
            .map(|entry| entry.path.display().to_string())
            .collect()
    }

    #[test]
    fn the_least_recently_used_go_first_whichever_service_they_are_of() {
        let services = [
            service("a", false, &[("old", 10, 1), ("new", 10, 9)]),
            service("b", false, &[("middle", 10, 5)]),
        ];
        for (limit, expected) in [
            (30, vec![]),
            (29, vec!["a/old"]),
            (20, vec!["a/old"]),
            (19, vec!["a/old", "b/middle"]),
            (0, vec!["a/old", "b/middle", "a/new"]),
        ] {
            assert_eq!(paths(&services, limit), expected, "{limit}");
        }
    }

    #[test]
    fn what_is_in_use_counts_and_stays() {
        let services = [
            service("a", true, &[("old", 10, 1)]),
            service("b", false, &[("new", 10, 9)]),
        ];
        assert_eq!(paths(&services, 10), ["b/new"]);
        assert_eq!(paths(&services, 0), ["b/new"]);
    }
}
