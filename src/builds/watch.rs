//! Watching a build until it ends: its log goes to the file, its time is limited, and whoever wants an end gets one.
//!
//! Owns how the end is noticed. Engines tell the log as a stream, which also breaks when an engine restarts: what
//! counts is the container's state, and a stream that ended early is asked for again, from the start.

use std::future::pending;
use std::time::{Duration, SystemTime};

use futures_util::StreamExt as _;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};

use super::log::Log;
use super::moment;
use crate::docker::containers::{Container, Part, Past, State};
use crate::docker::{Engine, Product};
use crate::ending::Ending;
use crate::error::{Error, Kind, Result};

/// How long a build that is stopped may take to end by itself.
const GRACE: Duration = Duration::from_secs(10);
/// How often a silent build is looked at.
const GLANCE: Duration = Duration::from_secs(5);
/// How many looks at a build that has ended find no more of its log before it is taken to be whole.
const SILENT: u32 = 2;
/// How often the log of a build that has ended is asked for again when it breaks off.
const ATTEMPTS: u32 = 3;
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
    /// It ended while the engine was away, which may have taken the build with it, whatever the code says.
    Engine,
    /// It was told to end through the engine, by somebody or by an engine that was shut down.
    Outside,
    /// It took too long, and was stopped.
    Time,
    /// Somebody ended the run, and the build was stopped with it.
    Told,
}

