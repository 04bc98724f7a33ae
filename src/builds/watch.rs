//! Watching a build until it ends: its log goes to the file, its time is limited, and whoever wants an end gets one.
//!
//! Owns how the end is noticed. Engines tell the log as a stream, which also breaks when an engine restarts: what
//! counts is the container's state, and a stream that ended early is asked for again, from the start.

use std::time::{Duration, SystemTime};

use futures_util::StreamExt as _;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};

use super::log::Log;
use super::moment;
use crate::docker::Engine;
use crate::docker::containers::{Container, State};
use crate::ending::Ending;
use crate::error::{Error, Kind, Result};

/// How long a build that is stopped may take to end by itself.
const GRACE: Duration = Duration::from_secs(10);
/// How often a silent build is looked at.
const GLANCE: Duration = Duration::from_secs(5);
/// How soon an engine that went away is looked for again.
const PAUSE: Duration = Duration::from_millis(500);

/// What a container ends with that is killed.
pub const KILLED: i64 = 137;

/// How a build ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub container: Container,
    pub cause: Cause,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Itself,
    /// The engine was away meanwhile, and may have taken the build with it.
    Engine,
    /// It took too long, and was stopped.
    Time,
    /// Somebody ended the run, and the build was stopped with it.
    Told,
}

/// What a build is watched with.
#[derive(Debug, Clone, Copy)]
pub struct Watch<'a> {
    pub engine: &'a Engine,
    pub ending: &'a Ending,
    pub limit: Duration,
    /// How long an engine may be away: it may be restarted.
    pub patience: Duration,
}

impl Watch<'_> {
    /// Follows the container `id` until it ends.
    ///
    /// # Errors
    /// `NotFound` when somebody removed it; the engine's when it stays away; the system's for the log.
    pub async fn until_the_end(&self, id: &str, log: &mut Log) -> Result<End> {
        let (container, mut was_away) = self.look(id).await?;
        let deadline = self.deadline(&container);
        loop {
            log.restart()?;
            if let Some(cause) = self.follow(id, log, deadline).await {
                self.engine.stop_container(id, GRACE).await?;
                // What it said on being stopped is in the log, too.
                log.restart()?;
                timeout(GRACE, self.copy(id, log)).await.ok();
                let (container, _) = self.look(id).await?;
                return Ok(End { container, cause });
            }
            let (mut container, is_back) = self.look(id).await?;
            was_away |= is_back;
            if container.state == State::Ended {
                if container.exit_code == KILLED {
                    // Whoever removes a container kills it first.
                    sleep(PAUSE).await;
                    (container, _) = self.look(id).await?;
                }
                let cause = if was_away { Cause::Engine } else { Cause::Itself };
                return Ok(End { container, cause });
            }
            sleep(PAUSE).await;
        }
    }

    /// Copies the log until its stream ends, or returns why the build has to be stopped.
    async fn follow(&self, id: &str, log: &mut Log, deadline: Instant) -> Option<Cause> {
        let mut stream = std::pin::pin!(self.engine.container_log(id));
        let mut glances = interval(GLANCE);
        glances.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_silent = false;
        loop {
            tokio::select! {
                biased;
                () = self.ending.requested() => return Some(Cause::Told),
                () = sleep_until(deadline) => return Some(Cause::Time),
                chunk = stream.next() => match chunk {
                    Some(Ok(bytes)) => {
                        log.write(&bytes);
                        is_silent = false;
                    }
                    Some(Err(_)) | None => return None,
                },
                _ = glances.tick() => {
                    // Some engines leave the stream of a container open that has ended.
                    if is_silent && !self.runs(id).await {
                        return None;
                    }
                    is_silent = true;
                }
            }
        }
    }

    /// Copies the log of a container that has ended.
    async fn copy(&self, id: &str, log: &mut Log) {
        let mut stream = std::pin::pin!(self.engine.container_log(id));
        while let Some(Ok(bytes)) = stream.next().await {
            log.write(&bytes);
        }
    }

    async fn runs(&self, id: &str) -> bool {
        let container = self.engine.container(id).await;
        !matches!(container, Ok(Some(container)) if container.state == State::Ended)
    }

    /// Returns the container, waiting for an engine that is away, and whether it was.
    async fn look(&self, id: &str) -> Result<(Container, bool)> {
        let deadline = Instant::now() + self.patience;
        let mut was_away = false;
        loop {
            match self.engine.container(id).await {
                Ok(Some(container)) => return Ok((container, was_away)),
                Ok(None) => {
                    return Err(
                        Error::new(Kind::NotFound, "the build's container was removed while it ran")
                            .with_remedy("find out who removes containers on this host, then run again"),
                    );
                }
                Err(error) if Instant::now() >= deadline => return Err(error),
                Err(_) => {
                    was_away = true;
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// The limit counts from the start, whoever watched then.
    fn deadline(&self, container: &Container) -> Instant {
        let started = container.started_on.as_deref().and_then(moment::parse);
        let passed = started.and_then(|started| SystemTime::now().duration_since(started).ok());
        Instant::now() + self.limit.saturating_sub(passed.unwrap_or_default())
    }
}
