//! Looking at what a build left, and at what is in its category.
//!
//! Owns every reading that collecting needs: both directories, the digests and kinds of files. It judges only what
//! cannot be read without being judged: broken files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Request;
use crate::artifacts::hash::{gone, on_all_processors};
use crate::artifacts::inspect::Care;
use crate::artifacts::{Digest, Entry, EntryKind, Inspection, Tree, companions, hash, inspect};
use crate::error::{Error, Result};

/// How much of a checksum file is read.
const CHECKSUM: u64 = 64 * 1024;

/// Everything that is decided by.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// What is in staging, the paths relative to it.
    pub staged: Vec<Entry>,
    /// What the staged files of the category are, by their paths relative to it, or why they are refused.
    pub files: BTreeMap<PathBuf, Result<Staged>>,
    /// Where the staged links of the category point to, by their paths relative to it.
    pub links: BTreeMap<PathBuf, PathBuf>,
    /// What is in the category.
    pub present: BTreeMap<PathBuf, Present>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Staged {
    pub digest: Digest,
    pub inspection: Inspection,
    /// Where the file is a checksum: the digest that it tells.
    pub told: Option<Digest>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Present {
    pub entry: Entry,
    /// Of a link.
    pub target: Option<PathBuf>,
    /// Of a file that a staged one of the same size would replace.
    pub digest: Option<Digest>,
}

pub(super) fn survey(request: &Request<'_>) -> Result<Survey> {
    let Request {
        staging,
        category,
        name,
        ..
    } = request;
    let staged = staging.walk()?;
    let inner = |entry: &Entry| entry.path.strip_prefix(name).map(Path::to_path_buf).ok();
    let of_kind = |kind| {
        let entries = staged.iter().filter(move |entry| entry.kind == kind);
        entries.filter_map(move |entry| Some((inner(entry)?, entry)))
    };

    let found: Vec<(PathBuf, &Entry)> = of_kind(EntryKind::File).collect();
    let looked = on_all_processors(
        &found,
        |(_, entry)| entry.size,
        |(_, entry), _| Ok(look(staging, entry)),
    )?;
    let files = found.iter().map(|(path, _)| path.clone()).zip(looked).collect();
    let links = of_kind(EntryKind::Link)
        .map(|(path, entry)| {
            Ok((
                path,
                staging
                    .read_link(&entry.path)?
                    .ok_or_else(|| gone(staging, &entry.path))?,
            ))
        })
        .collect::<Result<_>>()?;

    let sizes: BTreeMap<PathBuf, &Entry> = found.into_iter().collect();
    let entries: Vec<Entry> = category.walk()?;
    let present = on_all_processors(
        &entries,
        |entry| entry.size,
        |entry, _| {
            let staged = sizes.get(&entry.path).copied();
            let is_candidate = staged.is_some_and(|staged| {
                entry.kind == EntryKind::File
                    && staged.size == entry.size
                    && staged.identity != entry.identity
            });
            Ok(Present {
                entry: entry.clone(),
                target: match entry.kind {
                    EntryKind::Link => category.read_link(&entry.path)?,
                    _ => None,
                },
                digest: match is_candidate {
                    true => Some(digest(category, &entry.path)?),
                    false => None,
                },
            })
        },
    )?;
    let present = present
        .into_iter()
        .map(|present| (present.entry.path.clone(), present))
        .collect();
    Ok(Survey {
        staged,
        files,
        links,
        present,
    })
}

fn look(tree: &Tree, entry: &Entry) -> Result<Staged> {
    let path = &entry.path;
    let mut file = tree.open_file(path)?.ok_or_else(|| gone(tree, path))?;
    let inspection = inspect(path, &mut file, Care::Whole)?;
    Ok(Staged {
        digest: digest(tree, path)?,
        inspection,
        told: match companions::checksum_of(path) {
            Some(_) if entry.size <= CHECKSUM => {
                tree.read(path, CHECKSUM)?.and_then(|text| first_digest(&text))
            }
            _ => None,
        },
    })
}

fn digest(tree: &Tree, path: &Path) -> Result<Digest> {
    let file = tree.open_file(path)?.ok_or_else(|| gone(tree, path))?;
    hash(file).map_err(|error| Error::io("read", &tree.full(path), &error))
}

/// Returns the digest that a checksum file begins with, whatever its program adds.
fn first_digest(text: &[u8]) -> Option<Digest> {
    let word = text
        .split(u8::is_ascii_whitespace)
        .find(|word| !word.is_empty())?;
    std::str::from_utf8(word).ok()?.to_ascii_lowercase().parse().ok()
}
