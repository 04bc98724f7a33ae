//! The file beside the binary in which Ansible looks for the module's documentation.
//!
//! Owns its layout: what is declared of the options among what is written of the module.

use cross_compile::arguments::Specification;
use serde_json::{Map, Value, json};

use crate::options::{self, Format};
use crate::{files, yaml};

/// Returns the path of what is written by hand about `module`.
pub fn source(module: &str) -> String {
    format!("src/documentation/{module}.yaml")
}

/// Returns the sidecar of a module.
pub fn render(specification: &Specification) -> String {
    let module = specification.module;
    let source = source(module);
    let mut texts = files::read_mapping(&source);
    let mut part = |name: &str| {
        texts
            .remove(name)
            .unwrap_or_else(|| panic!("`{source}` has no `{name}`"))
    };
    let Value::Object(written) = part("documentation") else {
        panic!("`documentation` in `{source}` is no mapping");
    };
    let mut documentation = Map::new();
    documentation.insert("module".to_owned(), json!(module));
    for (name, value) in written {
        // As the fields are usually ordered: what it is, its options, how it behaves.
        if name == "attributes" {
            let options = options::document(&specification.options, Format::Module, |_| true);
            documentation.insert("options".to_owned(), Value::Object(options));
        }
        documentation.insert(name, value);
    }
    let mut sidecar = Map::new();
    for (name, value) in [
        ("DOCUMENTATION", Value::Object(documentation)),
        ("EXAMPLES", part("examples")),
        ("RETURN", part("return")),
    ] {
        sidecar.insert(name.to_owned(), value);
    }
    assert!(texts.is_empty(), "`{source}` has what nobody reads: {texts:?}");
    format!(
        "---\n\
         # Copyright: goldentooth contributors\n\
         # GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)\n\
         # SPDX-License-Identifier: GPL-3.0-or-later\n\
         #\n\
         # Made by `make docs` from src/arguments/{module}.rs and {source}.\n\n{}",
        yaml::document(&sidecar)
    )
}
