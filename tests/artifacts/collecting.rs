//! From staging into the category: what arrives, what is kept, and what is refused as a whole.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use cross_compile::artifacts::collect::Change;
use cross_compile::artifacts::inventory::Verification;
use cross_compile::artifacts::{self, Architecture, Inventory, Kind, Tree};

use crate::support::{Scene, arm64, noise, package, run, snapshot};

#[test]
fn a_build_arrives_whole_with_links_modes_and_owner() {
    let scene = Scene::built("v1.32.0");
    scene.leave("envoy-arm64_1.32.0_arm64.deb", &package("arm64", &["-Zxz"]));
    scene.leave("sub/deep/notes.txt", b"notes");
    scene.link("sub/deep/binary", "../../envoy-v1.32.0-arm64");
    let collection = scene.collect().expect("a collection");

    let binary = collection
        .files
        .iter()
        .find(|file| file.path == Path::new("envoy-v1.32.0-arm64"));
    let binary = binary.expect("the binary");
    assert_eq!(
        (binary.kind, binary.architecture),
        (Kind::Executable, Some(Architecture::Arm64))
    );
    for (path, mode) in [
        ("envoy-v1.32.0-arm64", 0o755),
        ("envoy-arm64_1.32.0_arm64.deb", 0o644),
        ("build-info.txt", 0o644),
        ("sub/deep", 0o755),
        ("SHA256SUMS", 0o644),
    ] {
        let metadata = fs::metadata(scene.category().join(path)).expect(path);
        assert_eq!(metadata.permissions().mode() & 0o7777, mode, "{path}");
        if rustix::process::geteuid().is_root() && path != "SHA256SUMS" {
            assert_eq!((metadata.uid(), metadata.gid()), (1000, 1000), "{path}");
        }
    }
    let link = fs::read_link(scene.category().join("envoy-arm64")).expect("a link");
    assert_eq!(link, Path::new("envoy-v1.32.0-arm64"));
    assert_eq!(scene.read("sub/deep/binary"), [arm64(), b"v1.32.0"].concat());
    scene.assert_proven();
}

#[test]
fn nothing_is_copied_on_one_file_system() {
    let scene = Scene::built("v1.32.0");
    let inode = |path: &Path| fs::metadata(path).expect("metadata").ino();
    let before = inode(&scene.left("envoy-v1.32.0-arm64"));
    scene.collect().expect("a collection");
    assert_eq!(inode(&scene.category().join("envoy-v1.32.0-arm64")), before);
}

#[test]
fn what_lies_on_another_file_system_is_copied_with_its_time() {
    let scene = Scene::built("v1.32.0");
    let elsewhere = tempfile::tempdir_in("/dev/shm").expect("a directory in memory");
    let staging = elsewhere.path().join("staging");
    fs::create_dir_all(staging.join("envoy")).expect("a directory");
    let source = staging.join("envoy/large");
    fs::write(&source, noise(1_000_000)).expect("a file");
    let collection = scene.with_request(|request| {
        let staging = Tree::open(&staging)?;
        let request = artifacts::Request {
            staging: &staging,
            category: request.category,
            name: request.name,
            artifacts_target: request.artifacts_target,
            architecture: request.architecture,
            owner: request.owner,
            generation: request.generation,
        };
        let collection = artifacts::plan(&request)?;
        let applied = artifacts::apply(&request, &collection)?;
        assert_eq!((applied.placed, applied.copied), (1, 1));
        Ok(collection)
    });
    assert_eq!(collection.expect("a collection").files.len(), 1);
    assert_eq!(scene.read("large"), noise(1_000_000));
    let time = |path: &Path| fs::metadata(path).expect("metadata").modified().expect("a time");
    assert_eq!(time(&scene.category().join("large")), time(&source));
}

/// A file system that clones, mounted for one test.
struct Btrfs(tempfile::TempDir);

impl Btrfs {
    /// Makes it; `None` where this machine's kernel knows none.
    fn mount() -> Option<Self> {
        let known = fs::read_to_string("/proc/filesystems").expect("the kernel's file systems");
        if !known.split_whitespace().any(|name| name == "btrfs") {
            return None;
        }
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path();
        let device = fs::File::create(path.join("device")).expect("a file");
        device.set_len(256 << 20).expect("a length");
        fs::create_dir(path.join("mounted")).expect("a directory");
        run("mkfs.btrfs", &["--quiet", "device"], path);
        run("mount", &["-o", "loop", "device", "mounted"], path);
        let made = Self(directory);
        for name in ["staging", "category"] {
            run("btrfs", &["subvolume", "create", name], &made.path(""));
        }
        Some(made)
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.0.path().join("mounted").join(relative)
    }
}

impl Drop for Btrfs {
    fn drop(&mut self) {
        run("umount", &["--lazy", "mounted"], self.0.path());
    }
}

