//! The real binary against a real engine, registry and git server: every resource, every way its state differs.
//!
//! Needs the testbed (`python3 tests/testbed up`); `make test` starts it. One file a subject.

mod support;

mod bad_input;
mod builds;
mod directories;
mod engine;
mod faults;
mod images;
mod info;
mod interruption;
mod legacy;
mod lock;
mod network;
mod override_file;
mod podman;
mod protocol;
mod prune;
mod requirements;
mod secrets;
mod signals;
mod syslog;
mod timers;
mod toolkit;
