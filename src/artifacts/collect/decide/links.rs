//! Where the links that a build left will lead.
//!
//! Owns the rule that they stay within the category, and the view by which they are followed: of the category as it will
//! be, so that no link that is there already leads a new one out.

use std::path::{Path, PathBuf};

use super::{Case, refuse};
use crate::artifacts::EntryKind;
use crate::artifacts::collect::{Change, Collection, Link};
use crate::artifacts::is_ours;
use crate::artifacts::links::{self, Fault, Node};
use crate::error::Result;
use crate::files::tree::is_beneath;

impl Case<'_> {
    pub(super) fn admit_link(&self, path: PathBuf, collection: &mut Collection) -> Result<()> {
        let told = self.survey.links.get(&path).ok_or_else(|| refuse("went away"))?;
        let leads = |reason: &str| {
            refuse(format!("is a link to `{}`, {reason}", told.display()))
                .with_remedy("let the build link to what it leaves in its category, by relative paths")
        };
        let target = self
            .as_relative(&path, told)
            .ok_or_else(|| leads("outside its category"))?;
        let view = |path: &Path| self.node(path);
        links::resolve(&path, &target, &view).map_err(|fault| match fault {
            Fault::Leaves => leads("outside its category"),
            Fault::Missing => leads("where nothing is"),
            Fault::Circular => leads("in a circle"),
        })?;
        let change = match self.survey.present.get(&path) {
            Some(present) if present.target.as_ref() == Some(&target) => Change::Unchanged,
            Some(present) if present.entry.kind == EntryKind::Directory => {
                return Err(refuse("is a link here, and a directory in the category"));
            }
            Some(present) if present.entry.kind == EntryKind::File => {
                self.keep(&path, collection);
                Change::Replaces
            }
            _ => Change::New,
        };
        collection.links.push(Link { path, target, change });
        Ok(())
    }

    /// Returns what a link at `path` has to say on the host; `None` where it leads out of the category.
    fn as_relative(&self, path: &Path, target: &Path) -> Option<PathBuf> {
        if !target.is_absolute() {
            return Some(target.to_path_buf());
        }
        let category = self.request.artifacts_target.join(self.request.name);
        let inside = target.strip_prefix(&category).ok()?;
        is_beneath(inside).then(|| links::relative(path, inside))
    }

    /// What will be at `path` of the category: what the build left, else what is there.
    fn node(&self, path: &Path) -> Option<Node> {
        if !is_ours(path) {
            if let Some(target) = self.survey.links.get(path) {
                let target = self.as_relative(path, target);
                return Some(Node::Link(target.unwrap_or_else(|| "/".into())));
            }
            if self.survey.files.contains_key(path) {
                return Some(Node::File);
            }
            if self.directories.contains(path) {
                return Some(Node::Directory);
            }
        }
        let present = self.survey.present.get(path)?;
        match present.entry.kind {
            EntryKind::Directory => Some(Node::Directory),
            EntryKind::File => Some(Node::File),
            EntryKind::Link => present.target.clone().map(Node::Link),
            EntryKind::Special => None,
        }
    }
}
