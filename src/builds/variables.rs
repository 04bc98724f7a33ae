//! The environment of a build: what the module sets, what the user sets on top, and which of it is an input.
//!
//! Pure. The names are those that the toolkit's builders read.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::inputs::Inputs;
use crate::arguments::{self, cross_compile::EnvoyBuild};
use crate::error::{Error, Kind, Result};

/// The build that `envoy_build` is for.
pub const ENVOY: &str = "envoy";
const JOBS: &str = "PARALLEL_JOBS";
const VERSION: &str = "ENVOY_VERSION";
const PACKAGE: &str = "CREATE_DEB";

/// What stands for a value that may be a secret, as for those that are.
const HIDDEN: &str = "********";
const SHORTEST_SECRET: usize = 8;

/// What a build finds in its environment, by name.
#[derive(Clone, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, Variable>);

#[derive(Clone, PartialEq, Eq)]
struct Variable {
    value: String,
    source: Source,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Decides nothing, or follows from the build's name and place.
    Ours,
    /// One of `envoy_build`, under this name.
    Option(&'static str),
    User,
}

impl Variables {
    /// # Errors
    /// `Invalid` for a name or value that no environment can hold.
    pub fn new(
        name: &str,
        artifacts_target: &str,
        envoy: &EnvoyBuild,
        jobs: u64,
        given: &Map<String, Value>,
    ) -> Result<Self> {
        let target = format!("{}/{name}", artifacts_target.trim_end_matches('/'));
        let mut variables = Self(BTreeMap::new());
        variables.set("GOLDENTOOTH_CLUSTER", "true", Source::Ours);
        variables.set("OUTPUT_DIR", &target, Source::Ours);
        variables.set(JOBS, &jobs.to_string(), Source::Ours);
        if name == ENVOY {
            let EnvoyBuild {
                version,
                memory_allocator,
                build_config,
                parallel_jobs: _,
                create_deb_package,
            } = envoy;
            variables.set(VERSION, version, Source::Option("envoy_build.version"));
            variables.set(
                "MEMORY_ALLOCATOR",
                memory_allocator,
                Source::Option("envoy_build.memory_allocator"),
            );
            variables.set(
                "BUILD_CONFIG",
                build_config,
                Source::Option("envoy_build.build_config"),
            );
            variables.set(
                PACKAGE,
                if *create_deb_package { "true" } else { "false" },
                Source::Option("envoy_build.create_deb_package"),
            );
        }
        for (variable, value) in given {
            let mut text = text(variable, value)?;
            if name == ENVOY
                && variable == PACKAGE
                && let Some(flag) = as_flag(&text)
            {
                // The builder knows one spelling, and users have all of Ansible's.
                flag.clone_into(&mut text);
            }
            variables.set(variable, &text, Source::User);
        }
        Ok(variables)
    }

    fn set(&mut self, name: &str, value: &str, source: Source) {
        let value = value.to_owned();
        self.0.insert(name.to_owned(), Variable { value, source });
    }

    /// Sets a variable unless the user has.
    pub fn set_unless_given(&mut self, name: &str, value: &str) {
        if !self.0.contains_key(name) {
            self.set(name, value, Source::Ours);
        }
    }

    /// Adds to `inputs` what decides what comes out.
    pub fn tell(&self, inputs: &mut Inputs) {
        for (name, Variable { value, source }) in &self.0 {
            match source {
                Source::Ours => {}
                Source::User if name == JOBS => {}
                Source::User => inputs.add_hashed(&format!("environment.{name}"), value),
                Source::Option(option) => inputs.add(*option, value),
            }
        }
    }

    /// Returns the patterns of what a build with these variables must leave.
    #[must_use]
    pub fn expected(&self, name: &str) -> Vec<String> {
        if name != ENVOY {
            return vec!["*".to_owned()];
        }
        let value = |name: &str| self.0.get(name).map_or("", |variable| variable.value.as_str());
        let version = literal(value(VERSION));
        let mut patterns = vec![
            format!("envoy-{version}-arm64"),
            "envoy-arm64".to_owned(),
            format!("envoy-{version}-arm64.sha256"),
            "build-info.txt".to_owned(),
        ];
        if value(PACKAGE) == "true" {
            let number = version.strip_prefix('v').unwrap_or(&version);
            patterns.push(format!("envoy-arm64_{number}_arm64.deb"));
        }
        patterns
    }

