//! Checksums and statements: others can check them, and whatever is tampered with is noticed.

use std::fs;
use std::path::Path;

use cross_compile::artifacts::inventory::Verification;
use cross_compile::artifacts::manifest::{self, State};
use cross_compile::artifacts::{Digest, Inventory, Manifest, Statement, rewrite};

use crate::support::{FINGERPRINT, Scene, run};

const BINARY: &str = "envoy-v1.32.0-arm64";

fn proven() -> Scene {
    let scene = Scene::built("v1.32.0");
    scene.collect().expect("a collection");
    scene.assert_proven();
    scene
}

/// Looks at everything, and returns the worst that is known of any artifact.
fn verdict(scene: &Scene) -> Option<Verification> {
    let mut inventory = Inventory::read(&scene.tree()).expect("an inventory");
    inventory.verify(&scene.tree(), |_| true).expect("hashes");
    if inventory.fault.is_some() || !inventory.missing.is_empty() {
        return None;
    }
    inventory
        .artifacts
        .iter()
        .map(|artifact| artifact.verification)
        .max()
}

#[test]
fn coreutils_checks_names_of_every_kind() {
    let scene = Scene::new();
    for name in [
        "plain",
        "with space",
        " leading",
        "back\\slash",
        "new\nline",
        "return\r",
        "*star",
        "sub/ü",
        "-",
    ] {
        scene.leave(name, name.as_bytes());
    }
    scene.collect().expect("a collection");
    scene.assert_proven();
}

#[test]
fn coreutils_own_list_is_read_alike() {
    let scene = Scene::new();
    for name in ["a", "back\\slash", "new\nline", "sub/b"] {
        scene.has(name, name.as_bytes());
    }
    let told = run(
        "sha256sum",
        &["a", "back\\slash", "new\nline", "sub/b"],
        &scene.category(),
    );
    let ours = rewrite(&scene.tree(), &std::collections::BTreeMap::new()).expect("a manifest");
    assert_eq!(Manifest::parse(told.as_bytes()).expect("a manifest"), ours);
    assert_eq!(scene.read("SHA256SUMS"), told.as_bytes());
}

#[test]
fn an_artifact_has_a_statement_and_its_companions_have_none() {
    let scene = proven();
    let text = scene.read(&format!("{BINARY}.intoto.json"));
    let statement = Statement::parse(&text).expect("a statement");
    let digest = Digest::of(&scene.read(BINARY));
    assert_eq!(statement.digest_of(Path::new(BINARY)), Some(digest));
    assert_eq!(statement.fingerprint(), Some(Digest::of(FINGERPRINT)));
    let names: Vec<_> = fs::read_dir(scene.category())
        .expect("a directory")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .filter(|name| name.ends_with(".intoto.json"))
        .collect();
    assert_eq!(names, [format!("{BINARY}.intoto.json")]);
    let manifest = Manifest::read(&scene.tree())
        .expect("a manifest")
        .expect("a manifest");
    let listed = manifest.digest(Path::new(&names[0]));
    assert_eq!(listed, Some(Digest::of(&text)));
}

#[test]
fn one_changed_bit_is_noticed_wherever_it_is() {
    let scene = proven();
    assert_eq!(verdict(&scene), Some(Verification::Intact));
    for name in [
        BINARY,
        &format!("{BINARY}.intoto.json"),
        &format!("{BINARY}.sha256"),
        "SHA256SUMS",
    ] {
        let path = scene.category().join(name);
        let good = fs::read(&path).expect("a file");
        // Every byte of what is small, and a hundred of what is large.
        let step = 1 + good.len() / 1000;
        for index in (0..good.len()).step_by(step) {
            let mut bad = good.clone();
            bad[index] ^= 1 << (index % 8);
            fs::write(&path, &bad).expect("a file");
            assert_ne!(
                verdict(&scene),
                Some(Verification::Intact),
                "byte {index} of {name}"
            );
        }
        fs::write(&path, &good).expect("a file");
        assert_eq!(verdict(&scene), Some(Verification::Intact), "{name}");
    }
}

