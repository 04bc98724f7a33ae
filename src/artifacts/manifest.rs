//! `SHA256SUMS`, the digests of all files of a category.
//!
//! Owns the format, as coreutils' `sha256sum` writes and checks it, and what comparing it with the files tells. It is
//! read strictly: of all that `sha256sum` would take, only what this file itself would write, so that no single
//! changed bit goes unnoticed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

use serde::Serialize;

use super::{Digest, Entry, EntryKind, MANIFEST, Tree, hash_all};
use crate::error::{Error, Kind, Result};
use crate::files::tree::{Attributes, is_beneath};

/// How large the file may be: more than its tree can have entries.
const LIMIT: u64 = 32 << 20;

/// What is known of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its digest is the one that is listed.
    Intact,
    Changed,
    /// It is listed, and not there.
    Missing,
    /// It is there, and not listed.
    Unlisted,
}

/// Digests by path, relative to the category.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest(BTreeMap<PathBuf, Digest>);

impl Manifest {
    /// Returns what is listed in the category `tree`; `None` where nothing is.
    ///
    /// # Errors
    /// `Refused` when it is not as this file writes it; the system's.
    pub fn read(tree: &Tree) -> Result<Option<Self>> {
        let path = Path::new(MANIFEST);
        let Some(content) = tree.read(path, LIMIT)? else {
            return Ok(None);
        };
        Self::parse(&content)
            .map(Some)
            .map_err(|error| error.context(format_args!("`{}`", tree.full(path).display())))
    }

    /// Replaces the category's file in one step.
    ///
    /// # Errors
    /// The system's; the old file is then as it was.
    pub fn write(&self, tree: &Tree) -> Result<()> {
        let attributes = Attributes {
            mode: 0o644,
            owner: None,
        };
        tree.write(Path::new(MANIFEST), &self.render(), attributes)
    }

    /// # Errors
    /// `Refused`, naming the line.
    pub fn parse(content: &[u8]) -> Result<Self> {
        let wrong = |line: usize, what: &str| {
            Error::new(Kind::Refused, format!("line {line} {what}"))
                .with_remedy("restore the file, or remove it to have it written anew")
        };
        let mut manifest = Self::default();
        let Some((last, content)) = content.split_last() else {
            return Ok(manifest);
        };
        if *last != b'\n' {
            return Err(wrong(1 + count_lines(content), "does not end"));
        }
        for (index, text) in content.split(|byte| *byte == b'\n').enumerate() {
            let number = index + 1;
            let (path, digest) =
                parse_line(text).ok_or_else(|| wrong(number, "is not a digest, two spaces and a file"))?;
            if !is_listed(&path) {
                return Err(wrong(number, "names a file that cannot be in the category"));
            }
            if manifest.0.insert(path, digest).is_some() {
                return Err(wrong(number, "names a file once more"));
            }
        }
        Ok(manifest)
    }

    /// Returns the lines in the order of the paths.
    #[must_use]
    pub fn render(&self) -> Vec<u8> {
        let mut content = Vec::new();
        for (path, digest) in &self.0 {
            let name = spelt(path).as_os_str().as_bytes();
            let escaped = escape(name);
            if escaped.len() != name.len() {
                content.push(b'\\');
            }
            content.extend_from_slice(format!("{digest}  ").as_bytes());
            content.extend_from_slice(&escaped);
            content.push(b'\n');
        }
        content
    }

    #[must_use]
    pub fn digest(&self, path: &Path) -> Option<Digest> {
        self.0.get(path).copied()
    }

    pub fn insert(&mut self, path: PathBuf, digest: Digest) {
        self.0.insert(path, digest);
    }

    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.keys().map(PathBuf::as_path)
    }

    /// Compares with the digests that the files really have.
    #[must_use]
    pub fn compare(&self, actual: &BTreeMap<PathBuf, Digest>) -> BTreeMap<PathBuf, State> {
        let listed = self.0.iter().map(|(path, digest)| {
            let state = match actual.get(path) {
                Some(found) if found == digest => State::Intact,
                Some(_) => State::Changed,
                None => State::Missing,
            };
            (path.clone(), state)
        });
        let unlisted = actual
            .keys()
            .filter(|path| !self.0.contains_key(*path))
            .map(|path| (path.clone(), State::Unlisted));
        listed.chain(unlisted).collect()
    }
}

/// Hashes every file of a category and says of each what became of it.
///
/// # Errors
/// As [`Manifest::read`], and the system's.
pub fn verify(tree: &Tree) -> Result<BTreeMap<PathBuf, State>> {
    let manifest = Manifest::read(tree)?.unwrap_or_default();
    let entries = tree.walk()?;
    let files: Vec<&Entry> = entries.iter().filter(|entry| belongs(entry)).collect();
    let digests = hash_all(tree, &files)?;
    let actual = files
        .iter()
        .map(|entry| entry.path.clone())
        .zip(digests)
        .collect();
    Ok(manifest.compare(&actual))
}

/// Tells whether a file has to be listed.
pub(super) fn belongs(entry: &Entry) -> bool {
    entry.kind == EntryKind::File && !entry.is_unfinished() && is_listed(&entry.path)
}

fn is_listed(path: &Path) -> bool {
    is_beneath(path) && path != Path::new(MANIFEST)
}

