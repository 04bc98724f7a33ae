//! What a category holds.
//!
//! Owns the listing: artifacts with their companions, links, what was recorded of them and whether it still holds. It
//! changes nothing, and it is quick: files are read only when somebody asks for it by [`Inventory::verify`].

mod artifact;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::hash::{gone, on_all_processors};
use super::links::{self, Node};
use super::manifest::{self, Manifest};
use super::{Architecture, Digest, Entry, Kind, Moment, PREVIOUS, Tree, companions, hash_all};
use crate::error::Result;

/// What is known of an artifact and its companions, as far as they were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// Everything was hashed, and is what the list and the statement tell.
    Intact,
    /// Size and time of the last change are the recorded ones.
    AsRecorded,
    /// It is listed, but only hashing could tell more.
    Unchecked,
    /// It is not listed, or something that belongs to it is not.
    Unlisted,
    /// It, or something that belongs to it, is not what the list or the statement tells.
    Changed,
}

/// Whether a file is what a build of ours left there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Size and time of the last change are those that its statement tells, or so is its digest.
    Recorded,
    /// It is as large as its statement tells and was changed at another time: only hashing could tell more.
    Unsure,
    /// It has no statement of ours, or somebody put something else in its place.
    Foreign,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Relative to the category.
    pub path: PathBuf,
    /// The file name without its version: releases of one thing share it.
    pub name: String,
    pub size: u64,
    pub modified: Moment,
    pub kind: Kind,
    pub architecture: Option<Architecture>,
    /// As listed.
    pub sha256: Option<Digest>,
    /// The build that recorded it, by what went into it; `None` for files that no build of ours recorded.
    pub fingerprint: Option<Digest>,
    pub origin: Origin,
    /// When that build was recorded.
    pub recorded: Option<Moment>,
    pub verification: Verification,
    /// What belongs to it alone.
    pub companions: Vec<Companion>,
    /// The links that lead to it.
    pub links: Vec<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Companion {
    pub path: PathBuf,
    pub size: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub path: PathBuf,
    pub target: PathBuf,
    /// The file or directory of the category that it leads to; `None` when it leads elsewhere or to nothing.
    pub leads_to: Option<PathBuf>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    pub artifacts: Vec<Artifact>,
    /// What describes all artifacts of a directory.
    pub descriptions: Vec<Companion>,
    pub links: Vec<Link>,
    /// What is listed and not there.
    pub missing: Vec<PathBuf>,
    /// Why `SHA256SUMS` cannot be read.
    pub fault: Option<String>,
    pub(super) manifest: Manifest,
    /// What the statements tell, by artifact; only what is not also listed so.
    pub(super) stated: BTreeMap<PathBuf, Digest>,
}

