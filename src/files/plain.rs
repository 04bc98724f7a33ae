//! Reading a file that belongs to somebody else and need not be one: in a directory where others may write, a link
//! could lead anywhere, and a pipe would be waited for.

use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::error::{Error, Result};

/// Returns the content of the plain file at `path`; `None` where there is none, or where this user may not look.
///
/// # Errors
/// The system's, with the path.
pub fn read_plain(path: &Path) -> Result<Option<Vec<u8>>> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits();
    let content = i32::try_from(flags)
        .map_err(io::Error::other)
        .and_then(|flags| OpenOptions::new().read(true).custom_flags(flags).open(path))
        .and_then(|mut file| {
            let mut content = Vec::new();
            match file.metadata()?.is_file() {
                true => file.read_to_end(&mut content).map(|_| Some(content)),
                false => Ok(None),
            }
        });
    match content {
        Ok(content) => Ok(content),
        Err(error) if is_nothing_for_us(&error) => Ok(None),
        Err(error) => Err(Error::io("read", path, &error)),
    }
}

fn is_nothing_for_us(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    // Opening a link says LOOP, and opening a socket NXIO.
    let is_special = [Errno::LOOP, Errno::NXIO]
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()));
    is_special || matches!(error.kind(), NotFound | NotADirectory | PermissionDenied)
}

#[cfg(test)]
mod tests {
    use rustix::fs::{FileType, Mode};

    use super::*;

    #[test]
    fn only_a_plain_file_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("file"), "x").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        std::fs::create_dir(at("directory")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        assert_eq!(read_plain(&at("file")), Ok(Some(b"x".to_vec())));
        for name in ["link", "directory", "pipe", "socket", "missing", "file/below"] {
            assert_eq!(read_plain(&at(name)), Ok(None), "{name}");
        }
    }
}
