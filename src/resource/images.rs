//! Images: there, and where `pull` says so, those that the registry has now.
//!
//! What is compared is the digest, not the tag: `latest` moves. So a pull is planned only when it brings
//! something else, and check mode can say which.

mod access;

pub use access::Access;

use serde_json::{Value, json};

use crate::credentials::RegistryAuth;
use crate::difference::Difference;
use crate::docker::{LocalImage, Product, other_platform};
use crate::error::{Error, Kind, Result};
use crate::image::{Reference, is_platform};
use crate::retry::Patience;

/// When images are pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pull {
    Newer,
    Missing,
    Always,
    Never,
}

impl Pull {
    /// Returns the policy of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "newer" => Some(Self::Newer),
            "missing" => Some(Self::Missing),
            "always" => Some(Self::Always),
            "never" => Some(Self::Never),
            _ => None,
        }
    }
}

/// What is wanted of all images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    /// Without repetitions, in the order of their keys.
    pub references: Vec<Reference>,
    pub pull: Pull,
    pub platform: Option<String>,
    pub registry_auth: Option<RegistryAuth>,
}

/// What the registry said of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remote {
    NotAsked,
    Digest(String),
    Failed(Error),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    pub local: Option<LocalImage>,
    pub remote: Remote,
}

/// A pull that brings something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub reference: Reference,
    pub platform: Option<String>,
    /// The registry's digest of the image that is there now; that of `after` where only the platform differs.
    pub before: Option<String>,
    pub after: String,
}

/// What the plan says of one image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    pub change: Option<Change>,
    pub warning: Option<String>,
}

/// What is at hand already decides whether the registry has to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Missing,
    /// It never came from this repository.
    BuiltLocally,
    /// It is pinned, and it is the very one.
    Pinned,
    Pulled,
}

fn standing(reference: &Reference, platform: Option<&str>, local: Option<&LocalImage>) -> Standing {
    let Some(local) =
        local.filter(|local| platform.is_none_or(|wanted| is_platform(wanted, &local.platform)))
    else {
        return Standing::Missing;
    };
    let digests: Vec<&str> = reference.digests_of(&local.repo_digests).collect();
    match reference.digest() {
        Some(pinned) if digests.contains(&pinned) => Standing::Pinned,
        Some(_) => Standing::Missing,
        None if digests.is_empty() => Standing::BuiltLocally,
        None => Standing::Pulled,
    }
}

impl Standing {
    fn asks_registry(self, pull: Pull) -> bool {
        match pull {
            Pull::Never => false,
            Pull::Missing => self == Self::Missing,
            Pull::Newer => matches!(self, Self::Missing | Self::Pulled),
            Pull::Always => self != Self::Pinned,
        }
    }
}

/// Looks at one image, here and, where that decides, at the registry.
///
/// # Errors
/// The engine's. What the registry answers is a value: whether it is an error is for the plan to say.
pub async fn observe(reference: &Reference, desired: &Desired, access: &Access) -> Result<Observed> {
    let local = access.engine.image(reference).await?;
    let standing = standing(reference, desired.platform.as_deref(), local.as_ref());
    if !standing.asks_registry(desired.pull) {
        return Ok(Observed {
            local,
            remote: Remote::NotAsked,
        });
    }
    // With an image at hand an unreachable registry is a warning: worth a second try, not a minute of waiting.
    let patience = match (standing, desired.pull) {
        (Standing::Pulled, Pull::Newer) => Patience::BRIEF,
        _ => access.patience,
    };
    if standing == Standing::Pulled
        && let Some(digest) = access.digest_at_once(reference, desired).await
        && let Some(local) = &local
        && reference.digests_of(&local.repo_digests).any(|has| has == digest)
    {
        return Ok(Observed {
            remote: Remote::Digest(digest),
            local: Some(local.clone()),
        });
    }
    let remote = match access.digest(reference, desired, patience).await {
        Ok(digest) => Remote::Digest(digest),
        Err(error) => Remote::Failed(error),
    };
    let observed = Observed { local, remote };
    match access.engine.identity().await?.product {
        Product::Docker => Ok(observed),
        Product::Podman => Ok(observe_on_podman(reference, desired, access, patience, observed).await),
    }
}

