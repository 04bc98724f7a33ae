//! The artifacts of each category, and whether they still are what was recorded of them.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::unknown;
use crate::artifacts::{Inventory, Tree};
use crate::error::Result;
use crate::files;
use crate::threads;

/// How closely files are compared with what is recorded of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// By size and time.
    Quick,
    /// By hashing every file.
    Full,
}

impl Verify {
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "full" => Self::Full,
            _ => Self::Quick,
        }
    }
}

#[derive(Debug)]
pub struct Category {
    name: String,
    path: PathBuf,
    inventory: Result<Inventory>,
}

/// Lists every directory of `artifacts` but the hidden ones, which are not for artifacts.
///
/// # Errors
/// The system's, when there is no telling which categories there are.
pub async fn observe(artifacts: PathBuf, verify: Verify) -> Result<Vec<Category>> {
    threads::run(move || {
        let names = files::directories_in(&artifacts)?;
        let visible = names.into_iter().filter(|name| !name.starts_with('.'));
        Ok(visible
            .map(|name| {
                let path = artifacts.join(&name);
                Category {
                    inventory: inventory(&path, verify),
                    path,
                    name,
                }
            })
            .collect())
    })
    .await
}

fn inventory(path: &Path, verify: Verify) -> Result<Inventory> {
    let tree = Tree::open(path)?;
    let mut inventory = Inventory::read(&tree)?;
    if verify == Verify::Full {
        inventory.verify(&tree, |_| true)?;
    }
    Ok(inventory)
}

#[must_use]
pub fn report(observed: &Result<Vec<Category>>) -> Value {
    match observed {
        Ok(categories) => categories.iter().map(told).collect(),
        Err(error) => json!([unknown(error)]),
    }
}

fn told(category: &Category) -> Value {
    let Category {
        name,
        path,
        inventory,
    } = category;
    let inventory = match inventory {
        Ok(inventory) => inventory,
        Err(error) => return json!({ "category": name, "path": path, "error": error.to_string() }),
    };
    let artifacts: Vec<Value> = inventory
        .artifacts
        .iter()
        .map(|artifact| {
            json!({
                "path": artifact.path,
                "name": artifact.name,
                "size": artifact.size,
                "modified": artifact.modified.seconds,
                "kind": artifact.kind,
                "architecture": artifact.architecture,
                "sha256": artifact.sha256.map(|digest| digest.to_string()),
                "recorded": artifact.is_recorded(),
                "verification": artifact.verification,
                "companions": artifact.companions.iter().map(|one| &one.path).collect::<Vec<_>>(),
                "links": artifact.links,
            })
        })
        .collect();
    let mut told = json!({
        "category": name,
        "path": path,
        "size": inventory.bytes(),
        "artifacts": artifacts,
        "missing": inventory.missing,
    });
    if let Some(fault) = &inventory.fault {
        told["error"] = json!(fault);
    }
    told
}
