//! Tables of what builds may leave, and of what is in their category already.

use std::path::Path;

use super::*;
use crate::artifacts::collect::survey::{Present, Staged, Survey};
use crate::artifacts::{Architecture, Digest, Inspection, Moment, Tree};

/// A build's view of the world, put together by hand.
struct Scene {
    survey: Survey,
    tree: Tree,
}

fn entry(path: impl AsRef<Path>, kind: EntryKind, number: u64) -> Entry {
    Entry {
        path: path.as_ref().into(),
        kind,
        size: 1,
        modified: Moment {
            seconds: 0,
            nanoseconds: 0,
        },
        mode: 0o644,
        uid: 0,
        gid: 0,
        identity: (1, number),
        names: 1,
    }
}

impl Scene {
    fn new() -> Self {
        Self {
            survey: Survey::default(),
            tree: Tree::open(Path::new("/")).unwrap(),
        }
    }

    /// Puts something into staging, in the directory `envoy`.
    fn leaves(mut self, path: &str, kind: EntryKind) -> Self {
        self.stage(path, kind);
        self
    }

    fn stage(&mut self, path: &str, kind: EntryKind) -> &mut Entry {
        let number = self.survey.staged.len() as u64;
        if kind == EntryKind::File {
            let staged = Staged {
                digest: Digest::of(path.as_bytes()),
                inspection: Inspection::FILE,
                told: None,
            };
            self.survey.files.insert(path.into(), Some(Ok(staged)));
        }
        let staged = entry(Path::new("envoy").join(path), kind, number);
        self.survey.staged.push(staged);
        self.survey.staged.last_mut().unwrap()
    }

    fn leaves_file(self, path: &str) -> Self {
        self.leaves(path, EntryKind::File)
    }

    fn leaves_link(mut self, path: &str, target: &str) -> Self {
        self.survey.links.insert(path.into(), target.into());
        self.leaves(path, EntryKind::Link)
    }

    fn leaves_changed(mut self, path: &str, change: impl FnOnce(&mut Entry)) -> Self {
        change(self.stage(path, EntryKind::File));
        self
    }

    fn leaves_inspected(mut self, path: &str, staged: Result<Staged>) -> Self {
        self.stage(path, EntryKind::File);
        self.survey.files.insert(path.into(), Some(staged));
        self
    }

    fn has(mut self, path: &str, kind: EntryKind) -> Self {
        let present = Present {
            entry: entry(path, kind, 1000 + self.survey.present.len() as u64),
            target: None,
            digest: None,
        };
        self.survey.present.insert(path.into(), present);
        self
    }

    fn has_file(self, path: &str) -> Self {
        self.has(path, EntryKind::File)
    }

    fn has_link(self, path: &str, target: &str) -> Self {
        let mut scene = self.has(path, EntryKind::Link);
        if let Some(present) = scene.survey.present.get_mut(Path::new(path)) {
            present.target = Some(target.into());
        }
        scene
    }

    fn decide(&self) -> Result<Collection> {
        let request = Request {
            staging: &self.tree,
            category: &self.tree,
            name: "envoy",
            artifacts_target: Path::new("/artifacts"),
            architecture: Architecture::Arm64,
            owner: None,
            generation: "new",
        };
        decide(&request, &self.survey)
    }

    #[track_caller]
    fn is_refused(&self, cause: &str) {
        let error = self.decide().unwrap_err();
        assert!(error.cause().starts_with("nothing was collected: "), "{error}");
        assert!(error.cause().contains(cause), "{error}");
    }

    #[track_caller]
    fn links_to(&self, target: &str) {
        let collection = self.decide().unwrap();
        assert_eq!(collection.links.last().unwrap().target, Path::new(target));
    }
}