/// Finds out what Docker would have told by itself, before an image is replaced: whether it was built on this host,
/// and whether the engine trusts the registry.
async fn observe_on_podman(
    reference: &Reference,
    desired: &Desired,
    access: &Access,
    patience: Patience,
    mut observed: Observed,
) -> Observed {
    let platform = desired.platform.as_deref();
    let is_stranger = match &observed.remote {
        Remote::Digest(_) => is_current(reference, platform, &observed) == Some(false),
        Remote::Failed(error) => error.kind() == Kind::NotFound,
        Remote::NotAsked => false,
    };
    if let Some(local) = &mut observed.local
        && standing(reference, platform, Some(local)) == Standing::Pulled
        && is_stranger
    {
        match access
            .came_from_registry(reference, local, desired, patience)
            .await
        {
            Ok(true) => {}
            Ok(false) => {
                local
                    .repo_digests
                    .retain(|entry| reference.digests_of(std::slice::from_ref(entry)).next().is_none());
                if !Standing::BuiltLocally.asks_registry(desired.pull) {
                    observed.remote = Remote::NotAsked;
                }
            }
            Err(error) => observed.remote = Remote::Failed(error),
        }
    }
    let pulls = plan(reference, desired, &observed).is_ok_and(|decision| decision.change.is_some());
    if pulls && let Some(error) = access.engine.distrust(reference).await {
        observed.remote = Remote::Failed(error);
    }
    observed
}

/// Returns what [`observe`] would have found under the policy of `desired`, of an image that was looked at under
/// [`Pull::Always`].
#[must_use]
pub fn under_policy(reference: &Reference, desired: &Desired, observed: &Observed) -> Observed {
    let standing = standing(reference, desired.platform.as_deref(), observed.local.as_ref());
    match standing.asks_registry(desired.pull) {
        true => observed.clone(),
        false => Observed {
            local: observed.local.clone(),
            remote: Remote::NotAsked,
        },
    }
}

/// Returns whether the image is the one that the registry has; `None` where that is not known.
#[must_use]
pub fn is_current(reference: &Reference, platform: Option<&str>, observed: &Observed) -> Option<bool> {
    let local = observed.local.as_ref();
    match (standing(reference, platform, local), &observed.remote) {
        (Standing::Missing, _) => Some(false),
        (Standing::Pinned, _) => Some(true),
        (_, Remote::Digest(digest)) => {
            let mut digests = local
                .iter()
                .flat_map(|local| reference.digests_of(&local.repo_digests));
            Some(digests.any(|has| has == digest))
        }
        (_, Remote::NotAsked | Remote::Failed(_)) => None,
    }
}

/// Decides about one image.
///
/// # Errors
/// The registry's answer where it is final; `NotFound` for a missing image that is never to be pulled.
pub fn plan(reference: &Reference, desired: &Desired, observed: &Observed) -> Result<Decision> {
    let Observed { local, remote } = observed;
    let standing = standing(reference, desired.platform.as_deref(), local.as_ref());
    let kept = |warning: Option<String>| {
        Ok(Decision {
            change: None,
            warning,
        })
    };
    match remote {
        Remote::NotAsked => match (standing, desired.pull) {
            (Standing::Missing, _) => Err(Error::new(
                Kind::NotFound,
                format!("image `{reference}` is not on this host and `pull` is `never`"),
            )
            .with_remedy("load or build it there, or set `pull: missing`")),
            (Standing::BuiltLocally, Pull::Newer) => kept(Some(format!(
                "image `{reference}` was built on this host and is kept; `pull: always` replaces it by the registry's"
            ))),
            _ => kept(None),
        },
        Remote::Failed(error)
            if error.kind().is_transient() && standing == Standing::Pulled && desired.pull == Pull::Newer =>
        {
            kept(Some(format!(
                "image `{reference}` is kept as it is: {}",
                error.cause()
            )))
        }
        Remote::Failed(error) => Err(error.clone()),
        Remote::Digest(after) => {
            let digests: Vec<&str> = local
                .iter()
                .flat_map(|local| reference.digests_of(&local.repo_digests))
                .collect();
            if standing != Standing::Missing && digests.contains(&after.as_str()) {
                return kept(None);
            }
            Ok(Decision {
                change: Some(Change {
                    reference: reference.clone(),
                    platform: desired.platform.clone(),
                    before: digests
                        .iter()
                        .find(|digest| **digest == after)
                        .or(digests.first())
                        .map(|digest| (*digest).to_owned()),
                    after: after.clone(),
                }),
                warning: None,
            })
        }
    }
}

/// What a pull brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    pub id: String,
    pub digest: String,
}

