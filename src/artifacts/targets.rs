//! What links lead to, wherever in the directory of all artifacts they lie.
//!
//! Owns looking at that directory as a whole: links lead from one category into another, from beside the categories,
//! and by absolute paths. None is followed by the system, and none out of the directory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::links::{self, Node};
use super::{Entry, EntryKind, Tree};
use crate::error::Result;

/// The files and directories that links lead to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Targets(BTreeSet<PathBuf>);

impl Targets {
    /// Looks at everything in `tree`, whose path has no links in it, but for what is in its directories `left_out`.
    /// Links may also call the tree by the path `named`.
    ///
    /// # Errors
    /// The system's, with the path: who has not seen all links does not know all that they lead to.
    pub fn read(tree: &Tree, named: &Path, left_out: &[&str]) -> Result<Self> {
        let mut view = BTreeMap::new();
        let mut links = Vec::new();
        for child in tree.children()? {
            let is_looked_into = child.kind == EntryKind::Directory
                && !left_out.iter().any(|name| child.path == Path::new(name));
            let below = match is_looked_into {
                true => Tree::open(&tree.full(&child.path))?.walk()?,
                false => Vec::new(),
            };
            let top = child.path.clone();
            let below = below.into_iter().map(|entry| Entry {
                path: top.join(&entry.path),
                ..entry
            });
            for entry in std::iter::once(child).chain(below) {
                let Some(node) = links::node_of(tree, &entry)? else {
                    continue;
                };
                if let Node::Link(target) = &node {
                    links.push((entry.path.clone(), target.clone()));
                }
                view.insert(entry.path, node);
            }
        }
        let system = System {
            root: below_root(tree.path()),
            named: below_root(named),
            inside: &view,
        };
        Ok(Self(
            links
                .iter()
                .filter_map(|(link, target)| system.leads_to(link, target))
                .collect(),
        ))
    }

    /// Returns what links lead to in `category`, relative to it; empty stands for the whole of it.
    #[must_use]
    pub fn within(&self, category: &Path) -> BTreeSet<PathBuf> {
        self.0
            .iter()
            .filter_map(|target| match target.strip_prefix(category) {
                Ok(inner) => Some(inner.to_path_buf()),
                Err(_) => category.starts_with(target).then(PathBuf::new),
            })
            .collect()
    }
}

/// The system, as far as anybody here knows it: the tree, and the way to it.
struct System<'a> {
    root: &'a Path,
    named: &'a Path,
    inside: &'a BTreeMap<PathBuf, Node>,
}

impl System<'_> {
    /// Returns what of the tree the link leads to.
    fn leads_to(&self, link: &Path, target: &Path) -> Option<PathBuf> {
        let to = links::resolve_in_system(&self.root.join(link), target, &|path| self.node(path)).ok()?;
        to.strip_prefix(self.root).ok().map(Path::to_path_buf)
    }

    fn node(&self, path: &Path) -> Option<Node> {
        let is_on_the_way = self.root.starts_with(path) || self.named.starts_with(path);
        match path.strip_prefix(self.root) {
            Ok(inner) if !inner.as_os_str().is_empty() => self.inside.get(inner).cloned(),
            Err(_) if path == self.named => Some(Node::Link(Path::new("/").join(self.root))),
            Ok(_) | Err(_) => is_on_the_way.then_some(Node::Directory),
        }
    }
}

fn below_root(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn targets(links: &[(&str, &str)]) -> (tempfile::TempDir, Result<Targets>) {
        let directory = tempfile::tempdir().unwrap();
        let at = |path: &str| directory.path().join(path);
        for path in ["real/vault/deep", "real/packages", "real/.builds/vault"] {
            fs::create_dir_all(at(path)).unwrap();
        }
        for path in ["real/vault/v1", "real/vault/deep/v2", "outside"] {
            fs::write(at(path), "").unwrap();
        }
        symlink("real", at("named")).unwrap();
        for (link, target) in links {
            let target = target.replace("ROOT", &directory.path().to_string_lossy());
            symlink(target, at("real").join(link)).unwrap();
        }
        let tree = Tree::open(&at("real")).unwrap();
        let read = Targets::read(&tree, &at("named"), &[".builds"]);
        (directory, read)
    }

    #[test]
    fn a_link_leads_into_a_category_from_wherever_it_lies_and_however_it_says_so() {
        for (link, target, to) in [
            ("vault/tool", "v1", Some("v1")),
            ("packages/tool", "../vault/v1", Some("v1")),
            ("tool", "vault/v1", Some("v1")),
            ("tool", "./vault/deep/../v1", Some("v1")),
            ("tool", "vault", Some("")),
            ("all", ".", Some("")),
            ("packages/tool", "../../real/vault/v1", Some("v1")),
            ("packages/tool", "ROOT/real/vault/deep", Some("deep")),
            ("packages/tool", "ROOT/named/vault/v1", Some("v1")),
            ("tool", "ROOT/outside", None),
            ("tool", "../outside", None),
            ("tool", "vault/gone", None),
            ("tool", "packages", None),
            ("tool", "/", None),
            (".builds/vault/tool", "../../vault/v1", None),
        ] {
            let (_directory, read) = targets(&[(link, target)]);
            let within = read.unwrap().within(Path::new("vault"));
            let expected: BTreeSet<PathBuf> = to.map(PathBuf::from).into_iter().collect();
            assert_eq!(within, expected, "{link} -> {target}");
        }
    }

    #[test]
    fn links_that_lead_to_links_lead_on() {
        let (_directory, read) = targets(&[
            ("current", "packages/tool"),
            ("packages/tool", "../vaults/v1"),
            ("vaults", "vault"),
        ]);
        let within = read.unwrap().within(Path::new("vault"));
        assert!(within.contains(Path::new("v1")), "{within:?}");
    }

    #[test]
    fn what_cannot_be_looked_at_whole_is_an_error() {
        let (directory, _) = targets(&[]);
        let deep = directory.path().join("real/packages").join("d/".repeat(100));
        fs::create_dir_all(deep).unwrap();
        let tree = Tree::open(&directory.path().join("real")).unwrap();
        let error = Targets::read(&tree, tree.path(), &[]).unwrap_err();
        assert!(error.cause().contains("nested deeper"), "{error}");
    }
}
