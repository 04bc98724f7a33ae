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
use crate::files;

/// How much of a checksum file is read.
const CHECKSUM: u64 = 64 * 1024;

/// Everything that is decided by.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// What is in staging, the paths relative to it.
    pub staged: Vec<Entry>,
    /// What the staged files of the category are, by their paths relative to it, or why they are refused; `None` before
    /// they are read.
    pub files: BTreeMap<PathBuf, Option<Result<Staged>>>,
    /// Where the staged links of the category point to, by their paths relative to it.
    pub links: BTreeMap<PathBuf, PathBuf>,
    /// What is in the category.
    pub present: BTreeMap<PathBuf, Present>,
    /// How many bytes the file system of staging holds in all, where it tells.
    pub capacity: Option<u64>,
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

/// Lists both directories, and reads no file.
pub(super) fn list(request: &Request<'_>) -> Result<Survey> {
    let Request {
        staging,
        category,
        name,
        ..
    } = request;
    let staged = staging.walk()?;
    let of_kind = |kind| {
        let entries = staged.iter().filter(move |entry| entry.kind == kind);
        entries.filter_map(|entry| Some((inner(name, entry)?, entry)))
    };
    let files = of_kind(EntryKind::File).map(|(path, _)| (path, None)).collect();
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
    let present = category
        .walk()?
        .into_iter()
        .map(|entry| {
            let target = match entry.kind {
                EntryKind::Link => category.read_link(&entry.path)?,
                _ => None,
            };
            let present = Present {
                target,
                digest: None,
                entry,
            };
            Ok((present.entry.path.clone(), present))
        })
        .collect::<Result<_>>()?;
    Ok(Survey {
        files,
        links,
        present,
        capacity: files::space(staging.path()).ok().map(|space| space.total),
        staged,
    })
}

/// Reads what was listed: all that the build left, and what it may leave as it is.
pub(super) fn read(request: &Request<'_>, survey: &mut Survey) -> Result<()> {
    let Request {
        staging,
        category,
        name,
        ..
    } = request;
    let found: BTreeMap<PathBuf, &Entry> = survey
        .staged
        .iter()
        .filter(|entry| entry.kind == EntryKind::File)
        .filter_map(|entry| Some((inner(name, entry)?, entry)))
        .collect();
    let entries: Vec<&Entry> = found.values().copied().collect();
    let looked = on_all_processors(&entries, |entry| entry.size, |entry, _| Ok(look(staging, entry)))?;
    let candidates: Vec<&Entry> = survey
        .present
        .values()
        .map(|present| &present.entry)
        .filter(|entry| {
            found.get(&entry.path).is_some_and(|staged| {
                entry.kind == EntryKind::File
                    && staged.size == entry.size
                    && staged.identity != entry.identity
            })
        })
        .collect();
    let digests = on_all_processors(
        &candidates,
        |entry| entry.size,
        |entry, _| digest(category, &entry.path),
    )?;
    let digests: Vec<(PathBuf, Digest)> = candidates
        .iter()
        .map(|entry| entry.path.clone())
        .zip(digests)
        .collect();
    survey.files = found.into_keys().zip(looked.into_iter().map(Some)).collect();
    for (path, digest) in digests {
        if let Some(present) = survey.present.get_mut(&path) {
            present.digest = Some(digest);
        }
    }
    Ok(())
}

/// Returns where in the category something lies; `None` for what is outside.
fn inner(name: &str, entry: &Entry) -> Option<PathBuf> {
    entry.path.strip_prefix(name).map(Path::to_path_buf).ok()
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
