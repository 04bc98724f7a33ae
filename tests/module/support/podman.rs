//! A Podman service of a test's own: its storage, networks and socket are below the testbed's directory.

use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::testbed::testbed;

const START: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);

pub struct Podman {
    directory: TempDir,
    /// Podman refuses a path of more than fifty characters here, so it cannot lie in a checkout.
    run: TempDir,
    service: Child,
}

impl Podman {
    /// Starts the service; `trusted` says whether it trusts the testbed's certificate authority.
    pub fn start(trusted: bool) -> Self {
        let directory = tempfile::Builder::new()
            .prefix("podman-")
            .tempdir_in(testbed().path("/root"))
            .unwrap();
        let socket = directory.path().join("podman.sock");
        let run = tempfile::Builder::new().prefix("podman-").tempdir().unwrap();
        let mut command = podman(&directory, &run);
        command
            .args(["system", "service", "--time=0"])
            .arg(format!("unix://{}", socket.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if trusted {
            command.env("SSL_CERT_FILE", testbed().get("/ca"));
        }
        let mut service = command.spawn().unwrap();
        let deadline = Instant::now() + START;
        while UnixStream::connect(&socket).is_err() {
            assert!(Instant::now() < deadline, "podman does not answer");
            assert_eq!(service.try_wait().unwrap(), None, "podman ended");
            sleep(PAUSE);
        }
        Self {
            directory,
            run,
            service,
        }
    }

    pub fn docker_host(&self) -> String {
        format!("unix://{}", self.directory.path().join("podman.sock").display())
    }

    /// Runs podman's command line on the same storage and returns what it prints.
    #[track_caller]
    pub fn command(&self, words: &[&str]) -> String {
        let output = podman(&self.directory, &self.run).args(words).output().unwrap();
        assert!(
            output.status.success(),
            "{words:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        self.service.kill().ok();
        self.service.wait().ok();
    }
}

fn podman(directory: &TempDir, run: &TempDir) -> Command {
    let at = |name: &str| -> PathBuf { directory.path().join(name) };
    let mut command = Command::new("podman");
    command
        .arg("--root")
        .arg(at("root"))
        .arg("--runroot")
        .arg(run.path())
        .arg("--tmpdir")
        .arg(at("tmp"))
        .arg("--network-config-dir")
        .arg(at("networks"))
        .args(["--storage-driver", "vfs", "--cgroup-manager", "cgroupfs"]);
    command
}