impl Change {
    #[must_use]
    pub fn action(&self) -> String {
        format!("Pulled image `{}`", self.reference)
    }

    #[must_use]
    pub fn difference(&self) -> Difference {
        Difference::new(
            format!("image {}", self.reference),
            json!({ "digest": self.before }),
            match &self.platform {
                Some(platform) => json!({ "digest": self.after, "platform": platform }),
                None => json!({ "digest": self.after }),
            },
        )
    }

    /// Pulls, and looks at what came: some engines report success for half a pull.
    ///
    /// # Errors
    /// The registry's or the engine's.
    pub async fn apply(&self, auth: Option<&RegistryAuth>, access: &Access) -> Result<Pulled> {
        let Self {
            reference,
            platform,
            after,
            ..
        } = self;
        let credentials = access.credentials.find(reference.registry(), auth).await?;
        if self.before.as_ref() == Some(after) {
            // The same index, another platform: Docker keeps a digest with the image that came under it first,
            // and the one that is pulled now would be left without.
            access.engine.forget_digest(reference, after).await?;
        }
        access
            .patiently(access.patience, reference, credentials.as_ref(), || {
                access
                    .engine
                    .pull(reference, platform.as_deref(), credentials.as_ref())
            })
            .await?;
        let local = access.engine.image(reference).await?.ok_or_else(|| {
            Error::new(
                Kind::Failed,
                format!("the engine pulled `{reference}` but does not have it"),
            )
            .with_remedy("see the engine's log on the host, then run again")
        })?;
        if let Some(wanted) = platform
            .as_deref()
            .filter(|wanted| !is_platform(wanted, &local.platform))
        {
            // Docker takes an image of a single platform whatever platform it is asked for.
            return Err(other_platform(reference, wanted, &local.platform));
        }
        let digests: Vec<&str> = reference.digests_of(&local.repo_digests).collect();
        // A tag may have moved between asking and pulling; then what came is newer still.
        let digest = match digests.iter().find(|digest| **digest == after) {
            Some(digest) => *digest,
            None => digests.first().copied().ok_or_else(|| {
                Error::new(
                    Kind::Failed,
                    format!("the engine pulled `{reference}` but keeps no digest of it"),
                )
                .with_remedy("see the engine's log on the host, then run again")
            })?,
        };
        Ok(Pulled {
            digest: digest.to_owned(),
            id: local.id,
        })
    }
}

