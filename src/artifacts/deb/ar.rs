//! Archives of `ar`, one member after the other.
//!
//! Owns their headers, and the check that every member lies within the file.

use std::io::{self, Read, Seek, SeekFrom};

use super::super::inspect::{refused, unreadable};
use super::compression;
use crate::error::{Error, Result};

/// How every such archive begins.
pub(in crate::artifacts) const MAGIC: &[u8] = b"!<arch>\n";

/// How long the header of a member is.
const HEADER: u64 = 60;

pub(in crate::artifacts) struct Archive<'a, R> {
    file: &'a mut R,
    size: u64,
    next: u64,
}

pub(in crate::artifacts) struct Member<'a, R> {
    name: String,
    content: io::Take<&'a mut R>,
}

impl<'a, R: Read + Seek> Archive<'a, R> {
    pub(in crate::artifacts) fn open(file: &'a mut R, size: u64) -> Self {
        Self {
            file,
            size,
            next: MAGIC.len() as u64,
        }
    }

    /// Returns the next member, whose name is without the slash that some archives end it with.
    pub(in crate::artifacts) fn next(&mut self) -> Result<Option<Member<'_, R>>> {
        let Some((name, length)) = self.header()? else {
            return Ok(None);
        };
        let end = self.next + HEADER + length;
        // Members begin at even places; the last one may do without the filler.
        self.next = end + end % 2;
        Ok(Some(Member {
            name,
            content: self.file.take(length),
        }))
    }

    /// Goes past members that Debian leaves to others.
    pub(super) fn skip_private(&mut self) -> Result<()> {
        while let Some((name, length)) = self.header()?
            && name.starts_with('_')
        {
            let end = self.next + HEADER + length;
            self.next = end + end % 2;
        }
        Ok(())
    }

    /// Reads the header that is next, and leaves the file behind it.
    fn header(&mut self) -> Result<Option<(String, u64)>> {
        if self.next >= self.size {
            return Ok(None);
        }
        let mut header = [0; 60];
        self.file
            .seek(SeekFrom::Start(self.next))
            .and_then(|_| self.file.read_exact(&mut header))
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => truncated(self.size),
                _ => unreadable(&error),
            })?;
        let text =
            |range: std::ops::Range<usize>| String::from_utf8_lossy(&header[range]).trim_end().to_owned();
        let length: u64 = match text(48..58).parse() {
            Ok(length) if header[58..] == *b"`\n" => length,
            _ => return Err(refused("is no valid archive: a member has no valid header")),
        };
        if self
            .next
            .checked_add(HEADER + length)
            .is_none_or(|end| end > self.size)
        {
            return Err(truncated(self.size));
        }
        let name = text(0..16);
        Ok(Some((name.strip_suffix('/').unwrap_or(&name).to_owned(), length)))
    }
}

impl<'a, R: Read> Member<'a, R> {
    pub(in crate::artifacts) fn name(&self) -> &str {
        &self.name
    }

    /// Reads the first bytes, at most `length`.
    pub(in crate::artifacts) fn read_start(&mut self, length: u64, into: &mut Vec<u8>) -> Result<()> {
        self.content
            .by_ref()
            .take(length)
            .read_to_end(into)
            .map(drop)
            .map_err(|error| unreadable(&error))
    }

    /// Returns the content, unpacked as the suffix of the name says.
    pub(super) fn unpacked(&mut self) -> Result<Box<dyn Read + '_>>
    where
        R: 'a,
    {
        compression::decoder(&self.name, &mut self.content)
    }
}

fn truncated(size: u64) -> Error {
    refused(format!(
        "is truncated: a member of the archive reaches beyond its {size} bytes"
    ))
}
