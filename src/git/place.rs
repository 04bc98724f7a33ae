//! What lies where a checkout should be, before it is known to be one.
//!
//! Owns the decision what is never touched: what is not a checkout, and what somebody else could have planted.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use git2::{ErrorCode, Repository};

use super::change::named;
use super::{examine, failure, marker};
use crate::error::{Error, Kind, Result};

/// What is where a checkout should be.
pub(super) enum Place {
    /// Nothing, or an empty directory.
    Free,
    /// A repository that another tool began to clone: no commit, no file.
    Begun,
    Checkout(Repository),
    /// Something that is never replaced, and what to do about it.
    Foreign(Error),
}

/// Returns what is at `path`.
pub(super) fn look(path: &Path) -> Result<Place> {
    let refused =
        |cause: String, remedy: &str| Place::Foreign(Error::new(Kind::Refused, cause).with_remedy(remedy));
    match path.symlink_metadata() {
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(Place::Free),
        Err(source) => return Err(Error::io("read", path, &source)),
        Ok(_) => {}
    }
    if !path.is_dir() {
        let cause = format!(
            "`{}` is not a directory, so the toolkit cannot be cloned there",
            path.display()
        );
        return Ok(refused(cause, "move it away, or choose another `toolkit_dest`"));
    }
    let entries = fs::read_dir(path).map_err(|source| Error::io("list", path, &source))?;
    let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    if names.is_empty() {
        return Ok(Place::Free);
    }
    if !names.iter().any(|name| name == ".git") {
        let occupants: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
        let cause = format!(
            "`{}` is not empty and not a git checkout: it holds {}",
            path.display(),
            named(&occupants)
        );
        return Ok(refused(cause, "move it away, or choose another `toolkit_dest`"));
    }
    let repository = match examine::open(path) {
        Ok(repository) => repository,
        Err(source) => return Ok(Place::Foreign(failure::local("open the checkout", path, &source))),
    };
    if let Some(error) = foreign_owner(path, repository.path())? {
        return Ok(Place::Foreign(error));
    }
    if repository.workdir().is_none() {
        let cause = format!("`{}` is a bare repository, without files", path.display());
        return Ok(refused(cause, "move it away, or choose another `toolkit_dest`"));
    }
    let unborn = repository
        .head()
        .is_err_and(|source| source.code() == ErrorCode::UnbornBranch);
    let has_branches = repository
        .references_glob("refs/heads/*")
        .is_ok_and(|mut found| found.next().is_some());
    let begun = unborn && !has_branches && names.len() == 1 && path.join(".git").is_dir();
    Ok(if begun && marker::read(repository.path())?.is_none() {
        Place::Begun
    } else {
        Place::Checkout(repository)
    })
}

/// Returns the error of a checkout whose owner could plant what we would run into.
fn foreign_owner(path: &Path, repository: &Path) -> Result<Option<Error>> {
    let user = rustix::process::geteuid().as_raw();
    for place in [path, repository] {
        let owner = fs::metadata(place)
            .map_err(|source| Error::io("read", place, &source))?
            .uid();
        if user != 0 && owner != user && owner != 0 {
            return Ok(Some(
                Error::new(
                    Kind::Refused,
                    format!("the checkout `{}` belongs to another user", path.display()),
                )
                .with_remedy("run the task with `become: true` or as the owner of that path"),
            ));
        }
    }
    Ok(None)
}
