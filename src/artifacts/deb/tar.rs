//! Reading through an archive of `tar` to its end.
//!
//! Owns the headers, as POSIX and GNU write them. Nothing is kept of what goes by, however long a name claims to be.

use std::io::{self, Read};

const BLOCK: usize = 512;

/// How long the extended header of one file may be.
const EXTENDED: u64 = 64 * 1024;

/// Calls `visit` with name, size and content of each regular file; what it leaves of the content is passed over.
pub(super) fn read(
    mut archive: impl Read,
    mut visit: impl FnMut(&[u8], u64, &mut dyn Read) -> io::Result<()>,
) -> io::Result<()> {
    let mut header = [0; BLOCK];
    let mut extended_size = None;
    loop {
        archive.read_exact(&mut header).map_err(ended)?;
        if header.iter().all(|byte| *byte == 0) {
            // To the very end: the sums of what it is packed with stand there.
            io::copy(&mut archive, &mut io::sink())?;
            return Ok(());
        }
        check_sum(&header)?;
        let told = number(&header[124..136])?;
        let kind = header[156];
        let size = match kind {
            b'x' => told,
            // Links, devices and directories have no content, whatever they say.
            b'1'..=b'6' => 0,
            _ => extended_size.take().unwrap_or(told),
        };
        let mut content = archive.by_ref().take(size);
        match kind {
            b'x' if size <= EXTENDED => {
                let mut records = Vec::new();
                content.read_to_end(&mut records)?;
                extended_size = size_in(&records);
            }
            b'x' => return Err(invalid("an extended header is too long")),
            b'0' | 0 => {
                let name = header[..100].split(|byte| *byte == 0).next().unwrap_or_default();
                visit(name, size, &mut content)?;
            }
            _ => {}
        }
        io::copy(&mut content, &mut io::sink())?;
        if content.limit() > 0 {
            return Err(ended(io::ErrorKind::UnexpectedEof.into()));
        }
        let filler = size.next_multiple_of(BLOCK as u64) - size;
        if io::copy(&mut archive.by_ref().take(filler), &mut io::sink())? < filler {
            return Err(ended(io::ErrorKind::UnexpectedEof.into()));
        }
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn ended(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => invalid("it ends before its end"),
        _ => error,
    }
}

fn check_sum(header: &[u8; BLOCK]) -> io::Result<()> {
    let sum: u64 = header
        .iter()
        .enumerate()
        // The sum is made with spaces where it is written itself.
        .map(|(index, byte)| u64::from(if (148..156).contains(&index) { b' ' } else { *byte }))
        .sum();
    match number(&header[148..156])? == sum {
        true => Ok(()),
        false => Err(invalid("the checksum of a header does not match")),
    }
}

/// Reads a number in octal digits or, where the first bit is set, in base 256.
fn number(field: &[u8]) -> io::Result<u64> {
    let wrong = || invalid("a header has no valid number");
    if field[0] & 0x80 != 0 {
        let (zeros, rest) = field[1..].split_at(field.len() - 9);
        return match field[0] == 0x80 && zeros.iter().all(|byte| *byte == 0) {
            true => Ok(rest.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))),
            false => Err(wrong()),
        };
    }
    let text = std::str::from_utf8(field).map_err(|_| wrong())?;
    match text.trim_matches([' ', '\0']) {
        "" => Ok(0),
        digits => u64::from_str_radix(digits, 8).map_err(|_| wrong()),
    }
}

/// Returns the size among the records "`length` `key`=`value`" of an extended header.
fn size_in(records: &[u8]) -> Option<u64> {
    records
        .split(|byte| *byte == b'\n')
        .filter_map(|record| {
            std::str::from_utf8(record)
                .ok()?
                .split_once(' ')?
                .1
                .strip_prefix("size=")
        })
        .find_map(|value| value.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, size: &[u8], kind: u8) -> Vec<u8> {
        let mut header = vec![0; BLOCK];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..124 + size.len()].copy_from_slice(size);
        header[156] = kind;
        header[148..156].fill(b' ');
        let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        header
    }

    fn block(content: &[u8]) -> Vec<u8> {
        let mut block = content.to_vec();
        block.resize(content.len().next_multiple_of(BLOCK), 0);
        block
    }

    fn names(archive: &[u8]) -> Result<Vec<(String, u64)>, String> {
        let mut names = Vec::new();
        read(archive, |name, size, _| {
            names.push((String::from_utf8_lossy(name).into_owned(), size));
            Ok(())
        })
        .map(|()| names)
        .map_err(|error| error.to_string())
    }

    #[test]
    fn files_are_told_and_everything_else_is_passed_over() {
        let archive = [
            header("./", b"00000000000\0", b'5'),
            header("././@LongLink", b"00000000144\0", b'L'),
            block(&[b'n'; 100]),
            header("a", b"00000000003\0", b'0'),
            block(b"abc"),
            header("link", b"00000000003\0", b'2'),
            vec![0; 2 * BLOCK],
        ]
        .concat();
        assert_eq!(names(&archive), Ok(vec![("a".to_owned(), 3)]));
        for end in [0, 10, BLOCK, 3 * BLOCK, 4 * BLOCK + 1, 6 * BLOCK] {
            assert_eq!(
                names(&archive[..end]),
                Err("it ends before its end".to_owned()),
                "{end}"
            );
        }
    }

    #[test]
    fn sizes_come_in_octal_in_base_256_and_in_extended_headers() {
        let mut large = [0; 12];
        large[0] = 0x80;
        large[10] = 1;
        let record = b"11 size=3\n";
        let archive = [
            header("base-256", &large, b'0'),
            vec![0; 256].repeat(2),
            header("x", b"00000000012\0", b'x'),
            block(record),
            header("extended", b"00000000000\0", b'0'),
            block(b"abc"),
            vec![0; 2 * BLOCK],
        ]
        .concat();
        assert_eq!(
            names(&archive),
            Ok(vec![("base-256".to_owned(), 256), ("extended".to_owned(), 3)])
        );
    }

    #[test]
    fn headers_that_are_wrong_are_refused() {
        let mut sum = header("a", b"00000000000\0", b'0');
        sum[0] = b'b';
        assert_eq!(
            names(&sum),
            Err("the checksum of a header does not match".to_owned())
        );
        let number = header("a", b"0000000009x\0", b'0');
        assert_eq!(names(&number), Err("a header has no valid number".to_owned()));
        let long = header("a", b"00001000000\0", b'x');
        assert_eq!(names(&long), Err("an extended header is too long".to_owned()));
    }
}
