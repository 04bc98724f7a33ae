//! A toolkit repository of a test's own, changed as its maintainers would change it: with git's command line.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::testbed::testbed;

/// A bare repository that the testbed serves, and a clone to work in.
pub struct Repository {
    name: String,
    bare: PathBuf,
    work: PathBuf,
}

impl Repository {
    /// Creates `name` with a first commit on `main`: a compose file, a `.gitignore` for the override, a README.
    pub fn create(name: &str, directory: &Path) -> Self {
        let repository = Self {
            name: name.to_owned(),
            bare: testbed().path("/git/root").join(format!("{name}.git")),
            work: directory.join("maintainer"),
        };
        let bare = repository.bare.to_string_lossy().into_owned();
        git(
            Path::new("/"),
            &["init", "--quiet", "--bare", "--initial-branch=main", &bare],
        );
        git(
            Path::new("/"),
            &["clone", "--quiet", &bare, &repository.work.to_string_lossy()],
        );
        repository.git(&["checkout", "--quiet", "-B", "main"]);
        repository.write(".gitignore", "docker-compose.override.yml\nartifacts/\n");
        repository.write("README.md", "one\n");
        repository.write(
            "docker-compose.yml",
            "version: '3.8'\nservices:\n  base-builder: {image: a}\n  envoy-builder: {image: a}\n  \
             dev-environment: {image: a}\n  ci-builder: {image: a}\n",
        );
        repository.commit("first");
        repository
    }

    /// Returns the URL under which the testbed serves it over HTTPS.
    pub fn url(&self) -> String {
        format!("{}/{}.git", testbed().get("/git/https"), self.name)
    }

    /// Returns the path below any of the servers.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn bare(&self) -> &Path {
        &self.bare
    }

    /// Writes a file in the maintainer's clone.
    pub fn write(&self, path: &str, content: &str) {
        let path = self.work.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Commits everything and pushes the branch; returns the commit.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(&["push", "--quiet", "--force", "origin", "HEAD"]);
        self.head()
    }

    pub fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs git in the maintainer's clone and returns what it prints.
    #[track_caller]
    pub fn git(&self, words: &[&str]) -> String {
        git(&self.work, words)
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.bare).ok();
    }
}

/// Runs git as a user without any configuration of its own, and returns what it prints.
#[track_caller]
pub fn git(directory: &Path, words: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_SSL_CAINFO", testbed().get("/ca"))
        .args(["-c", "user.name=Corlys", "-c", "user.email=corlys@velaryon.test"])
        .args(["-c", "safe.directory=*", "-c", "protocol.file.allow=always"])
        .args(words)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
