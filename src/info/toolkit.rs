//! The toolkit's checkout: what is checked out, what the remote has, and what somebody changed.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::Result;
use crate::git;
use crate::resource::toolkit::{Desired, Observed};

/// What the remote cannot say when it is out of reach, the checkout still can.
#[must_use]
pub fn report(desired: &Desired, observed: &Result<Arc<Observed>>) -> Value {
    let version = &desired.source.version;
    match observed.as_deref() {
        Ok(Observed { checkout, .. }) => json!({
            "dest": desired.dest,
            "remote_url": checkout.remote_url(),
            "version": version,
            "commit": checkout.before(),
            "remote_commit": checkout.after(),
            "behind": checkout.behind,
            "changed_files": checkout.changed_files(),
            "own_commits": checkout.own_commits(),
        }),
        Err(error) => json!({
            "dest": desired.dest,
            "remote_url": desired.source.url.as_str(),
            "version": version,
            "commit": git::checked_out(&desired.dest).ok().flatten(),
            "error": error.to_string(),
        }),
    }
}
