//! What a run carries along besides its data: who may not be shown, when to stop, how patient to be.

use crate::ending::Ending;
use crate::git::Stop;
use crate::journal::Journal;
use crate::secret::Secrets;

/// Shared by everything that a run does at the same time; cloning shares.
#[derive(Debug, Clone, Default)]
pub struct Context {
    pub secrets: Secrets,
    /// Set when the run is told to end; what works in a thread of its own looks at it.
    pub stop: Stop,
    /// What a person who ends the run tells work that outlasts it.
    pub ending: Ending,
    /// What has been changed so far.
    pub journal: Journal,
}
