//! The repositories inside a checkout, as its commit records them.
//!
//! Owns where a submodule's repository lies and how it is begun; bringing it to its commit is the same update
//! that serves the checkout around it.

use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use git2::{Oid, Repository, RepositoryInitOptions};

use super::beneath::Root;
use super::configuration::Edit;
use super::contents::{self, Contents, Described};
use super::examine::Wanted;
use super::ownership::{self, Owner};
use super::update::{EVERYTHING, Update};
use super::{configuration, failure, fresh, marker, temporary};
use crate::error::{Error, Kind, Result};

/// Brings every submodule of the checkout at `root` to the commit that `contents` records.
pub(super) fn carry_out(
    outer: &Update<'_>,
    repository: &Repository,
    root: &Path,
    contents: &Contents,
) -> Result<()> {
    for described in contents::described(repository, contents)? {
        let Some(commit) = contents.submodules.get(&described.path).copied() else {
            continue;
        };
        outer.stop.check()?;
        let wanted = Wanted {
            url: outer.wanted.url.submodule(&described.url)?,
            commit,
            branch: None,
            reserved: Vec::new(),
        };
        let own: Vec<PathBuf> = outer
            .own
            .iter()
            .filter_map(|path| path.strip_prefix(&described.path).ok())
            .map(Path::to_path_buf)
            .collect();
        let place = root.join(&described.path);
        let context = || format!("the submodule `{}`", described.path.display());
        begin(outer, repository, root, &described, &wanted).map_err(|error| error.context(context()))?;
        let update = Update {
            wanted: &wanted,
            references: EVERYTHING.map(str::to_owned).to_vec(),
            branches: None,
            depth: None,
            force: outer.force,
            own: &own,
            owner: outer.owner,
            stop: outer.stop,
        };
        if update.is_needed(&place)? {
            update
                .carry_out(&place)
                .map_err(|error| error.context(context()))?;
        }
    }
    Ok(())
}

/// Makes sure that the submodule has a repository, which may be empty yet.
fn begin(
    outer: &Update<'_>,
    repository: &Repository,
    root: &Path,
    described: &Described,
    wanted: &Wanted,
) -> Result<()> {
    let Described { name, path, url: _ } = described;
    let place = root.join(path);
    register(repository, name, wanted)?;
    let link = place.join(".git");
    if link.symlink_metadata().is_ok() {
        return Ok(());
    }
    make_room(root, path, outer)?;
    let directory = repository.path().join("modules").join(name);
    if directory.join("HEAD").exists() {
        // Kept from before, without its files: that they are missing is no change of the user's.
        marker::write(&directory, &[Oid::ZERO_SHA1, wanted.commit])?;
    } else {
        initialise(&directory, &place, wanted.commit)?;
    }
    let target = relative(&place, &directory);
    let draft = place.join(format!("{}git", temporary::PREFIX));
    let write = || {
        writeln!(fresh::create(&draft)?, "gitdir: {}", target.display())?;
        fs::rename(&draft, &link)
    };
    write().map_err(|source| Error::io("write", &link, &source))?;
    hand_over(
        &[
            &link,
            &repository.path().join("modules"),
            &repository.path().join("config"),
        ],
        outer.owner,
    )
}

fn hand_over(paths: &[&Path], owner: Option<Owner>) -> Result<()> {
    paths
        .iter()
        .try_for_each(|path| ownership::hand_over(path, owner))
}

/// Tells git that the submodule is in use, as `git submodule init` does.
fn register(repository: &Repository, name: &str, wanted: &Wanted) -> Result<()> {
    let mut edits = Vec::new();
    let key = format!("submodule.{name}.url");
    if configuration::value(repository, &key).as_deref() != Some(wanted.url.as_str()) {
        edits.push(Edit::set(&key, wanted.url.as_str()));
    }
    let key = format!("submodule.{name}.active");
    if configuration::value(repository, &key).is_none() {
        edits.push(Edit::set(&key, "true"));
    }
    configuration::edit(repository.commondir(), &edits)
}

/// Makes an empty directory of the submodule's place.
fn make_room(root: &Path, path: &Path, outer: &Update<'_>) -> Result<()> {
    let place = root.join(path);
    let is_free = match fs::read_dir(&place) {
        Ok(entries) => entries
            .flatten()
            .all(|entry| entry.file_name().to_string_lossy().starts_with(temporary::PREFIX)),
        Err(source) => source.kind() == io::ErrorKind::NotFound,
    };
    let make = || {
        let root = Root::open(root)?;
        if !is_free && outer.force {
            root.clear(path)?;
        }
        root.create_directory(path, outer.owner)
    };
    if !is_free && !outer.force {
        return Err(
            Error::new(Kind::Refused, format!("`{}` is not empty", place.display()))
                .with_remedy("move what is there away, or set `toolkit_force: true` to discard it"),
        );
    }
    make().map_err(|source| Error::io("create", &place, &source))
}

/// Creates the repository `directory` of the files at `place`, whole or not at all.
fn initialise(directory: &Path, place: &Path, commit: Oid) -> Result<()> {
    let parent = directory.parent().unwrap_or(directory);
    fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, &source))?;
    temporary::sweep(parent)?;
    let draft = temporary::directory(parent)?;
    let mut options = RepositoryInitOptions::new();
    options.bare(true).external_template(false);
    Repository::init_opts(draft.path(), &options)
        .map_err(|source| failure::local("create", directory, &source))?;
    let edits = [
        Edit::set("core.bare", "false"),
        Edit::set("core.logallrefupdates", "true"),
        Edit::set("core.worktree", &relative(directory, place).to_string_lossy()),
    ];
    configuration::edit(draft.path(), &edits)?;
    // From its first moment on, whatever is found there is an update under way.
    marker::write(draft.path(), &[Oid::ZERO_SHA1, commit])?;
    if directory.exists() {
        // A killed clone of another tool: without a `HEAD` it is no repository, and holds nothing.
        fs::remove_dir_all(directory).map_err(|source| Error::io("remove", directory, &source))?;
    }
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(draft.path(), mode)
        .and_then(|()| draft.persist(directory))
        .map_err(|source| Error::io("write", directory, &source))
}

/// Returns the way from the directory `from` to `to`, so that a checkout can be moved as a whole.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let from: Vec<Component<'_>> = from.components().collect();
    let to: Vec<Component<'_>> = to.components().collect();
    let shared = from
        .iter()
        .zip(&to)
        .take_while(|(one, other)| one == other)
        .count();
    let up = from[shared..].iter().map(|_| Component::ParentDir);
    up.chain(to[shared..].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_relative_to_what_both_share() {
        for (from, to, expected) in [
            ("/t/lib", "/t/.git/modules/lib", "../.git/modules/lib"),
            ("/t/.git/modules/a/b", "/t/a/b", "../../../../a/b"),
        ] {
            assert_eq!(relative(Path::new(from), Path::new(to)), Path::new(expected));
        }
    }
}
