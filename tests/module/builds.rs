//! Builds: the real binary, real containers and a real compiler. One file a subject.

mod confinement;
mod delivery;
mod failures;
mod freshness;
mod interruption;
mod users;
