//! Whether builds can go on: what a check that runs every quarter of an hour wants to know. Pure.

use serde_json::{Value, json};

use super::Observed;
use crate::resource::images;

const GIB: u64 = 1 << 30;

/// Returns a sentence for everything that stands against it.
#[must_use]
pub fn problems(observed: &Observed, wanted: &images::Desired, min_free_gb: u64) -> Vec<String> {
    let mut problems = Vec::new();
    let engine = observed.engine.as_ref().and_then(|engine| engine.as_ref().err());
    problems.extend(engine.map(ToString::to_string));
    let images = observed.images.iter().flatten();
    for (reference, image) in wanted.references.iter().zip(images) {
        match image {
            Ok(image) if image.local.is_none() => {
                problems.push(format!("image `{reference}` is not on this host"));
            }
            // An engine that does not answer is told once.
            Err(error) if Some(error) != engine => problems.push(error.to_string()),
            _ => {}
        }
    }
    let mut devices = Vec::new();
    for disk in observed.disk.iter().flatten() {
        if disk.device.is_some() && devices.contains(&disk.device) {
            continue;
        }
        devices.push(disk.device);
        let path = disk.path.display();
        match &disk.space {
            Ok(space) if space.available < min_free_gb.saturating_mul(GIB) => problems.push(format!(
                "`{path}` has {} MiB free, {min_free_gb} GiB are wanted (`min_free_gb`)",
                space.available >> 20
            )),
            Ok(space) if space.read_only => problems.push(format!("`{path}` is on a read-only file system")),
            Ok(_) => {}
            Err(error) => problems.push(error.to_string()),
        }
    }
    match &observed.builds {
        Some(Ok(builds)) => {
            for build in builds {
                if let Err(error) = &build.record {
                    problems.push(error.to_string());
                }
                if let "failed" | "ended_badly" | "lost" = build.state() {
                    problems.push(format!(
                        "the last build of `{}` failed: {}",
                        build.name,
                        build.reason().as_deref().unwrap_or("no reason is recorded"),
                    ));
                }
            }
        }
        Some(Err(error)) => problems.push(error.to_string()),
        None => {}
    }
    problems
}

#[must_use]
pub fn report(problems: &[String]) -> Value {
    json!({ "healthy": problems.is_empty(), "problems": problems })
}
