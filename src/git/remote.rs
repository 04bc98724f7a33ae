//! The remote repository: what it advertises, and the transfer of its objects.
//!
//! Owns every network connection of git. It writes objects and references where it is told to, never files of
//! a worktree, and it leaves trust to libgit2: no certificate is ever accepted here.

use git2::{
    AutotagOption, Direction, ErrorClass, ErrorCode, FetchOptions, ProxyOptions, Remote, RemoteCallbacks,
    RemoteHead, RemoteRedirect, Repository,
};

use super::credentials::Offer;
use super::stop::Stop;
use super::url::{GitUrl, Scheme};
use super::version::Head;
use super::{configuration, failure};
use crate::error::Result;

/// Returns the references of the repository at `url`.
pub(super) fn list(url: &GitUrl, stop: &Stop) -> Result<Vec<Head>> {
    stop.check()?;
    advertised(url, stop).map_err(|source| failure::remote(url, &source))
}

fn advertised(url: &GitUrl, stop: &Stop) -> Result<Vec<Head>, git2::Error> {
    let (callbacks, has_password) = callbacks(url, stop);
    if !has_password {
        let mut remote = Remote::create_detached(url.as_str())?;
        let connection = remote.connect_auth(Direction::Fetch, Some(callbacks), Some(proxy()))?;
        return Ok(peeled(connection.list()?));
    }
    // Only a transfer can be told not to follow redirects to other hosts, where the password would go along; and
    // a transfer, even one of nothing, needs a repository.
    let directory = super::temporary::directory(&std::env::temp_dir())
        .map_err(|source| git2::Error::new(ErrorCode::GenericError, ErrorClass::Os, source.to_string()))?;
    let repository = Repository::init_bare(directory.path()).and_then(configuration::freeze)?;
    let mut remote = repository.remote_anonymous(url.as_str())?;
    let mut options = options(callbacks, has_password);
    remote.download(&["refs/cross_compile/nothing"], Some(&mut options))?;
    Ok(peeled(remote.list()?))
}

/// Returns `heads` with every tag standing for what it points to.
fn peeled(heads: &[RemoteHead<'_>]) -> Vec<Head> {
    let mut result: Vec<Head> = Vec::with_capacity(heads.len());
    for head in heads {
        match head.name().strip_suffix("^{}") {
            None => result.push(Head {
                name: head.name().to_owned(),
                oid: head.oid(),
                symbolic: head.symref_target().map(str::to_owned),
            }),
            // The peeled entry follows its tag at once.
            Some(tag) => {
                if let Some(known) = result.last_mut().filter(|known| known.name == tag) {
                    known.oid = head.oid();
                }
            }
        }
    }
    result
}

/// Brings what `references` (refspecs, or bare object ids) name into `repository`.
pub(super) fn fetch(
    repository: &Repository,
    url: &GitUrl,
    references: &[String],
    depth: Option<u32>,
    stop: &Stop,
) -> Result<()> {
    stop.check()?;
    let transfer = || {
        let mut remote = repository.remote_anonymous(url.as_str())?;
        let (callbacks, has_password) = callbacks(url, stop);
        let mut options = options(callbacks, has_password);
        if let Some(depth) = depth.filter(|_| url.scheme() != Scheme::File) {
            options.depth(i32::try_from(depth).unwrap_or(i32::MAX));
        }
        remote.fetch(references, Some(&mut options), Some("cross_compile: fetch"))
    };
    transfer().map_err(|source| failure::remote(url, &source))
}

/// Returns the options of a transfer. A password never follows a redirect to another host.
fn options(callbacks: RemoteCallbacks<'_>, has_password: bool) -> FetchOptions<'_> {
    let mut options = FetchOptions::new();
    options
        .remote_callbacks(callbacks)
        .proxy_options(proxy())
        .download_tags(AutotagOption::None)
        .update_fetchhead(false)
        .follow_redirects(if has_password {
            RemoteRedirect::None
        } else {
            RemoteRedirect::Initial
        });
    options
}

/// Returns the callbacks of one connection, and whether they hold a password.
///
/// None is set for certificates and host keys: whatever libgit2 does not trust stays untrusted.
fn callbacks<'a>(url: &GitUrl, stop: &Stop) -> (RemoteCallbacks<'a>, bool) {
    let mut offer = Offer::new(url);
    let has_password = offer.has_password();
    let mut callbacks = RemoteCallbacks::new();
    callbacks.credentials(move |url, _, allowed| offer.answer(url, allowed));
    let stopped = stop.clone();
    callbacks.transfer_progress(move |_| !stopped.is_requested());
    let stopped = stop.clone();
    callbacks.sideband_progress(move |_| !stopped.is_requested());
    (callbacks, has_password)
}

/// Returns the proxy settings of the environment and of the user's configuration.
fn proxy<'a>() -> ProxyOptions<'a> {
    let mut options = ProxyOptions::new();
    options.auto();
    options
}
