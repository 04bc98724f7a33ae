//! What is old goes, with what belongs to it, and what is left is still proven.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use cross_compile::artifacts::retention::{self, Rule};
use cross_compile::artifacts::{Inventory, Manifest, Targets, Tree};

use crate::support::{Scene, age, snapshot};

/// Three releases, all of them old, and a file that somebody put there.
fn scene() -> Scene {
    let scene = Scene::new();
    for version in ["v1.30.0", "v1.31.0", "v1.32.0"] {
        scene.build(version);
        scene.collect().expect("a collection");
    }
    scene.has("by-hand", b"x");
    for path in snapshot(&scene.category()).into_keys() {
        let full = scene.category().join(&path);
        if full.is_file() && !full.is_symlink() {
            let days = match path.to_string_lossy().contains("v1.30.0") {
                true => 90,
                false => 60,
            };
            age(&full, days);
        }
    }
    scene
}

fn targets(scene: &Scene) -> BTreeSet<PathBuf> {
    let category = scene.category();
    let all = Tree::open(category.parent().expect("a parent")).expect("all artifacts");
    let targets = Targets::read(&all, all.path(), &[]).expect("all links");
    targets.within(Path::new(category.file_name().expect("a name")))
}

fn prune(scene: &Scene, keep: usize, unmanaged: bool) -> Vec<PathBuf> {
    let before = snapshot(&scene.category());
    let rule = Rule::new(SystemTime::now(), 30, keep, unmanaged);
    let mut inventory = Inventory::read(&scene.tree()).expect("an inventory");
    inventory
        .ascertain(&scene.tree(), |artifact| artifact.since() < rule.before)
        .expect("every origin");
    let removals = retention::select(&inventory, &rule, &targets(scene));
    assert_eq!(snapshot(&scene.category()), before);
    retention::remove(&scene.tree(), &removals).expect("a removal");
    let after = snapshot(&scene.category());
    let gone: Vec<PathBuf> = before
        .into_keys()
        .filter(|path| !after.contains_key(path))
        .collect();
    let told = removals
        .iter()
        .flat_map(|one| one.companions.iter().chain([&one.artifact]));
    for path in told {
        assert!(gone.contains(path), "{}", path.display());
    }
    gone
}

#[test]
fn what_is_old_goes_with_its_companions_and_the_list_is_rewritten() {
    let scene = scene();
    let gone = prune(&scene, 2, false);
    assert_eq!(
        gone,
        [
            "envoy-v1.30.0-arm64",
            "envoy-v1.30.0-arm64.intoto.json",
            "envoy-v1.30.0-arm64.sha256"
        ]
        .map(PathBuf::from)
    );
    scene.assert_proven();
    let manifest = Manifest::read(&scene.tree())
        .expect("a manifest")
        .expect("a manifest");
    assert!(manifest.paths().all(|path| !gone.iter().any(|one| one == path)));
    assert_eq!(prune(&scene, 2, false), [] as [PathBuf; 0]);
}

#[test]
fn the_target_of_a_link_and_what_is_unmanaged_stay() {
    let scene = scene();
    let gone = prune(&scene, 0, false);
    assert!(gone.contains(&"envoy-v1.31.0-arm64".into()));
    for stays in [
        "envoy-v1.32.0-arm64",
        "envoy-v1.32.0-arm64.intoto.json",
        "by-hand",
        "build-info.txt",
    ] {
        assert!(scene.category().join(stays).exists(), "{stays}");
    }
    assert_eq!(
        std::fs::read_link(scene.category().join("envoy-arm64")).expect("a link"),
        Path::new("envoy-v1.32.0-arm64")
    );
    let gone = prune(&scene, 0, true);
    assert!(gone.contains(&"by-hand".into()) && !gone.contains(&"envoy-v1.32.0-arm64".into()));
    scene.assert_proven();
}

#[test]
fn what_somebody_put_in_the_place_of_an_artifact_is_not_ours_to_remove() {
    let scene = scene();
    // One changes a byte and keeps the size, one the size; the third, as its statement tells, was only touched.
    let at = |name: &str| scene.category().join(name);
    let mut content = std::fs::read(at("envoy-v1.30.0-arm64")).expect("a file");
    content[0] ^= 1;
    std::fs::write(at("envoy-v1.30.0-arm64"), content).expect("a file");
    std::fs::write(at("envoy-v1.31.0-arm64"), "by hand").expect("a file");
    for name in ["envoy-v1.30.0-arm64", "envoy-v1.31.0-arm64"] {
        age(&at(name), 90);
    }
    std::fs::remove_file(at("envoy-arm64")).expect("a link");
    let gone = prune(&scene, 0, false);
    assert!(gone.contains(&"envoy-v1.32.0-arm64".into()), "{gone:?}");
    for name in ["envoy-v1.30.0-arm64", "envoy-v1.31.0-arm64"] {
        assert!(
            at(name).exists() && at(&format!("{name}.intoto.json")).exists(),
            "{name}"
        );
    }
    let gone = prune(&scene, 0, true);
    assert!(
        gone.contains(&"envoy-v1.30.0-arm64.intoto.json".into()),
        "{gone:?}"
    );
    assert!(gone.contains(&"envoy-v1.31.0-arm64".into()), "{gone:?}");
}

#[test]
fn what_a_killed_run_left_of_an_artifact_goes_with_the_next() {
    let scene = scene();
    // The statement goes last.
    for name in ["envoy-v1.30.0-arm64", "envoy-v1.30.0-arm64.sha256"] {
        std::fs::remove_file(scene.category().join(name)).expect("a file");
    }
    let gone = prune(&scene, 0, false);
    assert!(gone.contains(&"envoy-v1.30.0-arm64.intoto.json".into()));
    scene.assert_proven();
}

#[test]
fn no_link_is_followed_out_of_the_category() {
    let scene = scene();
    let outside = scene.directory.path().join("outside");
    crate::support::write(&outside.join("old-1.0"), b"x");
    age(&outside.join("old-1.0"), 999);
    std::os::unix::fs::symlink(&outside, scene.category().join("way-out")).expect("a link");
    prune(&scene, 0, true);
    assert!(outside.join("old-1.0").exists());
}
