//! The options that say what pruning keeps and what it may take: of the module that prunes, and of the one that has a
//! timer do it.

use serde::Deserialize;

use super::{Argument, Literal, Type};

pub(super) const KEEP: Argument = Argument::new("keep", Type::Int)
    .default(Literal::Int(1))
    .describe(&[
        "How many artifacts of a name stay, however old. The name is that of the file without its version, and the \
         newest are those that came last, whatever their versions.",
    ]);

pub(super) const UNMANAGED: Argument = Argument::new("unmanaged", Type::Bool)
    .default(Literal::Bool(false))
    .describe(&[
        "Whether files may go as well that no build of this collection recorded, and those that somebody put in the \
         place of one that it did.",
    ]);

pub(super) const CACHE_MAX_GB: Argument =
    Argument::new("cache_max_gb", Type::Int)
        .computed("no limit")
        .describe(&[
            "How much the caches of all services may hold, in GiB. What is beyond goes, least recently used first.",
            "What goes is always a whole entry of a service's cache directory, never a part of one. A cache that a \
             running container sees stays as it is.",
            "An entry was used when anything in it was last written, changed or read. A file system that is mounted \
             with C(relatime), as most are, tells reading to the day; with C(noatime) it does not tell it at all, and \
             only writing counts.",
        ]);

pub(super) const IMAGES: Argument = Argument::new("images", Type::Bool)
    .default(Literal::Bool(true))
    .describe(&[
        "Whether superseded images go: those that came from the repositories of O(containers), have no tag any more, \
         and are used by no container and by no image that was made from them. An image that was built on the host \
         is never one of them.",
        "Podman forgets where an image without a tag came from; there, only what the registry still has goes.",
    ]);

/// The same as they were typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Pruning {
    pub keep: i64,
    pub unmanaged: bool,
    pub cache_max_gb: Option<i64>,
    pub images: bool,
}