#[test]
fn new_files_and_links_are_collected() {
    let collection = Scene::new()
        .leaves("", EntryKind::Directory)
        .leaves_file("envoy-v1")
        .leaves("sub", EntryKind::Directory)
        .leaves_changed("sub/tool", |entry| entry.mode = 0o100)
        .leaves_link("envoy", "envoy-v1")
        .decide()
        .unwrap();
    let files: Vec<_> = collection
        .files
        .iter()
        .map(|file| (file.path.to_str().unwrap(), file.mode, file.change))
        .collect();
    assert_eq!(
        files,
        [("envoy-v1", 0o644, Change::New), ("sub/tool", 0o755, Change::New)]
    );
    assert_eq!(collection.links.len(), 1);
    assert_eq!(
        collection.actions("envoy"),
        [
            "Collected `envoy/envoy-v1`",
            "Collected `envoy/sub/tool`",
            "Collected `envoy/envoy`"
        ]
    );
}

#[test]
fn what_is_outside_of_the_category_is_refused() {
    let mut scene = Scene::new().leaves_file("a");
    scene.survey.staged.push(entry("consul/x", EntryKind::File, 7));
    scene.is_refused("`/artifacts/consul/x`: lies outside the category");
    let mut scene = Scene::new();
    scene.survey.staged.push(entry("envoy", EntryKind::Link, 7));
    scene.is_refused("`/artifacts/envoy`: is not a directory");
}

#[test]
fn what_is_no_plain_file_is_refused() {
    Scene::new()
        .leaves("pipe", EntryKind::Special)
        .is_refused("`/artifacts/envoy/pipe`: is a device, a socket or a named pipe");
    for mode in [0o4755, 0o2755, 0o1644] {
        Scene::new()
            .leaves_changed("x", |entry| entry.mode = mode)
            .is_refused("set-user");
    }
    Scene::new()
        .leaves_changed("x", |entry| entry.names = 2)
        .is_refused("hard link");
    Scene::new()
        .leaves_file("previous/x")
        .is_refused("older artifacts");
}

#[test]
fn all_reasons_are_told_up_to_a_number() {
    let mut scene = Scene::new();
    for number in 0..12 {
        scene = scene.leaves(&format!("pipe-{number}"), EntryKind::Special);
    }
    let cause = scene.decide().unwrap_err().to_string();
    assert!(
        cause.starts_with("nothing was collected (and 2 more): 10 failures: (1)"),
        "{cause}"
    );
}

#[test]
fn a_second_name_in_staging_or_from_a_killed_run_is_no_name_elsewhere() {
    let both = |entry: &mut Entry| (entry.identity, entry.names) = ((1, 50), 2);
    let scene = Scene::new().leaves_changed("a", both).leaves_changed("b", both);
    assert_eq!(scene.decide().unwrap().files.len(), 2);

    let mut scene = Scene::new().has_file("a").leaves_changed("a", both);
    if let Some(present) = scene.survey.present.get_mut(Path::new("a")) {
        present.entry.identity = (1, 50);
    }
    let collection = scene.decide().unwrap();
    assert_eq!(collection.files[0].change, Change::Unchanged);
    assert!(collection.is_empty());
}

#[test]
fn broken_and_foreign_files_are_refused() {
    let arm = |architecture| Inspection {
        kind: Kind::Executable,
        architecture: Some(architecture),
    };
    let staged = |inspection| Staged {
        digest: Digest::of(b""),
        inspection,
        told: None,
    };
    Scene::new()
        .leaves_inspected("x", Err(refuse("is truncated")))
        .is_refused("`/artifacts/envoy/x`: is truncated");
    Scene::new()
        .leaves_inspected("x", Ok(staged(arm(Architecture::Amd64))))
        .is_refused("is for `amd64`, not for `arm64`");
    let scene = Scene::new().leaves_inspected("x", Ok(staged(arm(Architecture::Arm64))));
    assert_eq!(scene.decide().unwrap().files[0].mode, 0o755);
}

#[test]
fn a_checksum_that_the_build_left_has_to_be_right() {
    let told = |digest: Digest| {
        Ok(Staged {
            digest: Digest::of(b"checksum"),
            inspection: Inspection::FILE,
            told: Some(digest),
        })
    };
    let wrong = Scene::new()
        .leaves_file("a")
        .leaves_inspected("a.sha256", told(Digest::of(b"other")));
    wrong.is_refused("`/artifacts/envoy/a.sha256`: tells");
    let right = Scene::new()
        .leaves_file("a")
        .leaves_inspected("a.sha256", told(Digest::of(b"a")));
    assert_eq!(right.decide().unwrap().files.len(), 2);
    let of_nothing = Scene::new().leaves_inspected("a.sha256", told(Digest::of(b"a")));
    assert_eq!(of_nothing.decide().unwrap().files.len(), 1);
}

