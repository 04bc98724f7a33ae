//! What the tests are written with: a station of their own each, and the binary's answers.

pub mod answer;
pub mod background;
pub mod build_station;
pub mod doorstep;
pub mod podman;
pub mod private;
pub mod proxy;
pub mod relay;
pub mod repository;
pub mod station;
pub mod strace;
pub mod testbed;
pub mod tls;

pub use answer::Answer;
pub use build_station::BuildStation;
pub use doorstep::Doorstep;
pub use podman::Podman;
pub use relay::Relay;
pub use repository::Repository;
pub use station::Station;
pub use testbed::testbed;
