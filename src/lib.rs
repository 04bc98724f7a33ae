//! Converges a containerised cross-compilation station, as an Ansible module.
//!
//! A run flows one way: **arguments** (what was typed) become **desired** (what it means); **observed** is what is
//! there; the two give the **plan** (what has to change, decided without touching anything); **apply** makes the
//! changes; **report** tells them. Check mode ends after the plan, so it shows exactly what a run would do.
//!
//! Each thing that is converged has its file in [`resource`]. The world is reached through four doors only:
//! [`docker`] (the engine), [`registry`] (a short cut past the engine, and for engines that cannot ask it), [`git`], and [`files`].

// Nothing that input, disk or network can reach may end in a panic. (Not in Cargo.toml: integration tests may.)
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod ansible;
mod apply;
pub mod arguments;
pub mod artifacts;
pub mod builds;
mod certificates;
mod changes;
pub mod cli;
mod compose;
mod connections;
mod context;
mod credentials;
mod crontab;
mod desired;
mod difference;
mod docker;
mod ending;
pub mod error;
mod facts;
mod files;
pub mod git;
mod image;
mod info;
mod journal;
mod lock;
mod modules;
mod observed;
mod plan;
pub mod protocol;
mod prune;
mod registry;
mod report;
mod resource;
mod retry;
mod secret;
mod signals;
mod syslog;
pub mod template;
mod threads;
