//! The toolkit's checkout: one commit of one repository, at one place.
//!
//! Owns when git is asked and how often; what git does is the business of `git`.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::difference::Difference;
use crate::error::{Error, Kind, Result};
use crate::git::{self, Stop};
use crate::retry::{Patience, retry};

pub use crate::git::{Change, Observed};

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
        blocking(move || git::observe(&desired.dest, &desired.source, &stop))
    })
    .await
    .map(Arc::new)
}

/// # Errors
/// `Refused` where going on would lose what somebody made in the checkout.
pub fn plan(desired: &Desired, observed: &Observed) -> Result<Option<Change>> {
    git::plan(observed, &desired.source)
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
        blocking(move || git::apply(&observed, &source, &change, &stop).map(drop))
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
        "remote_url": observed.remote_url(),
        "before": observed.before(),
        "after": observed.after(),
        "changed": change.is_some(),
    })
}
