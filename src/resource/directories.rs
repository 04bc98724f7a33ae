//! Directories: there, and with the owner, group and mode that are asked for.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::difference::Difference;
use crate::error::{Error, Kind, Result};
use crate::facts::Facts;
use crate::files::mode::Mode;
use crate::files::{self, Attributes, users};

/// The mode of a new directory for which none is asked.
const DEFAULT_MODE: u32 = 0o755;
/// The umask that the program gives itself; symbolic modes without a "who" respect it.
const UMASK: u32 = 0o022;

/// What is wanted of one directory; what is unset is left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    pub path: PathBuf,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub mode: Option<Mode>,
}

/// What is at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    Absent,
    Present(Attributes),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Create {
        path: PathBuf,
        uid: Option<u32>,
        gid: Option<u32>,
        mode: u32,
    },
    Repair {
        path: PathBuf,
        from: Attributes,
        to: Attributes,
    },
}

/// Looks at one directory, and where it is missing, whether it can be made.
///
/// # Errors
/// Where a file is in its place or among its parents, and where nothing can be created.
pub fn observe(directory: &Directory) -> Result<Observed> {
    let path = &directory.path;
    match files::attributes(path)? {
        Some(attributes) if attributes.is_directory => Ok(Observed::Present(attributes)),
        Some(_) => Err(Error::new(
            Kind::Refused,
            format!(
                "`{}` already exists as a file, but must be a directory",
                path.display()
            ),
        )
        .with_remedy("move that file away, or choose another path")),
        None => {
            files::check_writable(&files::nearest_existing(path))
                .map_err(|error| error.context(format!("cannot create `{}`", path.display())))?;
            Ok(Observed::Absent)
        }
    }
}

/// Returns the change that brings what is there to what is wanted.
///
/// # Errors
/// `Refused` when that takes root's rights and the caller is not root.
pub fn plan(directory: &Directory, observed: &Observed, facts: &Facts) -> Result<Option<Change>> {
    let Directory { path, uid, gid, mode } = directory;
    match observed {
        Observed::Absent => {
            check_may_give(directory, facts.uid, facts.gid, facts)?;
            Ok(Some(Change::Create {
                path: path.clone(),
                uid: *uid,
                gid: *gid,
                mode: mode
                    .as_ref()
                    .map_or(DEFAULT_MODE, |mode| mode.apply(DEFAULT_MODE, UMASK)),
            }))
        }
        Observed::Present(from) => {
            let to = Attributes {
                uid: uid.unwrap_or(from.uid),
                gid: gid.unwrap_or(from.gid),
                mode: mode
                    .as_ref()
                    .map_or(from.mode, |mode| mode.apply(from.mode, UMASK)),
                is_directory: true,
            };
            if to == *from {
                return Ok(None);
            }
            check_may_give(directory, from.uid, from.gid, facts)?;
            if to.mode != from.mode && facts.uid != 0 && facts.uid != from.uid {
                return Err(needs_root(directory, "chmod", "change the mode of", facts));
            }
            Ok(Some(Change::Repair {
                path: path.clone(),
                from: *from,
                to,
            }))
        }
    }
}

/// Only root gives a directory to somebody else. (Giving it to another group of one's own is tried and told by
/// the system.)
fn check_may_give(directory: &Directory, uid: u32, gid: u32, facts: &Facts) -> Result<()> {
    let changes_owner = directory.uid.is_some_and(|wanted| wanted != uid);
    let changes_group = directory.gid.is_some_and(|wanted| wanted != gid);
    let may = facts.uid == 0 || (!changes_owner && (!changes_group || facts.uid == uid));
    if may {
        Ok(())
    } else {
        Err(needs_root(
            directory,
            if changes_owner { "chown" } else { "chgrp" },
            "change the owner of",
            facts,
        ))
    }
}

/// Begins in the words of Ansible's own file modules.
fn needs_root(directory: &Directory, command: &str, doing: &str, facts: &Facts) -> Error {
    let path = directory.path.display();
    Error::new(
        Kind::Denied,
        format!("{command} failed: user {} cannot {doing} `{path}`", facts.uid),
    )
    .with_remedy(format!(
        "run the task with `become: true`, or set `builder_uid` and `builder_gid` to {} and {}",
        facts.uid, facts.gid
    ))
}

impl Change {
    #[must_use]
    pub fn path(&self) -> &PathBuf {
        match self {
            Self::Create { path, .. } | Self::Repair { path, .. } => path,
        }
    }

    #[must_use]
    pub fn action(&self) -> String {
        match self {
            Self::Create { path, .. } => format!("Created directory `{}`", path.display()),
            Self::Repair { path, from, to } => {
                let mut parts = Vec::new();
                if (from.uid, from.gid) != (to.uid, to.gid) {
                    let name = |attributes: &Attributes| {
                        format!(
                            "{}:{}",
                            users::user_name(attributes.uid),
                            users::group_name(attributes.gid)
                        )
                    };
                    parts.push(format!("owner from {} to {}", name(from), name(to)));
                }
                if from.mode != to.mode {
                    parts.push(format!("mode from {:04o} to {:04o}", from.mode, to.mode));
                }
                format!(
                    "Changed {} of directory `{}`",
                    parts.join(" and "),
                    path.display()
                )
            }
        }
    }

