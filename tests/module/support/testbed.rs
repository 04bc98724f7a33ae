//! Where the testbed's servers are.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

/// The running testbed, as its environment file describes it.
pub struct Testbed(Value);

/// Returns the testbed.
///
/// # Panics
/// Where it does not run: these tests have nothing to say without it.
pub fn testbed() -> &'static Testbed {
    static TESTBED: OnceLock<Testbed> = OnceLock::new();
    TESTBED.get_or_init(|| {
        let file = project().join("target/testbed/environment.json");
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| {
            panic!(
                "{}: {error}; run `python3 tests/testbed up --ssh`",
                file.display()
            )
        });
        Testbed(serde_json::from_str(&text).unwrap())
    })
}

/// Returns the checkout of this project.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the binary under test: the one that is shipped where `make test` names it, else the one just compiled.
pub fn binary() -> PathBuf {
    std::env::var_os("CROSS_COMPILE_BINARY").map_or_else(
        || PathBuf::from(env!("CARGO_BIN_EXE_cross_compile")),
        PathBuf::from,
    )
}

impl Testbed {
    /// Returns the value at a JSON pointer, such as `/registry/prefix`.
    #[track_caller]
    pub fn get(&self, pointer: &str) -> &str {
        match self.0.pointer(pointer) {
            Some(Value::String(text)) => text,
            other => panic!("the testbed has no `{pointer}`: {other:?}"),
        }
    }

    pub fn path(&self, pointer: &str) -> PathBuf {
        PathBuf::from(self.get(pointer))
    }

    /// Pushes an image of made-up layers straight to the registry and returns its digest. The same options make
    /// the same bytes; another seed is another image.
    pub fn push_image(&self, repository: &str, tag: &str, seed: u32) -> String {
        self.push(&[
            "image",
            "--name",
            repository,
            "--tag",
            tag,
            "--seed",
            &seed.to_string(),
            "--layers",
            "1",
        ])
    }

    /// Runs a command of the testbed that pushes, and returns the digest that it prints.
    #[track_caller]
    #[expect(
        clippy::unused_self,
        reason = "there is nothing to push to but a running testbed"
    )]
    pub fn push(&self, words: &[&str]) -> String {
        let output = Command::new("python3")
            .arg(project().join("tests/testbed"))
            .args(words)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let line: Value = serde_json::from_slice(&output.stdout).unwrap();
        line["digest"].as_str().unwrap().to_owned()
    }

    /// Runs docker's command line against the testbed's engine and returns what it prints.
    #[track_caller]
    pub fn docker(&self, words: &[&str]) -> String {
        let output = self.docker_command(words).output().unwrap();
        assert!(
            output.status.success(),
            "{words:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub fn docker_command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command
            .arg("--host")
            .arg(self.get("/engine/docker_host"))
            .arg("--config")
            .arg(self.get("/registry/docker_config"))
            .args(words);
        command
    }
}