fn count_lines(content: &[u8]) -> usize {
    content.split(|byte| *byte == b'\n').count() - 1
}

fn parse_line(line: &[u8]) -> Option<(PathBuf, Digest)> {
    let (is_escaped, line) = match line.strip_prefix(b"\\") {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (digest, name) = line.split_at_checked(64)?;
    let digest = std::str::from_utf8(digest).ok()?.parse().ok()?;
    let name = name.strip_prefix(b"  ")?;
    let unescaped = match is_escaped {
        true => unescape(name)?,
        false => name.to_vec(),
    };
    // Neither more nor less is escaped than has to be.
    if (escape(&unescaped) != name) || (is_escaped && unescaped == name) {
        return None;
    }
    let written = PathBuf::from(OsString::from_vec(unescaped));
    // `a//b` and `a/.` are other spellings of `a/b` and `a`.
    let path: PathBuf = written
        .components()
        .filter(|component| !matches!(component, Component::CurDir))
        .collect();
    (spelt(&path).as_os_str() == written.as_os_str()).then_some((path, digest))
}

/// Returns how a path is written: `sha256sum` takes `-` for its standard input.
fn spelt(path: &Path) -> &Path {
    match path == Path::new("-") {
        true => Path::new("./-"),
        false => path,
    }
}

fn escape(name: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(name.len());
    for byte in name {
        match byte {
            b'\\' => escaped.extend_from_slice(b"\\\\"),
            b'\n' => escaped.extend_from_slice(b"\\n"),
            b'\r' => escaped.extend_from_slice(b"\\r"),
            _ => escaped.push(*byte),
        }
    }
    escaped
}

fn unescape(name: &[u8]) -> Option<Vec<u8>> {
    let mut unescaped = Vec::with_capacity(name.len());
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        unescaped.push(match byte {
            b'\\' => match bytes.next()? {
                b'\\' => b'\\',
                b'n' => b'\n',
                b'r' => b'\r',
                _ => return None,
            },
            _ => *byte,
        });
    }
    Some(unescaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(content: &str) -> Digest {
        Digest::of(content.as_bytes())
    }

    fn sample() -> Manifest {
        Manifest(
            [
                "a",
                "b/c",
                "-",
                "with space",
                "back\\slash",
                "new\nline",
                "return\r",
            ]
            .iter()
            .map(|name| (PathBuf::from(name), digest(name)))
            .collect(),
        )
    }

    #[test]
    fn what_is_written_reads_back() {
        assert_eq!(Manifest::parse(&sample().render()), Ok(sample()));
        assert_eq!(Manifest::parse(b""), Ok(Manifest::default()));
    }

    #[test]
    fn names_are_escaped_as_coreutils_does() {
        let rendered = String::from_utf8(sample().render()).unwrap();
        for (name, escaped) in [
            ("back\\slash", "back\\\\slash"),
            ("new\nline", "new\\nline"),
            ("return\r", "return\\r"),
        ] {
            let line = format!("\\{}  {escaped}\n", digest(name));
            assert!(rendered.contains(&line), "{rendered}");
        }
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let manifest = sample();
        let actual: BTreeMap<PathBuf, Digest> = manifest.0.clone();
        let content = manifest.render();
        for index in 0..content.len() {
            for bit in 0..8 {
                let mut changed = content.clone();
                changed[index] ^= 1 << bit;
                let is_intact = Manifest::parse(&changed).is_ok_and(|manifest| {
                    manifest
                        .compare(&actual)
                        .values()
                        .all(|state| *state == State::Intact)
                });
                assert!(!is_intact, "bit {bit} of byte {index} of {content:?}");
            }
        }
    }

    #[test]
    fn lines_that_it_would_not_write_are_refused() {
        let hex = digest("x").to_string();
        for line in [
            format!("{hex}  a"),
            format!("{hex} *a\n"),
            format!("{hex} a\n"),
            format!("{hex}  \n"),
            format!("{hex}  /a\n"),
            format!("{hex}  ../a\n"),
            format!("{hex}  a/../b\n"),
            format!("{hex}  ./a\n"),
            format!("{hex}  -\n"),
            format!("{hex}  a//b\n"),
            format!("{hex}  a/\n"),
            format!("{hex}  SHA256SUMS\n"),
            format!("\\{hex}  a\n"),
            format!("{hex}  a\\b\n"),
            format!("{hex}  a\r\n"),
            format!("{hex}  a\n{hex}  a\n"),
            format!("{hex}  a\n\n"),
            "# comment\n".to_owned(),
            "\n".to_owned(),
        ] {
            assert!(Manifest::parse(line.as_bytes()).is_err(), "{line:?}");
        }
    }

    #[test]
    fn comparing_tells_intact_changed_missing_and_unlisted() {
        let listed = Manifest(["a", "b", "c"].map(|name| (name.into(), digest(name))).into());
        let actual = [("a", "a"), ("b", "x"), ("d", "d")]
            .map(|(name, content)| (name.into(), digest(content)))
            .into();
        let states: Vec<State> = listed.compare(&actual).into_values().collect();
        assert_eq!(
            states,
            [State::Intact, State::Changed, State::Missing, State::Unlisted]
        );
    }
}
