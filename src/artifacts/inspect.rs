//! What a file is: its kind, and for which processor it was made.
//!
//! Owns telling files apart by their first bytes, and the names of kinds and architectures. A file that claims to be
//! something and is broken is refused here; whether its architecture is the wanted one is asked of the [`Inspection`].

use std::fmt;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{deb, elf};
use crate::error::{Error, Kind as ErrorKind, Result};

/// How much of a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// What tells kind and architecture.
    Glance,
    /// Everything that has to be there, the contents of packages to their end.
    Whole,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Executable,
    SharedObject,
    /// What a compiler makes of one source file, or a module of the kernel.
    Object,
    StaticLibrary,
    DebianPackage,
    /// Everything else: archives, checksums, texts.
    File,
}

/// A processor, by the name that Debian and OCI images give it; `unknown` for the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    Amd64,
    Arm64,
    /// Every 32-bit ARM; packages of the older kind call it `armel`.
    Armhf,
    I386,
    Ppc64el,
    Riscv64,
    S390x,
    /// Debian's packages for every processor.
    All,
    Unknown,
}

impl Architecture {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
            Self::Armhf => "armhf",
            Self::I386 => "i386",
            Self::Ppc64el => "ppc64el",
            Self::Riscv64 => "riscv64",
            Self::S390x => "s390x",
            Self::All => "all",
            Self::Unknown => "unknown",
        }
    }

    /// Returns the architecture that Debian calls `name`.
    #[must_use]
    pub fn of_debian(name: &str) -> Self {
        match name {
            "amd64" => Self::Amd64,
            "arm64" => Self::Arm64,
            "armhf" | "armel" => Self::Armhf,
            "i386" => Self::I386,
            "ppc64el" => Self::Ppc64el,
            "riscv64" => Self::Riscv64,
            "s390x" => Self::S390x,
            "all" => Self::All,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What a file turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inspection {
    pub kind: Kind,
    /// `None` for files that are for no processor.
    pub architecture: Option<Architecture>,
}

impl Inspection {
    pub(super) const FILE: Self = Self {
        kind: Kind::File,
        architecture: None,
    };

    /// Checks that the file is for `expected`, if it is for any processor.
    ///
    /// # Errors
    /// `Refused`, naming both.
    pub fn check(self, expected: Architecture) -> Result<()> {
        match self.architecture {
            Some(architecture) if architecture != expected => {
                Err(refused(format!("is for `{architecture}`, not for `{expected}`"))
                    .with_remedy("let the build use the cross compiler, not the container's own"))
            }
            _ => Ok(()),
        }
    }
}

/// Tells what the file called `name` is. The causes of errors go on where its path stood: "is truncated: …".
///
/// # Errors
/// `Refused` when it is broken, the system's when it cannot be read.
pub fn inspect(name: &Path, file: &mut (impl Read + Seek), care: Care) -> Result<Inspection> {
    let size = file.seek(SeekFrom::End(0)).map_err(|error| unreadable(&error))?;
    file.rewind().map_err(|error| unreadable(&error))?;
    let mut magic = Vec::new();
    file.by_ref()
        .take(deb::MAGIC.len() as u64)
        .read_to_end(&mut magic)
        .map_err(|error| unreadable(&error))?;
    if magic.starts_with(elf::MAGIC) {
        return elf::inspect(&mut *file);
    }
    if magic == deb::MAGIC {
        return Ok(Inspection {
            kind: Kind::DebianPackage,
            architecture: Some(deb::inspect(file, size, care)?),
        });
    }
    if name.extension().is_some_and(|extension| extension == "deb") {
        return Err(refused("is not a Debian package, though it is called one"));
    }
    if magic.starts_with(deb::ar::MAGIC) {
        return elf::inspect_library(file, size);
    }
    Ok(Inspection::FILE)
}

pub(super) fn refused(cause: impl Into<String>) -> Error {
    Error::new(ErrorKind::Refused, cause)
}

pub(super) fn unreadable(error: &std::io::Error) -> Error {
    Error::new(
        ErrorKind::Failed,
        format!("cannot be read: {}", crate::error::reason(error)),
    )
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn look(name: &str, content: &[u8]) -> Result<Inspection> {
        inspect(Path::new(name), &mut Cursor::new(content), Care::Whole)
    }

    #[test]
    fn what_is_nothing_special_is_a_file() {
        for content in ["", "x", "#!/bin/sh\n", "!<arch", "\u{7f}EL"] {
            assert_eq!(look("x", content.as_bytes()), Ok(Inspection::FILE), "{content:?}");
        }
    }

    #[test]
    fn a_file_that_is_called_a_package_has_to_be_one() {
        let error = look("x.deb", b"").unwrap_err();
        assert_eq!(error.cause(), "is not a Debian package, though it is called one");
    }

    #[test]
    fn only_what_is_for_a_processor_has_to_be_for_the_right_one() {
        let arm = Inspection {
            kind: Kind::Executable,
            architecture: Some(Architecture::Arm64),
        };
        assert_eq!(arm.check(Architecture::Arm64), Ok(()));
        assert_eq!(Inspection::FILE.check(Architecture::Arm64), Ok(()));
        let error = arm.check(Architecture::Amd64).unwrap_err();
        assert_eq!(error.cause(), "is for `arm64`, not for `amd64`");
    }
}
