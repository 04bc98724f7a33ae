//! Proving what a category holds.
//!
//! Owns the writing of statements and, after them, of `SHA256SUMS`. What was listed before keeps its digest, so that
//! a file that somebody changed stays noticed however often the list is written. What a build replaced is listed as it
//! was found: the statement that was kept with it says whether somebody had changed it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::statement::{self, Build, Noted, Statement, Subject};
use super::{Collection, Digest, Entry, Manifest, PREVIOUS, Tree, companions, hash_all, manifest};
use crate::error::Result;
use crate::files::tree::Attributes;

/// Writes a statement for each artifact of `collection`, then `SHA256SUMS`. Returns where the statements lie.
///
/// # Errors
/// The system's, with the path. Doing it again goes on where this ended.
pub fn record(tree: &Tree, collection: &Collection, build: &Build) -> Result<Vec<PathBuf>> {
    let entries = tree.walk()?;
    let grouped = companions::group(&entries);
    let mut known: BTreeMap<PathBuf, Digest> = BTreeMap::new();
    let mut statements = Vec::new();
    for file in &collection.files {
        known.insert(file.path.clone(), file.sha256);
        if !grouped.artifacts.contains_key(file.path.as_path()) {
            continue;
        }
        let text = build
            .statement(&Subject {
                path: &file.path,
                digest: file.sha256,
                noted: Noted {
                    kind: file.kind,
                    architecture: file.architecture,
                    size: file.size,
                    modified: file.modified,
                },
            })
            .render()?;
        let path = companions::statement(&file.path);
        let attributes = Attributes {
            mode: 0o644,
            owner: None,
        };
        tree.write(&path, &text, attributes)?;
        known.insert(path.clone(), Digest::of(&text));
        statements.push(path);
    }
    rewrite(tree, &known)?;
    Ok(statements)
}

/// Writes `SHA256SUMS` for what is there now. Only what neither `known` nor the list nor a statement tells is hashed.
///
/// # Errors
/// The system's, with the path; the old list is then as it was.
pub fn rewrite(tree: &Tree, known: &BTreeMap<PathBuf, Digest>) -> Result<Manifest> {
    write_for(tree, &tree.walk()?, known)
}

/// Writes `SHA256SUMS` as it will be once `going` are gone, so that it never names what is not there.
///
/// # Errors
/// As [`rewrite`].
pub fn rewrite_without(tree: &Tree, going: &BTreeSet<&Path>) -> Result<Manifest> {
    let mut entries = tree.sweep(tree.walk()?)?;
    entries.retain(|entry| !going.contains(entry.path.as_path()));
    write_for(tree, &entries, &BTreeMap::new())
}

fn write_for(tree: &Tree, entries: &[Entry], known: &BTreeMap<PathBuf, Digest>) -> Result<Manifest> {
    // A list that cannot be read proves nothing; the statements still do.
    let listed = Manifest::read(tree).ok().flatten();
    let files: Vec<&Entry> = entries.iter().filter(|entry| manifest::belongs(entry)).collect();
    let mut rewritten = Manifest::default();
    let mut unknown = Vec::new();
    for file in files {
        let path = &file.path;
        let told = known
            .get(path)
            .copied()
            .or_else(|| listed.as_ref()?.digest(path))
            .or_else(|| {
                let is_lost = listed.is_none() && !path.starts_with(PREVIOUS);
                is_lost.then(|| stated(tree, path))?
            });
        match told {
            Some(digest) => rewritten.insert(path.clone(), digest),
            None => unknown.push(file),
        }
    }
    let digests = hash_all(tree, &unknown)?;
    for (file, digest) in unknown.into_iter().zip(digests) {
        rewritten.insert(file.path.clone(), digest);
    }
    if listed.as_ref() != Some(&rewritten) {
        rewritten.write(tree)?;
    }
    Ok(rewritten)
}

/// Returns the digest that the statement beside a file tells, for when the list is lost.
fn stated(tree: &Tree, path: &Path) -> Option<Digest> {
    let text = tree.read(&companions::statement(path), statement::LIMIT).ok()??;
    let statement = Statement::parse(&text).ok()?;
    statement.digest_of(path).filter(|_| statement.is_ours())
}
