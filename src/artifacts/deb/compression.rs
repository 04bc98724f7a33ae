//! Unpacking what the members of a package are packed with.
//!
//! Owns the choice of the decoder, and the bounds of its memory: a dictionary can be no larger than the strongest
//! preset of its program makes it. All of them check the sums that their formats carry.

use std::io::{self, BufRead as _, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;

use super::super::inspect::refused;
use crate::error::Result;

/// `xz -9` has a dictionary of 64 MiB; Debian's own default one of 8.
const XZ_KIB: u32 = 65 * 1024;

/// `zstd --ultra -22` has a window of 128 MiB; Debian's own default one of 8.
const ZSTD_BYTES: u64 = 128 << 20;

const BUFFER: usize = 64 * 1024;

pub(super) fn decoder<'a>(name: &str, content: impl Read + 'a) -> Result<Box<dyn Read + 'a>> {
    let suffix = name.split_once(".tar").map_or("", |(_, suffix)| suffix);
    let content = BufReader::with_capacity(BUFFER, content);
    Ok(match suffix {
        "" => Box::new(content),
        ".gz" => Box::new(MultiGzDecoder::new(content)),
        ".xz" => Box::new(XzReader::new_mem_limit(content, true, XZ_KIB)),
        ".zst" => Box::new(Zstandard {
            frame: None,
            rest: Some(content),
        }),
        _ => {
            return Err(
                refused(format!("has `{}`, which cannot be checked", name.escape_debug()))
                    .with_remedy("pack it with gzip, xz or zstd (`dpkg-deb -Zxz`), or not at all"),
            );
        }
    })
}

/// One frame after the other, until the content ends.
struct Zstandard<R: Read> {
    frame: Option<StreamingDecoder<BufReader<R>, ruzstd::decoding::FrameDecoder>>,
    rest: Option<BufReader<R>>,
}

impl<R: Read> Read for Zstandard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let length = frame.read(buffer)?;
                if length > 0 || buffer.is_empty() {
                    return Ok(length);
                }
            }
            if let Some(frame) = self.frame.take() {
                let told = frame.decoder.get_checksum_from_data();
                if told.is_some() && told != frame.decoder.get_calculated_checksum() {
                    return Err(io::Error::other("the checksum of a frame does not match"));
                }
                self.rest = Some(frame.into_inner());
            }
            let Some(mut rest) = self.rest.take() else {
                return Ok(0);
            };
            if rest.fill_buf()?.is_empty() {
                return Ok(0);
            }
            let decoder = StreamingDecoder::new_with_max_window_size(rest, ZSTD_BYTES);
            self.frame = Some(decoder.map_err(io::Error::other)?);
        }
    }
}
