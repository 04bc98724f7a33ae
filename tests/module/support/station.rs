//! A station of a test's own: directories, repository, images and network that no other test uses.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::answer::Answer;
use super::private::wrapped;
use super::repository::Repository;
use super::strace::Traceable;
use super::testbed::{binary, testbed};

pub struct Station {
    directory: TempDir,
    pub name: String,
    pub repository: Repository,
    arguments: Map<String, Value>,
    environment: Vec<(String, String)>,
    /// What the binary is run through, such as `setpriv` with its options.
    runner: Vec<String>,
}

impl Traceable for Station {
    fn behind(&self, words: &[&str]) -> Command {
        wrapped(self, json!({}), "", words)
    }
}

impl Station {
    /// Creates a station with one image (`base_builder`), version 1 of which is in the registry.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "t{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let directory = tempfile::Builder::new()
            .prefix("cross-compile-")
            .tempdir()
            .unwrap();
        let repository = Repository::create(&name, directory.path());
        let testbed = testbed();
        // A copy, since the checkout may lie where other users may not look, as below root's home.
        let authority = directory.path().join("ca.crt");
        std::fs::copy(testbed.get("/ca"), &authority).unwrap();
        let arguments = json!({
            "base_dir": directory.path().join("base"),
            "toolkit_repo": repository.url(),
            "registry": format!("{}/{name}", testbed.get("/registry/address")),
            "containers": { "base_builder": "base-builder:latest", "envoy_builder": "", "ci_builder": "" },
            "registry_auth": {
                "enabled": true,
                "username": testbed.get("/registry/username"),
                "token": testbed.get("/registry/password"),
            },
            "docker_host": testbed.get("/engine/docker_host"),
            "ca_bundle": authority,
            "container": { "network_name": name },
            "system_requirements": { "min_disk_space_gb": 0, "min_memory_gb": 0 },
            "timeout": 20,
        });
        let Value::Object(arguments) = arguments else {
            unreachable!("an object was written")
        };
        let station = Self {
            directory,
            name,
            repository,
            arguments,
            environment: Vec::new(),
            runner: Vec::new(),
        };
        station.push("base-builder", 1);
        station
    }

    /// Creates a station that is converged already.
    #[track_caller]
    pub fn converged() -> Self {
        let station = Self::new();
        station.run().changed();
        station
    }

    /// Sets an option; null takes it away.
    #[must_use]
    pub fn with(mut self, option: &str, value: impl Into<Value>) -> Self {
        self.set(option, value);
        self
    }

    pub fn set(&mut self, option: &str, value: impl Into<Value>) {
        match value.into() {
            Value::Null => {
                self.arguments.remove(option);
            }
            value => {
                self.arguments.insert(option.to_owned(), value);
            }
        }
    }

    /// Sets a variable of the binary's environment.
    pub fn set_environment(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Runs the binary as this user from now on, who also becomes the owner of the station's directory.
    pub fn set_user(&mut self, uid: u32) {
        let status = Command::new("chown")
            .args(["--recursive", "--no-dereference", &format!("{uid}:{uid}")])
            .arg(self.directory.path())
            .status()
            .unwrap();
        assert!(status.success());
        let id = uid.to_string();
        self.set_runner(&["setpriv", "--reuid", &id, "--regid", &id, "--clear-groups"]);
    }

    /// Runs the binary through another program from now on.
    pub fn set_runner(&mut self, words: &[&str]) {
        self.runner = words.iter().map(|word| (*word).to_owned()).collect();
    }

    pub fn arguments(&self) -> &Map<String, Value> {
        &self.arguments
    }

    /// Returns a path of this test's own.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    /// Returns a path below `base_dir`.
    pub fn base(&self, relative: &str) -> PathBuf {
        let base = self.path("base");
        if relative.is_empty() {
            base
        } else {
            base.join(relative)
        }
    }

    pub fn checkout(&self) -> PathBuf {
        self.base("workspace/cross-compile-toolkit")
    }

    /// Returns the whole reference of an image of this station.
    pub fn image(&self, image: &str) -> String {
        format!("{}/{}/{image}", testbed().get("/registry/address"), self.name)
    }

    /// Sets the images, by their keys; those of the defaults that are not among them are dropped.
    pub fn set_images(&mut self, images: &[(&str, &str)]) {
        let mut containers = json!({ "base_builder": "", "envoy_builder": "", "ci_builder": "" });
        for (key, image) in images {
            containers[*key] = json!(image);
        }
        self.set("containers", containers);
    }

    /// Converges these resources only, from now on.
    #[must_use]
    pub fn only(self, resources: &[&str]) -> Self {
        self.with("resources", json!(resources))
    }

    /// Pushes `image:latest` and returns its digest.
    pub fn push(&self, image: &str, seed: u32) -> String {
        testbed().push_image(&format!("{}/{image}", self.name), "latest", seed)
    }

    #[track_caller]
    pub fn run(&self) -> Answer {
        Answer::new(&self.output(json!({})))
    }

    /// Runs in check mode.
    #[track_caller]
    pub fn check(&self) -> Answer {
        Answer::new(&self.output(json!({ "_ansible_check_mode": true })))
    }

    /// Asks `cross_compile_info` about the station, with `more` among the arguments.
    #[track_caller]
    pub fn info(&self, more: Value) -> Answer {
        let mut arguments = json!({
            "_ansible_module_name": "goldentooth.cross_compile.cross_compile_info",
            "_ansible_ignore_unknown_opts": true,
            "min_free_gb": 0,
        });
        if let (Value::Object(arguments), Value::Object(more)) = (&mut arguments, more) {
            arguments.extend(more);
        }
        Answer::new(&self.output(arguments))
    }

    /// Runs with `more` among the arguments, and returns all of what came.
    pub fn output(&self, more: Value) -> Output {
        self.command(more).output().unwrap()
    }

    /// Returns the command that runs the binary with the station's arguments and `more`, `--diff` being on.
    pub fn command(&self, more: Value) -> Command {
        let mut arguments = self.arguments.clone();
        arguments.insert("_ansible_diff".to_owned(), json!(true));
        arguments.insert("_ansible_module_name".to_owned(), json!("cross_compile"));
        if let Value::Object(more) = more {
            arguments.extend(more);
        }
        let file = self.path("args");
        std::fs::write(&file, Value::Object(arguments).to_string()).unwrap();
        let mut words = self.runner.iter().map(PathBuf::from).chain([binary(), file]);
        let mut command = Command::new(words.next().unwrap());
        command
            .args(words)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.path("home"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/");
        command
    }

    /// Asserts the four steps for a state that differs: check mode tells what the run does and does nothing, the
    /// run does it, and after it neither finds anything to do. Returns the answer of the run.
    #[track_caller]
    pub fn converges(&self) -> Answer {
        let before = self.snapshot();
        let told = self.check().changed();
        assert_same(&before, &self.snapshot(), "check mode changed something");
        let done = self.run().changed();
        assert_eq!(
            told.json["actions"], done.json["actions"],
            "check mode told something else"
        );
        assert_eq!(
            told.json["diff"], done.json["diff"],
            "check mode showed another difference"
        );
        self.check().unchanged();
        self.run().unchanged();
        done
    }

    /// Asserts that check mode and the run fail alike, with every one of `parts`, and change nothing.
    #[track_caller]
    pub fn refuses(&self, parts: &[&str]) -> Answer {
        let before = self.snapshot();
        self.check().failed(parts).untouched();
        let answer = self.run().failed(parts).untouched();
        assert_same(&before, &self.snapshot(), "a refused run changed something");
        answer
    }

    /// Asserts that neither check mode nor the run finds anything to do. Returns the answer of the run.
    #[track_caller]
    pub fn settled(&self) -> Answer {
        self.check().unchanged();
        self.run().unchanged()
    }

    /// Returns what is on disk below the station's own directory, in words that can be compared.
    pub fn snapshot(&self) -> Vec<String> {
        let output = Command::new("find")
            .arg(self.directory.path())
            .args(["-not", "-name", "args", "-not", "-path", "*/maintainer/*"])
            .args(["-printf", "%p %y %m %U:%G %s %T@ %l\n"])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let root = self.directory.path().to_string_lossy().into_owned();
        let mut lines: Vec<String> = text
            .lines()
            // Writing the arguments file touches the directory itself.
            .filter(|line| !line.starts_with(&format!("{root} ")))
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        let testbed = testbed();
        testbed
            .docker_command(&["network", "rm", &self.name])
            .output()
            .ok();
        // By name: an id may serve another station under another name.
        let images = testbed.docker(&[
            "images",
            "--digests",
            "--filter",
            &format!("reference={}/{}/*", testbed.get("/registry/address"), self.name),
            "--format",
            "{{.Repository}}:{{.Tag}} {{.Repository}}@{{.Digest}}",
        ]);
        for name in images.split_whitespace().filter(|name| !name.contains("<none>")) {
            testbed.docker_command(&["rmi", "--force", name]).output().ok();
        }
    }
}

#[track_caller]
fn assert_same(before: &[String], after: &[String], otherwise: &str) {
    let gone: Vec<_> = before.iter().filter(|line| !after.contains(line)).collect();
    let new: Vec<_> = after.iter().filter(|line| !before.contains(line)).collect();
    assert!(
        gone.is_empty() && new.is_empty(),
        "{otherwise}: {gone:#?} became {new:#?}"
    );
}

/// Returns the content of a file.
#[track_caller]
pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
