//! All images of an engine, and removing one of them.

use bollard::errors::Error as EngineError;
use bollard::query_parameters::RemoveImageOptionsBuilder;
use serde::Deserialize;

use super::{Engine, failure};
use crate::error::Result;

/// An image, by whatever names it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedImage {
    /// Without the name of its algorithm.
    pub id: String,
    /// `name:tag`.
    pub tags: Vec<String>,
    /// `name@digest`.
    pub repo_digests: Vec<String>,
    /// Of its manifest, where the engine tells it by itself. Podman does; it forgets `repo_digests` with the last tag.
    pub digest: Option<String>,
    /// The names that it had, where the engine remembers them.
    pub history: Vec<String>,
    /// Bytes, layers that other images share included.
    pub size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawImage {
    id: String,
    repo_tags: Option<Vec<String>>,
    repo_digests: Option<Vec<String>>,
    digest: Option<String>,
    history: Option<Vec<String>>,
    size: Option<i64>,
}

/// Docker's way to say that there is no name.
const NONE: &str = "<none>";

impl Engine {
    /// Returns all images, named or not, but for the steps in between.
    ///
    /// # Errors
    /// The engine's.
    pub async fn images(&self) -> Result<Vec<ListedImage>> {
        let answer: Vec<RawImage> = self.list("/images/json", "list images").await?;
        Ok(answer.into_iter().map(image).collect())
    }

    /// Removes the image `id` unless something uses it.
    ///
    /// # Errors
    /// The engine's; that the image is gone already is none.
    pub async fn remove_image(&self, id: &str) -> Result<()> {
        let options = RemoveImageOptionsBuilder::new().force(false).build();
        match self.docker.remove_image(id, Some(options), None).await {
            Ok(_) | Err(EngineError::DockerResponseServerError { status_code: 404, .. }) => Ok(()),
            Err(error) => Err(failure::engine(&error, &format!("remove image `{id}`"))),
        }
    }
}

fn image(raw: RawImage) -> ListedImage {
    let named = |names: Option<Vec<String>>| -> Vec<String> {
        let names = names.into_iter().flatten();
        names.filter(|name| !name.contains(NONE)).collect()
    };
    ListedImage {
        id: bare(&raw.id),
        tags: named(raw.repo_tags),
        repo_digests: named(raw.repo_digests),
        digest: raw.digest.filter(|digest| !digest.is_empty()),
        history: named(raw.history),
        size: raw.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
    }
}

/// Returns an id without the name of its algorithm: engines differ in whether they tell it, and there is only one.
#[must_use]
pub fn bare(id: &str) -> String {
    id.trim_start_matches("sha256:").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_engines_leave_out_or_call_nothing_is_nothing() {
        let raw =
            r#"{"Id":"sha256:1","RepoTags":["<none>:<none>"],"RepoDigests":null,"Size":-1,"Labels":null}"#;
        let listed = image(serde_json::from_str(raw).unwrap());
        assert_eq!(listed.id, "1");
        assert_eq!(
            (listed.tags.len(), listed.repo_digests.len(), listed.size),
            (0, 0, 0)
        );
    }
}
