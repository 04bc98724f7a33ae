//! The two things that go on by themselves, the names of all that belongs to them, and their texts. Pure.

use std::path::{Path, PathBuf};

use super::{DIRECTORY, PROGRAM};

/// Where units and entries for cron lie that an administrator wrote, or somebody on their behalf.
pub const UNITS: &str = "/etc/systemd/system";
pub const CRON: &str = "/etc/cron.d";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// Removes what is old.
    Prune,
    /// Converges again, so that newer images and a moved toolkit arrive.
    Update,
}

impl Job {
    pub const ALL: [Self; 2] = [Self::Prune, Self::Update];

    fn name(self) -> &'static str {
        match self {
            Self::Prune => "prune",
            Self::Update => "update",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Prune => "Remove old cross-compilation artifacts, caches and images",
            Self::Update => "Bring the cross-compilation environment up to date",
        }
    }

    /// Returns when systemd starts it.
    fn calendar(self) -> &'static str {
        match self {
            Self::Prune => "weekly",
            Self::Update => "daily",
        }
    }

    /// Returns when cron starts it: at an hour at which nobody builds, and not on the hour as everything else.
    fn schedule(self) -> &'static str {
        match self {
            Self::Prune => "17 3 * * 0",
            Self::Update => "47 2 * * *",
        }
    }

    /// Returns the name under which systemd, cron and the journal know it.
    #[must_use]
    pub fn identifier(self) -> String {
        format!("goldentooth-cross-compile-{}", self.name())
    }

    #[must_use]
    pub fn unit(self) -> String {
        format!("{}.timer", self.identifier())
    }

    #[must_use]
    pub fn arguments(self) -> PathBuf {
        Path::new(DIRECTORY).join(format!("cross_compile-{}.json", self.name()))
    }

    #[must_use]
    pub fn service_file(self) -> PathBuf {
        Path::new(UNITS).join(format!("{}.service", self.identifier()))
    }

    #[must_use]
    pub fn timer_file(self) -> PathBuf {
        Path::new(UNITS).join(self.unit())
    }

    /// Returns the entry for cron, which passes over names with dots.
    #[must_use]
    pub fn cron_file(self) -> PathBuf {
        Path::new(CRON).join(self.identifier())
    }

    /// Returns the link by which systemd starts the timer with the system.
    #[must_use]
    pub fn link(self) -> PathBuf {
        Path::new(UNITS).join("timers.target.wants").join(self.unit())
    }

    /// Returns every file that it may have.
    #[must_use]
    pub fn files(self) -> [PathBuf; 4] {
        [
            self.arguments(),
            self.service_file(),
            self.timer_file(),
            self.cron_file(),
        ]
    }

    #[must_use]
    pub fn service_text(self) -> String {
        format!(
            "# Written by the Ansible module cross_compile.\n\
             [Unit]\n\
             Description={title}\n\
             Wants=network-online.target\n\
             After=network-online.target docker.service podman.socket\n\
             \n\
             [Service]\n\
             Type=oneshot\n\
             User=root\n\
             ExecStart={PROGRAM} {arguments}\n\
             SyslogIdentifier={identifier}\n\
             Nice=10\n\
             IOSchedulingClass=idle\n",
            title = self.title(),
            arguments = self.arguments().display(),
            identifier = self.identifier(),
        )
    }

    #[must_use]
    pub fn timer_text(self) -> String {
        format!(
            "# Written by the Ansible module cross_compile.\n\
             [Unit]\n\
             Description={title}\n\
             \n\
             [Timer]\n\
             OnCalendar={calendar}\n\
             RandomizedDelaySec=1h\n\
             Persistent=true\n\
             \n\
             [Install]\n\
             WantedBy=timers.target\n",
            title = self.title(),
            calendar = self.calendar(),
        )
    }

    /// Returns the entry for cron. The answer, one line, goes into the log whole: by itself, `logger` breaks it after
    /// 1 KiB. The job ends as the program does, and not as `logger`.
    #[must_use]
    pub fn cron_text(self) -> String {
        format!(
            "# Written by the Ansible module cross_compile: {title}.\n\
             PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n\
             {schedule} root {{ {{ {PROGRAM} {arguments} 2>&1 3>&-; echo $? >&3; }} | \
             logger --size 64KiB --tag {identifier} 3>&-; }} 3>&1 | {{ read status; exit $status; }}\n",
            title = self.title(),
            schedule = self.schedule(),
            arguments = self.arguments().display(),
            identifier = self.identifier(),
        )
    }
}
