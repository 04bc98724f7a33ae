//! What the caches of the services hold.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::unknown;
use crate::error::Result;
use crate::files::usage::{self, Measured};
use crate::threads;

/// # Errors
/// The system's, with the path.
pub async fn observe(directory: PathBuf) -> Result<Vec<Measured>> {
    threads::run(move || usage::measure(&directory)).await
}

#[must_use]
pub fn report(directory: &Path, observed: &Result<Vec<Measured>>) -> Value {
    let entries = match observed {
        Ok(entries) => entries,
        Err(error) => return unknown(error),
    };
    let services: Vec<Value> = entries
        .iter()
        .filter(|entry| entry.is_directory)
        .map(|entry| {
            json!({
                "service": entry.name.to_string_lossy(),
                "size": entry.usage.bytes,
                "files": entry.usage.files,
                "used": entry.usage.used,
            })
        })
        .collect();
    json!({
        "path": directory,
        "size": entries.iter().map(|entry| entry.usage.bytes).sum::<u64>(),
        "services": services,
    })
}
