//! Small files of our own in directories that may be somebody else's.
//!
//! Owns the one way to write them by path: never into what is there already, and never through a link.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// Creates the file `path` anew. What a killed run left there is removed; what a link there leads to is not.
pub(super) fn create(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(source),
        _ => {}
    }
    File::options()
        .write(true)
        .create_new(true)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_was_there_is_replaced_and_what_a_link_leads_to_is_left_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let victim = directory.path().join("victim");
        fs::write(&victim, "theirs").expect("a file");
        let path = directory.path().join("ours");
        symlink(&victim, &path).expect("a link");
        for text in ["one", "two"] {
            let mut file = create(&path).expect("created");
            file.write_all(text.as_bytes()).expect("written");
            assert_eq!(fs::read_to_string(&path).expect("a file"), text);
        }
        assert_eq!(fs::read_to_string(&victim).expect("a file"), "theirs");
    }
}