    #[must_use]
    pub fn difference(&self) -> Difference {
        let state = |path: &PathBuf, attributes: &Attributes| {
            json!({
                "path": path,
                "state": "directory",
                "uid": attributes.uid,
                "gid": attributes.gid,
                "mode": format!("{:04o}", attributes.mode),
            })
        };
        let (path, before, after) = match self {
            Self::Create { path, .. } => (
                path,
                json!({ "path": path, "state": "absent" }),
                json!({ "path": path, "state": "directory" }),
            ),
            Self::Repair { path, from, to } => (path, state(path, from), state(path, to)),
        };
        Difference::new(path.to_string_lossy(), before, after)
    }

    /// # Errors
    /// The system's, with the path.
    pub fn apply(&self) -> Result<()> {
        match self {
            Self::Create { path, uid, gid, mode } => files::create_directory(path, *mode, *uid, *gid),
            Self::Repair { path, from, to } => {
                let changed = |from: u32, to: u32| (from != to).then_some(to);
                files::set_owner(path, changed(from.uid, to.uid), changed(from.gid, to.gid))?;
                // Also after a change of owner alone: the system drops set-id bits with it.
                files::set_mode(path, to.mode)
            }
        }
    }
}

/// Returns what the result says of one directory.
#[must_use]
pub fn report(directory: &Directory, observed: &Observed, change: Option<&Change>, facts: &Facts) -> Value {
    let (uid, gid, mode) = match (change, observed) {
        (Some(Change::Create { uid, gid, mode, .. }), _) => {
            (uid.unwrap_or(facts.uid), gid.unwrap_or(facts.gid), *mode)
        }
        (Some(Change::Repair { to, .. }), _) => (to.uid, to.gid, to.mode),
        (None, Observed::Present(attributes)) => (attributes.uid, attributes.gid, attributes.mode),
        (None, Observed::Absent) => (facts.uid, facts.gid, DEFAULT_MODE),
    };
    json!({
        "path": directory.path,
        "owner": users::user_name(uid),
        "group": users::group_name(gid),
        "uid": uid,
        "gid": gid,
        "mode": format!("{mode:04o}"),
        "changed": change.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: Facts = Facts {
        processors: 1,
        memory_kib: 1,
        uid: 0,
        gid: 0,
    };
    const USER: Facts = Facts {
        uid: 1001,
        gid: 1001,
        ..ROOT
    };

    fn directory(uid: Option<u32>, gid: Option<u32>, mode: Option<&str>) -> Directory {
        Directory {
            path: PathBuf::from("/srv/x"),
            uid,
            gid,
            mode: mode.map(|text| Mode::parse(text).unwrap()),
        }
    }

    fn present(uid: u32, gid: u32, mode: u32) -> Observed {
        Observed::Present(Attributes {
            uid,
            gid,
            mode,
            is_directory: true,
        })
    }

    #[test]
    fn what_differs_decides_the_change() {
        for (wanted, observed, expected) in [
            (
                directory(None, None, None),
                Observed::Absent,
                Some("Created directory `/srv/x`"),
            ),
            (directory(None, None, None), present(7, 7, 0o700), None),
            (
                directory(Some(0), Some(0), Some("0755")),
                present(0, 0, 0o755),
                None,
            ),
            (
                directory(Some(0), None, None),
                present(4242, 0, 0o755),
                Some("Changed owner from 4242:root to root:root of directory `/srv/x`"),
            ),
            (
                directory(None, None, Some("u=rwx,go=")),
                present(0, 0, 0o755),
                Some("Changed mode from 0755 to 0700 of directory `/srv/x`"),
            ),
            (
                directory(Some(0), Some(0), Some("2775")),
                present(0, 4242, 0o755),
                Some(
                    "Changed owner from root:4242 to root:root and mode from 0755 to 2775 of directory `/srv/x`",
                ),
            ),
        ] {
            let change = plan(&wanted, &observed, &ROOT).unwrap();
            assert_eq!(change.map(|change| change.action()).as_deref(), expected);
        }
    }

    #[test]
    fn a_user_without_root_is_told_what_it_cannot_give() {
        for (wanted, observed) in [
            (directory(Some(1000), None, None), Observed::Absent),
            (directory(Some(1000), None, None), present(1001, 1001, 0o755)),
            (directory(None, None, Some("0700")), present(0, 0, 0o755)),
        ] {
            let error = plan(&wanted, &observed, &USER).unwrap_err();
            assert_eq!(error.kind(), Kind::Denied);
            assert!(error.remedy().unwrap().contains("become"));
        }
        for (wanted, observed) in [
            (directory(Some(1001), Some(1001), None), Observed::Absent),
            (
                directory(Some(1001), Some(1001), Some("0700")),
                present(1001, 1001, 0o755),
            ),
        ] {
            assert!(plan(&wanted, &observed, &USER).unwrap().is_some());
        }
    }
}
