//! A way to a server that can be closed: what is behind it is unreachable from then on.

use std::io::copy;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, spawn};

/// Listens on a port of its own and hands every connection on.
pub struct Relay {
    port: u16,
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    pub fn to(address: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let closed = Arc::new(AtomicBool::new(false));
        let (address, stop) = (address.to_owned(), Arc::clone(&closed));
        let thread = spawn(move || {
            for near in listener.incoming().flatten() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(far) = TcpStream::connect(&address) else {
                    continue;
                };
                hand_on(&near, &far);
                hand_on(&far, &near);
            }
        });
        Self {
            port,
            closed,
            thread: Some(thread),
        }
    }

    /// Returns the address under which Docker checks the server's certificate, too.
    pub fn address(&self) -> String {
        format!("0.0.0.0:{}", self.port)
    }

    /// Refuses connections from now on.
    pub fn close(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        // Wakes the thread, which then lets go of the port.
        TcpStream::connect(("127.0.0.1", self.port)).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.close();
    }
}

fn hand_on(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    spawn(move || {
        copy(&mut from, &mut to).ok();
        to.shutdown(Shutdown::Write).ok();
    });
}
