//! Whether an engine trusts a registry, asked before anything is changed.
//!
//! Docker says so when it asks a registry for a digest. Podman has no such question, and its own authorities may be
//! others than this program's; but it can be asked for a manifest, which it reads over the connection of a pull.

use serde::Deserialize;
use tokio::time::timeout as within;

use super::answer::kind_of_answer;
use super::failure::explained;
use super::{Engine, request};
use crate::error::{Error, Kind};
use crate::image::Reference;

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

impl Engine {
    /// Returns why Podman does not trust the registry of `reference`, where that is so. It shows no credentials there:
    /// whatever else speaks against pulling is not said here.
    pub async fn distrust(&self, reference: &Reference) -> Option<Error> {
        let name = reference.name();
        let image = match (reference.digest(), reference.tag()) {
            (Some(digest), _) => format!("{name}@{digest}"),
            (None, tag) => format!("{name}:{}", tag.unwrap_or("latest")),
        };
        let path = format!("/v4.0.0/libpod/manifests/{image}/json");
        let answer = within(self.timeout, request::get(&self.socket, &path))
            .await
            .ok()?
            .ok()?;
        if answer.status().is_success() {
            return None;
        }
        let refusal: Refusal = serde_json::from_slice(answer.body()).ok()?;
        let words = refusal.message.split_whitespace().collect::<Vec<_>>().join(" ");
        match kind_of_answer(Some(answer.status().as_u16()), &words, reference) {
            kind @ Kind::Untrusted => Some(explained(
                kind,
                &format!("pull `{reference}`"),
                &words,
                reference.registry(),
            )),
            _ => None,
        }
    }
}
