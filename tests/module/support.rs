//! What the tests are written with: a station of their own each, and the binary's answers.

pub mod answer;
pub mod repository;
pub mod station;
pub mod testbed;

pub use answer::Answer;
pub use repository::Repository;
pub use station::Station;
pub use testbed::testbed;
