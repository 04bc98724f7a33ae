//! What there is of timers and of the binary. It reads, and only as root: nobody else has any of it to manage.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::jobs::{CRON, Job, UNITS};
use super::{DIRECTORY, Desired, PROGRAM};
use crate::error::{Error, Result};
use crate::files::{self, program};

/// Exists where systemd runs the system (`sd_booted(3)`).
const SYSTEMD: &str = "/run/systemd/system";

/// Who starts what is to be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheduler {
    Systemd,
    Cron,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub content: Vec<u8>,
    pub mode: u32,
}

/// The installed binary, against the one that runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Program {
    #[default]
    Absent,
    Current,
    /// The digests of the installed one and of the one that runs.
    Other {
        before: String,
        after: String,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    pub scheduler: Option<Scheduler>,
    pub program: Program,
    /// The files that are there.
    pub files: BTreeMap<PathBuf, Found>,
    /// The timers that systemd starts with the system.
    pub enabled: Vec<Job>,
    /// The directories into which nothing can be written, and why.
    pub obstacles: Vec<(PathBuf, Error)>,
}

/// # Errors
/// The system's, with the path.
pub fn observe(desired: &Desired) -> Result<Observed> {
    let exists = |path: &str| Path::new(path).is_dir();
    let mut observed = Observed {
        scheduler: match (exists(SYSTEMD), exists(CRON)) {
            (true, _) => Some(Scheduler::Systemd),
            (false, true) => Some(Scheduler::Cron),
            (false, false) => None,
        },
        ..Observed::default()
    };
    if !desired.is_root {
        return Ok(observed);
    }
    for path in Job::ALL.into_iter().flat_map(Job::files) {
        if let Some(content) = files::read_plain(&path)?
            && let Some(attributes) = files::attributes(&path)?
        {
            let mode = attributes.mode;
            observed.files.insert(path, Found { content, mode });
        }
    }
    observed.enabled = Job::ALL.to_vec();
    observed.enabled.retain(|job| files::is_there(&job.link()));
    observed.program = match program::compare(Path::new(PROGRAM))? {
        program::Comparison::Absent => Program::Absent,
        program::Comparison::Same => Program::Current,
        program::Comparison::Different { installed, running } => Program::Other {
            before: installed,
            after: running,
        },
    };
    if !desired.jobs.is_empty() {
        observed.obstacles = [DIRECTORY, UNITS, CRON]
            .map(PathBuf::from)
            .into_iter()
            .filter_map(|directory| {
                let outcome = files::check_writable(&files::nearest_existing(&directory));
                outcome.err().map(|error| (directory, error))
            })
            .collect();
    }
    Ok(observed)
}
