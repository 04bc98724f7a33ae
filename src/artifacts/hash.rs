//! Hashing files, one fast and many on all processors.
//!
//! Owns how files are read for it. Memory is bounded whatever their sizes: one buffer for each thread.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use sha2::{Digest as _, Sha256};

use super::{Digest, Entry, Tree};
use crate::error::{Error, Kind, Result};

/// Large enough that a call costs nothing, small enough to stay in the processor's cache.
const BUFFER: usize = 128 * 1024;

/// Returns the digest of everything that `reader` gives.
///
/// # Errors
/// The reader's.
pub fn hash(mut reader: impl Read) -> io::Result<Digest> {
    hash_through(&mut reader, &mut vec![0; BUFFER])
}

fn hash_through(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<Digest> {
    let mut hasher = Sha256::new();
    loop {
        match reader.read(buffer) {
            Ok(0) => return Ok(Digest::new(hasher.finalize().into())),
            Ok(length) => hasher.update(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Returns the digests of files below `tree`, in their order, hashed on all processors.
///
/// # Errors
/// Of the first that cannot be read, or that went away meanwhile.
pub fn hash_all(tree: &Tree, files: &[&Entry]) -> Result<Vec<Digest>> {
    on_all_processors(
        files,
        |file| file.size,
        |file, buffer| one(tree, &file.path, buffer),
    )
}

fn one(tree: &Tree, path: &Path, buffer: &mut [u8]) -> Result<Digest> {
    let mut file = tree.open_file(path)?.ok_or_else(|| gone(tree, path))?;
    hash_through(&mut file, buffer).map_err(|error| Error::io("read", &tree.full(path), &error))
}

pub(super) fn gone(tree: &Tree, path: &Path) -> Error {
    let path: PathBuf = tree.full(path);
    Error::new(Kind::NotFound, format!("`{}` went away", path.display()))
        .with_remedy("find out who removes files there, then run again")
}

/// Runs `work` for every item, the heaviest first, each thread with a buffer of its own.
///
/// # Errors
/// That of the first item in their order that failed.
pub(super) fn on_all_processors<T: Sync, R: Send>(
    items: &[T],
    weight: impl Fn(&T) -> u64,
    work: impl Fn(&T, &mut [u8]) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(weight(&items[index])));
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(items.len()));
    let run = || {
        let mut buffer = vec![0; BUFFER];
        let mut mine = Vec::new();
        while let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            mine.push((index, work(&items[index], &mut buffer)));
        }
        results
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .append(&mut mine);
    };
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(items.len());
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(run);
        }
        run();
    });
    let mut results = results
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<u64> = (0..1000).collect();
        let doubled = on_all_processors(&items, |item| item % 7, |item, _| Ok(item * 2)).unwrap();
        assert_eq!(doubled, items.iter().map(|item| item * 2).collect::<Vec<_>>());
    }

    #[test]
    fn the_first_failure_in_order_is_told() {
        let fail = |item: &u64, _: &mut [u8]| match item % 2 {
            0 => Ok(()),
            _ => Err(Error::new(Kind::Failed, item.to_string())),
        };
        let error = on_all_processors(&[0, 2, 3, 5], |item| *item, fail).unwrap_err();
        assert_eq!(error.cause(), "3");
    }

    #[test]
    fn nothing_to_hash_is_no_error() {
        assert_eq!(on_all_processors(&[], |_: &u64| 0, |_, _| Ok(())), Ok(Vec::new()));
    }
}
