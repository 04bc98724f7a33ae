//! The documentation is what the declarations say, and names nothing that does not exist.
//!
//! Owns the list of what is made from them: the sidecars, the role's argument specification, the tables in docs/.
//! Each test makes one file anew and compares; `make docs` has them written instead. Nothing of this is part of the
//! binary.

#[expect(
    dead_code,
    reason = "tests/arguments compares by it; here it only completes the table"
)]
#[path = "../arguments/ansible.rs"]
mod ansible;
#[expect(dead_code, reason = "as above: of the table only the words are wanted")]
#[path = "../arguments/differences.rs"]
mod differences;
mod files;
mod markup;
mod options;
mod role;
mod sidecar;
mod tables;
mod yaml;

use std::collections::BTreeSet;

use cross_compile::arguments::{Argument, Options, Specification};
use cross_compile::{arguments, cli};
use serde_json::{Map, Value};

/// A module of the binary, and the page with the tables of its options and results.
struct Module {
    specification: &'static Specification,
    page: &'static str,
}

const MODULES: &[Module] = &[
    Module {
        specification: &arguments::cross_compile::SPECIFICATION,
        page: "docs/options.md",
    },
    Module {
        specification: &arguments::cross_compile_build::SPECIFICATION,
        page: "docs/builds.md",
    },
    Module {
        specification: &arguments::cross_compile_info::SPECIFICATION,
        page: "docs/info.md",
    },
    Module {
        specification: &arguments::cross_compile_prune::SPECIFICATION,
        page: "docs/prune.md",
    },
];

/// The module that the role calls.
const MAIN: &Specification = &arguments::cross_compile::SPECIFICATION;

#[test]
fn every_module_of_the_binary_is_documented() {
    let documented: Vec<&str> = MODULES.iter().map(|module| module.specification.module).collect();
    let help = cli::Question::Help.answer();
    let line = format!("Modules: {}\n", documented.join(", "));
    assert!(help.contains(&line), "`{}` is not in:\n{help}", line.trim());
}

#[test]
fn each_sidecar_is_what_its_module_declares() {
    for Module { specification, .. } in MODULES {
        let path = format!("library/{}.yaml", specification.module);
        files::settle(&path, &sidecar::render(specification));
    }
}

#[test]
fn the_role_checks_for_what_its_module_declares() {
    files::settle(role::ARGUMENT_SPECS, &role::argument_specs(MAIN));
}

#[test]
fn the_task_of_the_role_passes_every_option() {
    role::assert_passes_every_option(MAIN);
}

#[test]
fn the_defaults_of_the_role_are_those_of_its_module() {
    role::assert_defaults_agree(MAIN);
}

#[test]
fn each_page_tells_every_option_once_and_every_result() {
    for Module { specification, page } in MODULES {
        let options = &specification.options;
        let mut told = Vec::new();
        let text = tables::fill(&files::read(page), "options", |words| {
            let names: Vec<&str> = words.split(", ").collect();
            told.extend(names.iter().map(|&name| name.to_owned()));
            tables::options(options, &names)
        });
        let mut tables_of_results = 0;
        let text = tables::fill(&text, "results", |_| {
            tables_of_results += 1;
            tables::results(&returned(specification))
        });
        assert_eq!(tables_of_results, 1, "tables of results in `{page}`");
        told.sort_unstable();
        let mut declared: Vec<&str> = options.arguments.iter().map(|argument| argument.name).collect();
        declared.sort_unstable();
        assert_eq!(
            told, declared,
            "the options in the markers of `{page}`, and those that there are"
        );
        files::settle(page, &text);
    }
}

#[test]
fn the_page_of_the_differences_gives_the_reason_of_each() {
    const PAGE: &str = "docs/differences.md";
    let rows = || {
        differences::DIFFERENCES
            .iter()
            .map(|difference| vec![difference.name.to_owned(), difference.reason.to_owned()])
    };
    let mut times = 0;
    let text = tables::fill(&files::read(PAGE), "differences", |_| {
        times += 1;
        tables::table(&["difference", "reason"], rows())
    });
    assert_eq!(times, 1, "tables of differences in `{PAGE}`");
    files::settle(PAGE, &text);
}

#[test]
fn every_option_and_result_that_a_text_names_exists() {
    for Module { specification, .. } in MODULES {
        let mut known = BTreeSet::new();
        collect_options(&specification.options, "", &mut known);
        let mut returns = BTreeSet::new();
        collect_results(&returned(specification), "", &mut returns);
        let text = files::read(&sidecar::source(specification.module)) + &sidecar::render(specification);
        let (options, results) = (markup::options(&text), markup::results(&text));
        assert!(!options.is_empty() && !results.is_empty());
        for name in options {
            let exists = match name.split_once("#module:") {
                Some((other, name)) => is_option_of(other, name),
                None => known.contains(&name),
            };
            assert!(exists, "O({name}) is no option of `{}`", specification.module);
        }
        // What is marked so names nothing in particular.
        for name in results.iter().filter(|name| !name.starts_with("ignore:")) {
            assert!(
                returns.contains(name),
                "RV({name}) is no result of `{}`",
                specification.module
            );
        }
    }
}

/// Returns whether the module of this full name has the option.
fn is_option_of(full_name: &str, option: &str) -> bool {
    let name = full_name.rsplit('.').next();
    let mut known = BTreeSet::new();
    for Module { specification, .. } in MODULES {
        if Some(specification.module) == name {
            collect_options(&specification.options, "", &mut known);
        }
    }
    known.contains(option)
}

fn returned(specification: &Specification) -> Map<String, Value> {
    let mut texts = files::read_mapping(&sidecar::source(specification.module));
    match texts.remove("return") {
        Some(Value::Object(returned)) => returned,
        other => panic!("`return` of `{}` is {other:?}", specification.module),
    }
}

fn collect_options(options: &Options, within: &str, names: &mut BTreeSet<String>) {
    for argument in options.arguments {
        let name = format!("{within}{}", argument.name);
        if let Some(nested) = Argument::nested(argument) {
            collect_options(nested, &format!("{name}."), names);
        }
        names.insert(name);
    }
}

fn collect_results(returned: &Map<String, Value>, within: &str, names: &mut BTreeSet<String>) {
    for (name, field) in returned {
        let inside = if field.get("elements").is_some() {
            "[]."
        } else {
            "."
        };
        if let Some(Value::Object(contains)) = field.get("contains") {
            collect_results(contains, &format!("{within}{name}{inside}"), names);
        }
        names.insert(format!("{within}{name}"));
    }
}
