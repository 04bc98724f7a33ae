//! Servers that are not this file system: trust, credentials, and everything that fails on the way.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::driver::Drive;
use crate::support::{Scene, assert_sound, git};

/// A git server over HTTPS whose certificate a private authority signed.
struct Https {
    scene: Scene,
    child: Child,
    input: Option<ChildStdin>,
    port: u16,
    proxy: u16,
}

impl Drop for Https {
    fn drop(&mut self) {
        drop(self.input.take());
        drop(self.child.wait());
    }
}

#[track_caller]
fn openssl(directory: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .current_dir(directory)
        .args(arguments.split(' '))
        .output()
        .expect("openssl is installed");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

impl Https {
    fn new() -> Self {
        let scene = Scene::new();
        let directory = scene.directory.path();
        git(directory, &["clone", "-q", "--bare", "remote", "served.git"]);
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -batch";
        openssl(
            directory,
            &format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=authority -days 2"),
        );
        openssl(
            directory,
            &format!("req {key} -keyout server.key -out server.csr -subj /CN=server"),
        );
        fs::write(scene.path("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").expect("a file");
        let authority = "-CA ca.pem -CAkey ca.key -CAcreateserial";
        openssl(
            directory,
            &format!("x509 -req -in server.csr {authority} -out server.pem -days 2 -extfile names"),
        );
        let mut child = Command::new("python3")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/git/server.py"))
            .args([
                directory.to_path_buf(),
                scene.path("server.pem"),
                scene.path("server.key"),
                scene.path("log"),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is installed");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output"))
            .read_line(&mut line)
            .expect("a line");
        let input = child.stdin.take();
        let mut ports = line.split_whitespace().map(|port| port.parse().expect("a port"));
        let (port, proxy) = (
            ports.next().expect("its port"),
            ports.next().expect("its proxy's port"),
        );
        Self {
            scene,
            child,
            input,
            port,
            proxy,
        }
    }

    /// Returns a run against the server that trusts its authority.
    fn drive(&self, user_info: &str, path: &str) -> Drive {
        let url = format!("https://{user_info}127.0.0.1:{}/{path}", self.port);
        let mut drive = Drive::new(&self.scene.path("home"), &self.scene.dest(), &url);
        drive.ca_bundle = Some(self.scene.path("ca.pem"));
        drive.environment.push(("no_proxy", "*".to_owned()));
        drive
    }

    fn log(&self) -> String {
        fs::read_to_string(self.scene.path("log")).unwrap_or_default()
    }

    /// Publishes what has been committed to the remote.
    fn publish(&self) {
        git(
            &self.scene.path("remote"),
            &["push", "-q", "--force", "--all", "../served.git"],
        );
    }
}

#[track_caller]
fn converges(drive: &Drive) -> Vec<String> {
    let actions = drive.run().expect("a run");
    assert_eq!(drive.run(), Ok(Vec::new()));
    actions
}

#[test]
fn https_serves_clones_updates_and_bare_commits() {
    let server = Https::new();
    let mut drive = server.drive("", "plain/served.git");
    assert_eq!(converges(&drive).len(), 1);
    let hidden = server.scene.commit("remote", &[("a", "a")], "three");
    server.scene.commit("remote", &[("a", "b")], "four");
    server.publish();
    assert_eq!(converges(&drive).len(), 1);
    drive.version = hidden[..12].to_owned();
    assert_eq!(converges(&drive).len(), 1);
    assert_eq!(git(&server.scene.dest(), &["rev-parse", "HEAD"]), hidden);
}

#[test]
fn the_proxy_of_the_environment_is_used() {
    let server = Https::new();
    let mut drive = server.drive("", "plain/served.git");
    drive.environment = vec![("https_proxy", format!("http://127.0.0.1:{}", server.proxy))];
    assert_eq!(converges(&drive).len(), 1);
    assert!(
        server
            .log()
            .starts_with(&format!("proxy 127.0.0.1:{}", server.port)),
        "{}",
        server.log()
    );
}

#[test]
fn a_shallow_clone_stays_shallow_and_follows() {
    let server = Https::new();
    let mut drive = server.drive("", "plain/served.git");
    drive.depth = Some(1);
    converges(&drive);
    let count = || git(&server.scene.dest(), &["rev-list", "--count", "HEAD"]);
    assert_eq!(count(), "1");
    for text in ["3", "4"] {
        server.scene.commit("remote", &[("Makefile", text)], text);
        server.publish();
        assert_eq!(converges(&drive).len(), 1);
        git(&server.scene.dest(), &["fsck"]);
    }
    git(
        &server.scene.path("remote"),
        &["commit", "-q", "--amend", "-m", "forced"],
    );
    server.publish();
    assert_eq!(converges(&drive).len(), 1);
    drive.version = "v1".to_owned();
    assert_eq!(converges(&drive).len(), 1);
}

#[test]
fn an_untrusted_server_is_told_with_what_was_tried() {
    let server = Https::new();
    let mut drive = server.drive("", "plain/served.git");
    drive.ca_bundle = None;
    let (kind, message) = drive.run().expect_err("an error");
    assert_eq!(kind, "Untrusted", "{message}");
    assert!(
        message.contains("`ca_bundle`") && message.contains("`ca-certificates`"),
        "{message}"
    );
    drive
        .environment
        .push(("SSL_CERT_FILE", "/nowhere/ca.pem".to_owned()));
    let (_, message) = drive.run().expect_err("an error");
    assert!(message.contains("`/nowhere/ca.pem`"), "{message}");
    drive.environment.pop();
    drive
        .environment
        .push(("SSL_CERT_FILE", server.scene.path("ca.pem").display().to_string()));
    assert_eq!(converges(&drive).len(), 1);
}

#[test]
fn credentials_of_the_url_are_used_and_never_stored() {
    let server = Https::new();
    let drive = server.drive("user:pa%25ss%40word@", "private/served.git");
    let actions = converges(&drive);
    assert!(!actions[0].contains("pa%"), "{actions:?}");
    server.scene.commit("remote", &[("a", "a")], "three");
    server.publish();
    converges(&drive);
    for secret in ["pa%25ss", "pa%ss", "dXNlcjpwYSVzc0B3b3Jk"] {
        let found = Command::new("grep")
            .args(["-r", secret])
            .arg(server.scene.path("place"))
            .output()
            .expect("grep");
        assert_eq!(String::from_utf8_lossy(&found.stdout), "", "{secret}");
    }
}

#[test]
fn netrc_serves_where_the_url_has_no_credentials() {
    let server = Https::new();
    let drive = server.drive("", "private/served.git");
    fs::write(
        drive.home.join(".netrc"),
        "machine 127.0.0.1 login user password pa%ss@word\n",
    )
    .expect("a file");
    assert_eq!(converges(&drive).len(), 1);
}

#[test]
fn wrong_or_missing_credentials_are_denied_after_one_try() {
    let server = Https::new();
    for (user_info, tries) in [("user:s3cret@", 1), ("", 0)] {
        fs::write(server.scene.path("log"), "").expect("a file");
        let (kind, message) = server
            .drive(user_info, "private/served.git")
            .run()
            .expect_err("an error");
        assert_eq!(kind, "Denied", "{message}");
        assert!(
            message.contains("~/.netrc") && !message.contains("s3cret"),
            "{message}"
        );
        assert_eq!(server.log().matches("Basic").count(), tries, "{}", server.log());
    }
    let (kind, _) = server.drive("", "status/403/a.git").run().expect_err("an error");
    assert_eq!(kind, "Denied");
}

#[test]
fn credentials_do_not_follow_a_redirect_to_another_host() {
    let server = Https::new();
    let drive = server.drive("user:pa%25ss%40word@", "away/served.git");
    drive.run().expect_err("an error");
    assert_eq!(server.log().matches("Basic").count(), 0, "{}", server.log());
}

#[test]
fn failures_of_servers_are_told_apart() {
    let server = Https::new();
    for (path, kind, part) in [
        ("status/503/a.git", "Unreachable", "503"),
        ("status/429/a.git", "Unreachable", "429"),
        ("status/404/a.git", "NotFound", "no git repository"),
        ("plain/absent.git", "NotFound", "no git repository"),
        ("cut/a.git", "Unreachable", "127.0.0.1"),
    ] {
        let (found, message) = server.drive("", path).run().expect_err(path);
        assert_eq!(found, kind, "{path}: {message}");
        assert!(message.contains(part), "{path}: {message}");
    }
}

#[test]
fn a_silent_server_is_given_up_in_time() {
    let server = Https::new();
    let mut drive = server.drive("", "silent/a.git");
    drive.timeout = 1;
    let started = std::time::Instant::now();
    let (kind, message) = drive.run().expect_err("an error");
    assert_eq!(kind, "Unreachable", "{message}");
    assert!(started.elapsed().as_secs() < 6, "{:?}", started.elapsed());
}

#[test]
fn names_and_ports_that_lead_nowhere_are_unreachable() {
    let scene = Scene::new();
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|it| it.local_addr())
        .expect("a port")
        .port();
    for url in [
        format!("https://127.0.0.1:{port}/a.git"),
        format!("git://127.0.0.1:{port}/a.git"),
        format!("ssh://git@127.0.0.1:{port}/a.git"),
        "https://nothing.invalid/a.git".to_owned(),
    ] {
        let mut drive = Drive::new(&scene.path("home"), &scene.dest(), &url);
        drive.environment.push(("no_proxy", "*".to_owned()));
        let (kind, message) = drive.run().expect_err(&url);
        assert_eq!(kind, "Unreachable", "{message}");
        assert!(
            message.contains("127.0.0.1") || message.contains("nothing.invalid"),
            "{message}"
        );
    }
}

/// A throwaway SSH server that serves the test's own directory.
struct Ssh {
    scene: Scene,
    child: Child,
    port: u16,
}

impl Drop for Ssh {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Ssh {
    fn new() -> Self {
        let scene = Scene::new();
        let keys = scene.path("home/.ssh");
        fs::create_dir_all(&keys).expect("a directory");
        for file in [scene.path("host"), keys.join("id_ed25519")] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(&file)
                .status();
            assert!(made.expect("ssh-keygen is installed").success());
        }
        fs::copy(keys.join("id_ed25519.pub"), scene.path("accepted")).expect("a file");
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|it| it.local_addr())
            .expect("a port")
            .port();
        let mut file = fs::File::create(scene.path("configuration")).expect("a file");
        write!(
            file,
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {0}/host\nAuthorizedKeysFile {0}/accepted\nUsePAM no\n\
             StrictModes no\nPidFile none\nPasswordAuthentication no\nPermitRootLogin yes\n",
            scene.directory.path().display()
        )
        .expect("written");
        // The server's own privilege separation wants this directory, which its package's service makes.
        if rustix::process::geteuid().is_root() {
            fs::create_dir_all("/run/sshd").expect("a directory");
            fs::set_permissions("/run/sshd", fs::Permissions::from_mode(0o755)).expect("a mode");
        }
        let program = ["/usr/sbin/sshd", "/usr/bin/sshd"]
            .iter()
            .find(|path| Path::new(path).exists());
        let child = Command::new(program.expect("sshd is installed"))
            .args(["-D", "-e", "-f"])
            .arg(scene.path("configuration"))
            .stderr(fs::File::create(scene.path("sshd.log")).expect("a file"))
            .spawn()
            .expect("sshd starts");
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(std::time::Instant::now() < deadline, "sshd does not listen");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Self { scene, child, port }
    }

    fn drive(&self) -> Drive {
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid())
            .expect("a user")
            .expect("a user")
            .name;
        let url = format!(
            "ssh://{user}@127.0.0.1:{}{}",
            self.port,
            self.scene.path("remote").display()
        );
        Drive::new(&self.scene.path("home"), &self.scene.dest(), &url)
    }

    fn know(&self, key: &Path) {
        let key = fs::read_to_string(key).expect("a key");
        let line = format!("[127.0.0.1]:{} {key}", self.port);
        fs::write(self.scene.path("home/.ssh/known_hosts"), line).expect("a file");
    }
}

