//! Compose files: whether compose would take one, and which services it names.
//!
//! Pure. The shapes are those of the Compose Specification
//! (<https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json>), as deep as a service's
//! own keys: deep enough to find a misspelt key or a misplaced list before compose does, two hours into a plan.

use serde_json::{Map, Value};

use crate::error::{Error, Kind, Result};

/// What a key may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Scalar,
    Text,
    List,
    Mapping,
    ListOrMapping,
    TextOrList,
    TextOrMapping,
    Any,
}

use Shape::{Any, List, ListOrMapping, Mapping, Scalar, Text, TextOrList, TextOrMapping};

const TOP_LEVEL: &[(&str, Shape)] = &[
    ("version", Text),
    ("name", Text),
    ("include", List),
    ("services", Mapping),
    ("networks", Mapping),
    ("volumes", Mapping),
    ("configs", Mapping),
    ("secrets", Mapping),
    ("models", Mapping),
];

const SERVICE: &[(&str, Shape)] = &[
    ("annotations", ListOrMapping),
    ("attach", Scalar),
    ("blkio_config", Mapping),
    ("build", TextOrMapping),
    ("cap_add", List),
    ("cap_drop", List),
    ("cgroup", Text),
    ("cgroup_parent", Text),
    ("command", TextOrList),
    ("configs", List),
    ("container_name", Text),
    ("cpu_count", Scalar),
    ("cpu_percent", Scalar),
    ("cpu_period", Scalar),
    ("cpu_quota", Scalar),
    ("cpu_rt_period", Scalar),
    ("cpu_rt_runtime", Scalar),
    ("cpu_shares", Scalar),
    ("cpus", Scalar),
    ("cpuset", Text),
    ("credential_spec", Mapping),
    ("depends_on", ListOrMapping),
    ("deploy", Mapping),
    ("develop", Mapping),
    ("device_cgroup_rules", List),
    ("devices", List),
    ("dns", TextOrList),
    ("dns_opt", List),
    ("dns_search", TextOrList),
    ("domainname", Text),
    ("entrypoint", TextOrList),
    ("env_file", TextOrList),
    ("environment", ListOrMapping),
    ("expose", List),
    ("extends", TextOrMapping),
    ("external_links", List),
    ("extra_hosts", ListOrMapping),
    ("gpus", Any),
    ("group_add", List),
    ("healthcheck", Mapping),
    ("hostname", Text),
    ("image", Text),
    ("init", Scalar),
    ("ipc", Text),
    ("isolation", Text),
    ("label_file", TextOrList),
    ("labels", ListOrMapping),
    ("links", List),
    ("logging", Mapping),
    ("mac_address", Text),
    ("mem_limit", Scalar),
    ("mem_reservation", Scalar),
    ("mem_swappiness", Scalar),
    ("memswap_limit", Scalar),
    ("models", ListOrMapping),
    ("network_mode", Text),
    ("networks", ListOrMapping),
    ("oom_kill_disable", Scalar),
    ("oom_score_adj", Scalar),
    ("pid", Text),
    ("pids_limit", Scalar),
    ("platform", Text),
    ("ports", List),
    ("post_start", List),
    ("pre_stop", List),
    ("privileged", Scalar),
    ("profiles", List),
    ("provider", Mapping),
    ("pull_policy", Text),
    ("read_only", Scalar),
    ("restart", Text),
    ("runtime", Text),
    ("scale", Scalar),
    ("secrets", List),
    ("security_opt", List),
    ("shm_size", Scalar),
    ("stdin_open", Scalar),
    ("stop_grace_period", Text),
    ("stop_signal", Text),
    ("storage_opt", Mapping),
    ("sysctls", ListOrMapping),
    ("tmpfs", TextOrList),
    ("tty", Scalar),
    ("ulimits", Mapping),
    ("use_api_socket", Scalar),
    ("user", Text),
    ("userns_mode", Text),
    ("uts", Text),
    ("volumes", List),
    ("volumes_from", List),
    ("working_dir", Text),
];

/// Checks that `text`, which was rendered from `template`, is YAML that compose accepts.
///
/// # Errors
/// `Invalid`, with the line or the key.
pub fn check(text: &str, template: &str) -> Result<()> {
    let refused = |cause: String| {
        Error::new(
            Kind::Invalid,
            format!("the override rendered from `{template}` {cause}"),
        )
        .with_remedy("correct the template (`override_template`) or its variables")
    };
    let document = parse(text).map_err(|words| refused(format!("is not valid YAML: {words}")))?;
    let Value::Object(document) = document else {
        return Err(refused("is not a mapping".to_owned()));
    };
    check_keys(&document, TOP_LEVEL, "").map_err(refused)?;
    let Some(services) = document.get("services") else {
        return Err(refused("has no `services`".to_owned()));
    };
    for (name, service) in services.as_object().into_iter().flatten() {
        let well_named = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        if !well_named {
            return Err(refused(format!(
                "names a service `{name}`, which compose does not allow"
            )));
        }
        match service {
            Value::Object(service) => {
                check_keys(service, SERVICE, &format!("services.{name}.")).map_err(refused)?;
            }
            _ => return Err(refused(format!("has `services.{name}`, which must be a mapping"))),
        }
    }
    Ok(())
}

