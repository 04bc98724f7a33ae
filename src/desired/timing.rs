//! What goes on by itself, and with which arguments.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Paths;
use super::checks::natural;
use crate::arguments::cross_compile::Arguments;
use crate::docker::Surroundings;
use crate::error::Result;
use crate::protocol::LONGEST_ANSWER;
use crate::resource::timers::Job;
use crate::secret::Secret;

/// Bytes. The journal breaks lines of 48 KiB; hiding a secret may make one a little longer.
const LONGEST_LINE: usize = 40 << 10;

/// Returns the jobs that are turned on, each with the content of its arguments file.
pub(super) fn jobs(arguments: &Arguments, paths: &Paths) -> Result<BTreeMap<Job, Secret>> {
    let automation = &arguments.build_automation;
    let days = natural(
        automation.artifact_retention_days,
        0,
        "build_automation.artifact_retention_days",
    )?;
    let pruning = arguments.artifact_pruning;
    let keep = natural(pruning.keep, 0, "artifact_pruning.keep")?;
    let cache_max_gb = pruning
        .cache_max_gb
        .map(|limit| natural(limit, 0, "artifact_pruning.cache_max_gb"))
        .transpose()?;
    let mut jobs = BTreeMap::new();
    if automation.cleanup_old_artifacts {
        let mut options = Map::new();
        for (name, value) in [
            ("artifacts_dir", json!(paths.artifacts)),
            ("cache_dir", json!(paths.cache)),
            ("artifact_retention_days", json!(days)),
            ("keep", json!(keep)),
            ("unmanaged", json!(pruning.unmanaged)),
            ("images", json!(pruning.images)),
        ] {
            options.insert(name.to_owned(), value);
        }
        options.extend(cache_max_gb.map(|limit| ("cache_max_gb".to_owned(), json!(limit))));
        // What else the two modules have in common, but for secrets: where a registry has to be asked, the user's own
        // credentials serve.
        for name in [
            "artifact_categories",
            "registry",
            "containers",
            "docker_host",
            "ca_bundle",
            "timeout",
            "lock_timeout",
        ] {
            let value = arguments.given.parameters().get(name);
            options.extend(value.map(|value| (name.to_owned(), value.clone())));
        }
        jobs.insert(Job::Prune, file("cross_compile_prune", options));
    }
    if automation.update_timer {
        let options = arguments.given.parameters().clone();
        jobs.insert(Job::Update, file("cross_compile", options));
    }
    Ok(jobs)
}

/// Returns an arguments file: the module's name, and its options.
fn file(module: &str, options: Map<String, Value>) -> Secret {
    let mut content = Map::from_iter([
        ("_ansible_module_name".to_owned(), json!(module)),
        (LONGEST_ANSWER.to_owned(), json!(LONGEST_LINE)),
    ]);
    content.extend(options);
    // A timer has nothing of the environment in which the play found its engine.
    if let Some(address) = Surroundings::read().docker_host {
        content.entry("docker_host").or_insert_with(|| json!(address));
    }
    let mut text = format!("{:#}", Value::Object(content));
    text.push('\n');
    Secret::new(text)
}
