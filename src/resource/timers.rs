//! What goes on by itself: the binary, put where it stays, and timers that run it without Ansible.
//!
//! Owns what has to be where, and in which order it comes and goes. A timer is a systemd unit where systemd runs, else
//! an entry for cron; both start the same program with the same arguments file. All of it goes again when it is
//! turned off, and nothing is touched that is not named here.

mod change;
mod jobs;
mod observe;
mod systemctl;

pub use change::Change;
pub use jobs::Job;
pub use observe::{Observed, observe};

use std::collections::BTreeMap;
use std::path::Path;

use change::{File, Then};
use observe::{Program, Scheduler};

use crate::error::{Error, Result};
use crate::secret::Secret;

/// Where the binary and its arguments lie.
const DIRECTORY: &str = "/usr/local/lib/goldentooth";
const PROGRAM: &str = "/usr/local/lib/goldentooth/cross_compile";

/// What is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Desired {
    /// The jobs that are turned on, each with the content of its arguments file, which may hold secrets.
    pub jobs: BTreeMap<Job, Secret>,
    pub is_root: bool,
}

/// What the plan says of timers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// In the order in which they have to be made.
    pub changes: Vec<Change>,
    pub warning: Option<String>,
}

/// Returns the changes that bring what is there to what is wanted. Where nothing can start a job, there is to be
/// none; without root, all stays as it is.
///
/// # Errors
/// Where a file has to be written, and cannot be.
pub fn plan(desired: &Desired, observed: &Observed) -> Result<Decision> {
    let mut decision = Decision::default();
    if !desired.is_root {
        decision.warning = (!desired.jobs.is_empty()).then(|| {
            "timers belong to root, and this run is another user's: nothing goes on by itself (run the task with \
             `become: true`, or turn off `build_automation.cleanup_old_artifacts` and \
             `build_automation.update_timer`)"
                .to_owned()
        });
        return Ok(decision);
    }
    let none = BTreeMap::new();
    let jobs = match (observed.scheduler, desired.jobs.is_empty()) {
        (None, false) => {
            decision.warning = Some(
                "this host has neither systemd nor cron: nothing goes on by itself (install cron, or turn off \
                 `build_automation.cleanup_old_artifacts` and `build_automation.update_timer`)"
                    .to_owned(),
            );
            &none
        }
        _ => &desired.jobs,
    };
    let changes = &mut decision.changes;
    if !jobs.is_empty() && observed.program != Program::Current {
        changes.push(Change::Install {
            before: observed.program.clone(),
        });
    }
    for job in Job::ALL {
        plan_job(job, jobs.get(&job), observed, changes);
    }
    if jobs.is_empty() && observed.program != Program::Absent {
        changes.push(Change::Uninstall);
    }
    match changes.iter().find_map(|change| obstacle(change, observed)) {
        Some(error) => Err(error),
        None => Ok(decision),
    }
}

fn plan_job(job: Job, arguments: Option<&Secret>, observed: &Observed, changes: &mut Vec<Change>) {
    let runs_systemd = observed.scheduler == Some(Scheduler::Systemd);
    let is_enabled = observed.enabled.contains(&job);
    let is_timer = arguments.is_some() && runs_systemd;
    if is_enabled && !is_timer {
        changes.push(Change::Disable {
            job,
            is_running: runs_systemd,
        });
    }
    let wanted = arguments.map_or_else(Vec::new, |arguments| wanted(job, arguments, runs_systemd));
    for path in job.files() {
        let before = observed.files.get(&path);
        let is_unit = path == job.service_file() || path == job.timer_file();
        match (wanted.iter().find(|file| file.path == path), before) {
            (Some(file), Some(before)) if file.is(before) => {}
            (Some(file), before) => changes.push(Change::Write {
                then: match is_enabled && is_unit {
                    true if path == job.timer_file() => Then::Restart(job),
                    true => Then::Reload,
                    // Enabling it reloads all units.
                    false => Then::Nothing,
                },
                file: file.clone(),
                before: before.cloned(),
            }),
            (None, Some(before)) => changes.push(Change::Remove {
                hidden: path == job.arguments(),
                then: match runs_systemd && is_unit {
                    true => Then::Reload,
                    false => Then::Nothing,
                },
                path,
                before: before.clone(),
            }),
            (None, None) => {}
        }
    }
    if is_timer && !is_enabled {
        changes.push(Change::Enable(job));
    }
}

/// Returns the files of a job that is turned on.
fn wanted(job: Job, arguments: &Secret, runs_systemd: bool) -> Vec<File> {
    let open = |path, text: String| File {
        path,
        mode: 0o644,
        content: Secret::new(text),
        hidden: false,
    };
    let mut files = vec![File {
        path: job.arguments(),
        mode: 0o600,
        content: arguments.clone(),
        hidden: true,
    }];
    if runs_systemd {
        files.push(open(job.service_file(), job.service_text()));
        files.push(open(job.timer_file(), job.timer_text()));
    } else {
        files.push(open(job.cron_file(), job.cron_text()));
    }
    files
}

fn obstacle(change: &Change, observed: &Observed) -> Option<Error> {
    let path = match change {
        Change::Install { .. } => Path::new(PROGRAM),
        Change::Write { file, .. } => &file.path,
        Change::Enable(_) | Change::Disable { .. } | Change::Remove { .. } | Change::Uninstall => {
            return None;
        }
    };
    let (_, error) = observed
        .obstacles
        .iter()
        .find(|(directory, _)| path.starts_with(directory))?;
    Some(
        error
            .clone()
            .context(format!("cannot write `{}`", path.display())),
    )
}

impl File {
    fn is(&self, found: &observe::Found) -> bool {
        found.mode == self.mode && found.content == self.content.expose().as_bytes()
    }
}

#[cfg(test)]
mod tests;
