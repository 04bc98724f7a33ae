//! The filters, by name.
//!
//! Owns the table and what holds for all of them: undefined values are refused where Ansible refuses them, and
//! what comes out cannot be changed. What a filter does is in the files below.

mod choices;
mod hashes;
mod mappings;
mod markup;
mod paths;
mod quantities;
mod quoting;
mod regexes;
mod selection;
mod sequences;
mod serialisation;
mod sets;
mod sorting;
pub mod text;

use super::arguments::Arguments;
use super::comparison::equal;
use super::fault::{Fault, Outcome};
use super::value::Value;
use super::yaml;

pub type Filter = fn(&Value, Arguments) -> Outcome<Value>;

/// Returns the filter of that name; Ansible's own have a long name too.
pub fn named(name: &str) -> Option<Filter> {
    if let Some(short) = name.strip_prefix("ansible.builtin.") {
        return named(short);
    }
    Some(match name {
        "abs" => quantities::abs,
        "b64decode" => hashes::b64decode,
        "b64encode" => hashes::b64encode,
        "basename" => paths::basename,
        "batch" => sequences::batch,
        "bool" => choices::bool,
        "capitalize" => text::capitalize,
        "center" => text::center,
        "combine" => mappings::combine,
        "comment" => quoting::comment,
        "count" | "length" => sequences::length,
        "d" | "default" => choices::default,
        "dict2items" => mappings::dict2items,
        "dictsort" => sorting::dictsort,
        "difference" => sets::difference,
        "dirname" => paths::dirname,
        "e" | "escape" => markup::escape,
        "extract" => mappings::extract,
        "filesizeformat" => quantities::filesizeformat,
        "first" => sequences::first,
        "flatten" => sequences::flatten,
        "float" => quantities::float,
        "format" => text::format,
        "from_json" => serialisation::from_json,
        "groupby" => sorting::groupby,
        "hash" => hashes::hash,
        "human_readable" => quantities::human_readable,
        "human_to_bytes" => quantities::human_to_bytes,
        "indent" => text::indent,
        "int" => quantities::int,
        "intersect" => sets::intersect,
        "items" => mappings::items,
        "items2dict" => mappings::items2dict,
        "join" => sequences::join,
        "last" => sequences::last,
        "list" => sequences::list,
        "lower" => text::lower,
        "mandatory" => choices::mandatory,
        "map" => selection::map,
        "max" => sorting::max,
        "min" => sorting::min,
        "path_join" => paths::path_join,
        "product" => sequences::product,
        "quote" => quoting::quote,
        "regex_escape" => regexes::regex_escape,
        "regex_findall" => regexes::regex_findall,
        "regex_replace" => regexes::regex_replace,
        "regex_search" => regexes::regex_search,
        "reject" => selection::reject,
        "rejectattr" => selection::rejectattr,
        "replace" => text::replace,
        "reverse" => sequences::reverse,
        "round" => quantities::round,
        "safe" => markup::safe,
        "select" => selection::select,
        "selectattr" => selection::selectattr,
        "slice" => sequences::slice,
        "sort" => sorting::sort,
        "split" => text::split_filter,
        "splitext" => paths::splitext,
        "string" => text::string,
        "subelements" => mappings::subelements,
        "sum" => sequences::sum,
        "symmetric_difference" => sets::symmetric_difference,
        "ternary" => choices::ternary,
        "title" => text::title,
        "to_json" => serialisation::to_json,
        "to_nice_json" => serialisation::to_nice_json,
        "to_nice_yaml" => serialisation::to_nice_yaml,
        "to_yaml" => serialisation::to_yaml,
        "tojson" => serialisation::tojson,
        "trim" => text::trim,
        "truncate" => text::truncate,
        "type_debug" => choices::type_debug,
        "union" => sets::union,
        "unique" => sets::unique,
        "upper" => text::upper,
        "urlencode" => markup::urlencode,
        "wordcount" => text::wordcount,
        "zip" => sequences::zip,
        _ => return None,
    })
}

pub fn apply(name: &str, value: &Value, arguments: Arguments) -> Outcome<Value> {
    let filter = named(name).ok_or_else(|| Fault::unsupported(format!("the filter `{name}`")))?;
    if name.ends_with("_yaml") {
        yaml::refuse_aliases(value)?;
    }
    let value = value.frozen();
    let short = name.strip_prefix("ansible.builtin.").unwrap_or(name);
    let keeps_markup = ["e", "escape", "safe", "d", "default", "indent", "trim"].contains(&short);
    if matches!(value, Value::Markup(_)) && !keeps_markup {
        return Err(value.misuse(&format!("cannot go through `{short}`")));
    }
    let arguments = match short {
        "d" | "default" | "mandatory" | "ternary" if !matches!(value, Value::Blank) => arguments,
        "map" | "select" | "selectattr" | "reject" | "rejectattr" => {
            value.clone().defined()?;
            arguments.defined()?
        }
        _ => {
            if !keeps_markup || !matches!(value, Value::Markup(_)) {
                all_defined(&value)?;
            }
            for argument in arguments
                .positional
                .iter()
                .chain(arguments.named.iter().map(|(_, value)| value))
            {
                all_defined(argument)?;
            }
            arguments
        }
    };
    Ok(filter(&value, arguments)
        .map_err(|fault| fault.within(short))?
        .frozen())
}

/// Fails on an undefined value, also inside a list: `map(attribute=…)` makes such lists.
fn all_defined(value: &Value) -> Outcome<()> {
    match value {
        Value::Blank => {
            Err(Fault::new("the condition is false and there is no `else`").with_remedy("add `else ''`"))
        }
        Value::Markup(_) => Err(value.misuse("cannot be an argument of a filter")),
        Value::Undefined(_) => value.clone().defined().map(|_| ()),
        Value::List(list) => list.items().iter().try_for_each(all_defined),
        _ => Ok(()),
    }
}

/// Returns the truth of a word such as `yes`, in Ansible's wider sense.
pub fn truth_of_word(value: &Value) -> Option<bool> {
    match value {
        Value::Text(word) => match word.to_lowercase().trim_matches(super::python::is_space) {
            "y" | "t" => Some(true),
            "n" | "f" => Some(false),
            trimmed => choices::truth_of_word(&Value::text(trimmed)),
        },
        Value::Float(_) => match equal(value, &Value::Integer(1)) {
            Ok(true) => Some(true),
            _ => (!value.truth().unwrap_or(true)).then_some(false),
        },
        other => choices::truth_of_word(other),
    }
}
