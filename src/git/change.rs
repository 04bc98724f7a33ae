//! A change of a checkout, and the words for it.
//!
//! Plain data: made by planning, told as it is in check mode, carried out as it is in the run. Owns the prose of
//! actions; it decides nothing.

use std::path::PathBuf;

use git2::Oid;

use super::history::short;

/// The most files or commits that a message names.
const NAMED: usize = 10;

/// One thing that changes at the checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Clone {
        version: String,
    },
    Url,
    Discard {
        files: Vec<PathBuf>,
        commits: Vec<String>,
    },
    Update {
        from: Option<Oid>,
    },
    Switch {
        version: String,
    },
    Finish,
    Submodule {
        path: PathBuf,
        from: Option<Oid>,
        to: Oid,
    },
}

/// The change that brings a checkout to its version: plain data, made by planning and carried out as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub(super) dest: PathBuf,
    pub(super) url: String,
    pub(super) before: Option<Oid>,
    pub(super) after: Oid,
    pub(super) steps: Vec<Step>,
}

impl Change {
    /// Returns one sentence for each thing that changes, in order.
    #[must_use]
    pub fn actions(&self) -> Vec<String> {
        let Self {
            dest,
            url,
            before: _,
            after,
            steps,
        } = self;
        let (dest, after) = (dest.display(), short(*after));
        steps
            .iter()
            .map(|step| match step {
                Step::Clone { version } => {
                    format!("Cloned the toolkit `{url}` at `{version}` ({after}) to `{dest}`")
                }
                Step::Url => format!("Changed the remote URL of `{dest}` to `{url}`"),
                Step::Discard { files, commits } => {
                    let lost: Vec<String> = [
                        (!files.is_empty()).then(|| format!("changes to {}", named(files))),
                        (!commits.is_empty()).then(|| format!("the commits {}", listed(commits))),
                    ]
                    .into_iter()
                    .flatten()
                    .collect();
                    format!("Discarded from `{dest}`: {}", lost.join(", and "))
                }
                Step::Update { from: Some(from) } => {
                    format!("Updated the toolkit at `{dest}` from {} to {after}", short(*from))
                }
                Step::Update { from: None } => format!("Updated the toolkit at `{dest}` to {after}"),
                Step::Switch { version } => {
                    format!("Switched the toolkit at `{dest}` to `{version}` ({after})")
                }
                Step::Finish => {
                    format!("Finished an interrupted update of the toolkit at `{dest}` to {after}")
                }
                Step::Submodule {
                    path,
                    from: Some(from),
                    to,
                } if from != to => format!(
                    "Updated the submodule `{}` at `{dest}` from {} to {}",
                    path.display(),
                    short(*from),
                    short(*to)
                ),
                Step::Submodule {
                    path,
                    from: Some(_),
                    to,
                } => {
                    format!(
                        "Repaired the submodule `{}` at `{dest}` ({})",
                        path.display(),
                        short(*to)
                    )
                }
                Step::Submodule { path, from: None, to } => {
                    format!(
                        "Cloned the submodule `{}` at `{dest}` ({})",
                        path.display(),
                        short(*to)
                    )
                }
            })
            .collect()
    }

    /// Returns the commit before the change; `None` if there was no checkout.
    #[must_use]
    pub fn before(&self) -> Option<String> {
        self.before.map(|oid| oid.to_string())
    }

    #[must_use]
    pub fn after(&self) -> String {
        self.after.to_string()
    }

    #[must_use]
    pub fn is_clone(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Clone { .. }))
    }
}

/// Returns `paths` as a message names them: the first ten, then how many more there are.
pub(super) fn named<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> String {
    listed(
        &paths
            .into_iter()
            .map(|path| format!("`{}`", path.display()))
            .collect::<Vec<_>>(),
    )
}

pub(super) fn listed(items: &[String]) -> String {
    let shown = items.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match items.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
