//! Filters on regular expressions.
//!
//! Owns their arguments; the expressions themselves are `patterns`'.

use crate::template::arguments::{Argument, Arguments};
use crate::template::fault::{Fault, Outcome};
use crate::template::patterns::Pattern;
use crate::template::python;
use crate::template::value::Value;

fn required_text(argument: Argument) -> Outcome<String> {
    match argument.required()? {
        Value::Text(text) => Ok(text.to_string()),
        other => Err(other.misuse("is no regular expression")),
    }
}

pub fn regex_replace(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let names = [
        "pattern",
        "replacement",
        "ignorecase",
        "multiline",
        "count",
        "mandatory_count",
    ];
    let [pattern, replacement, ignorecase, multiline, count, mandatory] = arguments.bind(names)?;
    let pattern = Pattern::new(
        &pattern.text("")?,
        ignorecase.truth(false)?,
        multiline.truth(false)?,
    )?;
    let count = usize::try_from(count.integer(0)?).map_err(|_| Fault::new("`count` is negative"))?;
    if mandatory.truth(false)? {
        return Err(Fault::unsupported("`mandatory_count`"));
    }
    pattern
        .replace(&python::text(value)?, &replacement.text("")?, count)
        .map(Value::text)
}

pub fn regex_search(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let Arguments {
        mut positional,
        named,
    } = arguments;
    let groups = positional.split_off(positional.len().min(1));
    let [pattern, ignorecase, multiline] =
        Arguments { positional, named }.bind(["regex", "ignorecase", "multiline"])?;
    let pattern = Pattern::new(
        &required_text(pattern)?,
        ignorecase.truth(false)?,
        multiline.truth(false)?,
    )?;
    let mut wanted = Vec::new();
    for group in groups {
        let Value::Text(group) = &group else {
            return Err(group.misuse("is no group"));
        };
        let name = group
            .strip_prefix("\\g<")
            .and_then(|name| name.split_once('>'))
            .map(|(name, _)| name)
            .or_else(|| {
                group
                    .strip_prefix('\\')
                    .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            });
        wanted.push(
            name.filter(|name| !name.is_empty())
                .ok_or_else(|| Fault::new(format!("`{group}` is no group")))?
                .to_owned(),
        );
    }
    let text = python::text(value)?;
    let Some(found) = pattern.search(&text)? else {
        return Ok(Value::None);
    };
    if wanted.is_empty() {
        return Ok(Value::text(found.whole()));
    }
    let mut items = Vec::new();
    for name in wanted {
        items.push(found.group(&name)?.map_or(Value::None, Value::text));
    }
    Ok(Value::list(items))
}

pub fn regex_findall(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [pattern, multiline, ignorecase] = arguments.bind(["regex", "multiline", "ignorecase"])?;
    let pattern = Pattern::new(
        &required_text(pattern)?,
        ignorecase.truth(false)?,
        multiline.truth(false)?,
    )?;
    pattern.find_all(&python::text(value)?).map(Value::list)
}

pub fn regex_escape(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [kind] = arguments.bind(["re_type"])?;
    let kind = kind.text("python")?;
    let special = match &*kind {
        "python" => "()[]{}?*+-|^$\\.&~# \t\n\r\x0b\x0c",
        "posix_basic" => "].[^$*\\",
        other => {
            return Err(Fault::unsupported(format!(
                "the type `{other}` of regular expressions"
            )));
        }
    };
    let mut out = String::new();
    for letter in python::text(value)?.chars() {
        if special.contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    Ok(Value::text(out))
}
