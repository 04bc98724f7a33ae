//! What becomes of everything that a build left.
//!
//! Owns the rules: what is refused, what is left, what is kept of the old, where links lead. It is pure; all that it
//! knows is in the survey. Of one whose files were not read yet, it says what can be refused without reading them: a
//! hostile build may leave more than anybody can read.

mod links;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::survey::{Present, Staged, Survey};
use super::{Change, Collection, File, Kept, Left, Request};
use crate::artifacts::{Entry, EntryKind, Kind, MANIFEST, PREVIOUS, companions, is_ours};
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::files::tree::is_unfinished;

/// How many reasons against collecting are told; a hostile build may have any number of them.
const TOLD: usize = 10;

/// The longest name that file systems take.
const LONGEST_NAME: usize = 255;

/// The bits by which a program runs with the rights of its owner or group.
const SPECIAL_BITS: u32 = 0o7000;

pub(super) fn decide(request: &Request<'_>, survey: &Survey) -> Result<Collection> {
    let case = Case::new(request, survey);
    let mut collection = Collection::default();
    let mut refused = Vec::new();
    for entry in &survey.staged {
        let told = request.artifacts_target.join(&entry.path);
        let decided = inner(request, entry).and_then(|path| match path {
            Some(path) if !path.as_os_str().is_empty() => case.admit(entry, path, &mut collection),
            _ => Ok(()),
        });
        if let Err(error) = decided {
            refused.push(error.context(format_args!("`{}`", told.display())));
        }
    }
    let more = refused.len().saturating_sub(TOLD);
    refused.truncate(TOLD);
    if let Some(error) = Error::combined(refused) {
        let more = match more {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        return Err(error.context(format!("nothing was collected{more}")));
    }
    check_size(survey)?;
    check_checksums(request, survey)?;
    Ok(collection)
}

/// Files with holes tell of more bytes than there are, and reading them takes as long as if they were there.
fn check_size(survey: &Survey) -> Result<()> {
    let files = survey.staged.iter().filter(|entry| entry.kind == EntryKind::File);
    let sizes: BTreeMap<(u64, u64), u64> = files.map(|entry| (entry.identity, entry.size)).collect();
    let sum = sizes.into_values().fold(0, u64::saturating_add);
    match survey.capacity {
        Some(capacity) if sum > capacity => Err(refuse(format!(
            "nothing was collected: the files that it left have {sum} bytes, and their whole file system holds \
             {capacity}"
        ))
        .with_remedy("let the build leave no files with holes")),
        _ => Ok(()),
    }
}

/// Returns where in the category something lies; `None` for the category's own directory.
fn inner(request: &Request<'_>, entry: &Entry) -> Result<Option<PathBuf>> {
    match entry.path.strip_prefix(request.name) {
        Ok(path) if path.as_os_str().is_empty() && entry.kind != EntryKind::Directory => {
            Err(refuse("is not a directory"))
        }
        Ok(path) if path.as_os_str().is_empty() => Ok(None),
        Ok(path) => Ok(Some(path.to_path_buf())),
        Err(_) => Err(
            refuse("lies outside the category of its build").with_remedy(format!(
                "let the build write to `{}` alone",
                request.artifacts_target.join(request.name).display()
            )),
        ),
    }
}

/// What is decided by, with what is counted of it once.
struct Case<'a> {
    request: &'a Request<'a>,
    survey: &'a Survey,
    /// How many names each file has, here and in the category: a killed run may have placed it already.
    names: BTreeMap<(u64, u64), u64>,
    /// Those that the build left something in; empty ones are not collected.
    directories: BTreeSet<&'a Path>,
}

impl<'a> Case<'a> {
    fn new(request: &'a Request<'a>, survey: &'a Survey) -> Self {
        let mut names = BTreeMap::new();
        let present = survey.present.values().map(|present| &present.entry);
        for entry in survey.staged.iter().chain(present) {
            if entry.kind == EntryKind::File {
                *names.entry(entry.identity).or_insert(0) += 1;
            }
        }
        let left = survey.files.keys().chain(survey.links.keys());
        Self {
            request,
            survey,
            names,
            directories: left.flat_map(|path| path.ancestors().skip(1)).collect(),
        }
    }

    fn admit(&self, entry: &Entry, path: PathBuf, collection: &mut Collection) -> Result<()> {
        if path.to_str().is_none() {
            return Err(refuse("has a name that is not UTF-8"));
        }
        if path.iter().any(is_unfinished) {
            return Err(
                refuse("has a name that files have which the module has not finished")
                    .with_remedy("let the build give it another name"),
            );
        }
        if path.starts_with(PREVIOUS) {
            return Err(refuse(format!("`{PREVIOUS}` is where older artifacts are kept")));
        }
        match entry.kind {
            EntryKind::Directory => match self.survey.present.get(&path) {
                Some(present) if present.entry.kind != EntryKind::Directory => {
                    Err(refuse("is a directory here, and a file in the category"))
                }
                _ => Ok(()),
            },
            EntryKind::Special => Err(refuse("is a device, a socket or a named pipe")),
            _ if is_ours(&path) => {
                collection.left.push(Left {
                    reason: match path == Path::new(MANIFEST) {
                        true => "the digests of the category are written by the module",
                        false => "statements are written by the module",
                    },
                    path,
                });
                Ok(())
            }
            EntryKind::Link => self.admit_link(path, collection),
            EntryKind::File => {
                if entry.mode & SPECIAL_BITS != 0 {
                    return Err(refuse("has the set-user, set-group or sticky bit"));
                }
                if entry.names > self.names.get(&entry.identity).copied().unwrap_or(1) {
                    return Err(refuse("has another name elsewhere (a hard link)"));
                }
                if self.has_long_name(&path) {
                    return Err(refuse(format!(
                        "has a name that is too long: with the one of its statement it would have more than \
                         {LONGEST_NAME} bytes"
                    )));
                }
                self.admit_file(entry, path, collection)
            }
        }
    }

