//! The functions that a template finds without anybody defining them.
//!
//! Owns Jinja's globals and the names that only a running Ansible can fill, which are refused by name.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::arguments::Arguments;
use super::comparison;
use super::fault::{Fault, Outcome};
use super::python;
use super::value::{Cycler, Joiner, Value, ViewKind};

const LARGEST_RANGE: u128 = 1_000_000;

const KNOWN: [&str; 5] = ["range", "dict", "namespace", "cycler", "joiner"];

/// Ansible's functions, and Jinja's without a use in configuration.
const REFUSED_FUNCTIONS: [&str; 8] = ["lookup", "query", "q", "now", "undef", "omit", "lipsum", "self"];

/// Variables that Ansible brings along and this engine cannot know. Those that begin with `ansible_` too.
const REFUSED_VARIABLES: [&str; 20] = [
    "environment",
    "group_names",
    "groups",
    "hostvars",
    "inventory_dir",
    "inventory_file",
    "inventory_hostname",
    "inventory_hostname_short",
    "play_hosts",
    "playbook_dir",
    "role_name",
    "role_path",
    "template_destpath",
    "template_fullpath",
    "template_host",
    "template_mtime",
    "template_path",
    "template_run_date",
    "template_uid",
    "vars",
];

/// Returns the function of that name; refuses the names that would mean something to Ansible only.
pub fn named(name: &str) -> Outcome<Option<Value>> {
    if let Some(known) = KNOWN.iter().find(|known| **known == name) {
        return Ok(Some(Value::Function(known)));
    }
    if REFUSED_FUNCTIONS.contains(&name) {
        return Err(Fault::unsupported(format!("`{name}`")));
    }
    if REFUSED_VARIABLES.contains(&name) || name.starts_with("ansible_") {
        return Err(
            Fault::new(format!("`{name}` is undefined: only a running Ansible knows it"))
                .with_remedy("hand its value over in `override_variables`"),
        );
    }
    Ok(None)
}

pub fn call(name: &str, arguments: Arguments) -> Outcome<Value> {
    match name {
        "range" => range(&arguments),
        "dict" => dict(arguments),
        "namespace" => {
            let mut entries = Vec::new();
            collect_entries(arguments, &mut entries)?;
            let mut members = Vec::new();
            for (name, value) in entries {
                members.push((Rc::from(python::text(&name)?), value.copied(true)));
            }
            Ok(Value::Namespace(Rc::new(RefCell::new(members))))
        }
        "cycler" if arguments.named.is_empty() && !arguments.positional.is_empty() => {
            Ok(Value::Cycler(Rc::new(Cycler {
                items: arguments.positional,
                position: Cell::new(0),
            })))
        }
        "joiner" => {
            let [separator] = arguments.bind(["sep"])?;
            Ok(Value::Joiner(Rc::new(Joiner {
                separator: separator.text(", ")?,
                used: Cell::new(false),
            })))
        }
        _ => Err(Fault::new(format!("`{name}` is called with the wrong arguments"))),
    }
}

fn range(arguments: &Arguments) -> Outcome<Value> {
    let mut numbers = Vec::new();
    for value in &arguments.positional {
        numbers.push(match value {
            Value::Integer(integer) => *integer,
            Value::Bool(truth) => i128::from(*truth),
            other => return Err(other.misuse("is no integer for `range`")),
        });
    }
    let (first, end, step) = match (&numbers[..], arguments.named.is_empty()) {
        ([end], true) => (0, *end, 1),
        ([first, end], true) => (*first, *end, 1),
        ([first, end, step], true) if *step != 0 => (*first, *end, *step),
        _ => return Err(Fault::new("`range` is called with the wrong arguments")),
    };
    let distance = if step > 0 {
        end.saturating_sub(first)
    } else {
        first.saturating_sub(end)
    };
    if distance.max(0).unsigned_abs() / step.unsigned_abs() >= LARGEST_RANGE {
        return Err(Fault::unsupported(format!(
            "a `range` of more than {LARGEST_RANGE} numbers"
        )));
    }
    let mut items = Vec::new();
    let mut next = first;
    while if step > 0 { next < end } else { next > end } {
        items.push(Value::Integer(next));
        next = next.saturating_add(step);
    }
    Ok(Value::View(Rc::from(items), ViewKind::Range))
}

fn dict(arguments: Arguments) -> Outcome<Value> {
    let mut entries = Vec::new();
    collect_entries(arguments, &mut entries)?;
    Ok(Value::open_dict(entries))
}

/// Collects entries as `dict()` and `dict.update()` do: from a dict or pairs, then from the keywords.
pub fn collect_entries(arguments: Arguments, entries: &mut Vec<(Value, Value)>) -> Outcome<()> {
    if arguments.positional.len() > 1 {
        return Err(Fault::new("more than one positional argument"));
    }
    match arguments.positional.first() {
        None => {}
        Some(Value::Dict(dict)) => {
            for (key, value) in dict.entries().iter() {
                comparison::insert(entries, key.clone(), value.clone())?;
            }
        }
        Some(pairs) => {
            for pair in pairs.iterate()? {
                let mut pair = pair.iterate()?.into_iter();
                match (pair.next(), pair.next(), pair.next()) {
                    (Some(key), Some(value), None) => comparison::insert(entries, key, value)?,
                    _ => return Err(Fault::new("a dict is made of pairs")),
                }
            }
        }
    }
    for (name, value) in arguments.named {
        comparison::insert(entries, Value::text(name), value)?;
    }
    Ok(())
}