#[test]
fn what_lies_beyond_a_link_shares_its_blocks_where_the_file_system_clones() {
    let Some(btrfs) = Btrfs::mount() else {
        println!("skipped: this kernel has no btrfs");
        return;
    };
    let (staging, category) = (btrfs.path("staging"), btrfs.path("category"));
    fs::create_dir(staging.join("envoy")).expect("a directory");
    let source = staging.join("envoy/large");
    fs::write(&source, noise(1_000_000)).expect("a file");
    let (staging, tree) = (
        Tree::open(&staging).expect("a tree"),
        Tree::open(&category).expect("a tree"),
    );
    let request = artifacts::Request {
        staging: &staging,
        category: &tree,
        name: "envoy",
        artifacts_target: Path::new("/artifacts"),
        architecture: Architecture::Arm64,
        owner: None,
        generation: "20260101T000000Z",
    };
    let collection = artifacts::plan(&request).expect("a plan");
    let applied = artifacts::apply(&request, &collection).expect("a collection");
    assert_eq!((applied.placed, applied.copied), (1, 0));
    let placed = category.join("large");
    assert_eq!(fs::read(&placed).expect("a file"), noise(1_000_000));
    let metadata = |path: &Path| fs::metadata(path).expect("metadata");
    // Two files, not two names of one.
    assert_ne!(metadata(&placed).dev(), metadata(&source).dev());
    assert_eq!(metadata(&placed).nlink(), 1);
}

#[test]
fn doing_it_again_changes_nothing() {
    let scene = Scene::built("v1.32.0");
    scene.collect().expect("a collection");
    let before = snapshot(&scene.category());
    let again = scene.collect().expect("a collection");
    assert!(again.is_empty(), "{again:?}");
    assert!(again.actions("envoy").is_empty());
    assert_eq!(snapshot(&scene.category()), before);
}

#[test]
fn planning_changes_nothing() {
    let scene = Scene::built("v1.32.0");
    scene.has("envoy-v1.32.0-arm64", b"old");
    let before = snapshot(scene.directory.path());
    assert!(!scene.plan().expect("a plan").is_empty());
    assert_eq!(snapshot(scene.directory.path()), before);
}

#[test]
fn an_older_version_stays_and_a_file_of_the_same_name_is_kept() {
    let scene = Scene::built("v1.31.0");
    scene.collect().expect("a collection");
    let statement = scene.read("envoy-v1.31.0-arm64.intoto.json");
    scene.build("v1.32.0");
    scene.collect().expect("a collection");
    assert_eq!(scene.read("envoy-arm64"), [arm64(), b"v1.32.0"].concat());
    assert_eq!(
        scene.read("previous/19700101T000000Z/build-info.txt"),
        b"version: v1.31.0\n"
    );

    // The same version once more, with other content: all that belonged to the old one goes along.
    scene.build("v1.31.0");
    scene.leave("envoy-v1.31.0-arm64", &[arm64(), b"rebuilt"].concat());
    fs::remove_file(scene.left("envoy-v1.31.0-arm64.sha256")).expect("a checksum");
    let collection = scene.collect().expect("a collection");
    assert_eq!(collection.files[1].change, Change::Replaces);
    let kept = "previous/19700101T000000Z/envoy-v1.31.0-arm64";
    assert_eq!(scene.read(kept), [arm64(), b"v1.31.0"].concat());
    assert_eq!(scene.read(&format!("{kept}.intoto.json")), statement);
    assert!(scene.category().join(format!("{kept}.sha256")).exists());
    assert!(!scene.category().join("envoy-v1.31.0-arm64.sha256").exists());
    assert_ne!(scene.read("envoy-v1.31.0-arm64.intoto.json"), statement);
    scene.assert_proven();
    let mut inventory = Inventory::read(&scene.tree()).expect("an inventory");
    inventory.verify(&scene.tree(), |_| true).expect("hashes");
    let old = inventory
        .artifacts
        .iter()
        .find(|artifact| artifact.path == Path::new(kept));
    assert!(old.expect("the old one").is_recorded());
}

#[test]
fn what_a_build_by_hand_left_is_accepted() {
    let scene = Scene::built("v1.32.0");
    scene.has("envoy-v1.30.0-arm64", &[arm64(), b"by hand"].concat());
    scene.has("broken.deb", b"by hand");
    symlink(
        "/artifacts/envoy/envoy-v1.30.0-arm64",
        scene.category().join("envoy-arm64"),
    )
    .expect("a link");
    scene.collect().expect("a collection");
    scene.assert_proven();
    assert_eq!(scene.read("envoy-arm64"), [arm64(), b"v1.32.0"].concat());
}

#[test]
fn what_somebody_overwrote_is_kept_and_listed_as_it_was_found() {
    let scene = Scene::built("v1.32.0");
    scene.collect().expect("a collection");
    // Staging still has the same file.
    fs::remove_file(scene.category().join("envoy-v1.32.0-arm64")).expect("an artifact");
    scene.has("envoy-v1.32.0-arm64", &[arm64(), b"by hand"].concat());
    scene.collect().expect("a collection");
    let kept = "previous/19700101T000000Z/envoy-v1.32.0-arm64";
    assert_eq!(scene.read(kept), [arm64(), b"by hand"].concat());
    scene.assert_proven();
    // The statement that came along tells of the one that was built.
    let mut inventory = Inventory::read(&scene.tree()).expect("an inventory");
    inventory.verify(&scene.tree(), |_| true).expect("hashes");
    let mut artifacts = inventory.artifacts.iter();
    let old = artifacts
        .find(|artifact| artifact.path == Path::new(kept))
        .expect("the old one");
    assert_eq!(old.verification, Verification::Changed, "{old:?}");
}

