//! The archive as which engines hand a file out of a container: the least of tar that reading one takes.
//!
//! Pure. The archive comes from an image, which may hold anything: what is not as it should be is no file.

/// More than any file that is read this way.
pub const LARGEST: usize = 4 << 20;

const BLOCK: usize = 512;
const SIZE: std::ops::Range<usize> = 124..136;
const KIND: usize = 156;

/// Returns the content of the first regular file in `archive`.
#[must_use]
pub fn first_file(archive: &[u8]) -> Option<&[u8]> {
    let mut rest = archive;
    loop {
        let (header, behind) = rest.split_at_checked(BLOCK)?;
        let size = octal(header.get(SIZE)?)?;
        match header.get(KIND)? {
            b'0' | 0 if header.iter().any(|byte| *byte != 0) => return behind.get(..size),
            // Extended headers stand before the file that they describe.
            b'x' | b'g' => rest = behind.get(size.checked_next_multiple_of(BLOCK)?..)?,
            _ => return None,
        }
    }
}

fn octal(field: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(field).ok()?;
    let digits = text.trim_matches(|letter| letter == '\0' || letter == ' ');
    usize::from_str_radix(digits, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(kind: u8, content: &[u8]) -> Vec<u8> {
        let mut block = vec![0; BLOCK];
        block[..6].copy_from_slice(b"passwd");
        block[SIZE].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
        block[KIND] = kind;
        block.extend_from_slice(content);
        block.resize(block.len().next_multiple_of(BLOCK), 0);
        block
    }

    #[test]
    fn the_file_is_found_behind_extended_headers() {
        let text = b"root:x:0:0::/:/bin/sh\n";
        assert_eq!(first_file(&member(b'0', text)), Some(text.as_slice()));
        let extended = [member(b'x', &[b'1'; 600]), member(b'0', text)].concat();
        assert_eq!(first_file(&extended), Some(text.as_slice()));
    }

    #[test]
    fn anything_else_is_no_file() {
        let whole = member(b'0', &[b'x'; 700]);
        for archive in [
            &[][..],
            &[0; 2 * BLOCK],
            &whole[..BLOCK + 100],
            &member(b'2', b""),
            &member(b'5', b""),
            b"not an archive",
        ] {
            assert_eq!(first_file(archive), None);
        }
        let mut endless = member(b'x', b"");
        endless[SIZE].copy_from_slice(b"77777777777\0");
        assert_eq!(first_file(&endless), None);
    }
}
