//! All images of an engine, and removing one of them.

use bollard::errors::Error as EngineError;
use bollard::query_parameters::RemoveImageOptionsBuilder;
use serde::Deserialize;

use super::{Engine, Product, failure};
use crate::error::{Error, Kind, Result};

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
    /// The id of the image that it was made from, where that is here and the engine knows of it.
    pub parent: Option<String>,
    /// Whether it is known to have been built here, even if it was pushed somewhere since.
    pub is_built_here: bool,
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
    parent_id: Option<String>,
    size: Option<i64>,
}

/// Docker's way to say that there is no name.
const NONE: &str = "<none>";

impl Engine {
    /// Returns all images, named or not, the steps in between among them: they are what others were made from.
    ///
    /// # Errors
    /// The engine's.
    pub async fn images(&self) -> Result<Vec<ListedImage>> {
        let answer: Vec<RawImage> = self.list("/images/json?all=true", "list images").await?;
        // Docker notes it as it builds; Podman works it out from the layers, of images that came from elsewhere, too.
        let knows_builds = self.identity().await?.product == Product::Docker;
        Ok(answer.into_iter().map(|raw| image(raw, knows_builds)).collect())
    }

    /// Removes the image, which has no tag, unless something uses it.
    ///
    /// # Errors
    /// The engine's, `Refused` where something uses it; that the image is gone already is none.
    pub async fn remove_image(&self, image: &ListedImage) -> Result<()> {
        if self.identity().await?.product == Product::Docker {
            // By its id, Docker removes an image of one repository only.
            for digest in image.repo_digests.iter().skip(1) {
                self.remove_by(digest, image).await?;
            }
        }
        self.remove_by(&image.id, image).await
    }

    async fn remove_by(&self, name: &str, image: &ListedImage) -> Result<()> {
        let options = RemoveImageOptionsBuilder::new().force(false).build();
        let doing = format!("remove image `{}`", image.id);
        match self.docker.remove_image(name, Some(options), None).await {
            Ok(_) | Err(EngineError::DockerResponseServerError { status_code: 404, .. }) => Ok(()),
            Err(EngineError::DockerResponseServerError {
                status_code: 409,
                message,
            }) => Err(
                Error::new(Kind::Refused, format!("cannot {doing}: {}", message.trim()))
                    .with_remedy("it stays as long as something uses it"),
            ),
            Err(error) => Err(failure::engine(&error, &doing)),
        }
    }
}

fn image(raw: RawImage, knows_builds: bool) -> ListedImage {
    let named = |names: Option<Vec<String>>| -> Vec<String> {
        let names = names.into_iter().flatten();
        names.filter(|name| !name.contains(NONE)).collect()
    };
    let parent = raw.parent_id.map(|id| bare(&id)).filter(|id| !id.is_empty());
    ListedImage {
        id: bare(&raw.id),
        tags: named(raw.repo_tags),
        repo_digests: named(raw.repo_digests),
        digest: raw.digest.filter(|digest| !digest.is_empty()),
        history: named(raw.history),
        is_built_here: knows_builds && parent.is_some(),
        parent,
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
        let listed = image(serde_json::from_str(raw).unwrap(), true);
        assert_eq!(listed.id, "1");
        assert_eq!((&listed.parent, listed.is_built_here), (&None, false));
        assert_eq!(
            (listed.tags.len(), listed.repo_digests.len(), listed.size),
            (0, 0, 0)
        );
    }

    #[test]
    fn what_was_made_from_another_was_built_here_where_the_engine_notes_it() {
        for (parent, knows_builds, expected) in [
            ("sha256:2", true, (Some("2"), true)),
            ("sha256:2", false, (Some("2"), false)),
            ("", true, (None, false)),
        ] {
            let raw = format!(r#"{{"Id":"sha256:1","ParentId":"{parent}"}}"#);
            let listed = image(serde_json::from_str(&raw).unwrap(), knows_builds);
            assert_eq!((listed.parent.as_deref(), listed.is_built_here), expected);
        }
    }
}
