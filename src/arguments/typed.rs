//! From checked parameters to the type in which a module reads them: the same way for every module.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Options, Parameters};
use crate::error::{Error, Kind, Result};

/// Returns the parameters with a default for each null: it unsets an option without a default, as dicts are for
/// Ansible, but not their own options.
pub(super) fn filled(parameters: &Parameters, options: &Options) -> Parameters {
    let mut parameters = parameters.clone();
    fill(&mut parameters, options);
    parameters
}

fn fill(parameters: &mut Parameters, options: &Options) {
    for argument in options.arguments {
        let unset = parameters.get(argument.name).is_none_or(Value::is_null);
        if unset {
            let default = match argument.nested() {
                Some(_) => Some(Value::Object(Map::new())),
                None => argument.default_value(),
            };
            if let Some(default) = default {
                parameters.insert(argument.name.to_owned(), default);
            }
        }
        if let (Some(nested), Some(Value::Object(inner))) =
            (argument.nested(), parameters.get_mut(argument.name))
        {
            fill(inner, nested);
        }
    }
}

/// Reads filled parameters.
///
/// # Errors
/// `Failed` when declaration and type disagree, which is a defect of this program.
pub(super) fn read<T: DeserializeOwned>(filled: Parameters) -> Result<T> {
    serde_json::from_value(Value::Object(filled)).map_err(|error| {
        Error::new(Kind::Failed, format!("cannot read the checked options: {error}"))
            .with_remedy("report this as a defect of the module")
    })
}

/// Returns what the check makes of `raw`, an object, which it must accept.
#[cfg(test)]
pub(super) fn checked(specification: &super::Specification, raw: Value) -> Parameters {
    let Value::Object(raw) = raw else {
        panic!("not a dict")
    };
    super::parse(specification, raw, &super::Context::system())
        .unwrap()
        .parameters
}
