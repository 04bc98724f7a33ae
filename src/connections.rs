//! Ending the network connections of this process all at once, when the run is told to stop.
//!
//! libgit2 waits for a silent server in a system call that nothing interrupts, for as long as `timeout` allows. A
//! connection that ends under it lets it return, find that the run is to stop, and clean up after itself. This knows
//! nothing of what a connection is for.

use std::collections::HashSet;
use std::fs;
use std::net::{Shutdown, TcpStream};
use std::os::fd::{OwnedFd, RawFd};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

/// How often it is looked for connections that have been made since.
const PAUSE: Duration = Duration::from_millis(20);

/// Those that are made from now on.
pub struct Connections {
    /// What the caller passed on is the caller's, who may go on using it.
    inherited: HashSet<PathBuf>,
}

impl Connections {
    /// Must be called before the first connection is made.
    #[must_use]
    pub fn watch() -> Self {
        Self {
            inherited: sockets().into_iter().map(|(_, name)| name).collect(),
        }
    }

    /// Ends every connection, and those to come, until the process ends.
    pub fn end(self) {
        thread::spawn(move || {
            loop {
                self.end_once();
                thread::sleep(PAUSE);
            }
        });
    }

    fn end_once(&self) {
        for (number, name) in sockets() {
            if !self.inherited.contains(&name)
                && let Some(socket) = duplicate(number)
            {
                let connection = TcpStream::from(socket);
                // Only sockets of the network have such an address; the others are no connections to a server.
                if connection.local_addr().is_ok() {
                    connection.shutdown(Shutdown::Both).ok();
                }
            }
        }
    }
}

/// Returns the open sockets: descriptor and name. None where the system does not tell.
fn sockets() -> Vec<(RawFd, PathBuf)> {
    let entries = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.parse().ok()?;
            let name = fs::read_link(entry.path()).ok()?;
            name.to_str()?.starts_with("socket:").then_some((number, name))
        })
        .collect()
}

/// Returns the same socket under a descriptor of our own: the other one is closed by who opened it.
fn duplicate(number: RawFd) -> Option<OwnedFd> {
    let process = pidfd_open(getpid(), PidfdFlags::empty()).ok()?;
    pidfd_getfd(process, number, PidfdGetfdFlags::empty()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::net::TcpListener;
    use std::os::unix::net::UnixStream;

    #[test]
    fn whoever_waits_on_a_connection_is_let_go_but_not_on_one_of_the_callers() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let connect = || TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let inherited = connect();
        let connections = Connections::watch();
        let (mut ours, (local, _other)) = (connect(), UnixStream::pair().unwrap());
        let waiting = thread::spawn(move || ours.read(&mut [0]).unwrap());
        connections.end_once();
        assert_eq!(waiting.join().unwrap(), 0);
        for open in [OwnedFd::from(inherited), OwnedFd::from(local)] {
            let stream = TcpStream::from(open);
            stream.set_nonblocking(true).unwrap();
            let error = (&stream).read(&mut [0]).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
        }
    }
}
