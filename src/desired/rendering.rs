//! The override's text: which template, and what it sees.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Paths;
use super::checks::natural;
use crate::arguments::cross_compile::Arguments;
use crate::compose;
use crate::error::Result;
use crate::facts::Facts;
use crate::git;
use crate::template;

/// The template of the role, which is the built-in default too: one file, no copy.
const DEFAULT_TEMPLATE: &str =
    include_str!("../../roles/goldentooth.setup_cross_compilation/templates/docker-compose.override.yml.j2");
/// The name by which messages speak of the template, built in or handed over by the role.
const TEMPLATE_NAME: &str = "docker-compose.override.yml.j2";

pub(super) fn render(
    arguments: &Arguments,
    paths: &Paths,
    containers: &BTreeMap<String, String>,
    toolkit: &git::Source,
    facts: &Facts,
) -> Result<String> {
    let given = arguments.override_template.as_deref();
    let source = given
        .filter(|source| !source.is_empty())
        .unwrap_or(DEFAULT_TEMPLATE);
    let variables = variables(arguments, paths, containers, toolkit, facts)?;
    let content = template::render(TEMPLATE_NAME, source, &variables)?;
    compose::check(&content, TEMPLATE_NAME)?;
    Ok(content)
}

/// Returns what the template sees, `override_variables` on top.
fn variables(
    arguments: &Arguments,
    paths: &Paths,
    containers: &BTreeMap<String, String>,
    toolkit: &git::Source,
    facts: &Facts,
) -> Result<Map<String, Value>> {
    let parallel_jobs = match arguments.envoy_build.parallel_jobs {
        Some(jobs) => natural(jobs, 1, "envoy_build.parallel_jobs")?,
        None => facts.processors,
    };
    let computed = json!({
        "cross_compile": {
            "toolkit_repo": toolkit.url.as_str(),
            "toolkit_version": toolkit.version,
            "toolkit_branch": toolkit.version,
            "toolkit_dest": paths.toolkit,
            "registry": arguments.registry,
            "containers": containers,
            "base_dir": paths.base,
            "artifacts_dir": paths.artifacts,
            "artifact_categories": arguments.artifact_categories,
            "cache_dir": paths.cache,
            "workspace_dir": paths.workspace,
            "builder_uid": arguments.builder_uid,
            "builder_gid": arguments.builder_gid,
            "container": {
                "compose_file": arguments.container.compose_file,
                "override_file": arguments.container.override_file,
                "network_name": arguments.container.network_name,
            },
        },
        "envoy_build": {
            "version": arguments.envoy_build.version,
            "memory_allocator": arguments.envoy_build.memory_allocator,
            "build_config": arguments.envoy_build.build_config,
            "parallel_jobs": parallel_jobs,
            "create_deb_package": arguments.envoy_build.create_deb_package,
        },
        "ansible_processor_vcpus": facts.processors,
        "ansible_memtotal_mb": facts.memory_mib(),
    });
    let mut variables = match computed {
        Value::Object(variables) => variables,
        _ => Map::new(),
    };
    for (name, value) in &arguments.override_variables {
        merge(variables.entry(name.clone()).or_insert(Value::Null), value);
    }
    Ok(variables)
}

/// Lays `over` on `under`: dicts are merged, everything else is replaced.
fn merge(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                merge(under.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over.clone(),
    }
}