#[test]
fn what_the_module_writes_itself_is_left() {
    let collection = Scene::new()
        .leaves_file("SHA256SUMS")
        .leaves_file("a.intoto.json")
        .leaves_file("sub/SHA256SUMS")
        .decide()
        .unwrap();
    let left: Vec<_> = collection.left.iter().map(|left| left.path.as_path()).collect();
    assert_eq!(left, [Path::new("SHA256SUMS"), Path::new("a.intoto.json")]);
    assert_eq!(collection.files[0].path, Path::new("sub/SHA256SUMS"));
}

#[test]
fn what_is_replaced_is_kept_with_what_belongs_to_it_alone() {
    let collection = Scene::new()
        .has_file("a")
        .has_file("a.sha256")
        .has_file("a.intoto.json")
        .has_file("a.sig")
        .has_file("b")
        .leaves_file("a")
        .leaves_file("a.sha256")
        .decide()
        .unwrap();
    let kept: Vec<_> = collection
        .kept
        .iter()
        .map(|kept| {
            (
                kept.from.to_str().unwrap(),
                kept.to.to_str().unwrap(),
                kept.vacates,
            )
        })
        .collect();
    assert_eq!(
        kept,
        [
            ("a", "previous/new/a", false),
            ("a.intoto.json", "previous/new/a.intoto.json", true),
            ("a.sig", "previous/new/a.sig", true),
            ("a.sha256", "previous/new/a.sha256", false),
        ]
    );
    assert!(
        collection
            .files
            .iter()
            .all(|file| file.change == Change::Replaces)
    );
    assert_eq!(
        collection.actions("envoy")[0],
        "Collected `envoy/a` and kept the older one"
    );
}

#[test]
fn what_is_kept_takes_no_place_of_another_but_its_own() {
    let mut scene = Scene::new()
        .has_file("a")
        .has_file("previous/new/a")
        .leaves_file("a");
    let kept = |scene: &Scene| scene.decide().unwrap().kept[0].to.clone();
    assert_eq!(kept(&scene), Path::new("previous/new-2/a"));
    let identity = scene.survey.present[Path::new("a")].entry.identity;
    if let Some(present) = scene.survey.present.get_mut(Path::new("previous/new/a")) {
        present.entry.identity = identity;
    }
    assert_eq!(kept(&scene), Path::new("previous/new/a"));
}

#[test]
fn directories_and_files_do_not_take_each_others_place() {
    Scene::new()
        .has("a", EntryKind::Directory)
        .leaves_file("a")
        .is_refused("is a file here, and a directory");
    Scene::new()
        .has_file("a")
        .leaves("a", EntryKind::Directory)
        .is_refused("is a directory here, and a file");
    Scene::new()
        .has_link("a", "/etc")
        .leaves("a", EntryKind::Directory)
        .is_refused("is a directory here, and a file");
    Scene::new()
        .has("a", EntryKind::Directory)
        .leaves_file("b")
        .leaves_link("a", "b")
        .is_refused("is a link here, and a directory");
}

#[test]
fn links_stay_within_the_category() {
    for target in [
        "/etc/passwd",
        "/artifacts",
        "/artifacts/envoy",
        "/artifacts/consul/x",
        "/artifacts/envoy/../consul/x",
        "/artifacts/envoyage/x",
        "..",
        "../consul/x",
        "sub/../../consul/x",
        "out/passwd",
        "new-out/../x",
    ] {
        Scene::new()
            .has_link("out", "/etc")
            .leaves("sub", EntryKind::Directory)
            .leaves_file("sub/x")
            .leaves_link("new-out", ".")
            .leaves_link("x", target)
            .is_refused("outside its category");
    }
    Scene::new().leaves_link("x", "y").is_refused("where nothing is");
    Scene::new().leaves_link("x", "x").is_refused("in a circle");
    // Statements that the build left are not collected, so nothing will be there.
    Scene::new()
        .leaves_file("a.intoto.json")
        .leaves_link("x", "a.intoto.json")
        .is_refused("where nothing is");
}

