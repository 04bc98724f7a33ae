//! A Podman service of a test's own: its storage, networks and socket are below the testbed's directory. What it
//! keeps while it runs is not, since Podman takes no path of more than 50 letters for it.

use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::testbed::testbed;

const START: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);

pub struct Podman {
    directory: TempDir,
    running: TempDir,
    service: Mutex<Child>,
}

impl Podman {
    /// Starts the service; `trusted` says whether it trusts the testbed's certificate authority.
    pub fn start(trusted: bool) -> Self {
        let directory = tempfile::Builder::new()
            .prefix("podman-")
            .tempdir_in(testbed().path("/root"))
            .unwrap();
        let running = tempfile::Builder::new().prefix("podman-").tempdir().unwrap();
        let service = Mutex::new(serve(&directory, &running, trusted));
        Self {
            directory,
            running,
            service,
        }
    }

    /// Ends the service at once and starts another on the same storage and socket.
    pub fn restart(&self) {
        let mut service = self.service.lock().unwrap();
        service.kill().unwrap();
        service.wait().unwrap();
        *service = serve(&self.directory, &self.running, true);
    }

    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("podman.sock")
    }

    pub fn docker_host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Runs podman's command line on the same storage.
    pub fn output(&self, words: &[&str]) -> Output {
        podman(&self.directory, &self.running)
            .args(words)
            .output()
            .unwrap()
    }

    /// As `output`, and returns what it prints.
    #[track_caller]
    pub fn command(&self, words: &[&str]) -> String {
        let output = self.output(words);
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
        let service = self.service.get_mut().unwrap();
        service.kill().ok();
        service.wait().ok();
    }
}

/// Starts the service and waits until it answers.
fn serve(directory: &TempDir, running: &TempDir, trusted: bool) -> Child {
    let socket = directory.path().join("podman.sock");
    std::fs::remove_file(&socket).ok();
    let mut command = podman(directory, running);
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
    service
}

fn podman(directory: &TempDir, running: &TempDir) -> Command {
    let at = |name: &str| -> PathBuf { directory.path().join(name) };
    let mut command = Command::new("podman");
    command
        .arg("--root")
        .arg(at("root"))
        .arg("--runroot")
        .arg(running.path().join("run"))
        .arg("--tmpdir")
        .arg(running.path().join("tmp"))
        .arg("--network-config-dir")
        .arg(at("networks"))
        .args(["--storage-driver", "vfs", "--cgroup-manager", "cgroupfs"]);
    command
}
