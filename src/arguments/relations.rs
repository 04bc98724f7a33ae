//! What options demand of each other.
//!
//! Owns the checks on which options are there together; a null that was given counts as there, but for
//! `required_by`. It must not look at types.

use serde_json::Value;

use super::python;
use super::specification::{Options, RequiredBy, RequiredIf};
use super::{Parameters, specification::Relations};

/// Returns the complaint about options that exclude each other.
pub fn mutually_exclusive(relations: &Relations, parameters: &Parameters) -> Option<String> {
    let clashes: Vec<String> = relations
        .mutually_exclusive
        .iter()
        .filter(|group| given(group, parameters) > 1)
        .map(|group| group.join("|"))
        .collect();
    (!clashes.is_empty()).then(|| format!("parameters are mutually exclusive: {}", clashes.join(", ")))
}

/// Returns the complaint about required options that are absent.
pub fn required(options: &Options, parameters: &Parameters) -> Option<String> {
    let mut missing: Vec<&str> = options
        .arguments
        .iter()
        .filter(|argument| argument.is_required() && !parameters.contains_key(argument.name))
        .map(|argument| argument.name)
        .collect();
    missing.sort_unstable();
    (!missing.is_empty()).then(|| format!("missing required arguments: {}", missing.join(", ")))
}

/// Returns the complaint of each remaining kind of relation, in Ansible's order.
pub fn broken(relations: &Relations, parameters: &Parameters) -> impl Iterator<Item = String> {
    [
        required_together(relations.required_together, parameters),
        required_one_of(relations.required_one_of, parameters),
        relations
            .required_if
            .iter()
            .find_map(|condition| required_if(condition, parameters)),
        relations
            .required_by
            .iter()
            .find_map(|requirement| required_by(requirement, parameters)),
    ]
    .into_iter()
    .flatten()
}

fn required_together(groups: &[&[&str]], parameters: &Parameters) -> Option<String> {
    let broken = groups
        .iter()
        .find(|group| (1..group.len()).contains(&given(group, parameters)))?;
    Some(format!("parameters are required together: {}", broken.join(", ")))
}

fn required_one_of(groups: &[&[&str]], parameters: &Parameters) -> Option<String> {
    let broken = groups.iter().find(|group| given(group, parameters) == 0)?;
    Some(format!("one of the following is required: {}", broken.join(", ")))
}

fn required_if(condition: &RequiredIf, parameters: &Parameters) -> Option<String> {
    let RequiredIf {
        option,
        value,
        required,
        any,
    } = condition;
    let value = value.to_value();
    if !parameters
        .get(*option)
        .is_some_and(|given| python::equal(given, &value))
    {
        return None;
    }
    let missing: Vec<&str> = required
        .iter()
        .copied()
        .filter(|name| !parameters.contains_key(*name))
        .collect();
    let satisfied = missing.is_empty() || (*any && missing.len() < required.len());
    (!satisfied).then(|| {
        format!(
            "{option} is {} but {} of the following are missing: {}",
            python::text(&value),
            if *any { "any" } else { "all" },
            missing.join(", ")
        )
    })
}

fn required_by(requirement: &RequiredBy, parameters: &Parameters) -> Option<String> {
    let RequiredBy { option, required } = requirement;
    let set = |name: &str| parameters.get(name).is_some_and(|value| *value != Value::Null);
    if !set(option) {
        return None;
    }
    let missing: Vec<&str> = required.iter().copied().filter(|name| !set(name)).collect();
    (!missing.is_empty()).then(|| {
        format!(
            "missing parameter(s) required by '{option}': {}",
            missing.join(", ")
        )
    })
}

fn given(names: &[&str], parameters: &Parameters) -> usize {
    names
        .iter()
        .filter(|name| parameters.contains_key(**name))
        .count()
}
