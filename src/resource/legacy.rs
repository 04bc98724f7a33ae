//! What the role in YAML and shell, which this module replaces, left behind: two cron entries, which go, since one
//! of them deletes artifacts that are in use; and scripts, which stay, since people may call them.
//!
//! Only the crontab of the user that the module runs as is looked at. Its other lines are never touched or shown.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::crontab::{self, Entry};
use crate::difference::Difference;
use crate::error::Result;
use crate::files;

const ENTRIES: [&str; 2] = [
    "Clean up old cross-compilation artifacts",
    "Monitor cross-compilation build status",
];

/// The scripts below the workspace, and the link to one of them on everybody's `PATH`.
const SCRIPTS: [&str; 4] = [
    "goldentooth-build",
    "cleanup-artifacts.sh",
    "artifact-inventory.sh",
    "monitor-build-status.sh",
];
const LINK: &str = "/usr/local/bin/goldentooth-build";

/// Where cron keeps crontabs: on Debian and Alpine, on SUSE, elsewhere.
const SPOOLS: [&str; 3] = [
    "/var/spool/cron/crontabs",
    "/var/spool/cron/tabs",
    "/var/spool/cron",
];

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    /// Whose crontab it is; `None` for a user without a name, who has none.
    pub user: Option<String>,
    pub workspace: PathBuf,
}

/// What is there of it, where the user has a crontab at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    crontab: PathBuf,
    entries: Vec<Entry>,
    scripts: Vec<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    crontab: PathBuf,
    entries: Vec<Entry>,
}

/// Looks into the user's crontab; without one, or where the user may not read it, there is nothing to converge.
///
/// # Errors
/// The system's, with the path; also where an entry has to go and nothing can be written.
pub fn observe(desired: &Desired) -> Result<Option<Observed>> {
    let Some(user) = &desired.user else {
        return Ok(None);
    };
    for spool in SPOOLS.map(Path::new) {
        let crontab = spool.join(user);
        let Some(content) = files::read_plain(&crontab)? else {
            continue;
        };
        let entries = ours(&content, &desired.workspace, files::is_there);
        if !entries.is_empty() {
            files::check_writable(spool)
                .map_err(|error| error.context(format!("cannot change `{}`", crontab.display())))?;
        }
        let scripts = SCRIPTS
            .map(|name| desired.workspace.join(name))
            .into_iter()
            .chain([PathBuf::from(LINK)])
            .filter(|script| files::is_there(script))
            .collect();
        return Ok(Some(Observed {
            crontab,
            entries,
            scripts,
        }));
    }
    Ok(None)
}

#[must_use]
pub fn plan(observed: &Observed) -> Option<Change> {
    (!observed.entries.is_empty()).then(|| Change {
        crontab: observed.crontab.clone(),
        entries: observed.entries.clone(),
    })
}

/// Returns a warning that names the scripts, where there are any.
#[must_use]
pub fn scripts_that_stay(observed: &Observed) -> Option<String> {
    let names: Vec<String> = observed
        .scripts
        .iter()
        .map(|script| format!("`{}`", script.display()))
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "what the role before this module installed stays as it is: {} (remove it when nobody calls it any \
             more)",
            names.join(", ")
        )
    })
}

/// Returns the entries that serve this workspace. The role had one name for each entry, whatever it served, so an
/// entry whose script exists in another place is that of another environment.
fn ours(crontab: &[u8], workspace: &Path, exists: impl Fn(&Path) -> bool) -> Vec<Entry> {
    let elsewhere = |word: &[u8]| {
        let script = Path::new(OsStr::from_bytes(word));
        let known = script
            .file_name()
            .is_some_and(|name| SCRIPTS.iter().any(|script| name == *script));
        known && script.is_absolute() && script.parent() != Some(workspace) && exists(script)
    };
    let mut entries = crontab::entries(crontab, &ENTRIES);
    entries.retain(|entry| !entry.words().any(elsewhere));
    entries
}

impl Change {
    /// Returns a sentence for each entry.
    #[must_use]
    pub fn actions(&self) -> Vec<String> {
        let sentence = |entry: &Entry| format!("Removed cron entry `{}`", entry.name);
        self.entries.iter().map(sentence).collect()
    }

    /// Returns the lines that go, and none of the others, which may hold what nobody should see.
    #[must_use]
    pub fn difference(&self) -> Difference {
        let gone: String = self
            .entries
            .iter()
            .map(|entry| String::from_utf8_lossy(&entry.text))
            .collect();
        Difference::new(self.crontab.to_string_lossy(), json!(gone), json!(""))
    }

    /// Takes out what was planned from the crontab as it is now: somebody may have edited it meanwhile.
    ///
    /// # Errors
    /// The system's, with the path; the crontab is then as it was.
    pub fn apply(&self) -> Result<()> {
        let Some(content) = files::read_plain(&self.crontab)? else {
            return Ok(());
        };
        let mut entries = crontab::entries(&content, &ENTRIES);
        entries.retain(|entry| self.entries.iter().any(|planned| planned.text == entry.text));
        if entries.is_empty() {
            return Ok(());
        }
        files::write_atomically(&self.crontab, &crontab::without(&content, &entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CRONTAB: &[u8] = b"MAILTO=x\n#Ansible: Clean up old cross-compilation artifacts\n\
        0 2 * * 0 /w/cleanup-artifacts.sh\n#Ansible: Monitor cross-compilation build status\n\
        */15 * * * * /w/monitor-build-status.sh >/dev/null\n1 1 * * * mine\n";

    fn observed(entries: Vec<Entry>, scripts: &[&str]) -> Observed {
        Observed {
            crontab: PathBuf::from("/spool/root"),
            entries,
            scripts: scripts.iter().map(PathBuf::from).collect(),
        }
    }

    #[test]
    fn each_entry_is_an_action_and_its_lines_are_the_difference() {
        let change = plan(&observed(ours(CRONTAB, Path::new("/w"), |_| true), &[])).unwrap();
        assert_eq!(
            change.actions(),
            [
                "Removed cron entry `Clean up old cross-compilation artifacts`",
                "Removed cron entry `Monitor cross-compilation build status`",
            ]
        );
        let Difference {
            subject,
            before,
            after,
        } = change.difference();
        assert_eq!((subject.as_str(), after), ("/spool/root", json!("")));
        let before = before.as_str().unwrap();
        assert!(before.starts_with("#Ansible: Clean up"), "{before}");
        assert!(!before.contains("MAILTO") && !before.contains("mine"), "{before}");
    }

    #[test]
    fn without_an_entry_there_is_nothing_to_do() {
        assert_eq!(plan(&observed(Vec::new(), &["/w/goldentooth-build"])), None);
    }

    #[test]
    fn an_entry_of_another_environment_stays() {
        for (workspace, exists, left) in [
            ("/w", true, 2),
            ("/w", false, 2),
            // Moved since then: what is gone from there serves nothing any more.
            ("/other", false, 2),
            ("/other", true, 0),
        ] {
            let found = ours(CRONTAB, Path::new(workspace), |_| exists);
            assert_eq!(found.len(), left, "{workspace} {exists}");
        }
    }

    #[test]
    fn the_scripts_are_named_where_there_are_any() {
        assert_eq!(scripts_that_stay(&observed(Vec::new(), &[])), None);
        let warning = scripts_that_stay(&observed(Vec::new(), &["/w/a", "/w/b"])).unwrap();
        assert!(warning.contains("stays as it is: `/w/a`, `/w/b` ("), "{warning}");
    }
}
