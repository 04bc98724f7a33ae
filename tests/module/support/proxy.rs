//! A proxy that breaks what passes, and a registry behind one.
//!
//! One request a connection: each is looked at, and passed on or not, as the test says.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::{Station, testbed, tls};

/// What becomes of one request.
#[derive(Debug, Clone, Copy)]
pub enum Fate {
    Pass,
    /// This is answered instead.
    Answer(&'static str),
    /// The connection is closed without an answer.
    Close,
    /// The connection is closed after so many bytes of the answer.
    Cut(u64),
    /// Nothing is ever answered.
    Silent,
}

pub const UNAVAILABLE: Fate =
    Fate::Answer("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

/// How long a silent connection stays open.
const SILENCE: Duration = Duration::from_secs(30);

/// The requests that came, each as its first line, such as `GET /v2/ HTTP/1.1`.
type Requests = Arc<Mutex<Vec<String>>>;

pub struct Proxy {
    port: u16,
    requests: Requests,
}

trait Connection: io::Read + io::Write + Send {}
impl<T: io::Read + io::Write + Send> Connection for T {}

impl Proxy {
    /// Listens in front of what `connect` reaches. `decide` is told the request, and how many like it came before.
    fn start<C, D>(connect: C, decide: D) -> Self
    where
        C: Fn() -> io::Result<Box<dyn Connection>> + Send + Sync + 'static,
        D: Fn(&str, usize) -> Fate + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Requests::default();
        let (connect, decide, seen) = (Arc::new(connect), Arc::new(decide), Arc::clone(&requests));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (connect, decide, seen) = (Arc::clone(&connect), Arc::clone(&decide), Arc::clone(&seen));
                // A client that hangs up is part of what is tested.
                thread::spawn(move || serve(client, &*connect, &*decide, &seen).ok());
            }
        });
        Self { port, requests }
    }

    /// Stands in front of the testbed's plain git server.
    pub fn before_git(decide: impl Fn(&str, usize) -> Fate + Send + Sync + 'static) -> Self {
        let address = testbed()
            .get("/git/http")
            .trim_start_matches("http://")
            .to_owned();
        Self::start(move || Ok(Box::new(TcpStream::connect(&address)?)), decide)
    }

    /// Returns `127.0.0.1:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Returns the requests that hold `part`.
    pub fn requests(&self, part: &str) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .filter(|line| line.contains(part))
            .cloned()
            .collect()
    }
}

fn serve(
    mut client: TcpStream,
    connect: &dyn Fn() -> io::Result<Box<dyn Connection>>,
    decide: &dyn Fn(&str, usize) -> Fate,
    seen: &Requests,
) -> io::Result<()> {
    let Some((head, body)) = read_head(&mut client)? else {
        // The engine tries TLS first, and takes this for a registry that speaks none.
        return client.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    };
    let line = head.lines().next().unwrap_or_default().to_owned();
    let before = {
        let mut seen = seen.lock().unwrap();
        seen.push(line.clone());
        seen.iter().filter(|one| **one == line).count() - 1
    };
    let limit = match decide(&line, before) {
        Fate::Pass => u64::MAX,
        Fate::Cut(bytes) => bytes,
        Fate::Answer(text) => return client.write_all(text.as_bytes()),
        Fate::Close => return client.shutdown(Shutdown::Both),
        // Until the client gives up, or longer than any test waits: the engine never does while it waits for an
        // answer, and would keep whoever asks for the same layer waiting with it.
        Fate::Silent => {
            client.set_read_timeout(Some(SILENCE))?;
            return io::copy(&mut client, &mut io::sink()).map(|_| ());
        }
    };
    let mut server = connect()?;
    let lines = head
        .trim_end()
        .split("\r\n")
        .filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let head = lines.collect::<Vec<_>>().join("\r\n");
    server.write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes())?;
    server.write_all(&body)?;
    let mut answer = closing(server.take(limit));
    io::copy(&mut answer, &mut client)?;
    client.shutdown(Shutdown::Both)
}

/// Returns the answer with the announcement that its connection is not used again.
fn closing(mut answer: impl io::Read) -> impl io::Read {
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\r\n") && answer.read(&mut byte).is_ok_and(|count| count == 1) {
        line.push(byte[0]);
    }
    if line.ends_with(b"\r\n") {
        line.extend_from_slice(b"Connection: close\r\n");
    }
    io::Cursor::new(line).chain(answer)
}

/// Reads a request: its head, and the body that its length announces. `None` where it is none.
fn read_head(client: &mut TcpStream) -> io::Result<Option<(String, Vec<u8>)>> {
    client.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut bytes: Vec<u8> = Vec::new();
    let mut block = [0; 4096];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if bytes.first().is_some_and(|first| !first.is_ascii_alphabetic()) {
            return Ok(None);
        }
        match client.read(&mut block)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => bytes.extend_from_slice(&block[..count]),
        }
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")
                .map(str::to_owned)
        })
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(body.len());
    while body.len() < length {
        match client.read(&mut block)? {
            0 => break,
            count => body.extend_from_slice(&block[..count]),
        }
    }
    Ok(Some((head, body)))
}

/// A registry of a test's own over the testbed's store, without a password, behind a proxy.
pub struct Registry {
    pub proxy: Proxy,
    /// Under which images are named.
    address: String,
    server: Child,
}

impl Registry {
    /// Starts it for `station`, whose images come from there from now on.
    pub fn serve(
        station: &mut Station,
        decide: impl Fn(&str, usize) -> Fate + Send + Sync + 'static,
    ) -> Self {
        Self::behind(station, decide, |address| address)
    }

    /// As `serve`, over TLS.
    pub fn serve_over_tls(
        station: &mut Station,
        decide: impl Fn(&str, usize) -> Fate + Send + Sync + 'static,
    ) -> Self {
        Self::behind(station, decide, tls::before)
    }

    fn behind(
        station: &mut Station,
        decide: impl Fn(&str, usize) -> Fate + Send + Sync + 'static,
        front: impl FnOnce(String) -> String,
    ) -> Self {
        let socket = station.path("registry.sock");
        let file = station.path("registry.yml");
        let configuration = json!({
            "version": 0.1,
            "log": { "level": "error" },
            "storage": { "filesystem": { "rootdirectory": store() } },
            "http": { "net": "unix", "addr": socket },
        });
        std::fs::write(&file, configuration.to_string()).unwrap();
        let server = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "docker-registry", "serve"])
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        drop(reach(&socket).unwrap());
        let path = socket;
        let connect = move || Ok(Box::new(reach(&path)?) as Box<dyn Connection>);
        let proxy = Proxy::start(connect, decide);
        let address = front(proxy.address());
        station.set("registry", format!("{address}/{}", station.name));
        station.set("registry_auth", json!(null));
        Self {
            proxy,
            address,
            server,
        }
    }
}

fn store() -> PathBuf {
    testbed().path("/root").join("registry/data")
}

/// Connects as soon as the registry listens.
fn reach(socket: &std::path::Path) -> io::Result<UnixStream> {
    let mut tries = 0;
    loop {
        match UnixStream::connect(socket) {
            Err(error) if tries == 200 => return Err(error),
            Err(_) => tries += 1,
            connected => return connected,
        }
        thread::sleep(Duration::from_millis(50));
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
        // By name: an id may serve another test under another name.
        let filter = format!("reference={}/*/*", self.address);
        let words = [
            "images",
            "--filter",
            &filter,
            "--format",
            "{{.Repository}}:{{.Tag}}",
        ];
        for name in testbed().docker(&words).lines() {
            testbed().docker_command(&["rmi", "--force", name]).output().ok();
        }
    }
}
