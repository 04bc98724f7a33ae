//! One artifact, with what was recorded of it.
//!
//! Owns what is told without reading the artifact: its statement is read, and so are its first bytes where no statement
//! tells what they are.

use std::path::Path;

use super::{Artifact, Companion, Origin, Verification};
use crate::artifacts::inspect::Care;
use crate::artifacts::naming::without_version;
use crate::artifacts::statement::{self, Noted, Statement};
use crate::artifacts::{Digest, Entry, Inspection, Manifest, Tree, companions, inspect};

/// Returns the artifact, and the digest that its statement tells.
pub(super) fn read(
    tree: &Tree,
    manifest: &Manifest,
    entry: &Entry,
    companions: &[&Entry],
) -> (Artifact, Option<Digest>) {
    let path = &entry.path;
    let sha256 = manifest.digest(path);
    let statement_path = companions::statement(path);
    let statement_entry = companions.iter().find(|one| one.path == statement_path);
    let has_statement = statement_entry.is_some();
    // A statement without its artifact tells at least that it was ours: pruning was killed between the two.
    let text = match has_statement {
        true => tree.read(&statement_path, statement::LIMIT).unwrap_or_default(),
        false if companions::is_statement(path) => tree.read(path, statement::LIMIT).unwrap_or_default(),
        false => None,
    };
    let is_statement_listed = text
        .as_ref()
        .is_some_and(|text| manifest.digest(&statement_path) == Some(Digest::of(text)));
    let statement = text
        .and_then(|text| Statement::parse(&text).ok())
        .filter(Statement::is_ours);
    let stated = statement.as_ref().and_then(|statement| statement.digest_of(path));
    let noted = statement.as_ref().and_then(|statement| statement.noted_of(path));
    let verification = match (sha256, noted) {
        (None, _) => Verification::Unlisted,
        // A statement that cannot be read, or tells of something else, was tampered with.
        (Some(_), _) if has_statement && (!is_statement_listed || stated != sha256) => Verification::Changed,
        (Some(_), Some(noted)) if (noted.size, noted.modified) != (entry.size, entry.modified) => {
            Verification::Changed
        }
        (Some(_), Some(_)) => Verification::AsRecorded,
        (Some(_), None) => Verification::Unchecked,
    };
    let fingerprint = statement.as_ref().and_then(Statement::fingerprint);
    let origin = match noted {
        _ if fingerprint.is_none() => Origin::Foreign,
        // This is the statement itself, which outlived its artifact.
        _ if !has_statement => Origin::Recorded,
        Some(noted) if (noted.size, noted.modified) == (entry.size, entry.modified) => Origin::Recorded,
        Some(noted) if noted.size != entry.size => Origin::Foreign,
        _ if stated.is_some() => Origin::Unsure,
        _ => Origin::Foreign,
    };
    let Inspection { kind, architecture } = match noted {
        Some(Noted {
            kind, architecture, ..
        }) if verification == Verification::AsRecorded => Inspection { kind, architecture },
        _ => look(tree, path),
    };
    let artifact = Artifact {
        path: path.clone(),
        name: without_version(path),
        size: entry.size,
        modified: entry.modified,
        kind,
        architecture,
        sha256,
        fingerprint,
        origin,
        recorded: statement.and(statement_entry).map(|entry| entry.modified),
        verification,
        companions: companions.iter().map(|entry| Companion::new(entry)).collect(),
        links: Vec::new(),
    };
    (artifact, stated)
}

/// A file that is broken, or may not be read, is still there to be listed.
fn look(tree: &Tree, path: &Path) -> Inspection {
    match tree.open_file(path) {
        Ok(Some(mut file)) => inspect(path, &mut file, Care::Glance).unwrap_or(Inspection::FILE),
        _ => Inspection::FILE,
    }
}