#[test]
fn ssh_wants_a_known_host_and_an_accepted_key() {
    let server = Ssh::new();
    let drive = server.drive();
    let (kind, message) = drive.run().expect_err("an unknown host");
    assert_eq!(kind, "Untrusted", "{message}");
    assert!(
        message.contains(&format!("ssh-keyscan -p {} 127.0.0.1", server.port)),
        "{message}"
    );

    let keys: PathBuf = server.scene.path("home/.ssh");
    server.know(&keys.join("id_ed25519.pub"));
    let (kind, message) = drive.run().expect_err("a changed host key");
    assert_eq!(kind, "Untrusted", "{message}");

    server.know(&server.scene.path("host.pub"));
    assert_eq!(converges(&drive).len(), 1);
    assert_sound_without_fetch(&server.scene);

    fs::write(server.scene.path("accepted"), "").expect("a file");
    let (kind, message) = drive.run().expect_err("a key that is not accepted");
    assert_eq!(kind, "Denied", "{message}");
    fs::remove_file(keys.join("id_ed25519")).expect("removed");
    let (kind, message) = drive.run().expect_err("no key at all");
    assert_eq!(kind, "Denied", "{message}");
}

/// Asserts soundness with the remote made local, for git's own command knows nothing of the test's keys.
fn assert_sound_without_fetch(scene: &Scene) {
    let remote = scene.path("remote");
    git(
        &scene.dest(),
        &["remote", "set-url", "origin", remote.to_str().expect("a path")],
    );
    assert_sound(&scene.dest());
}

#[test]
fn a_missing_repository_behind_ssh_is_not_found() {
    let server = Ssh::new();
    server.know(&server.scene.path("host.pub"));
    let mut drive = server.drive();
    drive.url.push_str("-absent");
    let (kind, message) = drive.run().expect_err("an error");
    assert_eq!(kind, "NotFound", "{message}");
}