/// Checks that nothing at all arrives, and that the error tells why.
#[track_caller]
fn assert_refused(cause: &str, arrange: impl FnOnce(&Scene)) {
    let scene = Scene::built("v1.32.0");
    scene.has("present", b"as it was");
    arrange(&scene);
    let before = snapshot(&scene.category());
    let error = scene.collect().expect_err(cause);
    assert!(error.cause().contains(cause), "{error}");
    assert_eq!(snapshot(&scene.category()), before);
}

#[test]
fn what_could_lead_out_or_do_harm_is_refused_as_a_whole() {
    assert_refused("is a link to `/etc/passwd`, outside its category", |scene| {
        scene.link("passwd", "/etc/passwd");
    });
    assert_refused("outside its category", |scene| {
        scene.link("up", "../../artifacts/consul");
    });
    assert_refused("outside its category", |scene| {
        scene.link("other", "/artifacts/consul/x");
    });
    assert_refused("where nothing is", |scene| scene.link("nothing", "absent"));
    assert_refused("in a circle", |scene| scene.link("self", "self"));
    assert_refused("lies outside the category", |scene| {
        fs::write(scene.staging().join("stray"), "x").expect("a file");
    });
    assert_refused("a device, a socket or a named pipe", |scene| {
        crate::support::run("mkfifo", &["envoy/pipe"], &scene.staging());
    });
    assert_refused("a device, a socket or a named pipe", |scene| {
        drop(UnixListener::bind(scene.left("s")).expect("a socket"));
    });
    assert_refused("set-user", |scene| {
        let mode = fs::Permissions::from_mode(0o4755);
        fs::set_permissions(scene.left("envoy-v1.32.0-arm64"), mode).expect("a mode");
    });
    assert_refused("hard link", |scene| {
        let elsewhere = scene.directory.path().join("elsewhere");
        fs::write(&elsewhere, "x").expect("a file");
        fs::hard_link(elsewhere, scene.left("hard")).expect("a link");
    });
    assert_refused("is no complete ELF file", |scene| {
        scene.leave("short", &arm64()[..arm64().len() - 1]);
    });
    assert_refused("is for `amd64`", |scene| {
        scene.leave("x.deb", &package("amd64", &["-Zgzip"]));
    });
    assert_refused("tells", |scene| {
        scene.leave("envoy-v1.32.0-arm64", &[arm64(), b"other"].concat());
    });
    assert_refused("is a directory here, and a file in the category", |scene| {
        symlink("/etc", scene.category().join("sub")).expect("a link");
        scene.leave("sub/passwd", b"x");
    });
    assert_refused("is nested deeper", |scene| {
        scene.leave(&["d"; 80].join("/"), b"x");
    });
}

#[test]
fn what_the_module_writes_itself_is_not_taken_from_a_build() {
    let scene = Scene::built("v1.32.0");
    scene.leave("SHA256SUMS", b"forged");
    scene.leave("envoy-v1.32.0-arm64.intoto.json", b"forged");
    scene.leave("nothing.intoto.json", b"forged");
    let collection = scene.collect().expect("a collection");
    assert_eq!(collection.left.len(), 3);
    assert!(!scene.category().join("nothing.intoto.json").exists());
    assert_ne!(scene.read("envoy-v1.32.0-arm64.intoto.json"), b"forged");
    scene.assert_proven();
}

/// Collects again and again while a directory is swapped for a link to `secret` and back.
fn collect_while_swapping(scene: &Scene, place: &Path, secret: &Path, check: impl Fn()) {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let aside = place.with_extension("aside");
            while !is_over.load(Ordering::Relaxed) {
                fs::create_dir_all(place).ok();
                fs::write(place.join("file"), "public").ok();
                fs::rename(place, &aside).ok();
                symlink(secret, place).ok();
                fs::remove_file(place).ok();
                fs::remove_dir_all(&aside).ok();
            }
        });
        for _ in 0..200 {
            // It may work out or not.
            scene.collect().ok();
            check();
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_link_that_is_swapped_in_meanwhile_leads_nowhere() {
    let scene = Scene::new();
    let secret = scene.directory.path().join("secret");
    for name in ["file", "victim"] {
        crate::support::write(&secret.join(name), b"secret");
    }
    let before = snapshot(&secret);
    let nothing_arrives = || {
        for content in [
            fs::read(scene.category().join("sub/file")),
            fs::read(scene.category().join("sub/victim")),
        ] {
            assert_ne!(content.unwrap_or_default(), b"secret");
        }
    };
    collect_while_swapping(&scene, &scene.left("sub"), &secret, nothing_arrives);
    fs::remove_dir_all(scene.left("sub")).ok();
    scene.leave("sub/file", b"public");
    collect_while_swapping(&scene, &scene.category().join("sub"), &secret, || {});
    assert_eq!(snapshot(&secret), before);
}
