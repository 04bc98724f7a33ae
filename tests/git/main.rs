//! The git module against real repositories: made by git's own command, served from files, over HTTPS and SSH.

mod configuration;
mod driver;
mod interruption;
mod local_changes;
mod ownership;
mod submodules;
mod support;
mod transports;
mod versions;
