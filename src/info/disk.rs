//! Free space where the environment and the engine's images lie.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::desired::Paths;
use crate::error::Result;
use crate::files::{self, Space};
use crate::resource::images::Access;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// What lies there.
    pub place: &'static str,
    pub path: PathBuf,
    /// The file system; several places may lie on one.
    pub device: Option<u64>,
    pub space: Result<Space>,
}

/// Measures each place; one that does not exist yet, at the nearest parent that does.
pub async fn observe(paths: &Paths, access: Option<&Access>) -> Vec<Observed> {
    let images = match access {
        Some(access) => access.engine.data_directory().await,
        None => None,
    };
    let Paths {
        base,
        artifacts,
        cache,
        workspace,
        toolkit: _,
    } = paths;
    [
        ("base", Some(base.clone())),
        ("artifacts", Some(artifacts.clone())),
        ("cache", Some(cache.clone())),
        ("workspace", Some(workspace.clone())),
        ("images", images),
    ]
    .into_iter()
    .filter_map(|(place, path)| {
        let path = path?;
        let existing = files::nearest_existing(&path);
        Some(Observed {
            place,
            device: files::device(&existing).ok(),
            space: files::space(&existing),
            path,
        })
    })
    .collect()
}

#[must_use]
pub fn report(observed: &[Observed]) -> Value {
    observed
        .iter()
        .map(
            |Observed {
                 place,
                 path,
                 device: _,
                 space,
             }| match space {
                Ok(space) => json!({
                    "place": place,
                    "path": path,
                    "available": space.available,
                    "total": space.total,
                    "read_only": space.read_only,
                }),
                Err(error) => json!({ "place": place, "path": path, "error": error.to_string() }),
            },
        )
        .collect()
}
