//! Builds: a container that runs confined, what it leaves, and what is remembered of it.
//!
//! The same flow as for the environment, over one build: what is wanted and its fingerprint, what is there, what
//! follows, the run, the report. It manages no environment: the images are those of [`crate::resource`].

mod confinement;
mod deliver;
mod delivered;
pub(crate) mod desired;
mod inputs;
pub mod labels;
mod log;
mod moment;
pub(crate) mod observed;
mod outcome;
pub mod place;
pub(crate) mod plan;
pub mod record;
pub(crate) mod report;
pub(crate) mod run;
mod start;
mod user;
mod variables;
mod watch;
mod words;