#[test]
fn verifying_tells_of_every_file_what_became_of_it() {
    let scene = proven();
    fs::write(scene.category().join(BINARY), "x").expect("a file");
    fs::remove_file(scene.category().join("build-info.txt")).expect("a file");
    scene.has("new", b"x");
    let states = manifest::verify(&scene.tree()).expect("a manifest");
    let state = |path: &str| states.get(Path::new(path)).copied();
    assert_eq!(state(BINARY), Some(State::Changed));
    assert_eq!(state("build-info.txt"), Some(State::Missing));
    assert_eq!(state("new"), Some(State::Unlisted));
    assert_eq!(state(&format!("{BINARY}.sha256")), Some(State::Intact));
    assert_eq!(state("envoy-arm64"), None);
}

#[test]
fn writing_the_list_anew_proves_nothing_that_was_tampered_with() {
    let scene = proven();
    fs::write(scene.category().join(BINARY), "tampered").expect("a file");
    let known = std::collections::BTreeMap::new();
    rewrite(&scene.tree(), &known).expect("a manifest");
    assert_eq!(verdict(&scene), Some(Verification::Changed));
    // Even with the list lost, the statement tells.
    fs::remove_file(scene.category().join("SHA256SUMS")).expect("a list");
    rewrite(&scene.tree(), &known).expect("a manifest");
    assert_eq!(verdict(&scene), Some(Verification::Changed));
}

#[test]
fn a_statement_and_a_list_that_disagree_are_noticed_both_ways() {
    let scene = proven();
    let content = b"replaced with its digest in the list";
    fs::write(scene.category().join(BINARY), content).expect("a file");
    let list = String::from_utf8(scene.read("SHA256SUMS")).expect("text");
    let replaced: String = list
        .lines()
        .map(|line| match line.ends_with(&format!("  {BINARY}")) {
            true => format!("{}  {BINARY}\n", Digest::of(content)),
            false => format!("{line}\n"),
        })
        .collect();
    fs::write(scene.category().join("SHA256SUMS"), replaced).expect("a list");
    run(
        "sha256sum",
        &["--check", "--strict", "--quiet", "SHA256SUMS"],
        &scene.category(),
    );
    assert_eq!(verdict(&scene), Some(Verification::Changed));
}

#[test]
fn without_reading_files_size_time_and_statement_tell() {
    let scene = proven();
    let quick = || {
        let inventory = Inventory::read(&scene.tree()).expect("an inventory");
        let found = inventory
            .artifacts
            .into_iter()
            .find(|artifact| artifact.path == Path::new(BINARY));
        found.expect("the binary")
    };
    let artifact = quick();
    assert_eq!(artifact.verification, Verification::AsRecorded);
    assert_eq!(artifact.links, [Path::new("envoy-arm64")]);
    assert_eq!(artifact.name, "envoy-arm64");
    assert_eq!(artifact.companions.len(), 2);
    assert!(artifact.is_recorded());

    let path = scene.category().join(BINARY);
    let good = fs::read(&path).expect("a file");
    let modified = fs::metadata(&path).expect("metadata").modified().expect("a time");
    fs::write(&path, &good).expect("a file");
    assert_eq!(quick().verification, Verification::Changed);
    let file = fs::File::options().write(true).open(&path).expect("a file");
    file.set_modified(modified).expect("a time");
    assert_eq!(quick().verification, Verification::AsRecorded);

    let statement = scene.category().join(format!("{BINARY}.intoto.json"));
    let text = fs::read_to_string(&statement).expect("a statement");
    fs::write(&statement, text.replace("60Z", "61Z").replace("01:00Z", "02:00Z")).expect("a statement");
    assert_eq!(quick().verification, Verification::Changed);
}

#[test]
fn what_no_build_recorded_is_listed_as_what_it_is() {
    let scene = proven();
    scene.has("by-hand", crate::support::arm64());
    std::os::unix::fs::symlink("/etc/passwd", scene.category().join("out")).expect("a link");
    let inventory = Inventory::read(&scene.tree()).expect("an inventory");
    let by_hand = inventory
        .artifacts
        .iter()
        .find(|artifact| artifact.name == "by-hand");
    let by_hand = by_hand.expect("the file");
    assert!(!by_hand.is_recorded());
    assert_eq!(by_hand.verification, Verification::Unlisted);
    assert_eq!(by_hand.kind, cross_compile::artifacts::Kind::Executable);
    let out = inventory
        .links
        .iter()
        .find(|link| link.path == Path::new("out"))
        .expect("the link");
    assert_eq!(out.leads_to, None);
    assert_eq!(inventory.descriptions.len(), 1);
}
