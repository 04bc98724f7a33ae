//! A build's two directories, and the tools that fill them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cross_compile::artifacts::inspect::{Care, inspect};
use cross_compile::artifacts::statement::{Build, Image, Toolkit, hash_environment};
use cross_compile::artifacts::{
    self, Architecture, Collection, Digest, Inspection, Owner, Request, Tree, generation,
};
use cross_compile::error::Result;
use serde_json::Map;

/// Runs a program to its good end, and returns what it printed.
#[track_caller]
pub fn run(program: &str, arguments: &[&str], directory: &Path) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns a directory for one test, on the disk that the project is on.
pub fn scratch() -> tempfile::TempDir {
    let parent = project().join("target/tmp");
    fs::create_dir_all(&parent).expect("a directory");
    tempfile::tempdir_in(parent).expect("a directory")
}

/// Compiles a program that needs nothing of its system, once for all tests.
pub fn program(target: &str, name: &str, flags: &[&str]) -> Vec<u8> {
    const SOURCE: &str = "int answer(void) { return 42; }\nvoid _start(void) { for (;;) answer(); }\n";
    let directory = scratch();
    let source = directory.path().join("program.c");
    fs::write(&source, SOURCE).expect("a source");
    let python = project().join("target/zig/bin/python");
    let cache = project().join("target/zig-cache");
    let output = Command::new(python)
        .args([
            "-m",
            "ziglang",
            "cc",
            "-target",
            target,
            "-nostdlib",
            "-ffreestanding",
            "-O1",
        ])
        .args(flags)
        .args(["-o", name, "program.c"])
        .current_dir(directory.path())
        .env("ZIG_GLOBAL_CACHE_DIR", &cache)
        .env("ZIG_LOCAL_CACHE_DIR", &cache)
        .output()
        .expect("zig is installed");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    fs::read(directory.path().join(name)).expect("a program")
}

/// Returns an executable for the processor of the cluster.
pub fn arm64() -> &'static [u8] {
    static PROGRAM: OnceLock<Vec<u8>> = OnceLock::new();
    PROGRAM.get_or_init(|| program("aarch64-linux-musl", "program", &["-static"]))
}

/// Makes a Debian package that holds one large file of no pattern, and a small one.
pub fn package(architecture: &str, compression: &[&str]) -> Vec<u8> {
    let directory = scratch();
    let root = directory.path().join("root");
    write(&root.join("usr/bin/envoy"), &noise(300_000));
    write(&root.join("usr/share/doc/envoy/copyright"), b"MIT\n");
    let control = format!(
        "Package: envoy\nVersion: 1.32.0\nArchitecture: {architecture}\nMaintainer: A <a@b>\nDescription: x\n"
    );
    write(&root.join("DEBIAN/control"), control.as_bytes());
    let mut arguments = vec!["--root-owner-group"];
    arguments.extend(compression);
    arguments.extend(["--build", "root", "envoy.deb"]);
    run("dpkg-deb", &arguments, directory.path());
    fs::read(directory.path().join("envoy.deb")).expect("a package")
}

/// Returns bytes that do not compress, always the same.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let step = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(step).take(length).collect()
}

pub fn look(name: &str, content: &[u8]) -> Result<Inspection> {
    inspect(Path::new(name), &mut Cursor::new(content), Care::Whole)
}

pub fn write(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    fs::write(path, content).expect("a file");
}

/// Everything below a directory: content or target, mode and owner.
pub fn snapshot(directory: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![directory.to_path_buf()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next).expect("a directory") {
            let path = entry.expect("an entry").path();
            let metadata = path.symlink_metadata().expect("metadata");
            let kind = metadata.file_type();
            let mut told = format!("{:o} {}:{}", metadata.mode(), metadata.uid(), metadata.gid());
            if kind.is_dir() {
                waiting.push(path.clone());
            } else if kind.is_symlink() {
                told = format!("-> {}", fs::read_link(&path).expect("a link").display());
            } else if kind.is_file() {
                let digest = Digest::of(&fs::read(&path).expect("a file"));
                told = format!("{told} {digest}");
            }
            let relative = path.strip_prefix(directory).expect("below").to_path_buf();
            found.insert(relative, told);
        }
    }
    found
}

/// The staging and the category of one build.
pub struct Scene {
    pub directory: tempfile::TempDir,
}

pub const FINGERPRINT: &[u8] = b"inputs";

impl Scene {
    pub fn new() -> Self {
        Self::within(scratch())
    }

