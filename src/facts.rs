//! What a run knows of the machine and of itself before it looks at anything that it manages.
//!
//! Named and counted as Ansible's facts are, so that a template sees the numbers it would see from Ansible.

use std::fs;
use std::path::Path;

use rustix::process::{Resource, getrlimit};

use crate::error::{Error, Kind, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// `ansible_processor_vcpus`.
    pub processors: u64,
    /// Memory in KiB; `ansible_memtotal_mb` is a 1024th of it, rounded down.
    pub memory_kib: u64,
    /// The user that the run acts as.
    pub uid: u32,
    pub gid: u32,
}

impl Facts {
    /// # Errors
    /// When `/proc` is not mounted.
    pub fn read() -> Result<Self> {
        Ok(Self {
            processors: processors(&text(Path::new("/proc/cpuinfo"))?),
            memory_kib: memory_kib(&text(Path::new("/proc/meminfo"))?).ok_or_else(|| {
                Error::new(Kind::Failed, "`/proc/meminfo` does not tell the machine's memory")
            })?,
            uid: rustix::process::geteuid().as_raw(),
            gid: rustix::process::getegid().as_raw(),
        })
    }

    #[must_use]
    pub fn memory_mib(&self) -> u64 {
        self.memory_kib / 1024
    }
}

/// Returns how many files this process may allow others to have open; `None` for any number.
#[must_use]
pub fn most_open_files() -> Option<u64> {
    getrlimit(Resource::Nofile).maximum
}

/// Returns how many processes this one may allow a user to have; `None` for any number.
#[must_use]
pub fn most_processes() -> Option<u64> {
    getrlimit(Resource::Nproc).maximum
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path)
        .map_err(|error| Error::io("read", path, &error).with_remedy("mount `/proc` on this host"))
}

fn processors(cpuinfo: &str) -> u64 {
    let listed = cpuinfo
        .lines()
        .filter(|line| {
            line.split_once(':')
                .is_some_and(|(key, _)| key.trim_end() == "processor")
        })
        .count();
    u64::try_from(listed).unwrap_or(1).max(1)
}

fn memory_kib(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim_end().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_and_memory_are_counted_as_ansible_counts_them() {
        let cpuinfo = "processor\t: 0\nmodel name\t: x\n\nprocessor\t: 1\nmodel name\t: processor: 9\n";
        assert_eq!(processors(cpuinfo), 2);
        assert_eq!(processors(""), 1);
        assert_eq!(
            memory_kib("MemTotal:       24689516 kB\nMemFree: 1 kB\n"),
            Some(24_689_516)
        );
        assert_eq!(memory_kib("MemFree: 1 kB\n"), None);
    }

    #[test]
    fn this_machine_has_some_of_each() {
        let facts = Facts::read().unwrap();
        assert!(facts.processors > 0 && facts.memory_mib() > 0);
    }
}
