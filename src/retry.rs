//! Trying again, where a server may answer differently the next time.
//!
//! Only what is transient is worth it: who is denied, or asks for what is not there, gets the same answer again.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use tokio::time::Instant;

use crate::error::{Error, Result};

/// How long to go on after the first failure, not counting the tries themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience(pub Duration);

impl Patience {
    /// Enough to outlast a dropped connection, where the run can do without an answer.
    pub const BRIEF: Self = Self(Duration::from_secs(1));
}

/// Runs `operation` until it succeeds, fails for good, or `patience` is at its end; the pauses double from a
/// quarter of a second to eight seconds, with jitter, unless the server names one.
///
/// # Errors
/// Those of the last try, saying how many there were.
pub async fn retry<T, F, Fut>(patience: Patience, operation: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T>>,
{
    let mut tries = 1;
    // The builder counts its pauses only; a server that is silent takes all its time in the tries.
    let deadline = Instant::now() + patience.0;
    operation
        .retry(
            ExponentialBuilder::default()
                .with_min_delay(Duration::from_millis(250))
                .with_max_delay(Duration::from_secs(8))
                .with_jitter()
                .without_max_times()
                .with_total_delay(Some(patience.0)),
        )
        .when(move |error: &Error| error.kind().is_transient() && Instant::now() < deadline)
        .adjust(move |error, pause| match (pause, error.retry_after()) {
            // No pause left means that patience is at its end, whatever the server says.
            (Some(pause), Some(asked)) if Instant::now() + asked <= deadline => Some(asked.max(pause)),
            (Some(_), Some(_)) => None,
            (pause, _) => pause,
        })
        .notify(|_, _| tries += 1)
        .await
        .map_err(|error| match tries {
            1 => error,
            count => error.context(format!("tried {count} times")),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use std::cell::Cell;

    /// A runtime whose time passes only while everybody waits, and then at once.
    fn clock() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
    }

    fn run(patience: u64, kind: Kind, failures: usize, asked: Option<Duration>) -> (Result<()>, usize) {
        let tries = Cell::new(0);
        let runtime = clock();
        let result = runtime.block_on(retry(Patience(Duration::from_secs(patience)), || async {
            tries.set(tries.get() + 1);
            if tries.get() > failures {
                Ok(())
            } else {
                Err(Error::new(kind, "no").with_retry_after(asked))
            }
        }));
        (result, tries.get())
    }

    #[test]
    fn transient_failures_are_tried_again() {
        for kind in [Kind::Unreachable, Kind::Busy] {
            assert_eq!(run(60, kind, 3, None), (Ok(()), 4));
        }
    }

    #[test]
    fn final_failures_are_not() {
        for kind in [Kind::Denied, Kind::NotFound, Kind::Untrusted, Kind::Failed] {
            assert_eq!(run(60, kind, 3, None).1, 1);
        }
    }

    #[test]
    fn patience_ends_and_the_error_counts_the_tries() {
        let (result, tries) = run(2, Kind::Unreachable, usize::MAX, None);
        assert!((2..=6).contains(&tries), "{tries}");
        assert_eq!(result.unwrap_err().cause(), format!("tried {tries} times: no"));
    }

    #[test]
    fn a_try_that_took_all_patience_is_the_last() {
        let tries = Cell::new(0);
        let runtime = clock();
        let patience = Patience(Duration::from_secs(5));
        let result: Result<()> = runtime.block_on(retry(patience, || async {
            tries.set(tries.get() + 1);
            tokio::time::sleep(patience.0).await;
            Err(Error::new(Kind::Unreachable, "silent"))
        }));
        assert_eq!((result.unwrap_err().cause(), tries.get()), ("silent", 1));
    }

    #[test]
    fn a_pause_that_the_server_asks_for_is_kept_within_patience() {
        assert_eq!(run(60, Kind::Unreachable, 1, Some(Duration::from_secs(5))).1, 2);
        assert_eq!(run(3, Kind::Unreachable, 1, Some(Duration::from_secs(5))).1, 1);
    }

    #[test]
    fn a_pause_that_reaches_beyond_patience_is_not_begun() {
        let tries = Cell::new(0);
        let runtime = clock();
        let start = runtime.block_on(async { Instant::now() });
        let result: Result<()> = runtime.block_on(retry(Patience(Duration::from_secs(60)), || async {
            tries.set(tries.get() + 1);
            // The first try takes long; what is asked for would fit only if it had not.
            tokio::time::sleep(Duration::from_secs(55)).await;
            Err(Error::new(Kind::Busy, "no").with_retry_after(Some(Duration::from_secs(50))))
        }));
        let took = runtime.block_on(async { start.elapsed() });
        assert_eq!(
            (result.unwrap_err().cause(), tries.get(), took.as_secs()),
            ("no", 1, 55)
        );
    }
}
