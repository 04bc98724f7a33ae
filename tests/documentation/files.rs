//! Generated files: what is in the checkout is what would be made now.
//!
//! Owns reading, comparing and, for `make docs`, writing. It must not know what the files say.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// Set by `make docs`: files are written instead of compared.
const WRITE: &str = "WRITE_DOCUMENTATION";

fn place(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub fn read(path: &str) -> String {
    fs::read_to_string(place(path)).unwrap_or_else(|error| panic!("cannot read `{path}`: {error}"))
}

pub fn read_yaml(path: &str) -> Value {
    serde_saphyr::from_str(&read(path)).unwrap_or_else(|error| panic!("`{path}` is no YAML: {error}"))
}

pub fn read_mapping(path: &str) -> Map<String, Value> {
    match read_yaml(path) {
        Value::Object(mapping) => mapping,
        other => panic!("`{path}` is no mapping: {other}"),
    }
}

/// Sees to it that the file holds `wanted`, or complains about the first line that differs.
pub fn settle(path: &str, wanted: &str) {
    let there = fs::read_to_string(place(path)).unwrap_or_default();
    if there == wanted {
        return;
    }
    if env::var_os(WRITE).is_some() {
        fs::write(place(path), wanted).unwrap_or_else(|error| panic!("cannot write `{path}`: {error}"));
        return;
    }
    let number = there
        .lines()
        .zip(wanted.lines())
        .take_while(|(there, wanted)| there == wanted)
        .count();
    let line = |text: &str| text.lines().nth(number).unwrap_or("(the end)").to_owned();
    panic!(
        "`{path}` is not what the declaration says, from line {} on:\n  there: {}\n  right: {}\nrun `make docs`",
        number + 1,
        line(&there),
        line(wanted),
    );
}
