//! Which images are superseded: they came for the environment, have no name any more, and nothing uses them, neither a
//! container nor another image that stays. Pure.

use std::collections::BTreeMap;

use crate::docker::{Container, ListedImage};
use crate::image::Reference;

/// Returns, for an image that only its former names say anything about, the reference by which its registry would have
/// it if it came from there. None for an image that had any other name than the environment's.
#[must_use]
pub fn origin(image: &ListedImage, environment: &[Reference]) -> Option<Reference> {
    let digest = image
        .digest
        .as_deref()
        .filter(|_| image.tags.is_empty() && image.repo_digests.is_empty())?;
    let mut names: Vec<String> = image
        .history
        .iter()
        .map(|name| {
            Reference::parse(name, "")
                .map(|former| former.name())
                .unwrap_or_default()
        })
        .collect();
    names.dedup();
    let name = match names.as_slice() {
        [name] if environment.iter().any(|reference| reference.name() == *name) => name,
        _ => return None,
    };
    Reference::parse(&format!("{name}@{digest}"), "").ok()
}

/// Returns the superseded among `images`, each before the one that it was made from. `current` are the ids of the
/// images that the environment has now.
#[must_use]
pub fn superseded(
    images: &[ListedImage],
    environment: &[Reference],
    current: &[String],
    containers: &[Container],
) -> Vec<ListedImage> {
    // An image that came for something else, too, or that was only ever built here, is not ours to judge.
    let came_for_us = |image: &ListedImage| {
        let ours = |digest: &String| {
            let is_from =
                |reference: &Reference| reference.digests_of(std::slice::from_ref(digest)).count() > 0;
            environment.iter().any(is_from)
        };
        !image.repo_digests.is_empty() && image.repo_digests.iter().all(ours)
    };
    let is_used = |image: &ListedImage| containers.iter().any(|container| container.image_id == image.id);
    let mut going: Vec<&ListedImage> = images
        .iter()
        .filter(|image| {
            image.tags.is_empty()
                && came_for_us(image)
                && !image.is_built_here
                && !current.contains(&image.id)
                && !is_used(image)
        })
        .collect();
    // What an image that stays was made from stays with it, and so on.
    loop {
        let before = going.len();
        let stays = |id: &str| !going.iter().any(|image| image.id == id);
        let kept: Vec<&str> = images
            .iter()
            .filter(|image| stays(&image.id))
            .filter_map(|image| image.parent.as_deref())
            .collect();
        going.retain(|image| !kept.contains(&image.id.as_str()));
        if going.len() == before {
            break;
        }
    }
    let parents: BTreeMap<&str, &str> = images
        .iter()
        .filter_map(|image| Some((image.id.as_str(), image.parent.as_deref()?)))
        .collect();
    let ancestors = |image: &&ListedImage| {
        let next = |id: &&str| parents.get(id).copied();
        std::iter::successors(Some(image.id.as_str()), next)
            .take(images.len())
            .count()
    };
    going.sort_by_key(|image| std::cmp::Reverse(ancestors(image)));
    going.into_iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn image(id: &str, tags: &[&str], digests: &[&str]) -> ListedImage {
        ListedImage {
            id: id.to_owned(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            repo_digests: digests.iter().map(|digest| (*digest).to_owned()).collect(),
            digest: None,
            history: Vec::new(),
            parent: None,
            is_built_here: false,
            size: 1,
        }
    }

    fn made_from(parent: &str, image: ListedImage) -> ListedImage {
        ListedImage {
            parent: Some(parent.to_owned()),
            ..image
        }
    }

    #[test]
    fn what_an_image_that_stays_was_made_from_stays_too() {
        let environment = [Reference::parse("base-builder", "r.io/x").unwrap()];
        let old = |id: &str| image(id, &[], &["r.io/x/base-builder@sha256:1"]);
        let going = |images: &[ListedImage]| -> Vec<String> {
            superseded(images, &environment, &[], &[])
                .into_iter()
                .map(|image| image.id)
                .collect()
        };
        let step = || made_from("base", image("step", &[], &[]));
        let mine = || made_from("step", image("mine", &["mine:1"], &[]));
        assert_eq!(going(&[old("base"), step(), mine()]), [""; 0]);
        assert_eq!(going(&[old("base")]), ["base"]);
        // One that goes, too, does so first.
        let chain = [
            old("base"),
            made_from("base", old("middle")),
            made_from("middle", old("last")),
        ];
        assert_eq!(going(&chain), ["last", "middle", "base"]);
        let kept = [&chain[..], &[made_from("last", image("mine", &["mine:1"], &[]))]].concat();
        assert_eq!(going(&kept), [""; 0]);
    }

    #[test]
    fn an_image_that_was_built_here_stays_though_it_was_pushed() {
        let environment = [Reference::parse("base-builder", "r.io/x").unwrap()];
        let built = ListedImage {
            is_built_here: true,
            ..image("built", &[], &["r.io/x/base-builder@sha256:1"])
        };
        assert_eq!(superseded(&[built], &environment, &[], &[]), []);
    }

    #[test]
    fn former_names_tell_where_an_image_may_have_come_from() {
        let environment = [Reference::parse("base-builder", "r.io/x").unwrap()];
        let digest = format!("sha256:{}", "1".repeat(64));
        for (image, history, expected) in [
            (image("a", &[], &[]), vec!["r.io/x/base-builder:latest"], true),
            (
                image("a", &[], &[]),
                vec!["r.io/x/base-builder:v1", "r.io/x/base-builder:latest"],
                true,
            ),
            (
                image("a", &[], &[]),
                vec!["r.io/x/base-builder:latest", "mine:1"],
                false,
            ),
            (image("a", &[], &[]), vec!["r.io/x/other:latest"], false),
            (image("a", &[], &[]), vec![], false),
            (
                image("a", &["x:1"], &[]),
                vec!["r.io/x/base-builder:latest"],
                false,
            ),
        ] {
            let image = ListedImage {
                digest: Some(digest.clone()),
                history: history.into_iter().map(str::to_owned).collect(),
                ..image
            };
            let origin = origin(&image, &environment).map(|reference| reference.to_string());
            let wanted = expected.then(|| format!("r.io/x/base-builder@{digest}"));
            assert_eq!(origin, wanted, "{image:?}");
        }
    }

    #[test]
    fn only_what_came_for_the_environment_and_nothing_has_or_uses_goes() {
        let environment = [Reference::parse("base-builder", "r.io/x").unwrap()];
        let used = Container {
            id: "c".to_owned(),
            name: "c".to_owned(),
            image_id: "used".to_owned(),
            state: "exited".to_owned(),
            labels: HashMap::new(),
            sources: Vec::new(),
        };
        for (image, goes) in [
            (image("old", &[], &["r.io/x/base-builder@sha256:1"]), true),
            (
                image("tagged", &["mine:1"], &["r.io/x/base-builder@sha256:1"]),
                false,
            ),
            (image("current", &[], &["r.io/x/base-builder@sha256:1"]), false),
            (image("used", &[], &["r.io/x/base-builder@sha256:1"]), false),
            (image("built", &[], &[]), false),
            (image("others", &[], &["r.io/x/other@sha256:1"]), false),
            (
                image(
                    "shared",
                    &[],
                    &["r.io/x/base-builder@sha256:1", "r.io/y/z@sha256:1"],
                ),
                false,
            ),
        ] {
            let going = superseded(
                std::slice::from_ref(&image),
                &environment,
                &["current".to_owned()],
                std::slice::from_ref(&used),
            );
            assert_eq!(going.len(), usize::from(goes), "{}", image.id);
        }
    }
}
