//! One run of the module in a process of its own: with its own environment, and fit to be killed.
//!
//! The test binary starts itself with only [`drive`] selected, so that nothing of this is in what is shipped.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cross_compile::git::{self, Settings, Source, Stop};

use crate::support::source;

/// A run to be made in another process.
pub struct Drive {
    pub dest: PathBuf,
    pub url: String,
    pub version: String,
    pub depth: Option<u32>,
    pub ca_bundle: Option<PathBuf>,
    pub timeout: u64,
    /// The home directory, and where temporary files go.
    pub home: PathBuf,
    pub environment: Vec<(&'static str, String)>,
}

impl Drive {
    pub fn new(home: &Path, dest: &Path, url: &str) -> Self {
        fs::create_dir_all(home.join("tmp")).expect("a directory");
        Self {
            dest: dest.to_path_buf(),
            url: url.to_owned(),
            version: "main".to_owned(),
            depth: None,
            ca_bundle: None,
            timeout: 5,
            home: home.to_path_buf(),
            environment: Vec::new(),
        }
    }

    /// Returns the command of the run, behind the words of `prefix`.
    pub fn command(&self, prefix: &[&str]) -> Command {
        let program = env::current_exe().expect("the test binary");
        let mut words = prefix
            .iter()
            .map(|word| (*word).to_owned())
            .chain([program.display().to_string()]);
        let mut command = Command::new(words.next().expect("a program"));
        command
            .args(words)
            .args([
                "--exact",
                "driver::drive",
                "--ignored",
                "--nocapture",
                "--test-threads=1",
            ])
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("TMPDIR", self.home.join("tmp"))
            .env("DRIVE_DEST", &self.dest)
            .env("DRIVE_URL", &self.url)
            .env("DRIVE_VERSION", &self.version)
            .env("DRIVE_TIMEOUT", self.timeout.to_string())
            .envs(
                self.environment
                    .iter()
                    .map(|(name, value)| (*name, value.as_str())),
            );
        if let Some(depth) = self.depth {
            command.env("DRIVE_DEPTH", depth.to_string());
        }
        if let Some(bundle) = &self.ca_bundle {
            command.env("DRIVE_CA", bundle);
        }
        command
    }

    /// Runs, and returns the actions or the error: its kind and its text.
    #[track_caller]
    pub fn run(&self) -> Result<Vec<String>, (String, String)> {
        let output = self.command(&[]).output().expect("the test binary starts");
        let text = String::from_utf8_lossy(&output.stdout);
        let after = |sign: &str| -> Vec<String> {
            text.lines()
                .filter_map(|line| line.strip_prefix(sign))
                .map(str::to_owned)
                .collect()
        };
        let error = after("driven: error: ").into_iter().next();
        if let Some((kind, message)) = error.as_deref().and_then(|line| line.split_once(' ')) {
            return Err((kind.to_owned(), message.to_owned()));
        }
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert_eq!(after("driven: done").len(), 1, "{text}{complaints}");
        Ok(after("driven: action: "))
    }
}

/// The run itself: only of use in a process that a [`Drive`] starts.
#[test]
#[ignore = "a part of other tests"]
fn drive() {
    let Some(dest) = env::var_os("DRIVE_DEST").map(PathBuf::from) else {
        return;
    };
    let word = |name: &str| env::var(name).ok();
    let source = Source {
        depth: word("DRIVE_DEPTH").and_then(|depth| depth.parse().ok()),
        ..source(
            &word("DRIVE_URL").expect("a URL"),
            &word("DRIVE_VERSION").expect("a version"),
        )
    };
    let timeout = word("DRIVE_TIMEOUT")
        .and_then(|seconds| seconds.parse().ok())
        .expect("a time");
    let settings = Settings {
        ca_bundle: word("DRIVE_CA").map(PathBuf::from),
        timeout: Duration::from_secs(timeout),
    };
    let stop = Stop::default();
    let run = || {
        git::initialise(&settings)?;
        git::sweep(&dest)?;
        let started = std::time::Instant::now();
        let observed = git::observe(&dest, &source, &stop)?;
        println!("driven: observed in {:?}", started.elapsed());
        let Some(change) = git::plan(&observed, &source)? else {
            return Ok(Vec::new());
        };
        git::apply(&observed, &source, &change, &stop)?;
        Ok::<_, cross_compile::error::Error>(change.actions())
    };
    println!();
    match run() {
        Ok(actions) => {
            for action in actions {
                println!("driven: action: {action}");
            }
            println!("driven: done");
        }
        Err(error) => println!("driven: error: {:?} {error}", error.kind()),
    }
}
