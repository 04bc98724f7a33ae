//! A way to an engine's socket on which somebody else comes first: something happens just before a request goes on.

use std::io::{Read, Write, copy};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, spawn};

/// Listens on a socket of its own and hands every connection on.
pub struct Doorstep {
    path: PathBuf,
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Doorstep {
    /// Listens at `path` for what is behind `socket`; `happens` comes before each request that begins with `request`.
    pub fn new(
        path: PathBuf,
        socket: &Path,
        request: &'static str,
        happens: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let listener = UnixListener::bind(&path).unwrap();
        let closed = Arc::new(AtomicBool::new(false));
        let (socket, stop, happens) = (socket.to_path_buf(), Arc::clone(&closed), Arc::new(happens));
        let thread = spawn(move || {
            for near in listener.incoming().flatten() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let far = UnixStream::connect(&socket).unwrap();
                let (mut from, mut to) = (far.try_clone().unwrap(), near.try_clone().unwrap());
                spawn(move || {
                    copy(&mut from, &mut to).ok();
                    to.shutdown(Shutdown::Write).ok();
                });
                let happens = Arc::clone(&happens);
                spawn(move || hand_on(near, far, request, &*happens));
            }
        });
        Self {
            path,
            closed,
            thread: Some(thread),
        }
    }

    pub fn docker_host(&self) -> String {
        format!("unix://{}", self.path.display())
    }
}

impl Drop for Doorstep {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        // Wakes the thread.
        UnixStream::connect(&self.path).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn hand_on(mut near: UnixStream, mut far: UnixStream, request: &str, happens: &dyn Fn()) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = near.read(&mut buffer) {
        if buffer[..length].starts_with(request.as_bytes()) {
            happens();
        }
        if far.write_all(&buffer[..length]).is_err() {
            return;
        }
    }
    far.shutdown(Shutdown::Write).ok();
}
