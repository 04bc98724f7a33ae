//! Whether what a build left is still there, every byte of it.
//!
//! Blocks: it hashes. Three have to agree for each artifact: the file, `SHA256SUMS` and what is remembered; the same
//! for the statement of its provenance, so that no single changed bit in any of them goes unnoticed.

use std::path::{Path, PathBuf};

use super::place::Place;
use super::record::Delivery;
use crate::artifacts::{Digest, EntryKind, Manifest, Tree, hash_all};
use crate::error::{Kind, Result};

/// Returns what is wrong, in words that follow "because"; the first thing that is found.
///
/// # Errors
/// The system's, with the path.
pub fn damage(place: &Place, delivery: &Delivery) -> Result<Option<String>> {
    let files: Vec<(PathBuf, &str)> = delivery
        .artifacts
        .iter()
        .filter_map(|artifact| Some((PathBuf::from(&artifact.path), artifact.sha256.as_deref()?)))
        .chain(
            delivery
                .statements
                .iter()
                .map(|statement| (PathBuf::from(&statement.path), statement.sha256.as_str())),
        )
        .collect();
    if delivery.artifacts.is_empty() {
        return Ok(None);
    }
    let tree = match Tree::open(&place.category()) {
        Ok(tree) => tree,
        Err(error) if error.kind() == Kind::NotFound => {
            return Ok(Some(format!("`{}` is missing", place.category().display())));
        }
        Err(error) => return Err(error),
    };
    let manifest = match Manifest::read(&tree) {
        Ok(Some(manifest)) => manifest,
        Ok(None) => return Ok(Some("`SHA256SUMS` is missing".to_owned())),
        Err(error) => return Ok(Some(error.cause().to_owned())),
    };
    let mut entries = Vec::with_capacity(files.len());
    for (path, recorded) in &files {
        match tree.entry(path)? {
            Some(entry) if entry.kind == EntryKind::File => entries.push(entry),
            Some(_) => return Ok(Some(format!("`{}` is not a file any more", path.display()))),
            None => return Ok(Some(format!("`{}` is missing", path.display()))),
        }
        if manifest.digest(path).map(|digest| digest.to_string()).as_deref() != Some(*recorded) {
            return Ok(Some(format!(
                "`SHA256SUMS` does not list `{}` as it was built",
                path.display()
            )));
        }
    }
    for link in delivery
        .artifacts
        .iter()
        .filter(|artifact| artifact.target.is_some())
    {
        let path = Path::new(&link.path);
        let is_link = tree
            .entry(path)?
            .is_some_and(|entry| entry.kind == EntryKind::Link);
        let target = match is_link {
            true => tree.read_link(path)?,
            false => None,
        };
        if target.as_deref().and_then(Path::to_str) != link.target.as_deref() {
            return Ok(Some(format!("`{}` is not the link that it was", link.path)));
        }
    }
    // Small things are said; what takes long is done last.
    let digests = hash_all(&tree, &entries.iter().collect::<Vec<_>>())?;
    Ok(files
        .iter()
        .zip(digests)
        .find(|((_, recorded), digest): &(&(PathBuf, &str), Digest)| digest.to_string() != *recorded)
        .map(|((path, _), _)| format!("`{}` changed since it was built", path.display())))
}