    pub fn within(directory: tempfile::TempDir) -> Self {
        for name in ["staging/envoy", "artifacts/envoy"] {
            fs::create_dir_all(directory.path().join(name)).expect("a directory");
        }
        Self { directory }
    }

    /// Has what a build of Envoy leaves.
    pub fn built(version: &str) -> Self {
        let scene = Self::new();
        scene.build(version);
        scene
    }

    pub fn build(&self, version: &str) {
        fs::remove_dir_all(self.staging()).expect("staging");
        let binary = format!("envoy-{version}-arm64");
        let content = [arm64(), version.as_bytes()].concat();
        self.leave(&binary, &content);
        fs::set_permissions(self.left(&binary), fs::Permissions::from_mode(0o700)).expect("a mode");
        let checksum = format!("{}  {binary}\n", Digest::of(&content));
        self.leave(&format!("{binary}.sha256"), checksum.as_bytes());
        self.leave("build-info.txt", format!("version: {version}\n").as_bytes());
        self.link("envoy-arm64", &format!("/artifacts/envoy/{binary}"));
    }

    pub fn staging(&self) -> PathBuf {
        self.directory.path().join("staging")
    }

    pub fn category(&self) -> PathBuf {
        self.directory.path().join("artifacts/envoy")
    }

    pub fn tree(&self) -> Tree {
        Tree::open(&self.category()).expect("the category")
    }

    pub fn left(&self, path: &str) -> PathBuf {
        self.staging().join("envoy").join(path)
    }

    pub fn leave(&self, path: &str, content: &[u8]) {
        write(&self.left(path), content);
    }

    pub fn link(&self, path: &str, target: &str) {
        std::os::unix::fs::symlink(target, self.left(path)).expect("a link");
    }

    pub fn has(&self, path: &str, content: &[u8]) {
        write(&self.category().join(path), content);
    }

    pub fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.category().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub fn plan(&self) -> Result<Collection> {
        self.with_request(artifacts::plan)
    }

    /// Collects and records what staging holds.
    pub fn collect(&self) -> Result<Collection> {
        let collection = self.with_request(|request| {
            let collection = artifacts::plan(request)?;
            artifacts::apply(request, &collection)?;
            Ok(collection)
        })?;
        artifacts::record(&self.tree(), &collection, &build())?;
        Ok(collection)
    }

    pub fn with_request<T>(&self, action: impl FnOnce(&Request<'_>) -> Result<T>) -> Result<T> {
        let is_root = rustix::process::geteuid().is_root();
        action(&Request {
            staging: &Tree::open(&self.staging())?,
            category: &self.tree(),
            name: "envoy",
            artifacts_target: Path::new("/artifacts"),
            architecture: Architecture::Arm64,
            owner: is_root.then_some(Owner { uid: 1000, gid: 1000 }),
            generation: &generation(UNIX_EPOCH),
        })
    }

    /// Lets coreutils check the whole category.
    #[track_caller]
    pub fn assert_proven(&self) {
        run(
            "sha256sum",
            &["--check", "--strict", "--quiet", "SHA256SUMS"],
            &self.category(),
        );
        let states = artifacts::manifest::verify(&self.tree()).expect("a manifest");
        assert!(!states.is_empty());
        for (path, state) in states {
            assert_eq!(state, artifacts::manifest::State::Intact, "{}", path.display());
        }
    }
}

pub fn build() -> Build {
    Build {
        name: "envoy".to_owned(),
        image: Image {
            reference: "ghcr.io/goldentooth/envoy-builder:latest".to_owned(),
            digest: format!("sha256:{}", Digest::of(b"image")),
        },
        command: vec!["build".to_owned()],
        environment: hash_environment([("ENVOY_VERSION", "v1.32.0"), ("TOKEN", "hunter2")]),
        parameters: Map::new(),
        toolkit: Some(Toolkit {
            url: "https://github.com/goldentooth/cross-compile-toolkit.git".to_owned(),
            commit: "7fd1a60b01f91b314f59955a4e4d4e80d8edf11d".to_owned(),
        }),
        fingerprint: Digest::of(FINGERPRINT),
        invocation: "1".to_owned(),
        started: UNIX_EPOCH,
        finished: UNIX_EPOCH + Duration::from_secs(60),
        log: Some(("envoy.log".to_owned(), Digest::of(b"log"))),
    }
}

/// Makes a file as old as it says.
pub fn age(path: &Path, days: u64) {
    let moment = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
    let file = fs::File::options().write(true).open(path).expect("a file");
    file.set_modified(moment).expect("a time");
}