/// Returns what the result says of one image; in check mode what it would say, as far as that can be known.
#[must_use]
pub fn report(
    reference: &Reference,
    observed: &Observed,
    change: Option<&Change>,
    pulled: Option<&Pulled>,
) -> Value {
    let local = observed.local.as_ref();
    let before = local.and_then(|local| {
        let mut digests = reference.digests_of(&local.repo_digests);
        match &observed.remote {
            Remote::Digest(remote) => digests.find(|digest| digest == remote),
            _ => digests.next(),
        }
        .map(str::to_owned)
    });
    let (id, digest) = match (pulled, change) {
        (Some(pulled), _) => (Some(pulled.id.clone()), Some(pulled.digest.clone())),
        (None, Some(change)) => (None, Some(change.after.clone())),
        (None, None) => (local.map(|local| local.id.clone()), before),
    };
    json!({ "name": reference.to_string(), "id": id, "digest": digest, "changed": change.is_some() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
    const NEW: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

    fn reference(image: &str) -> Reference {
        Reference::parse(image, "r.io/x").unwrap()
    }

    fn local(digests: &[&str]) -> LocalImage {
        LocalImage {
            id: "sha256:id".to_owned(),
            repo_digests: digests
                .iter()
                .map(|digest| format!("r.io/x/a@{digest}"))
                .collect(),
            platform: "linux/amd64".to_owned(),
            ..LocalImage::default()
        }
    }

    fn desired(pull: Pull, platform: Option<&str>) -> Desired {
        Desired {
            references: Vec::new(),
            pull,
            platform: platform.map(str::to_owned),
            registry_auth: None,
        }
    }

    #[test]
    fn the_registry_is_asked_only_where_its_answer_decides() {
        let pinned = format!("a@{OLD}");
        for (image, local, expected) in [
            // newer, missing, always, never
            ("a", None, [true, true, true, false]),
            ("a", Some(local(&[])), [false, false, true, false]),
            ("a", Some(local(&[OLD])), [true, false, true, false]),
            (pinned.as_str(), Some(local(&[OLD])), [false, false, false, false]),
            (pinned.as_str(), Some(local(&[NEW])), [true, true, true, false]),
        ] {
            let standing = standing(&reference(image), None, local.as_ref());
            let asks = [Pull::Newer, Pull::Missing, Pull::Always, Pull::Never];
            assert_eq!(
                asks.map(|pull| standing.asks_registry(pull)),
                expected,
                "{image} {local:?}"
            );
        }
    }

    #[test]
    fn digests_decide_what_is_pulled() {
        let digest = |digest: &str| Remote::Digest(digest.to_owned());
        for (pull, local, remote, expected) in [
            (Pull::Newer, None, digest(NEW), Some((None, NEW))),
            (Pull::Missing, None, digest(NEW), Some((None, NEW))),
            (Pull::Newer, Some(local(&[OLD])), digest(OLD), None),
            (
                Pull::Newer,
                Some(local(&[OLD])),
                digest(NEW),
                Some((Some(OLD), NEW)),
            ),
            (Pull::Newer, Some(local(&[OLD, NEW])), digest(NEW), None),
            (Pull::Always, Some(local(&[])), digest(NEW), Some((None, NEW))),
            (Pull::Always, Some(local(&[NEW])), digest(NEW), None),
            (Pull::Missing, Some(local(&[OLD])), Remote::NotAsked, None),
            (Pull::Never, Some(local(&[])), Remote::NotAsked, None),
        ] {
            let observed = Observed { local, remote };
            let decision = plan(&reference("a"), &desired(pull, None), &observed).unwrap();
            let change = decision.change.as_ref();
            let digests = change.map(|change| (change.before.as_deref(), change.after.as_str()));
            assert_eq!(digests, expected, "{pull:?} {observed:?}");
            assert_eq!(decision.warning, None);
        }
    }

    #[test]
    fn an_unreachable_registry_is_a_warning_only_with_the_image_at_hand() {
        let failed = |kind| Remote::Failed(Error::new(kind, "no answer"));
        let newer = desired(Pull::Newer, None);
        let kept = Observed {
            local: Some(local(&[OLD])),
            remote: failed(Kind::Unreachable),
        };
        let busy = Observed {
            remote: failed(Kind::Busy),
            ..kept.clone()
        };
        for observed in [kept, busy] {
            let decision = plan(&reference("a"), &newer, &observed).unwrap();
            assert_eq!(
                decision.warning.unwrap(),
                "image `r.io/x/a:latest` is kept as it is: no answer"
            );
        }
        for (pull, local, kind) in [
            (Pull::Newer, None, Kind::Unreachable),
            (Pull::Always, Some(local(&[OLD])), Kind::Unreachable),
            (Pull::Newer, Some(local(&[OLD])), Kind::Denied),
            (Pull::Newer, Some(local(&[OLD])), Kind::NotFound),
        ] {
            let observed = Observed {
                local,
                remote: failed(kind),
            };
            assert_eq!(
                plan(&reference("a"), &desired(pull, None), &observed)
                    .unwrap_err()
                    .kind(),
                kind
            );
        }
    }

    #[test]
    fn an_image_built_here_is_kept_with_a_warning() {
        let observed = Observed {
            local: Some(local(&[])),
            remote: Remote::NotAsked,
        };
        let decision = plan(&reference("a"), &desired(Pull::Newer, None), &observed).unwrap();
        assert!(decision.change.is_none());
        assert!(decision.warning.unwrap().contains("was built on this host"));
    }

    #[test]
    fn a_missing_image_that_is_never_pulled_is_an_error() {
        let observed = Observed {
            local: None,
            remote: Remote::NotAsked,
        };
        let error = plan(&reference("a"), &desired(Pull::Never, None), &observed).unwrap_err();
        assert!(error.cause().contains("`pull` is `never`"));
    }

    #[test]
    fn an_image_of_another_platform_counts_as_missing() {
        let observed = Observed {
            local: Some(local(&[NEW])),
            remote: Remote::Digest(NEW.to_owned()),
        };
        let decision = plan(
            &reference("a"),
            &desired(Pull::Newer, Some("linux/arm64")),
            &observed,
        )
        .unwrap();
        // The digest itself is there, so that the pull has to make room for it.
        let change = decision.change.unwrap();
        assert_eq!(change.before.as_deref(), Some(change.after.as_str()));
    }
}
