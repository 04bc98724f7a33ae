//! The log of a build: a file, its digest, and its last lines.
//!
//! Owns writing and rotating it. Memory is bounded whatever is written: a long line is cut in the tail, never in the
//! file. A disk that is full ends the file, not the build: that one has to fail, or not, by itself.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};

use super::place::Place;
use super::record;
use crate::error::{Error, Result};

/// How many logs of earlier builds are kept.
pub const OLDER: u32 = 4;
/// How much of the end a failure tells.
const LINES: usize = 20;
const LONGEST_LINE: usize = 400;

/// The log that is being written.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    size: u64,
    hasher: Sha256,
    tail: Tail,
    /// What was written last.
    last: Vec<u8>,
    failure: Option<Error>,
}

#[derive(Debug, Default)]
struct Tail {
    lines: VecDeque<String>,
    /// The line that has not ended yet, as far as it will be shown.
    open: Vec<u8>,
}

/// Moves the log of the last build, and those before it, one place on.
///
/// # Errors
/// The system's, with the path.
pub fn rotate(place: &Place) -> Result<()> {
    for age in (0..OLDER).rev() {
        let from = match age {
            0 => place.log(),
            age => place.older_log(age),
        };
        match fs::rename(&from, place.older_log(age + 1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::io("rename", &from, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

impl Log {
    /// Opens the log to be written from its start.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn create(place: &Place) -> Result<Self> {
        let path = place.log();
        // For the user that builds only: what a build prints may be secret.
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(&path)
            .map_err(|error| Error::io("write", &path, &error))?;
        Ok(Self {
            path,
            file,
            size: 0,
            hasher: Sha256::new(),
            tail: Tail::default(),
            last: Vec::new(),
            failure: None,
        })
    }

    /// Begins anew: an engine that is asked again tells everything again.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn restart(&mut self) -> Result<()> {
        self.file
            .set_len(0)
            .and_then(|()| io::Seek::rewind(&mut self.file))
            .map_err(|error| Error::io("write", &self.path, &error))?;
        self.size = 0;
        self.hasher = Sha256::new();
        self.tail = Tail::default();
        self.last.clear();
        self.failure = None;
        Ok(())
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.tail.add(bytes);
        self.last.clear();
        self.last.extend_from_slice(bytes);
        if self.failure.is_some() {
            return;
        }
        match self.file.write_all(bytes) {
            Ok(()) => {
                self.hasher.update(bytes);
                self.size += bytes.len() as u64;
            }
            Err(error) => self.failure = Some(Error::io("write", &self.path, &error)),
        }
    }

    /// Tells whether `message` is what was written last.
    #[must_use]
    pub fn ended_with(&self, message: &[u8]) -> bool {
        self.last == message
    }

    /// Returns the last lines, and why the file lacks some, if it does.
    #[must_use]
    pub fn tail(&self) -> Vec<String> {
        self.tail.lines()
    }

    #[must_use]
    pub fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    /// Returns what is remembered of it.
    #[must_use]
    pub fn describe(&self) -> record::Log {
        let digest = self.hasher.clone().finalize();
        record::Log {
            path: self.path.clone(),
            size: self.size,
            sha256: Some(super::inputs::hexadecimal(&digest)),
        }
    }
}

/// Returns what is known of a log without reading it.
#[must_use]
pub fn unread(place: &Place) -> record::Log {
    let path = place.log();
    record::Log {
        size: fs::symlink_metadata(&path).map_or(0, |metadata| metadata.size()),
        path,
        sha256: None,
    }
}

impl Tail {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' => self.end_line(),
                // Progress is drawn over and over in one line; the last one stands for all.
                b'\r' => self.open.clear(),
                byte if self.open.len() < LONGEST_LINE => self.open.push(*byte),
                _ => {}
            }
        }
    }

    fn end_line(&mut self) {
        let line = printable(&self.open);
        self.open.clear();
        if line.trim().is_empty() {
            return;
        }
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    fn lines(&self) -> Vec<String> {
        let open = printable(&self.open);
        let open = Some(open).filter(|line| !line.trim().is_empty());
        let lines: Vec<String> = self.lines.iter().cloned().chain(open).collect();
        lines[lines.len().saturating_sub(LINES)..].to_vec()
    }
}

/// Returns a line without what would move a terminal's cursor or colour it.
fn printable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut result = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => {
                if letters.next_if_eq(&'[').is_some() {
                    // A control sequence ends in a letter or `@` to `~`.
                    letters.by_ref().find(|letter| ('@'..='~').contains(letter));
                }
            }
            '\t' => result.push(' '),
            letter if letter.is_control() => {}
            letter => result.push(letter),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> (tempfile::TempDir, Place) {
        let artifacts = tempfile::tempdir().unwrap();
        let place = Place::new(artifacts.path(), "envoy").unwrap();
        fs::create_dir_all(place.directory()).unwrap();
        (artifacts, place)
    }

    #[test]
    fn the_tail_is_the_last_lines_whatever_the_chunks() {
        let lines: Vec<String> = (0..100).map(|number| format!("line {number}\n")).collect();
        let text = lines.concat();
        for size in [1, 7, 4096] {
            let mut tail = Tail::default();
            text.as_bytes().chunks(size).for_each(|chunk| tail.add(chunk));
            tail.add(b"open");
            let lines = tail.lines();
            assert_eq!(lines.len(), LINES);
            assert_eq!(lines[0], "line 81");
            assert_eq!(lines[LINES - 2..], ["line 99", "open"]);
        }
    }

    #[test]
    fn the_tail_stays_small_and_readable() {
        let mut tail = Tail::default();
        tail.add(&vec![b'x'; 100_000]);
        tail.add(b"\n\n  \n10%\r20%\r\x1b[31mred\x1b[0m\tand \xff\x07\n");
        let lines = tail.lines();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].len(), LONGEST_LINE);
        assert_eq!(lines[1], "red and \u{fffd}");
    }

    #[test]
    fn size_and_digest_are_those_of_the_file() {
        let (_artifacts, place) = place();
        let mut log = Log::create(&place).unwrap();
        log.write(b"something else");
        log.restart().unwrap();
        log.write(b"a");
        log.write(b"bc");
        let described = log.describe();
        assert_eq!(fs::read(place.log()).unwrap(), b"abc");
        assert_eq!(described.size, 3);
        assert_eq!(
            described.sha256.as_deref(),
            Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
        assert_eq!(fs::metadata(place.log()).unwrap().mode() & 0o777, 0o600);
        assert_eq!(unread(&place).size, 3);
    }

    #[test]
    fn older_logs_are_kept_as_many_as_there_may_be() {
        let (_artifacts, place) = place();
        rotate(&place).unwrap();
        for number in 0..8 {
            rotate(&place).unwrap();
            fs::write(place.log(), number.to_string()).unwrap();
        }
        assert_eq!(fs::read(place.log()).unwrap(), b"7");
        for age in 1..=OLDER {
            let expected = (7 - age).to_string();
            assert_eq!(fs::read(place.older_log(age)).unwrap(), expected.as_bytes());
        }
        assert!(!place.older_log(OLDER + 1).exists());
    }

    #[test]
    fn a_log_that_lacks_its_end_is_told_from_a_whole_one() {
        let (_artifacts, place) = place();
        let mut log = Log::create(&place).unwrap();
        assert!(log.ended_with(b""));
        log.write(b"one\n");
        assert!(log.ended_with(b"one\n") && !log.ended_with(b"two\n"));
        log.restart().unwrap();
        assert!(log.ended_with(b""));
    }

    #[test]
    fn a_full_disk_ends_the_file_and_is_told() {
        let (_artifacts, place) = place();
        let mut log = Log::create(&place).unwrap();
        log.file = OpenOptions::new().write(true).open("/dev/full").unwrap();
        log.write(b"lost\n");
        assert!(log.failure().unwrap().cause().contains("no space left"));
        assert_eq!(log.tail(), ["lost"]);
    }
}
