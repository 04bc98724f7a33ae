//! The wish to stop, shared between whoever catches a signal and whoever transfers.
//!
//! Owns one flag. It stops nothing itself: work polls it where stopping is safe.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Kind, Result};

/// A flag that is raised once and polled from everywhere; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Returns the error of an interrupted run once stopping was requested.
    pub fn check(&self) -> Result<()> {
        if self.is_requested() {
            return Err(Error::new(Kind::Interrupted, "the run was told to stop"));
        }
        Ok(())
    }
}