/// Returns the names of the services of a compose file.
///
/// # Errors
/// `Invalid` when it is not YAML, or names none.
pub fn service_names(text: &str) -> Result<Vec<String>> {
    let document = parse(text).map_err(|words| {
        Error::new(
            Kind::Invalid,
            format!("the compose file is not valid YAML: {words}"),
        )
    })?;
    match document.get("services") {
        Some(Value::Object(services)) => Ok(services.keys().cloned().collect()),
        _ => Err(Error::new(Kind::Invalid, "the compose file has no `services`")),
    }
}

fn parse(text: &str) -> Result<Value, String> {
    let options = serde_saphyr::options! {
        // As compose reads it: `y` and `on` are text, only `true` and `false` are not.
        strict_booleans: true,
        // A drawing of the place is nothing that a message in JSON can show.
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())
}

fn check_keys(mapping: &Map<String, Value>, shapes: &[(&str, Shape)], path: &str) -> Result<(), String> {
    for (key, value) in mapping {
        if key.starts_with("x-") {
            continue;
        }
        let Some((_, shape)) = shapes.iter().find(|(name, _)| name == key) else {
            return Err(format!("has `{path}{key}`, which compose does not know"));
        };
        if !shape.admits(value) {
            return Err(format!("has `{path}{key}`, which must be {}", shape.words()));
        }
    }
    Ok(())
}

impl Shape {
    fn admits(self, value: &Value) -> bool {
        // What is left empty keeps what the file has that is overridden; compose drops it.
        if value.is_null() {
            return true;
        }
        let scalar = value.is_string() || value.is_number() || value.is_boolean();
        match self {
            Scalar => scalar,
            Text => value.is_string(),
            List => value.is_array(),
            Mapping => value.is_object(),
            ListOrMapping => value.is_array() || value.is_object(),
            TextOrList => value.is_string() || value.is_array(),
            TextOrMapping => value.is_string() || value.is_object(),
            Any => true,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Scalar => "a single value",
            Text => "a string",
            List => "a list",
            Mapping => "a mapping",
            ListOrMapping => "a list or a mapping",
            TextOrList => "a string or a list",
            TextOrMapping => "a string or a mapping",
            Any => "anything",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_compose_takes_is_taken() {
        for text in [
            "services: {}\n",
            "version: '3.8'\nservices:\n  a:\n    image: x\n    environment: {A: 'b'}\n    cpus: 2\n",
            "services:\n  a:\n    environment:\n      - A=b\n    networks: [n]\nnetworks:\n  n:\n    external: true\n",
            "x-common: &common\n  image: y\nservices:\n  a:\n    <<: *common\n    x-note: 1\n    command:\n    user: on\n",
            "services:\n  a: {volumes: [{type: bind, source: '/a', target: /b}], tty: true}\n",
        ] {
            assert_eq!(check(text, "t.j2"), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_compose_refuses_is_refused_by_name() {
        for (text, named) in [
            ("services:\n\ta: b\n", "not valid YAML"),
            ("services:\n  a: {image: x}\n  a: {image: y}\n", "not valid YAML"),
            ("- a\n", "is not a mapping"),
            ("networks: {}\n", "has no `services`"),
            ("services:\n  a: [x]\n", "`services.a`, which must be a mapping"),
            ("service:\n  a: {}\n", "`service`, which compose does not know"),
            (
                "services:\n  a: {imag: x}\n",
                "`services.a.imag`, which compose does not know",
            ),
            (
                "services:\n  a: {image: [x]}\n",
                "`services.a.image`, which must be a string",
            ),
            (
                "services:\n  a: {volumes: x}\n",
                "`services.a.volumes`, which must be a list",
            ),
            ("services:\n  'a b': {}\n", "a service `a b`"),
            ("services: []\n", "`services`, which must be a mapping"),
        ] {
            let error = check(text, "t.j2").unwrap_err();
            assert!(error.cause().contains(named), "{named}: {error}");
            assert!(error.cause().contains("`t.j2`"), "{error}");
        }
    }

    #[test]
    fn services_are_named_in_order() {
        let names = service_names("services:\n  b: {}\n  a: {}\n").unwrap();
        assert_eq!(names, ["b", "a"]);
        assert!(service_names("x: 1").is_err());
    }
}
