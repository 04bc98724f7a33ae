//! Where symbolic links lead.
//!
//! Owns following links by the rules of the system, without the system: through a view that nobody can change
//! meanwhile, and never out of it.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::{Entry, EntryKind, Tree};
use crate::error::Result;

/// As many links as the system follows.
const FOLLOWED: usize = 40;

/// What lies at a path of the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    File,
    Directory,
    Link(PathBuf),
}

/// Why a link leads to nothing that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Leaves,
    Missing,
    Circular,
}

/// Returns the file or directory that the link at `link` leads to when it says `target`; empty for the root.
///
/// # Errors
/// When it leads out of the view, to nothing, or in a circle.
pub fn resolve(link: &Path, target: &Path, view: &impl Fn(&Path) -> Option<Node>) -> Result<PathBuf, Fault> {
    follow(link, target, Root::Directory, view)
}

/// As [`resolve`], through a view of the whole system: paths are relative to its root.
///
/// # Errors
/// When it leads to nothing that the view knows, or in a circle.
pub fn resolve_in_system(
    link: &Path,
    target: &Path,
    view: &impl Fn(&Path) -> Option<Node>,
) -> Result<PathBuf, Fault> {
    follow(link, target, Root::System, view)
}

/// What the view is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    Directory,
    System,
}

fn follow(
    link: &Path,
    target: &Path,
    root: Root,
    view: &impl Fn(&Path) -> Option<Node>,
) -> Result<PathBuf, Fault> {
    let mut here: PathBuf = link.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut ahead: VecDeque<Step> = steps(target).collect();
    let mut followed = 1;
    while let Some(step) = ahead.pop_front() {
        match step {
            Step::Elsewhere if root == Root::System => here = PathBuf::new(),
            Step::Elsewhere => return Err(Fault::Leaves),
            Step::Up => {
                // Above the root of the system is that root again.
                if !here.pop() && root == Root::Directory {
                    return Err(Fault::Leaves);
                }
            }
            Step::Down(name) => {
                let next = here.join(&name);
                match view(&next) {
                    None => return Err(Fault::Missing),
                    Some(Node::File) if !ahead.is_empty() => return Err(Fault::Missing),
                    Some(Node::File | Node::Directory) => here = next,
                    Some(Node::Link(_)) if followed == FOLLOWED => return Err(Fault::Circular),
                    Some(Node::Link(target)) => {
                        followed += 1;
                        for step in steps(&target).collect::<Vec<_>>().into_iter().rev() {
                            ahead.push_front(step);
                        }
                    }
                }
            }
        }
    }
    Ok(here)
}

enum Step {
    Up,
    Down(OsString),
    /// To the root of the system.
    Elsewhere,
}

fn steps(target: &Path) -> impl Iterator<Item = Step> + '_ {
    target.components().filter_map(|component| match component {
        Component::Normal(name) => Some(Step::Down(name.to_owned())),
        Component::ParentDir => Some(Step::Up),
        Component::CurDir => None,
        Component::RootDir | Component::Prefix(_) => Some(Step::Elsewhere),
    })
}

/// Returns what the link at `link` has to say to lead to `path`; both are relative to the same directory.
#[must_use]
pub fn relative(link: &Path, path: &Path) -> PathBuf {
    let directory: Vec<_> = link.parent().unwrap_or(Path::new("")).iter().collect();
    let path: Vec<_> = path.iter().collect();
    let common = directory
        .iter()
        .zip(&path)
        .take_while(|(one, other)| one == other)
        .count();
    let up = std::iter::repeat_n("..".as_ref(), directory.len() - common);
    let target: PathBuf = up.chain(path[common..].iter().copied()).collect();
    match target.as_os_str().is_empty() {
        true => ".".into(),
        false => target,
    }
}

/// Returns what `entry` is to who follows links; `None` for what cannot be followed, and for a link that went away.
///
/// # Errors
/// The system's, with the path.
pub(super) fn node_of(tree: &Tree, entry: &Entry) -> Result<Option<Node>> {
    Ok(match entry.kind {
        EntryKind::File => Some(Node::File),
        EntryKind::Directory => Some(Node::Directory),
        EntryKind::Link => tree.read_link(&entry.path)?.map(Node::Link),
        EntryKind::Special => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(path: &Path) -> Option<Node> {
        let link = |target: &str| Some(Node::Link(target.into()));
        match path.to_str()? {
            "file" | "sub/file" => Some(Node::File),
            "sub" | "sub/deep" => Some(Node::Directory),
            "to-file" => link("file"),
            "to-link" => link("./to-file"),
            "to-sub" => link("sub"),
            "here" => link("."),
            "out" => link("/etc"),
            "up" => link(".."),
            "one" => link("two"),
            "two" => link("one"),
            "sub/to-file" => link("../file"),
            _ => None,
        }
    }

    #[test]
    fn links_are_followed_as_the_system_does() {
        for (link, target, leads) in [
            ("x", "file", Ok("file")),
            ("x", "to-link", Ok("file")),
            ("x", "to-sub/file", Ok("sub/file")),
            ("x", "to-sub/to-file", Ok("file")),
            ("x", "to-sub/../file", Ok("file")),
            ("x", "sub", Ok("sub")),
            ("x", ".", Ok("")),
            ("sub/x", "file", Ok("sub/file")),
            ("sub/x", "../file", Ok("file")),
            ("sub/x", "../../file", Err(Fault::Leaves)),
            ("x", "..", Err(Fault::Leaves)),
            ("x", "../envoy/file", Err(Fault::Leaves)),
            ("x", "/etc/passwd", Err(Fault::Leaves)),
            ("x", "out/passwd", Err(Fault::Leaves)),
            ("x", "up/envoy/file", Err(Fault::Leaves)),
            // Word for word this one stays inside.
            ("x", "here/../file", Err(Fault::Leaves)),
            ("x", "absent", Err(Fault::Missing)),
            ("x", "file/more", Err(Fault::Missing)),
            ("x", "one", Err(Fault::Circular)),
        ] {
            let expected = leads.map(PathBuf::from);
            assert_eq!(
                resolve(Path::new(link), Path::new(target), &view),
                expected,
                "{link} -> {target}"
            );
        }
    }

    #[test]
    fn in_the_whole_system_absolute_targets_lead_somewhere_too() {
        for (link, target, leads) in [
            ("sub/x", "/file", Ok("file")),
            ("sub/x", "/sub/../file", Ok("file")),
            ("sub/x", "../../../file", Ok("file")),
            ("x", "/to-sub/to-file", Ok("file")),
            ("x", "out/passwd", Err(Fault::Missing)),
            ("x", "/one", Err(Fault::Circular)),
        ] {
            let expected = leads.map(PathBuf::from);
            assert_eq!(
                resolve_in_system(Path::new(link), Path::new(target), &view),
                expected,
                "{link} -> {target}"
            );
        }
    }

    #[test]
    fn relative_targets_lead_from_the_link_to_the_path() {
        for (link, path, target) in [
            ("x", "file", "file"),
            ("a/x", "file", "../file"),
            ("a/x", "a/file", "file"),
            ("a/b/x", "a/c/file", "../c/file"),
            ("a/x", "a", "."),
        ] {
            assert_eq!(relative(Path::new(link), Path::new(path)), Path::new(target));
        }
    }
}
