//! Carrying out what was decided.
//!
//! Owns the order, by which a reader of the category meets no moment without a file that was there and no link to
//! what is not there yet: older files get their second name first, new files replace them, links come last.

use std::path::Path;

use super::{Change, Collection, Kept, Request};
use crate::artifacts::Placed;
use crate::error::Result;
use crate::files::tree::Attributes;

/// How much was done in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    /// Files that were placed, in all.
    pub placed: usize,
    /// Those among them that had to be copied.
    pub copied: usize,
}

/// Carries out `collection`, which [`plan`](super::plan) made of the same `request`.
///
/// # Errors
/// The system's, with the path. Doing both again goes on where this ended.
pub fn apply(request: &Request<'_>, collection: &Collection) -> Result<Applied> {
    let Request {
        staging,
        category,
        name,
        owner,
        ..
    } = request;
    category.sweep(category.walk()?)?;
    for Kept {
        from,
        to,
        identity,
        vacates,
    } in &collection.kept
    {
        prepare(request, to)?;
        category.place(category, from, *identity, to, None)?;
        if *vacates {
            // Before anything is replaced: a run that is killed then still sees that it has to be.
            category.remove(from)?;
        }
    }
    let mut applied = Applied::default();
    for file in collection
        .files
        .iter()
        .filter(|file| file.change != Change::Unchanged)
    {
        prepare(request, &file.path)?;
        let attributes = Attributes {
            mode: file.mode,
            owner: *owner,
        };
        let from = Path::new(name).join(&file.path);
        let placed = category.place(staging, &from, file.identity, &file.path, Some(attributes))?;
        applied.placed += 1;
        applied.copied += usize::from(placed == Placed::Copied);
    }
    for link in collection
        .links
        .iter()
        .filter(|link| link.change != Change::Unchanged)
    {
        prepare(request, &link.path)?;
        category.link(&link.target, &link.path)?;
    }
    Ok(applied)
}

/// Creates the directories that lead to `path`.
fn prepare(request: &Request<'_>, path: &Path) -> Result<()> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => request.category.create_directory(
            parent,
            Attributes {
                mode: 0o755,
                owner: request.owner,
            },
        ),
        None => Ok(()),
    }
}
