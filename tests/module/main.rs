//! The real binary against a real engine, registry and git server: every resource, every way its state differs.
//!
//! Needs the testbed (`python3 tests/testbed up`); `make test` starts it. One file a subject.

mod support;

mod directories;
mod images;
