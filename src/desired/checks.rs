//! What a single option's value must be, whatever it is for: refused by option and value where it is not.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::error::{Error, Kind, Result};
use crate::files::mode::Mode;

pub fn absolute(path: &Path, option: &str) -> Result<PathBuf> {
    let climbs = path
        .components()
        .any(|component| component == Component::ParentDir);
    if !path.is_absolute() || climbs {
        return Err(Error::new(
            Kind::Invalid,
            format!(
                "`{option}` must be an absolute path without `..`, got `{}`",
                path.display()
            ),
        )
        .with_remedy("start it with `/`"));
    }
    // Collecting the components drops doubled and trailing slashes.
    Ok(path.components().collect())
}

pub fn readable(path: &Path) -> Result<PathBuf> {
    let path = absolute(path, "ca_bundle")?;
    std::fs::File::open(&path).map_err(|error| {
        Error::io("read `ca_bundle`", &path, &error)
            .with_remedy("put the certificate authorities there as a PEM file")
    })?;
    Ok(path)
}

/// Returns a file of the checkout by the name that `container` gives it.
pub fn beside_compose_file(checkout: &Path, name: &str, option: &str) -> Result<PathBuf> {
    let inside = Path::new(name)
        .components()
        .all(|component| matches!(component, Component::Normal(_) | Component::CurDir));
    if name.is_empty() || !inside {
        return Err(Error::new(
            Kind::Invalid,
            format!("`container.{option}` must be a file in the toolkit's checkout, got `{name}`"),
        )
        .with_remedy("give a relative path without `..`"));
    }
    Ok(checkout.join(name).components().collect())
}

pub fn single_name<'a>(name: &'a str, option: &str) -> Result<&'a str> {
    if name.is_empty() || name.contains('/') || name.starts_with('.') {
        return Err(Error::new(
            Kind::Invalid,
            format!("`{option}` must hold names of directories, got `{name}`"),
        )
        .with_remedy("give a single name without `/` that does not begin with a dot"));
    }
    Ok(name)
}

pub fn mode(value: &Value) -> Result<Mode> {
    match value {
        // YAML reads an unquoted `0755` as an octal number.
        Value::Number(number) => match number.as_u64().and_then(|number| u32::try_from(number).ok()) {
            Some(bits) if bits <= 0o7777 => Ok(Mode::Octal(bits)),
            _ => Mode::parse(&format!("{number}!")),
        },
        Value::String(text) => Mode::parse(text),
        other => Mode::parse(&other.to_string()),
    }
}

pub fn non_empty(text: &str, option: &str) -> Result<String> {
    match text.trim() {
        "" => Err(Error::new(Kind::Invalid, format!("`{option}` must not be empty"))),
        text => Ok(text.to_owned()),
    }
}

pub fn natural(value: i64, least: u64, option: &str) -> Result<u64> {
    u64::try_from(value)
        .ok()
        .filter(|value| *value >= least)
        .ok_or_else(|| {
            Error::new(
                Kind::Invalid,
                format!("`{option}` must be {least} or more, got `{value}`"),
            )
        })
}

pub fn number(value: i64, least: u32, option: &str) -> Result<u32> {
    let value = natural(value, least.into(), option)?;
    u32::try_from(value)
        .map_err(|_| Error::new(Kind::Invalid, format!("`{option}` is too large, got `{value}`")))
}

pub fn seconds(value: i64, least: u64, option: &str) -> Result<Duration> {
    natural(value, least, option).map(Duration::from_secs)
}