impl Inventory {
    /// Lists the category `tree`.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn read(tree: &Tree) -> Result<Self> {
        let (manifest, fault) = match Manifest::read(tree) {
            Ok(manifest) => (manifest.unwrap_or_default(), None),
            Err(error) => (Manifest::default(), Some(error.to_string())),
        };
        let entries = tree.walk()?;
        let files: BTreeSet<&Path> = entries
            .iter()
            .filter(|entry| manifest::belongs(entry))
            .map(|entry| entry.path.as_path())
            .collect();
        let missing = manifest
            .paths()
            .filter(|path| !files.contains(path))
            .map(Path::to_path_buf)
            .collect();
        let links = links_of(tree, &entries)?;
        let listed: Vec<Entry> = entries.into_iter().filter(manifest::belongs).collect();
        let grouped = companions::group(&listed);
        let items: Vec<(&Entry, &[&Entry])> = grouped
            .artifacts
            .values()
            .map(|(entry, companions)| (*entry, companions.as_slice()))
            .collect();
        let told = on_all_processors(
            &items,
            |_| 0,
            |(entry, companions), _| Ok(artifact::read(tree, &manifest, entry, companions)),
        )?;
        let mut artifacts = Vec::with_capacity(told.len());
        let mut stated = BTreeMap::new();
        for (artifact, digest) in told {
            if let Some(digest) = digest.filter(|_| artifact.sha256 != digest) {
                stated.insert(artifact.path.clone(), digest);
            }
            artifacts.push(artifact);
        }
        point(&mut artifacts, &links);
        let descriptions = grouped
            .shared
            .values()
            .flatten()
            .map(|entry| Companion::new(entry))
            .collect();
        Ok(Self {
            artifacts,
            descriptions,
            links,
            missing,
            fault,
            manifest,
            stated,
        })
    }

    /// Hashes the artifacts that are `selected`, with what belongs to them, and says what became of them.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn verify(&mut self, tree: &Tree, selected: impl Fn(&Artifact) -> bool) -> Result<()> {
        let chosen: Vec<usize> = (0..self.artifacts.len())
            .filter(|&index| selected(&self.artifacts[index]))
            .collect();
        // Each file once, with the artifacts that it speaks for.
        let mut concerned: BTreeMap<&Path, Vec<usize>> = BTreeMap::new();
        for &index in &chosen {
            let artifact = &self.artifacts[index];
            let directory = artifact.path.parent();
            let descriptions = self.descriptions.iter().map(|one| one.path.as_path());
            let beside = descriptions.filter(|path| path.parent() == directory);
            for path in artifact.paths().chain(beside) {
                concerned.entry(path).or_default().push(index);
            }
        }
        let mut entries = Vec::new();
        for (path, indexes) in concerned {
            match tree.entry(path)? {
                Some(entry) => entries.push((entry, indexes)),
                None => return Err(gone(tree, path)),
            }
        }
        let files: Vec<&Entry> = entries.iter().map(|(entry, _)| entry).collect();
        let digests = hash_all(tree, &files)?;
        for &index in &chosen {
            self.artifacts[index].verification = Verification::Intact;
        }
        for ((entry, indexes), digest) in entries.iter().zip(digests) {
            let verification = match self.manifest.digest(&entry.path) {
                None => Verification::Unlisted,
                Some(listed) if listed != digest => Verification::Changed,
                // The list and the statement have to say the same.
                Some(_) if self.stated.contains_key(&entry.path) => Verification::Changed,
                Some(_) => Verification::Intact,
            };
            for &index in indexes {
                let worst = &mut self.artifacts[index].verification;
                *worst = verification.max(*worst);
            }
        }
        Ok(())
    }

    /// Hashes those of the artifacts that are `selected` whose origin cannot be told without it.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn ascertain(&mut self, tree: &Tree, selected: impl Fn(&Artifact) -> bool) -> Result<()> {
        let unsure = self
            .artifacts
            .iter_mut()
            .filter(|artifact| artifact.origin == Origin::Unsure && selected(artifact));
        let mut entries = Vec::new();
        let mut artifacts = Vec::new();
        for artifact in unsure {
            entries.push(
                tree.entry(&artifact.path)?
                    .ok_or_else(|| gone(tree, &artifact.path))?,
            );
            artifacts.push(artifact);
        }
        let digests = hash_all(tree, &entries.iter().collect::<Vec<_>>())?;
        for (artifact, digest) in artifacts.into_iter().zip(digests) {
            let stated = self.stated.get(&artifact.path).copied().or(artifact.sha256);
            artifact.origin = match stated == Some(digest) {
                true => Origin::Recorded,
                false => Origin::Foreign,
            };
        }
        Ok(())
    }

    /// Returns how many bytes the artifacts and what belongs to them take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let artifacts: u64 = self.artifacts.iter().map(Artifact::bytes).sum();
        artifacts + self.descriptions.iter().map(|one| one.size).sum::<u64>()
    }
}

impl Artifact {
    /// Tells whether a build of ours recorded it.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.fingerprint.is_some()
    }

    /// Returns since when it counts as being here: the time of a file may be anything that its build made it.
    #[must_use]
    pub fn since(&self) -> Moment {
        self.recorded
            .map_or(self.modified, |recorded| recorded.max(self.modified))
    }

    /// Tells whether a later build replaced it.
    #[must_use]
    pub fn is_previous(&self) -> bool {
        self.path.starts_with(PREVIOUS)
    }

    /// Returns its size with that of its companions.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.size + self.companions.iter().map(|one| one.size).sum::<u64>()
    }

    /// Returns its path and those of its companions.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let companions = self.companions.iter().map(|one| one.path.as_path());
        std::iter::once(self.path.as_path()).chain(companions)
    }
}

impl Companion {
    fn new(entry: &Entry) -> Self {
        Self {
            path: entry.path.clone(),
            size: entry.size,
        }
    }
}

fn links_of(tree: &Tree, entries: &[Entry]) -> Result<Vec<Link>> {
    let mut view = BTreeMap::new();
    let mut links = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.is_unfinished()) {
        let Some(node) = links::node_of(tree, entry)? else {
            continue;
        };
        if let Node::Link(target) = &node {
            links.push((entry.path.clone(), target.clone()));
        }
        view.insert(entry.path.clone(), node);
    }
    let look = |path: &Path| view.get(path).cloned();
    Ok(links
        .into_iter()
        .map(|(path, target)| Link {
            leads_to: links::resolve(&path, &target, &look).ok(),
            path,
            target,
        })
        .collect())
}

/// Notes at each artifact the links that lead to it, or to a directory that it lies in.
fn point(artifacts: &mut [Artifact], links: &[Link]) {
    let mut pointed: BTreeMap<&Path, Vec<&Path>> = BTreeMap::new();
    for link in links {
        if let Some(to) = &link.leads_to {
            pointed.entry(to).or_default().push(&link.path);
        }
    }
    for artifact in artifacts {
        artifact.links = artifact
            .path
            .ancestors()
            .chain(artifact.companions.iter().map(|one| one.path.as_path()))
            .filter_map(|path| pointed.get(path))
            .flatten()
            .map(|link| link.to_path_buf())
            .collect();
    }
}
