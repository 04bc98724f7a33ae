//! The program that runs, as a file: compared with an installed copy of it, and installed.
//!
//! Owns the ways to its own content, which is there even when its file was removed meanwhile, as Ansible does.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

const RUNNING: &str = "/proc/self/exe";
const MODE: u32 = 0o755;
const PIECE: usize = 64 << 10;

/// An installed program, against the one that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    Absent,
    Same,
    /// The SHA-256 of both.
    Different {
        installed: String,
        running: String,
    },
}

/// Compares what is at `path` with the program that runs.
///
/// # Errors
/// The system's, with the path.
pub fn compare(path: &Path) -> Result<Comparison> {
    let failed = |error: io::Error| Error::io("read", path, &error);
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Comparison::Absent),
        Err(error) => return Err(failed(error)),
    };
    let own = running()?;
    let own_metadata = own.metadata().map_err(failed)?;
    let is_installed = metadata.is_file() && metadata.permissions().mode() & 0o7777 == MODE;
    let is_itself = (metadata.dev(), metadata.ino()) == (own_metadata.dev(), own_metadata.ino());
    if is_installed
        && (is_itself
            || metadata.len() == own_metadata.len()
                && is_same(File::open(path).map_err(failed)?, own).map_err(failed)?)
    {
        return Ok(Comparison::Same);
    }
    Ok(Comparison::Different {
        installed: match metadata.is_file() {
            true => File::open(path).and_then(digest).map_err(failed)?,
            false => "not a plain file".to_owned(),
        },
        running: digest(running()?).map_err(failed)?,
    })
}

/// Puts the program that runs at `path`, in one step.
///
/// # Errors
/// The system's, with the path; what was there is then as it was.
pub fn install(path: &Path) -> Result<()> {
    super::install(path, MODE, &mut running()?)
}

fn running() -> Result<File> {
    File::open(RUNNING).map_err(|error| {
        Error::io("read", Path::new(RUNNING), &error).with_remedy("mount `/proc` on this host")
    })
}

fn is_same(mut left: impl Read, mut right: impl Read) -> io::Result<bool> {
    let (mut here, mut there) = (vec![0; PIECE], vec![0; PIECE]);
    loop {
        let count = left.read(&mut here)?;
        if count == 0 {
            return Ok(right.read(&mut there)? == 0);
        }
        match right.read_exact(&mut there[..count]) {
            Ok(()) if here[..count] == there[..count] => {}
            Ok(()) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

fn digest(mut file: impl Read) -> io::Result<String> {
    use std::fmt::Write as _;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece)? {
            0 => break,
            count => hasher.update(&piece[..count]),
        }
    }
    Ok(hasher.finalize().iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_installed_is_the_same_until_anything_of_it_differs() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("program");
        assert_eq!(compare(&path), Ok(Comparison::Absent));
        install(&path).unwrap();
        assert_eq!(compare(&path), Ok(Comparison::Same));
        super::super::set_mode(&path, 0o700).unwrap();
        assert!(
            matches!(compare(&path), Ok(Comparison::Different { installed, running }) if installed == running)
        );
        install(&path).unwrap();

        let mut content = fs::read(&path).unwrap();
        *content.last_mut().unwrap() ^= 1;
        fs::write(&path, &content).unwrap();
        assert!(
            matches!(compare(&path), Ok(Comparison::Different { installed, running }) if installed != running)
        );
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(compare(&path), Ok(Comparison::Different { .. })));
    }

    #[test]
    fn contents_are_compared_to_their_end() {
        for (left, right, same) in [
            ("", "", true),
            ("a", "", false),
            ("", "a", false),
            ("ab", "ab", true),
        ] {
            assert_eq!(
                is_same(left.as_bytes(), right.as_bytes()).unwrap(),
                same,
                "{left} {right}"
            );
        }
    }
}
