//! Remotes, checkouts, and the four steps that every change has to pass.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::time::Duration;

use cross_compile::error::{Error, Result};
use cross_compile::git::{self, Change, GitUrl, Settings, Source, Stop};

/// Runs git's own command in `directory`, untouched by the configuration of whoever runs the tests.
#[track_caller]
pub fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = command(directory, arguments).output().expect("git runs");
    assert!(
        output.status.success(),
        "git {arguments:?} in {}: {}",
        directory.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

pub fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(directory)
        .args([
            "-c",
            "protocol.file.allow=always",
            "-c",
            "safe.directory=*",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(arguments)
        .envs([
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_SYSTEM", "/dev/null"),
            ("GIT_TERMINAL_PROMPT", "0"),
        ])
        .envs([
            ("GIT_AUTHOR_NAME", "a"),
            ("GIT_AUTHOR_EMAIL", "a@b"),
            ("GIT_COMMITTER_NAME", "a"),
        ])
        .env("GIT_COMMITTER_EMAIL", "a@b");
    command
}

/// A place for one test: a remote with some history, and where its checkout goes.
pub struct Scene {
    pub directory: tempfile::TempDir,
}

impl Scene {
    /// Has a remote with two commits on `main`, the first of them tagged `v1`.
    pub fn new() -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let settings = Settings {
                ca_bundle: None,
                timeout: Duration::from_secs(10),
            };
            git::initialise(&settings).expect("initialised");
        });
        let scene = Self {
            directory: tempfile::tempdir().expect("a directory"),
        };
        scene.repository("remote");
        scene.commit(
            "remote",
            &[
                ("Makefile", "all:\n"),
                ("old/gone", "gone\n"),
                (".gitignore", "ignored\n"),
            ],
            "one",
        );
        git(&scene.path("remote"), &["tag", "-a", "v1", "-m", "v1"]);
        let remote = scene.path("remote");
        fs::remove_dir_all(remote.join("old")).expect("removed");
        fs::write(remote.join("run"), "#!/bin/sh\n").expect("a file");
        fs::set_permissions(remote.join("run"), fs::Permissions::from_mode(0o755)).expect("a mode");
        symlink("run", remote.join("link")).expect("a link");
        scene.commit(
            "remote",
            &[("Makefile", "all: run\n"), ("new/file", "new\n")],
            "two",
        );
        scene
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn repository(&self, name: &str) {
        git(self.directory.path(), &["init", "-q", name]);
    }

    /// Writes files, commits everything, and returns the commit.
    pub fn commit(&self, repository: &str, files: &[(&str, &str)], message: &str) -> String {
        let path = self.path(repository);
        for (name, text) in files {
            write(&path.join(name), text);
        }
        git(&path, &["add", "-A"]);
        git(&path, &["commit", "-q", "--allow-empty", "-m", message]);
        self.head(repository)
    }

    pub fn head(&self, repository: &str) -> String {
        git(&self.path(repository), &["rev-parse", "HEAD"])
    }

    pub fn dest(&self) -> PathBuf {
        self.path("place/checkout")
    }

    pub fn source(&self, version: &str) -> Source {
        source(self.path("remote").to_str().expect("a path"), version)
    }

    /// Takes the four steps to `version` of the remote.
    #[track_caller]
    pub fn converge(&self, version: &str) -> Vec<String> {
        converge(&self.dest(), &self.source(version))
    }
}

pub fn source(url: &str, version: &str) -> Source {
    Source {
        url: GitUrl::parse(url).expect("a URL"),
        version: version.to_owned(),
        depth: None,
        force: false,
        own_files: Vec::new(),
        reserved: Vec::new(),
    }
}

pub fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    fs::write(path, text).expect("a file");
}

pub fn plan(dest: &Path, source: &Source) -> Result<Option<Change>> {
    git::plan(&git::observe(dest, source, &Stop::default())?, source)
}

pub fn run(dest: &Path, source: &Source) -> Result<Vec<String>> {
    let stop = Stop::default();
    git::sweep(dest)?;
    let observed = git::observe(dest, source, &stop)?;
    let Some(change) = git::plan(&observed, source)? else {
        return Ok(Vec::new());
    };
    let applied = git::apply(&observed, source, &change, &stop)?;
    assert_eq!((applied.before, applied.after), (change.before(), change.after()));
    Ok(change.actions())
}

/// Checks, runs, checks and runs again: the check foretells the run and changes nothing, and one run suffices.
#[track_caller]
pub fn converge(dest: &Path, source: &Source) -> Vec<String> {
    let before = snapshot(dest);
    let foretold = plan(dest, source)
        .expect("the check")
        .map(|change| change.actions())
        .unwrap_or_default();
    assert_eq!(snapshot(dest), before, "the check changes nothing");
    assert_eq!(
        run(dest, source).expect("the run"),
        foretold,
        "the check foretells the run"
    );
    assert_eq!(plan(dest, source).expect("the second check"), None);
    assert_eq!(run(dest, source).expect("the second run"), Vec::<String>::new());
    assert_sound(dest);
    foretold
}

/// Asserts that git's own command finds the checkout complete and clean, and that nothing is left over.
#[track_caller]
pub fn assert_sound(dest: &Path) {
    assert_eq!(git(dest, &["status", "--porcelain", "--untracked-files=no"]), "");
    git(dest, &["fsck", "--full", "--strict"]);
    git(dest, &["fetch", "-q", "--dry-run"]);
    let parent = dest.parent().expect("a parent");
    let left: Vec<PathBuf> = files(parent)
        .into_keys()
        .filter(|path| {
            let name = path.to_string_lossy();
            name.contains("partial-")
                || name.contains("cross_compile-")
                || name.contains("_git2_")
                || name.ends_with(".lock")
        })
        .collect();
    assert_eq!(left, Vec::<PathBuf>::new(), "leftovers");
}

/// Returns every path below `directory` with its mode, time of change and content.
pub fn snapshot(directory: &Path) -> BTreeMap<PathBuf, (u32, i64, Vec<u8>)> {
    files(directory)
}

fn files(directory: &Path) -> BTreeMap<PathBuf, (u32, i64, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let metadata = path.symlink_metadata().expect("metadata");
        if metadata.is_dir() {
            found.extend(files(&path));
        }
        let content = if metadata.is_file() {
            fs::read(&path).expect("content")
        } else {
            Vec::new()
        };
        found.insert(path, (metadata.mode(), metadata.mtime_nsec(), content));
    }
    found
}

/// Returns the error of planning, which must fail.
#[track_caller]
pub fn refusal(dest: &Path, source: &Source) -> Error {
    let before = snapshot(dest);
    let error = plan(dest, source).expect_err("a refusal");
    assert_eq!(snapshot(dest), before, "a refusal changes nothing");
    error
}