    fn admit_file(&self, entry: &Entry, path: PathBuf, collection: &mut Collection) -> Result<()> {
        let present = self.survey.present.get(&path);
        if present.is_some_and(|present| present.entry.kind == EntryKind::Directory) {
            return Err(refuse("is a file here, and a directory in the category"));
        }
        let staged = match self.survey.files.get(&path) {
            Some(Some(Ok(staged))) => *staged,
            Some(Some(Err(error))) => return Err(error.clone()),
            // It was not read yet.
            Some(None) => return Ok(()),
            None => return Err(refuse("went away")),
        };
        let Staged {
            digest, inspection, ..
        } = staged;
        inspection.check(self.request.architecture)?;
        let is_executable = entry.mode & 0o111 != 0 || inspection.kind == Kind::Executable;
        let change = match present {
            Some(present) if present.entry.kind == EntryKind::File => {
                if present.entry.identity == entry.identity || present.digest == Some(digest) {
                    Change::Unchanged
                } else {
                    self.keep(&path, collection);
                    Change::Replaces
                }
            }
            // What a link points to stays, so there is nothing to keep.
            _ => Change::New,
        };
        collection.files.push(File {
            identity: entry.identity,
            size: entry.size,
            modified: match (change, present) {
                (Change::Unchanged, Some(present)) => present.entry.modified,
                _ => entry.modified,
            },
            sha256: digest,
            kind: inspection.kind,
            architecture: inspection.architecture,
            mode: if is_executable { 0o755 } else { 0o644 },
            change,
            path,
        });
        Ok(())
    }

    /// Tells whether there is no room in the name of an artifact for what the name of its statement adds.
    fn has_long_name(&self, path: &Path) -> bool {
        let length = companions::statement(path).file_name().map_or(0, OsStr::len);
        length > LONGEST_NAME && !companions::is_one(path, |path| self.survey.files.contains_key(path))
    }

    /// Keeps the file that is at `path` now, and with it what belongs to it alone.
    fn keep(&self, path: &Path, collection: &mut Collection) {
        let belonging = companions::all(path).filter(|companion| !self.is_staged(companion));
        let files = std::iter::once((path.to_path_buf(), false)).chain(belonging.map(|path| (path, true)));
        for (from, vacates) in files {
            if let Some(present) = self.survey.present.get(&from)
                && present.entry.kind == EntryKind::File
            {
                collection.kept.push(Kept {
                    to: self.vacant(&from, present),
                    identity: present.entry.identity,
                    from,
                    vacates,
                });
            }
        }
    }

    /// Tells whether the build left something that takes the place of `path`.
    fn is_staged(&self, path: &Path) -> bool {
        !is_ours(path) && (self.survey.files.contains_key(path) || self.survey.links.contains_key(path))
    }

    /// Returns where to keep a file: the first place that nothing else takes.
    fn vacant(&self, path: &Path, present: &Present) -> PathBuf {
        let place = |number: u32| {
            let generation = match number {
                1 => self.request.generation.to_owned(),
                _ => format!("{}-{number}", self.request.generation),
            };
            Path::new(PREVIOUS).join(generation).join(path)
        };
        let is_free = |place: &PathBuf| {
            let there = self.survey.present.get(place);
            there.is_none_or(|there| there.entry.identity == present.entry.identity)
        };
        (1..=u32::MAX)
            .map(place)
            .find(is_free)
            .unwrap_or_else(|| place(1))
    }
}

/// Checksums that the build left have to be right: whoever takes an artifact goes by them.
fn check_checksums(request: &Request<'_>, survey: &Survey) -> Result<()> {
    for (path, staged) in &survey.files {
        let artifact = companions::checksum_of(path).unwrap_or_default();
        if let Some(Ok(Staged { told: Some(told), .. })) = staged
            && let Some(Some(Ok(Staged { digest, .. }))) = survey.files.get(&artifact)
            && told != digest
        {
            let path = request.artifacts_target.join(request.name).join(path);
            return Err(refuse(format!(
                "nothing was collected: `{}`: tells `{told}`, but `{}` has `{digest}`",
                path.display(),
                artifact
                    .file_name()
                    .map(OsStr::display)
                    .map(|name| name.to_string())
                    .unwrap_or_default(),
            ))
            .with_remedy("let the build make the checksum last"));
        }
    }
    Ok(())
}

fn refuse(cause: impl Into<String>) -> Error {
    Error::new(ErrorKind::Refused, cause)
}

#[cfg(test)]
mod tests;
