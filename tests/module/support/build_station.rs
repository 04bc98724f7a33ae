//! A station for builds: a name, directories and a container that no other test uses.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::answer::Answer;
use super::background::{Background, until};
use super::podman::Podman;
use super::strace::Traceable;
use super::testbed::{binary, testbed};

pub struct BuildStation<'a> {
    directory: TempDir,
    pub name: String,
    arguments: Map<String, Value>,
    podman: Option<&'a Podman>,
}

impl BuildStation<'_> {
    /// Creates a station whose build runs `script` in the testbed's small image.
    pub fn new(script: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("b{}-{number}", std::process::id());
        let directory = tempfile::Builder::new()
            .prefix("cross-compile-")
            .tempdir()
            .unwrap();
        // Containers look for what is mounted as their own user.
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let testbed = testbed();
        let Value::Object(arguments) = json!({
            "name": name,
            "base_dir": directory.path(),
            "registry": testbed.get("/registry/prefix"),
            "image": "base-builder:latest",
            "pull": "missing",
            "registry_auth": {
                "enabled": true,
                "username": testbed.get("/registry/username"),
                "token": testbed.get("/registry/password"),
            },
            "ca_bundle": testbed.get("/ca"),
            "docker_host": testbed.get("/engine/docker_host"),
            "network": "none",
            "memory": "256MB",
            "timeout": 30,
            "lock_timeout": 60,
        }) else {
            unreachable!("an object was written")
        };
        let mut station = Self {
            directory,
            name,
            arguments,
            podman: None,
        };
        station.set_script(script);
        station
    }

    /// Creates a station that builds the small Envoy with the real compiler.
    pub fn envoy() -> Self {
        let mut station = Self::new("");
        station.set("command", Value::Null);
        station.set("registry", testbed().get("/registry/compilers"));
        station.set("image", "envoy-builder:latest");
        station
    }

    #[must_use]
    pub fn with(mut self, option: &str, value: impl Into<Value>) -> Self {
        self.set(option, value);
        self
    }

    /// Sets an option; null takes it away.
    pub fn set(&mut self, option: &str, value: impl Into<Value>) {
        match value.into() {
            Value::Null => self.arguments.remove(option),
            value => self.arguments.insert(option.to_owned(), value),
        };
    }

    /// Lets the build run `script`, which finds itself where its artifacts belong.
    pub fn set_script(&mut self, script: &str) {
        self.set(
            "command",
            json!(["sh", "-euc", format!("cd $OUTPUT_DIR\n{script}")]),
        );
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    /// Returns a path in the build's category.
    pub fn artifact(&self, relative: &str) -> PathBuf {
        self.path("artifacts").join(&self.name).join(relative)
    }

    /// Returns a path among the build's own things.
    pub fn own(&self, relative: &str) -> PathBuf {
        self.path("artifacts/.builds").join(&self.name).join(relative)
    }

    pub fn container(&self) -> String {
        format!("goldentooth-{}-builder", self.name)
    }

    /// Runs docker's or podman's command line on the engine that builds.
    #[track_caller]
    pub fn engine(&self, words: &[&str]) -> String {
        match self.podman {
            Some(podman) => podman.command(words),
            None => testbed().docker(words),
        }
    }

    /// Returns what the engine tells of the container; null where there is none.
    pub fn inspect(&self) -> Value {
        let output = match self.podman {
            Some(podman) => podman.output(&["inspect", "--type", "container", &self.container()]),
            None => testbed()
                .docker_command(&["inspect", &self.container()])
                .output()
                .unwrap(),
        };
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        answer.get(0).cloned().unwrap_or(Value::Null)
    }

    pub fn record(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.own("record.json")).unwrap()).unwrap()
    }

    pub fn command(&self, more: Value) -> Command {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let mut arguments = self.arguments.clone();
        arguments.insert("_ansible_diff".to_owned(), json!(true));
        arguments.insert("_ansible_module_name".to_owned(), json!("cross_compile_build"));
        if let Value::Object(more) = more {
            arguments.extend(more);
        }
        let file = self.path(&format!("args-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        std::fs::write(&file, Value::Object(arguments).to_string()).unwrap();
        let mut command = Command::new(binary());
        command
            .arg(file)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.path("home"))
            .current_dir("/");
        command
    }

    #[track_caller]
    pub fn run(&self) -> Answer {
        Answer::new(&self.command(json!({})).output().unwrap())
    }

    #[track_caller]
    pub fn check(&self) -> Answer {
        Answer::new(
            &self
                .command(json!({ "_ansible_check_mode": true }))
                .output()
                .unwrap(),
        )
    }

    /// Starts a run, and returns it when its container runs.
    #[track_caller]
    pub fn begin(&self) -> Background {
        let run = Background::start(self.command(json!({})));
        until("the container runs", || {
            self.inspect().pointer("/State/Running") == Some(&json!(true))
        });
        run
    }

    /// Asserts that check mode tells what the run does and does nothing, that the run does it, and that afterwards
    /// neither finds anything to do. Returns the answer of the run.
    #[track_caller]
    pub fn converges(&self) -> Answer {
        let before = self.listing();
        let told = self.check().changed();
        assert_eq!(self.listing(), before, "check mode changed something");
        let done = self.run().changed();
        assert_eq!(told.json["actions"], done.json["actions"]);
        assert_eq!(told.json["diff"], done.json["diff"]);
        assert_eq!(told.json["fingerprint"], done.json["fingerprint"]);
        self.check().unchanged();
        self.run().unchanged();
        done
    }

    /// Asserts that `SHA256SUMS` is right, as coreutils check it.
    #[track_caller]
    pub fn verifies(&self) {
        let output = Command::new("sha256sum")
            .args(["--check", "--strict", "SHA256SUMS"])
            .current_dir(self.artifact(""))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// Returns every path below the station, with times and sizes.
    pub fn listing(&self) -> String {
        let output = Command::new("find")
            .arg(self.directory.path())
            .args(["-mindepth", "1", "-not", "-name", "args-*"])
            .args(["-printf", "%P %y %m %U:%G %s %T@ %l\n"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        lines.join("\n")
    }
}

impl<'a> BuildStation<'a> {
    /// Builds on `podman` from now on.
    #[must_use]
    pub fn on(mut self, podman: &'a Podman) -> Self {
        self.set("docker_host", podman.docker_host());
        self.podman = Some(podman);
        self
    }
}

impl Traceable for BuildStation<'_> {
    fn behind(&self, words: &[&str]) -> Command {
        let inner = self.command(json!({}));
        let mut command = Command::new(words[0]);
        command
            .args(&words[1..])
            .arg(inner.get_program())
            .args(inner.get_args())
            .env_clear()
            .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .current_dir("/");
        command
    }
}

impl Drop for BuildStation<'_> {
    fn drop(&mut self) {
        let words = ["rm", "--force", "--volumes", &self.container()];
        match self.podman {
            // Its service ends with the test; a container that runs would outlast it.
            Some(podman) => {
                podman.command(&["rm", "--force", "--ignore", &self.container()]);
            }
            None => {
                testbed().docker_command(&words).output().ok();
            }
        }
    }
}

/// Returns the content of a file.
#[track_caller]
pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
