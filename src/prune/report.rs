//! What a run of `cross_compile_prune` says at the end. Pure.

use serde_json::{Map, Value, json};

use super::{Change, Plan};
use crate::changes;

#[must_use]
pub fn report(plan: &Plan) -> Map<String, Value> {
    let (mut artifacts, mut builds, mut caches, mut images) = (vec![], vec![], vec![], vec![]);
    for change in &plan.changes {
        match change {
            Change::Artifacts { category, removals } => artifacts.extend(removals.iter().map(|removal| {
                let below = |path| category.join(path);
                json!({
                    "path": below(&removal.artifact),
                    "companions": removal.companions.iter().map(below).collect::<Vec<_>>(),
                    "size": removal.bytes,
                })
            })),
            Change::Leftover { directory, leftover } => builds.push(json!({
                "name": leftover.build,
                "path": directory.join(&leftover.name),
                "size": leftover.usage.bytes,
            })),
            Change::Cache { directory, entry } => caches.push(json!({
                "path": directory.join(&entry.path),
                "size": entry.usage.bytes,
                "used": entry.usage.used,
            })),
            Change::Image(image) => images.push(json!({
                "name": image.name(),
                "id": image.id,
                "size": image.size,
            })),
        }
    }
    let actions = plan.changes.iter().flat_map(Change::actions).collect();
    let mut result = changes::told(actions, plan.changes.iter().map(Change::difference));
    for (name, value) in [
        ("bytes", json!(plan.bytes())),
        ("artifacts", json!(artifacts)),
        ("builds", json!(builds)),
        ("cache", json!(caches)),
        ("images", json!(images)),
    ] {
        result.insert(name.to_owned(), value);
    }
    result
}