#[test]
fn absolute_links_into_the_category_become_relative() {
    Scene::new()
        .leaves_file("a")
        .leaves_link("x", "/artifacts/envoy/a")
        .links_to("a");
    Scene::new()
        .leaves_file("a")
        .leaves_file("sub/b")
        .leaves_link("sub/x", "/artifacts/envoy/a")
        .links_to("../a");
    Scene::new()
        .has_file("old")
        .leaves_link("x", "old")
        .links_to("old");
    Scene::new()
        .leaves_file("a")
        .leaves_link("one", "/artifacts/envoy/a")
        .leaves_link("two", "one")
        .links_to("one");
}

#[test]
fn a_link_that_is_there_already_is_unchanged_and_another_is_replaced() {
    let change = |target| {
        let scene = Scene::new()
            .has_link("x", target)
            .leaves_file("a")
            .leaves_link("x", "/artifacts/envoy/a");
        scene.decide().unwrap().links[0].change
    };
    assert_eq!(change("a"), Change::Unchanged);
    assert_eq!(change("b"), Change::New);
    let replaced = Scene::new().has_file("x").leaves_file("a").leaves_link("x", "a");
    let collection = replaced.decide().unwrap();
    assert_eq!(collection.links[0].change, Change::Replaces);
    assert_eq!(collection.kept[0].from, Path::new("x"));
}

#[test]
fn what_can_be_refused_unread_is() {
    let unread = |mut scene: Scene| {
        scene.survey.files.values_mut().for_each(|file| *file = None);
        scene
    };
    let pipe = Scene::new().leaves_file("a").leaves("pipe", EntryKind::Special);
    unread(pipe).is_refused("named pipe");
    let link = Scene::new().leaves_file("a").leaves_link("x", "/etc");
    unread(link).is_refused("outside its category");
    let directory = Scene::new().has("a", EntryKind::Directory).leaves_file("a");
    unread(directory).is_refused("is a file here, and a directory");
    let fine = Scene::new().has_file("a").leaves_file("a").leaves_link("x", "a");
    let collection = unread(fine).decide().unwrap();
    assert!(collection.files.is_empty() && collection.kept.is_empty());
    assert_eq!(collection.links.len(), 1);
}

#[test]
fn more_than_a_file_system_holds_is_refused() {
    let scene = |sizes: [u64; 2]| {
        let mut scene = Scene::new()
            .leaves_changed("a", |entry| entry.size = sizes[0])
            .leaves_changed("b", |entry| entry.size = sizes[1]);
        scene.survey.capacity = Some(100);
        scene
    };
    scene([50, 50]).decide().unwrap();
    scene([50, 51]).is_refused("have 101 bytes, and their whole file system holds 100");
    scene([u64::MAX, u64::MAX]).is_refused("holds 100");
    // One file under two names takes its bytes once.
    let mut twice = scene([80, 80]);
    for entry in &mut twice.survey.staged {
        (entry.identity, entry.names) = ((1, 50), 2);
    }
    twice.decide().unwrap();
}

#[test]
fn names_that_the_module_could_not_use_are_refused() {
    for path in [".cross_compile.0", "sub/.cross_compile.x", ".cross_compile.d/x"] {
        Scene::new()
            .leaves_file(path)
            .is_refused("which the module has not finished");
    }
    Scene::new()
        .leaves(".cross_compile.d", EntryKind::Directory)
        .is_refused("which the module has not finished");
    let longest = "x".repeat(255 - ".intoto.json".len());
    let scene = Scene::new()
        .leaves_file(&longest)
        .leaves_file(&format!("{longest}.sha256"));
    assert_eq!(scene.decide().unwrap().files.len(), 2);
    Scene::new()
        .leaves_file(&format!("{longest}x"))
        .is_refused("has a name that is too long");
    Scene::new()
        .leaves_file(&format!("{longest}.sha256"))
        .is_refused("has a name that is too long");
}