/// How following a log came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Followed {
    /// The engine has told all there is.
    Whole,
    /// It broke off.
    Broken,
    /// The build has to be stopped.
    Stop(Cause),
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
        let product = self.engine.identity().await?.product;
        let mut contact = Contact::new(SystemTime::now());
        let mut container = self.look(id, &mut contact).await?;
        let ran = container.state != State::Ended;
        let mut deadline = self.deadline(&container);
        let mut attempts = 0;
        loop {
            log.restart()?;
            let followed = self.follow(id, log, deadline, &mut contact).await;
            container = self.look(id, &mut contact).await?;
            let has_ended = container.state == State::Ended;
            match followed {
                Followed::Stop(Cause::Told) if has_ended => return Err(ended_meanwhile()),
                Followed::Stop(cause) if !has_ended => {
                    self.engine.stop_container(id, GRACE).await?;
                    // What it said on being stopped is in the log, too.
                    timeout(GRACE, self.copy(id, log)).await.unwrap_or(Ok(()))?;
                    let container = self.look(id, &mut contact).await?;
                    return Ok(End { container, cause });
                }
                // Its time was up when it ended by itself: what there is of its log is still to be read.
                Followed::Stop(_) => deadline = None,
                // Its end is known, and the log of it is not whole yet.
                Followed::Broken if has_ended && attempts < ATTEMPTS => {
                    attempts += 1;
                    sleep(PAUSE).await;
                }
                Followed::Whole | Followed::Broken if has_ended => {
                    for _ in 0..ATTEMPTS {
                        if self.is_whole(id, log).await {
                            break;
                        }
                        self.copy(id, log).await?;
                    }
                    if container.exit_code == KILLED {
                        // Whoever removes a container kills it first.
                        sleep(PAUSE).await;
                        container = self.look(id, &mut contact).await?;
                    }
                    let past = match product {
                        Product::Docker if ran => self.engine.container_past(id).await.ok(),
                        _ => None,
                    };
                    let cause = contact.cause(product, &container, past);
                    return Ok(End { container, cause });
                }
                Followed::Whole | Followed::Broken => sleep(PAUSE).await,
            }
        }
    }

    /// Copies the log until its stream ends, or tells why the build has to be stopped.
    async fn follow(
        &self,
        id: &str,
        log: &mut Log,
        deadline: Option<Instant>,
        contact: &mut Contact,
    ) -> Followed {
        let mut stream = std::pin::pin!(self.engine.container_log(id, Part::AndOn));
        let mut glances = interval(GLANCE);
        glances.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut silent = 0;
        loop {
            tokio::select! {
                biased;
                () = self.ending.requested() => return Followed::Stop(Cause::Told),
                () = expired(deadline) => return Followed::Stop(Cause::Time),
                chunk = stream.next() => match chunk {
                    Some(Ok(bytes)) => {
                        log.write(&bytes);
                        silent = 0;
                    }
                    Some(Err(_)) => return Followed::Broken,
                    None => return Followed::Whole,
                },
                _ = glances.tick() => {
                    let glance = SystemTime::now();
                    let container = self.engine.container(id).await;
                    if container.is_ok() {
                        contact.answered(glance);
                    }
                    // Some engines leave the stream of a container open that has ended; others are slow to fill it.
                    if container.is_ok_and(|container| has_ended(container.as_ref())) {
                        silent += 1;
                    }
                    if silent > SILENT {
                        return Followed::Whole;
                    }
                }
            }
        }
    }

    /// Copies the log of a container that has ended, from its start.
    async fn copy(&self, id: &str, log: &mut Log) -> Result<()> {
        log.restart()?;
        let mut stream = std::pin::pin!(self.engine.container_log(id, Part::UpToNow));
        while let Some(Ok(bytes)) = stream.next().await {
            log.write(&bytes);
        }
        Ok(())
    }

    /// Tells whether the log ends as the engine's does: one that follows a container may stop early when it ends.
    async fn is_whole(&self, id: &str, log: &Log) -> bool {
        let mut stream = std::pin::pin!(self.engine.container_log(id, Part::Last));
        match timeout(GRACE, stream.next()).await {
            Ok(Some(Ok(message))) => log.ended_with(&message),
            Ok(None) => log.ended_with(b""),
            Ok(Some(Err(_))) | Err(_) => false,
        }
    }

    /// Returns the container, waiting for an engine that is away.
    async fn look(&self, id: &str, contact: &mut Contact) -> Result<Container> {
        let deadline = Instant::now() + self.patience;
        let mut was_away = false;
        loop {
            let asked = SystemTime::now();
            match self.engine.container(id).await {
                Ok(Some(container)) => {
                    match was_away {
                        true => contact.is_back(SystemTime::now()),
                        false => contact.answered(asked),
                    }
                    return Ok(container);
                }
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

    /// The limit counts from the start, whoever watched then; what has ended by itself took no longer than it did.
    fn deadline(&self, container: &Container) -> Option<Instant> {
        (container.state != State::Ended)
            .then(|| Instant::now() + self.limit.saturating_sub(age(container, SystemTime::now())))
    }
}

/// When the engine was known to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Contact {
    last: SystemTime,
    /// From the last answer before it went away to the first one after.
    away: Vec<(SystemTime, SystemTime)>,
}

impl Contact {
    fn new(last: SystemTime) -> Self {
        Self {
            last,
            away: Vec::new(),
        }
    }

    /// Only an answer to a question counts: an engine that shuts down lets open streams run on meanwhile.
    fn answered(&mut self, asked: SystemTime) {
        self.last = asked;
    }

    fn is_back(&mut self, now: SystemTime) {
        self.away.push((self.last, now));
        self.last = now;
    }

    /// Returns whether an end is the build's own. `past` is what Docker remembers of a container that was seen to run.
    fn cause(&self, product: Product, container: &Container, past: Option<Past>) -> Cause {
        match past {
            // An engine that shuts down answers until its containers have ended.
            Some(Past {
                was_stopped: true, ..
            }) => return Cause::Outside,
            // The engine that saw the end is not the one that answers.
            Some(Past { has_end: false, .. }) => return Cause::Engine,
            Some(_) | None => {}
        }
        let finished = container.finished_on.as_deref().and_then(moment::parse);
        let is_within = |(from, to): &(SystemTime, SystemTime)| {
            finished.is_none_or(|finished| *from <= finished && finished <= *to)
        };
        // Podman's containers outlive its service, so that one that ended well did so by itself.
        let outlives = product == Product::Podman && container.exit_code == 0;
        match !outlives && self.away.iter().any(is_within) {
            true => Cause::Engine,
            false => Cause::Itself,
        }
    }
}

/// Returns how long the container has run by `now`.
#[must_use]
pub fn age(container: &Container, now: SystemTime) -> Duration {
    let started = container.started_on.as_deref().and_then(moment::parse);
    started
        .and_then(|started| now.duration_since(started).ok())
        .unwrap_or_default()
}

fn has_ended(container: Option<&Container>) -> bool {
    container.is_some_and(|container| container.state == State::Ended)
}

async fn expired(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}

/// There is nothing left to stop, and what it made is not to be lost.
fn ended_meanwhile() -> Error {
    Error::new(
        Kind::Interrupted,
        "the build has ended, and was not collected yet",
    )
    .with_remedy("run it again: it collects what the build left")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use std::time::UNIX_EPOCH;

    fn container(exit_code: i64, finished_on: Option<&str>) -> Container {
        Container {
            id: "c".to_owned(),
            labels: HashMap::new(),
            state: State::Ended,
            exit_code,
            out_of_memory: false,
            error: String::new(),
            started_on: Some("1970-01-01T00:00:10Z".to_owned()),
            finished_on: finished_on.map(str::to_owned),
        }
    }

    #[test]
    fn an_end_while_docker_was_away_is_not_the_builds_own_whatever_its_code() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let mut contact = Contact::new(at(20));
        contact.answered(at(30));
        contact.is_back(at(40));
        contact.answered(at(50));
        for (finished, docker, podman_failed) in [
            (Some("1970-01-01T00:00:29Z"), Cause::Itself, Cause::Itself),
            (Some("1970-01-01T00:00:30Z"), Cause::Engine, Cause::Engine),
            (Some("1970-01-01T00:00:35Z"), Cause::Engine, Cause::Engine),
            (Some("1970-01-01T00:00:41Z"), Cause::Itself, Cause::Itself),
            // An engine that cannot tell when.
            (None, Cause::Engine, Cause::Engine),
        ] {
            for code in [0, 3] {
                let container = container(code, finished);
                assert_eq!(
                    contact.cause(Product::Docker, &container, None),
                    docker,
                    "{finished:?}"
                );
            }
            let failed = container(3, finished);
            assert_eq!(
                contact.cause(Product::Podman, &failed, None),
                podman_failed,
                "{finished:?}"
            );
            let well = container(0, finished);
            assert_eq!(
                contact.cause(Product::Podman, &well, None),
                Cause::Itself,
                "{finished:?}"
            );
        }
        let steady = Contact::new(at(20));
        assert_eq!(
            steady.cause(Product::Docker, &container(0, None), None),
            Cause::Itself
        );
    }

    #[test]
    fn what_docker_remembers_tells_who_ended_a_build() {
        let contact = Contact::new(SystemTime::now());
        for (was_stopped, has_end, expected) in [
            (false, true, Cause::Itself),
            (true, true, Cause::Outside),
            (true, false, Cause::Outside),
            (false, false, Cause::Engine),
        ] {
            let past = Past { was_stopped, has_end };
            assert_eq!(
                contact.cause(Product::Docker, &container(0, None), Some(past)),
                expected,
                "{past:?}"
            );
        }
    }

    #[test]
    fn an_age_counts_from_the_start() {
        let now = UNIX_EPOCH + Duration::from_secs(17);
        assert_eq!(age(&container(0, None), now), Duration::from_secs(7));
        assert_eq!(age(&container(0, None), UNIX_EPOCH), Duration::ZERO);
    }
}
