//! What goes, told before anything goes: the one list that check mode shows and a run carries out. Pure.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::caches::{self, Entry};
use super::leftovers::Leftover;
use super::{Desired, Observed};
use crate::artifacts::retention::Removal;
use crate::difference::Difference;
use crate::docker::ListedImage;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Artifacts of one category: its `SHA256SUMS` is written once for all of them.
    Artifacts {
        category: PathBuf,
        removals: Vec<Removal>,
    },
    /// In the directory of a build.
    Leftover {
        directory: PathBuf,
        leftover: Leftover,
    },
    /// In the directory of all caches.
    Cache {
        directory: PathBuf,
        entry: Entry,
    },
    Image(ListedImage),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub changes: Vec<Change>,
}

impl Plan {
    #[must_use]
    pub fn new(desired: &Desired, observed: &Observed) -> Self {
        let artifacts = observed
            .artifacts
            .iter()
            .map(|(category, removals)| Change::Artifacts {
                category: desired.artifacts.join(category),
                removals: removals.clone(),
            });
        let leftovers = observed.leftovers.iter().map(|leftover| Change::Leftover {
            directory: desired
                .artifacts
                .join(crate::builds::place::BUILDS)
                .join(&leftover.build),
            leftover: leftover.clone(),
        });
        let caches = desired
            .cache_limit
            .map(|limit| caches::select(&observed.caches, limit))
            .into_iter()
            .flatten()
            .map(|entry| Change::Cache {
                directory: desired.cache.clone(),
                entry,
            });
        let images = observed.images.iter().cloned().map(Change::Image);
        Self {
            changes: artifacts.chain(leftovers).chain(caches).chain(images).collect(),
        }
    }

    /// Returns how many bytes go.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.changes.iter().map(Change::bytes).sum()
    }
}

impl Change {
    /// Returns a sentence for each thing that goes.
    #[must_use]
    pub fn actions(&self) -> Vec<String> {
        match self {
            Self::Artifacts { category, removals } => removals
                .iter()
                .map(|removal| {
                    let path = category.join(&removal.artifact);
                    format!("Removed artifact `{}` ({} bytes)", path.display(), removal.bytes)
                })
                .collect(),
            Self::Leftover { directory, leftover } => vec![removed(
                "what a build left",
                &directory.join(&leftover.name),
                leftover.usage.bytes,
            )],
            Self::Cache { directory, entry } => {
                vec![removed("cache", &directory.join(&entry.path), entry.usage.bytes)]
            }
            Self::Image(image) => vec![format!(
                "Removed superseded image `{}` ({} bytes)",
                image.name(),
                image.size
            )],
        }
    }

    #[must_use]
    pub fn difference(&self) -> Difference {
        let gone = |subject: String, before| Difference::new(subject, before, json!([]));
        match self {
            Self::Artifacts { category, removals } => {
                let files: Vec<&PathBuf> = removals
                    .iter()
                    .flat_map(|removal| std::iter::once(&removal.artifact).chain(&removal.companions))
                    .collect();
                gone(category.to_string_lossy().into_owned(), json!(files))
            }
            Self::Leftover { directory, leftover } => gone(
                directory.to_string_lossy().into_owned(),
                json!([leftover.name.to_string_lossy()]),
            ),
            Self::Cache { directory, entry } => {
                gone(directory.to_string_lossy().into_owned(), json!([entry.path]))
            }
            Self::Image(image) => gone(format!("image {}", image.name()), json!([image.id])),
        }
    }

    fn bytes(&self) -> u64 {
        match self {
            Self::Artifacts { removals, .. } => removals.iter().map(|removal| removal.bytes).sum(),
            Self::Leftover { leftover, .. } => leftover.usage.bytes,
            Self::Cache { entry, .. } => entry.usage.bytes,
            Self::Image(image) => image.size,
        }
    }
}

fn removed(what: &str, path: &Path, bytes: u64) -> String {
    format!("Removed {what}: `{}` ({bytes} bytes)", path.display())
}

impl ListedImage {
    /// Returns the name by which it came, for people.
    #[must_use]
    pub fn name(&self) -> &str {
        self.repo_digests.first().unwrap_or(&self.id)
    }
}
