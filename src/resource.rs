//! The things that are converged, one file each: what is wanted, what is there, what follows, and the doing.
//!
//! In each file `observe` reads, `plan` decides (pure, synchronous) and `apply` writes. No resource knows
//! another; what they need of each other meets in `desired`, `observed` and `apply`.

pub mod compose_override;
pub mod directories;
pub mod images;
pub mod legacy;
pub mod network;
pub mod requirements;
pub mod timers;
pub mod toolkit;

/// The resources by the names that the `resources` option gives them, in the order in which they are converged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    Requirements,
    Directories,
    Toolkit,
    Network,
    Images,
    Override,
    Legacy,
    Timers,
}

impl Resource {
    pub const ALL: [Self; 8] = [
        Self::Requirements,
        Self::Directories,
        Self::Toolkit,
        Self::Network,
        Self::Images,
        Self::Override,
        Self::Legacy,
        Self::Timers,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Requirements => "requirements",
            Self::Directories => "directories",
            Self::Toolkit => "toolkit",
            Self::Network => "network",
            Self::Images => "images",
            Self::Override => "override",
            Self::Legacy => "legacy",
            Self::Timers => "timers",
        }
    }

    /// Returns whether nothing can be said of it without the engine.
    #[must_use]
    pub fn needs_engine(self) -> bool {
        matches!(self, Self::Requirements | Self::Network | Self::Images)
    }
}
