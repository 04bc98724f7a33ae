//! The toolkit's checkout: one commit of one repository, at one place.
//!
//! Owns when git is asked and how often; what git does is the business of `git`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::difference::Difference;
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::git::{self, Stop};
use crate::retry::{Patience, retry};

pub use crate::git::Change;

/// What is there, and whether it could be changed.
#[derive(Debug)]
pub struct Observed {
    pub checkout: git::Observed,
    /// Why this user can write nothing where the checkout is, or is to be.
    pub unwritable: Option<Error>,
}

#[derive(Debug, Clone)]
pub struct Desired {
    pub dest: PathBuf,
    pub source: git::Source,
}

/// Removes what a killed run left beside or inside the checkout. The caller holds the host's lock.
///
/// # Errors
/// The system's, with the path.
pub fn sweep(desired: &Desired) -> Result<()> {
    git::sweep(&desired.dest)
}

/// Looks at the checkout and asks the remote for its head, on a thread of its own.
///
/// # Errors
/// Git's, by kind.
pub async fn observe(desired: &Desired, stop: &Stop, patience: Patience) -> Result<Arc<Observed>> {
    retry(patience, || {
        let (desired, stop) = (desired.clone(), stop.clone());
        blocking(move || {
            let checkout = git::observe(&desired.dest, &desired.source, &stop)?;
            let unwritable = check_writable(&desired.dest, checkout.is_there()).err();
            Ok(Observed { checkout, unwritable })
        })
    })
    .await
    .map(Arc::new)
}

/// An update writes into the checkout; a clone is moved to its place from beside it.
fn check_writable(dest: &Path, is_there: bool) -> Result<()> {
    let real = dest.canonicalize().unwrap_or_else(|_| dest.to_path_buf());
    let directories = match is_there {
        true => vec![real.clone(), real.join(".git")],
        false => vec![files::nearest_existing(real.parent().unwrap_or(&real))],
    };
    directories
        .iter()
        // A linked worktree has a file of that name.
        .filter(|directory| directory.is_dir())
        .try_for_each(|directory| files::check_writable(directory))
        .map_err(|error| {
            let doing = if is_there { "update" } else { "clone to" };
            error.context(format!("cannot {doing} `{}`", dest.display()))
        })
}

/// # Errors
/// `Refused` where going on would lose what somebody made in the checkout, and where this user cannot go on.
pub fn plan(desired: &Desired, observed: &Observed) -> Result<Option<Change>> {
    let change = git::plan(&observed.checkout, &desired.source)?;
    match &observed.unwritable {
        Some(error) if change.is_some() => Err(error.clone()),
        _ => Ok(change),
    }
}

/// Brings the checkout to the planned commit.
///
/// # Errors
/// Git's, by kind; the checkout is then as it was, or the next run finishes it.
pub async fn apply(
    desired: &Desired,
    observed: &Arc<Observed>,
    change: &Change,
    stop: &Stop,
    patience: Patience,
) -> Result<()> {
    retry(patience, || {
        let (source, observed) = (desired.source.clone(), Arc::clone(observed));
        let (change, stop) = (change.clone(), stop.clone());
        blocking(move || git::apply(&observed.checkout, &source, &change, &stop).map(drop))
    })
    .await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::new(Kind::Failed, format!("git stopped unexpectedly: {error}"))
            .with_remedy("report this as a defect of the module")
    })?
}

/// Returns the two commits for `--diff`, and how the one becomes the other.
#[must_use]
pub fn difference(change: &Change) -> Difference {
    // Some changes leave the commit as it is (another URL, edits discarded); the sentences tell those.
    Difference::new(
        "toolkit",
        json!({ "commit": change.before() }),
        json!({ "commit": change.after(), "by": change.actions() }),
    )
}

/// Returns what the result says of the checkout.
#[must_use]
pub fn report(desired: &Desired, observed: &Observed, change: Option<&Change>) -> Value {
    json!({
        "dest": desired.dest,
        "remote_url": observed.checkout.remote_url(),
        "before": observed.checkout.before(),
        "after": observed.checkout.after(),
        "changed": change.is_some(),
    })
}
