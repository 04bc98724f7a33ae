//! What builds leave behind: looked at, collected, proven, listed and, when it is old, let go.
//!
//! Owns the artifacts of one category, `<artifacts_dir>/<category>`, and the formats that prove them: `SHA256SUMS` for
//! the whole category, an in-toto statement for each artifact. It is synchronous, reaches the disk through
//! [`Tree`] alone, and knows neither engines nor Ansible.
//!
//! A build's way: [`plan`] looks at its staging directory and decides everything, after [`list`] has refused what needs
//! no reading; [`apply`] carries it out, as often
//! as need be; [`record`] writes the statements and, last, `SHA256SUMS`. Whoever wants to know what is there asks for
//! the [`Inventory`]; [`retention`] picks from it what is to go, and spares the [`Targets`] of links.
//!
//! A category looks like this:
//!
//! | file | what |
//! |---|---|
//! | `envoy-v1.32.0-arm64` | an artifact |
//! | `envoy-v1.32.0-arm64.sha256`, `.intoto.json`, `.asc`, `.sig` | its companions; the statement is ours |
//! | `build-info.txt` | the companion of every artifact beside it |
//! | `envoy-arm64` | a link |
//! | `previous/<generation>/…` | what a later build of the same name replaced, at the same relative path |
//! | `SHA256SUMS` | the digests of all other files |

pub mod collect;
mod companions;
mod deb;
mod digest;
mod elf;
mod hash;
pub mod inspect;
pub mod inventory;
pub mod links;
pub mod manifest;
pub mod naming;
pub mod patterns;
mod record;
pub mod retention;
pub mod statement;
mod targets;
mod timestamp;

pub use crate::files::tree::{Entry, EntryKind, Moment, Owner, Placed, Tree};
pub use collect::{Collection, Request, apply, list, plan};
pub use digest::Digest;
pub use hash::{hash, hash_all};
pub use inspect::{Architecture, Inspection, Kind, inspect};
pub use inventory::Inventory;
pub use manifest::Manifest;
use record::rewrite_without;
pub use record::{record, rewrite};
pub use statement::Statement;
pub use targets::Targets;
pub use timestamp::generation;

use std::path::Path;

/// The file of a category that lists the digests of all others.
pub const MANIFEST: &str = "SHA256SUMS";

/// The directory of a category that keeps what later builds replaced.
pub const PREVIOUS: &str = "previous";

/// Tells whether `path`, relative to a category, is written by the module alone.
#[must_use]
pub fn is_ours(path: &Path) -> bool {
    path == Path::new(MANIFEST) || companions::is_statement(path)
}