    /// Returns the variables that the user gave.
    pub fn given(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter(|(_, variable)| variable.source == Source::User)
            .map(|(name, variable)| (name.as_str(), variable.value.as_str()))
    }

    /// Returns `text` without those of the user's values that may be secrets: any that are not short, nor a mere word or
    /// path.
    #[must_use]
    pub fn concealed(&self, text: &str) -> String {
        let mut values: Vec<&str> = self
            .given()
            .flat_map(|(_, value)| value.lines())
            .map(str::trim)
            .filter(|value| may_be_secret(value))
            .collect();
        values.sort_unstable_by_key(|value| std::cmp::Reverse(value.len()));
        values
            .iter()
            .fold(text.to_owned(), |text, value| text.replace(value, HIDDEN))
    }

    /// Returns names and values as a container is given them.
    #[must_use]
    pub fn to_pairs(&self) -> Vec<(String, String)> {
        self.0
            .iter()
            .map(|(name, variable)| (name.clone(), variable.value.clone()))
            .collect()
    }
}

fn may_be_secret(value: &str) -> bool {
    let is_word = value.bytes().all(|byte| byte.is_ascii_alphabetic());
    value.len() >= SHORTEST_SECRET && !is_word && !value.starts_with('/')
}

/// Returns how the toolkit's builders spell a boolean.
fn as_flag(text: &str) -> Option<&'static str> {
    match arguments::boolean(&Value::from(text)) {
        Ok(true) => Some("true"),
        Ok(false) => Some("false"),
        Err(_) => None,
    }
}

