//! Work that blocks, on a thread of its own, so that everything else goes on.

use crate::error::{Error, Kind, Result};

/// # Errors
/// Those of `work`; `Failed` when it broke.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::new(Kind::Failed, format!("a thread stopped unexpectedly: {error}"))
            .with_remedy("report this as a defect of the module")
    })?
}
