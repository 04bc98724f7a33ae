//! Builds: a container that runs confined, what it leaves, and what is remembered of it.
//!
//! The same flow as for the environment, over one build: what is wanted and its fingerprint, what is there, what
//! follows, the run, the report. It manages no environment: the images are those of [`crate::resource`].

pub mod labels;
pub mod place;
pub mod record;
