//! One change of what goes on by itself, told and made.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::jobs::Job;
use super::observe::{Found, Program};
use super::{DIRECTORY, PROGRAM, systemctl};
use crate::difference::Difference;
use crate::error::Result;
use crate::files::{self, program};
use crate::secret::Secret;

/// A file as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub path: PathBuf,
    pub mode: u32,
    pub content: Secret,
    /// Whether the content is left out of differences: that of an older file may hold a secret that nobody knows of.
    pub hidden: bool,
}

/// What systemd has to be told once a file has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Nothing,
    Reload,
    /// The schedule of a timer that runs.
    Restart(Job),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Install {
        before: Program,
    },
    Write {
        file: File,
        before: Option<Found>,
        then: Then,
    },
    Enable(Job),
    Disable {
        job: Job,
        is_running: bool,
    },
    Remove {
        path: PathBuf,
        before: Found,
        hidden: bool,
        then: Then,
    },
    Uninstall,
}

impl Change {
    #[must_use]
    pub fn action(&self) -> String {
        match self {
            Self::Install { before } => {
                let verb = match before {
                    Program::Absent => "Installed",
                    Program::Current | Program::Other { .. } => "Updated",
                };
                format!("{verb} program `{PROGRAM}`")
            }
            Self::Write { file, before, .. } => {
                let verb = if before.is_some() { "Updated" } else { "Wrote" };
                format!("{verb} `{}`", file.path.display())
            }
            Self::Enable(job) => format!("Enabled timer `{}`", job.unit()),
            Self::Disable { job, .. } => format!("Disabled timer `{}`", job.unit()),
            Self::Remove { path, .. } => format!("Removed `{}`", path.display()),
            Self::Uninstall => format!("Removed program `{PROGRAM}`"),
        }
    }

    #[must_use]
    pub fn difference(&self) -> Difference {
        let absent = json!({ "state": "absent" });
        match self {
            Self::Install { before } => match before {
                Program::Other { before, after } => {
                    Difference::new(PROGRAM, json!({ "sha256": before }), json!({ "sha256": after }))
                }
                Program::Absent | Program::Current => {
                    Difference::new(PROGRAM, absent, json!({ "state": "file", "mode": "0755" }))
                }
            },
            Self::Write { file, before, .. } => {
                let File {
                    path,
                    mode,
                    content,
                    hidden,
                } = file;
                Difference::new(
                    path.to_string_lossy(),
                    before.as_ref().map_or(absent, |before| before.shown(*hidden)),
                    shown(*mode, content.expose(), *hidden, "new, and not shown"),
                )
            }
            Self::Remove {
                path, before, hidden, ..
            } => Difference::new(path.to_string_lossy(), before.shown(*hidden), absent),
            Self::Enable(job) => Difference::new(
                job.unit(),
                json!({ "enabled": false }),
                json!({ "enabled": true }),
            ),
            Self::Disable { job, .. } => Difference::new(
                job.unit(),
                json!({ "enabled": true }),
                json!({ "enabled": false }),
            ),
            Self::Uninstall => Difference::new(PROGRAM, json!({ "state": "file" }), absent),
        }
    }

    /// # Errors
    /// The system's, with the path; those of `systemctl`.
    pub async fn apply(&self) -> Result<()> {
        match self {
            Self::Install { .. } => {
                files::create_directory(DIRECTORY.as_ref(), 0o755, None, None)?;
                program::install(PROGRAM.as_ref())
            }
            Self::Write { file, then, .. } => {
                let File {
                    path, mode, content, ..
                } = file;
                files::install(path, *mode, &mut content.expose().as_bytes())?;
                then.tell().await
            }
            Self::Enable(job) => systemctl::run(&["enable", "--now", &job.unit()]).await,
            Self::Disable { job, is_running } => {
                if *is_running && files::is_there(&job.timer_file()) {
                    systemctl::run(&["disable", "--now", &job.unit()]).await?;
                }
                files::remove(&job.link())
            }
            Self::Remove { path, then, .. } => {
                files::remove(path)?;
                then.tell().await
            }
            Self::Uninstall => {
                files::remove(PROGRAM.as_ref())?;
                files::remove_empty_directory(DIRECTORY.as_ref())
            }
        }
    }
}

impl Then {
    async fn tell(self) -> Result<()> {
        match self {
            Self::Nothing => Ok(()),
            Self::Reload => systemctl::run(&["daemon-reload"]).await,
            Self::Restart(job) => {
                systemctl::run(&["daemon-reload"]).await?;
                systemctl::run(&["restart", &job.unit()]).await
            }
        }
    }
}

impl Found {
    fn shown(&self, hidden: bool) -> Value {
        shown(
            self.mode,
            &String::from_utf8_lossy(&self.content),
            hidden,
            "not shown",
        )
    }
}

fn shown(mode: u32, content: &str, hidden: bool, instead: &str) -> Value {
    let content = if hidden { instead } else { content };
    json!({ "state": "file", "mode": format!("{mode:04o}"), "content": content })
}
