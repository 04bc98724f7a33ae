//! Being told to end by somebody who wants the work itself ended, not only this process.
//!
//! Owns the word between the front, which receives signals, and work that outlives a process unless it is stopped: a
//! container. Who promises to end in order is let finish; all other work is dropped where it stands.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

/// Cloning shares.
#[derive(Debug, Clone)]
pub struct Ending {
    requested: watch::Sender<bool>,
    promises: Arc<AtomicUsize>,
}

/// Held by whoever looks at [`Ending::requested`] and then ends soon.
#[derive(Debug)]
pub struct Promise(Arc<AtomicUsize>);

impl Default for Ending {
    fn default() -> Self {
        Self {
            requested: watch::Sender::new(false),
            promises: Arc::default(),
        }
    }
}

impl Ending {
    pub fn request(&self) {
        self.requested.send_replace(true);
    }

    /// Waits until the end is requested.
    pub async fn requested(&self) {
        // The sender is here, so that waiting cannot fail.
        self.requested
            .subscribe()
            .wait_for(|requested| *requested)
            .await
            .ok();
    }

    #[must_use]
    pub fn promise(&self) -> Promise {
        self.promises.fetch_add(1, Ordering::SeqCst);
        Promise(Arc::clone(&self.promises))
    }

    #[must_use]
    pub fn is_promised(&self) -> bool {
        self.promises.load(Ordering::SeqCst) > 0
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_lasts_as_long_as_it_is_held() {
        let ending = Ending::default();
        assert!(!ending.is_promised());
        let (one, two) = (ending.promise(), ending.clone().promise());
        drop(one);
        assert!(ending.is_promised());
        drop(two);
        assert!(!ending.is_promised());
    }

    #[test]
    fn a_request_is_heard_by_those_who_come_later() {
        let ending = Ending::default();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        ending.clone().request();
        runtime.block_on(ending.requested());
    }
}