/// Not derived: values may be secrets.
impl std::fmt::Debug for Variables {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

fn text(name: &str, value: &Value) -> Result<String> {
    let invalid = |words: &str| {
        Error::new(Kind::Invalid, format!("`environment.{name}` {words}"))
            .with_remedy("give names without `=`, and values that are texts or numbers")
    };
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(invalid("cannot be the name of a variable"));
    }
    let text = match value {
        Value::Null => String::new(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => return Err(invalid("is not a text")),
    };
    match text.contains('\0') {
        true => Err(invalid("holds a byte of zero")),
        false => Ok(text),
    }
}

/// Returns the pattern that only `text` itself matches.
fn literal(text: &str) -> String {
    text.chars().fold(String::new(), |mut pattern, letter| {
        match letter {
            '*' | '?' | '[' | ']' => pattern.extend(['[', letter, ']']),
            other => pattern.push(other),
        }
        pattern
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn envoy() -> EnvoyBuild {
        EnvoyBuild {
            version: "v1.32.0".to_owned(),
            memory_allocator: "disabled".to_owned(),
            build_config: "release".to_owned(),
            parallel_jobs: None,
            create_deb_package: true,
        }
    }

    fn variables(name: &str, given: Value) -> Variables {
        let Value::Object(given) = given else {
            panic!("not a dict")
        };
        Variables::new(name, "/artifacts/", &envoy(), 8, &given).unwrap()
    }

    fn inputs(variables: &Variables) -> Inputs {
        let mut inputs = Inputs::default();
        variables.tell(&mut inputs);
        inputs
    }

    #[test]
    fn envoy_is_told_what_the_toolkit_reads() {
        let pairs = variables("envoy", json!({})).to_pairs();
        let expected = [
            ("BUILD_CONFIG", "release"),
            ("CREATE_DEB", "true"),
            ("ENVOY_VERSION", "v1.32.0"),
            ("GOLDENTOOTH_CLUSTER", "true"),
            ("MEMORY_ALLOCATOR", "disabled"),
            ("OUTPUT_DIR", "/artifacts/envoy"),
            ("PARALLEL_JOBS", "8"),
        ];
        assert_eq!(
            pairs,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        let names: Vec<String> = variables("vault", json!({}))
            .to_pairs()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["GOLDENTOOTH_CLUSTER", "OUTPUT_DIR", "PARALLEL_JOBS"]);
    }

    #[test]
    fn the_users_variables_win_and_are_inputs_but_for_the_jobs() {
        let default = inputs(&variables("envoy", json!({})));
        assert_eq!(default.as_map()["envoy_build.version"], "v1.32.0");
        assert_eq!(default.as_map().len(), 4);
        let own = variables(
            "envoy",
            json!({ "ENVOY_VERSION": "v2", "PARALLEL_JOBS": 3, "FLAG": true }),
        );
        let told = inputs(&own);
        assert!(!told.as_map().contains_key("envoy_build.version"));
        assert!(told.as_map()["environment.ENVOY_VERSION"].starts_with("sha256:"));
        assert!(told.as_map().contains_key("environment.FLAG"));
        assert!(!told.as_map().keys().any(|name| name.contains("JOBS")));
        assert_eq!(own.expected("envoy")[0], "envoy-v2-arm64");
        assert!(own.to_pairs().contains(&("FLAG".to_owned(), "true".to_owned())));
    }

    #[test]
    fn what_must_come_out_follows_from_what_goes_in() {
        let expected = variables("envoy", json!({})).expected("envoy");
        assert_eq!(
            expected,
            [
                "envoy-v1.32.0-arm64",
                "envoy-arm64",
                "envoy-v1.32.0-arm64.sha256",
                "build-info.txt",
                "envoy-arm64_1.32.0_arm64.deb",
            ]
        );
        let without = variables("envoy", json!({ "CREATE_DEB": false, "ENVOY_VERSION": "v[1]*" }));
        assert_eq!(without.expected("envoy")[0], "envoy-v[[]1[]][*]-arm64");
        assert_eq!(without.expected("envoy").len(), 4);
        assert_eq!(variables("vault", json!({})).expected("vault"), ["*"]);
    }

    #[test]
    fn a_flag_is_told_to_the_builder_in_its_one_spelling() {
        for (given, told, files) in [
            (json!("True"), "true", 5),
            (json!("yes"), "true", 5),
            (json!(1), "true", 5),
            (json!("off"), "false", 4),
            (json!("perhaps"), "perhaps", 4),
        ] {
            let envoy = variables("envoy", json!({ "CREATE_DEB": given }));
            let pair = ("CREATE_DEB".to_owned(), told.to_owned());
            assert!(envoy.to_pairs().contains(&pair), "{given}");
            assert_eq!(envoy.expected("envoy").len(), files, "{given}");
        }
        let other = variables("vault", json!({ "CREATE_DEB": "yes" }));
        assert!(
            other
                .to_pairs()
                .contains(&("CREATE_DEB".to_owned(), "yes".to_owned()))
        );
    }

    #[test]
    fn what_may_be_a_secret_is_not_shown_and_mere_words_are() {
        let variables = variables(
            "x",
            json!({ "A": "hightide-secret", "B": "release", "C": "/usr/local/bin", "D": "s3cret", "E": "MinSizeRel",
                "F": "-----BEGIN\nTm90IGEga2V5\n-----END", "G": "hightide-secret-too" }),
        );
        for (text, shown) in [
            ("a hightide-secret, b", "a ********, b"),
            ("hightide-secret-too", "********"),
            (
                "target/release in /usr/local/bin",
                "target/release in /usr/local/bin",
            ),
            ("MinSizeRel s3cret", "MinSizeRel s3cret"),
            ("key Tm90IGEga2V5", "key ********"),
        ] {
            assert_eq!(variables.concealed(text), shown);
        }
    }

    #[test]
    fn what_no_environment_can_hold_is_refused_without_its_value() {
        for given in [
            json!({ "A=B": "hightide" }),
            json!({ "": "hightide" }),
            json!({ "A": ["hightide"] }),
            json!({ "A": "hightide\0" }),
        ] {
            let given = given.as_object().unwrap();
            let error = Variables::new("x", "/artifacts", &envoy(), 1, given).unwrap_err();
            assert_eq!(error.kind(), Kind::Invalid);
            assert!(!error.to_string().contains("hightide"), "{error}");
        }
    }
}
