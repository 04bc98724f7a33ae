//! The images of the environment, as the engine has them and as their registries do.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::image::Reference;
use crate::resource::images::{self, Access, Desired, Observed, Pull, Remote};

/// Looks at every image, asking registries as far as `policy` has it.
pub async fn observe(
    desired: &Desired,
    policy: Pull,
    access: Result<&Access, &Error>,
) -> Vec<Result<Observed>> {
    let asked = Desired {
        pull: policy,
        ..desired.clone()
    };
    let look = desired.references.iter().map(|reference| async {
        let access = access.map_err(Clone::clone)?;
        images::observe(reference, &asked, access).await
    });
    join_all(look).await
}

#[must_use]
pub fn report(desired: &Desired, observed: &[Result<Observed>]) -> Value {
    desired
        .references
        .iter()
        .zip(observed)
        .map(|(reference, observed)| match observed {
            Ok(observed) => told(reference, desired.platform.as_deref(), observed),
            Err(error) => json!({ "name": reference.to_string(), "error": error.to_string() }),
        })
        .collect()
}

fn told(reference: &Reference, platform: Option<&str>, observed: &Observed) -> Value {
    let Observed { local, remote } = observed;
    let (registry_digest, error) = match remote {
        Remote::Digest(digest) => (Some(digest.as_str()), None),
        Remote::Failed(error) => (None, Some(error.to_string())),
        Remote::NotAsked => (None, None),
    };
    let mut digests = local
        .iter()
        .flat_map(|local| reference.digests_of(&local.repo_digests));
    // An image may have come under several digests; the registry's is the one to compare with.
    let digest = match registry_digest.or(reference.digest()) {
        Some(wanted) => {
            let all: Vec<&str> = digests.collect();
            all.iter()
                .find(|digest| **digest == wanted)
                .or(all.first())
                .copied()
        }
        None => digests.next(),
    };
    let local = local.as_ref();
    let mut told = json!({
        "name": reference.to_string(),
        "present": local.is_some(),
        "id": local.map(|local| &local.id),
        "platform": local.map(|local| &local.platform),
        "digest": digest,
        "registry_digest": registry_digest,
        "up_to_date": images::is_current(reference, platform, observed),
        "size": local.and_then(|local| local.size),
        "created": local.and_then(|local| local.created.as_deref()),
    });
    if let Some(error) = error {
        told["error"] = json!(error);
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::LocalImage;
    use crate::error::Kind;

    fn observed(digests: &[&str], remote: Remote) -> Observed {
        Observed {
            local: Some(LocalImage {
                id: "sha256:id".to_owned(),
                repo_digests: digests
                    .iter()
                    .map(|digest| format!("r.io/x/a@{digest}"))
                    .collect(),
                platform: "linux/amd64".to_owned(),
                size: Some(7),
                ..LocalImage::default()
            }),
            remote,
        }
    }

    #[test]
    fn an_image_is_current_where_its_registry_says_so() {
        let digest = |digest: &str| Remote::Digest(digest.to_owned());
        let failed = Remote::Failed(Error::new(Kind::Unreachable, "no answer"));
        let absent = Observed {
            local: None,
            remote: digest("d2"),
        };
        for (observed, current, shown) in [
            (observed(&["d1", "d2"], digest("d2")), json!(true), json!("d2")),
            (observed(&["d1"], digest("d2")), json!(false), json!("d1")),
            (observed(&["d1"], failed.clone()), json!(null), json!("d1")),
            (observed(&["d1"], Remote::NotAsked), json!(null), json!("d1")),
            // Built here: the registry has another.
            (observed(&[], digest("d2")), json!(false), json!(null)),
            (absent, json!(false), json!(null)),
        ] {
            let told = told(&Reference::parse("a", "r.io/x").unwrap(), None, &observed);
            assert_eq!(told["up_to_date"], current, "{told}");
            assert_eq!(told["digest"], shown, "{told}");
            let is_failed = matches!(observed.remote, Remote::Failed(_));
            assert_eq!(told.get("error").is_some(), is_failed, "{told}");
        }
    }
}
