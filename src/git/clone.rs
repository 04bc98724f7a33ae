//! A first checkout: made whole beside its place, then moved there.
//!
//! Owns the move. No interruption leaves anything at the checkout's place but what was there before.

use std::fs::{self, File, Metadata};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use git2::{Repository, RepositoryInitOptions};

use super::place::{self, Place};
use super::update::Update;
use super::{deploy, failure, ownership, temporary};
use crate::error::{Error, Kind, Result};

/// Clones to `dest`, which is absent, empty, or the empty beginning of another clone.
pub(super) fn carry_out(update: &mut Update<'_>, dest: &Path) -> Result<()> {
    let parent = dest.parent().unwrap_or(dest);
    fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, &source))?;
    let draft = temporary::directory(parent)?;
    let checkout = draft.path();
    let existing = dest.metadata().ok();
    update.owner = None;
    initialise(checkout)?;
    update.carry_out(checkout)?;
    let permissions = existing
        .as_ref()
        .map_or_else(|| fs::Permissions::from_mode(0o755), Metadata::permissions);
    fs::set_permissions(checkout, permissions).map_err(|source| Error::io("write", checkout, &source))?;
    if existing.is_some() {
        ownership::hand_over(checkout, ownership::other_owner(dest)?)?;
    }
    deploy::sync(checkout)?;
    update.stop.check()?;
    // It was free when this was planned, but a clone takes its time.
    match place::look(dest)? {
        Place::Free => {}
        // Should a kill come before the next move, there is nothing at the place, and the next run clones to it.
        Place::Begun => temporary::directory(parent).and_then(|aside| {
            fs::rename(dest, aside.path().join("begun"))
                .map_err(|source| Error::io("move away", dest, &source))
        })?,
        Place::Foreign(error) => return Err(error),
        Place::Checkout(_) => {
            return Err(Error::new(
                Kind::Refused,
                format!("another checkout appeared at `{}` meanwhile", dest.display()),
            )
            .with_remedy("run again to bring that one up to date, or move it away"));
        }
    }
    draft
        .persist(dest)
        .map_err(|source| Error::io("write", dest, &source))?;
    let directory = File::open(parent).and_then(|parent| parent.sync_all());
    directory.map_err(|source| Error::io("write", parent, &source))
}

/// Creates an empty repository in the empty directory `path`.
fn initialise(path: &Path) -> Result<()> {
    let mut options = RepositoryInitOptions::new();
    options.external_template(false).no_reinit(true);
    match Repository::init_opts(path, &options) {
        Ok(_) => Ok(()),
        Err(source) => Err(failure::local("create", path, &source)),
    }
}
