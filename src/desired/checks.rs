//! What a single option's value must be, whatever it is for: refused by option and value where it is not.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::error::{Error, Kind, Result};
use crate::files::mode::Mode;
use crate::image::Reference;

/// What engines have without anybody creating it, or understand as something else than a network.
const NETWORKS_OF_ENGINES: [&str; 5] = ["bridge", "container", "default", "host", "none"];

/// In seconds: what is longer is a slip, and the clock has an end.
const LONGEST_WAIT: u64 = 365 * 24 * 60 * 60;

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

/// Returns the toolkit's compose file.
pub fn compose_file(checkout: &Path, name: &str) -> Result<PathBuf> {
    in_checkout(checkout, name, "compose_file").map(|(path, _)| path)
}

/// Returns the override, which lies in the checkout itself and is not the compose file.
pub fn override_file(checkout: &Path, name: &str, compose_file: &Path) -> Result<PathBuf> {
    let (path, depth) = in_checkout(checkout, name, "override_file")?;
    let refused = |cause: String| {
        Error::new(
            Kind::Invalid,
            format!("`container.override_file` {cause}, got `{name}`"),
        )
    };
    if depth != 1 {
        return Err(
            refused("must be a file in the toplevel directory of the toolkit's checkout".to_owned())
                .with_remedy("give a name without `/`"),
        );
    }
    if path == compose_file {
        return Err(
            refused("must be another file than `container.compose_file`".to_owned())
                .with_remedy("give it another name, such as `docker-compose.override.yml`"),
        );
    }
    Ok(path)
}

/// Returns a file of the checkout by the name that `container` gives it, and of how many names its path is made there.
fn in_checkout(checkout: &Path, name: &str, option: &str) -> Result<(PathBuf, usize)> {
    let mut depth = 0;
    let inside = Path::new(name).components().all(|component| match component {
        Component::Normal(name) => {
            depth += 1;
            !name.eq_ignore_ascii_case(".git")
        }
        Component::CurDir => true,
        _ => false,
    });
    if depth == 0 || !inside {
        return Err(Error::new(
            Kind::Invalid,
            format!("`container.{option}` must be a file in the toolkit's checkout, got `{name}`"),
        )
        .with_remedy("give a relative path without `..` and `.git`"));
    }
    Ok((checkout.join(name).components().collect(), depth))
}

/// Returns the name of a network that both engines create.
pub fn network_name(name: &str, option: &str) -> Result<String> {
    let well_formed = name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'));
    if !well_formed {
        return Err(Error::new(
            Kind::Invalid,
            format!("`{option}` must be the name of a network, got `{name}`"),
        )
        .with_remedy("write it with letters, digits, `_`, `.` and `-`, and begin with a letter or a digit"));
    }
    if NETWORKS_OF_ENGINES.contains(&name) {
        return Err(Error::new(
            Kind::Invalid,
            format!("`{option}` must be a network of the toolkit's own, got `{name}`, which is the engine's"),
        )
        .with_remedy("give another name, such as `goldentooth-builds`"));
    }
    Ok(name.to_owned())
}

/// Returns a prefix of image names.
pub fn registry(prefix: &str) -> Result<&str> {
    Reference::parse("image", prefix).map(|_| prefix).map_err(|_| {
        Error::new(
            Kind::Invalid,
            format!("`registry` must be the host of a registry, with a path or without, got `{prefix}`"),
        )
        .with_remedy("write it as `host`, `host/path` or `host:port/path`: no scheme, no tag, no digest")
    })
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
    match u32::try_from(value) {
        // The largest is -1 to the system: as the number of a user it means "as it is".
        Ok(number) if number < u32::MAX => Ok(number),
        _ => Err(Error::new(
            Kind::Invalid,
            format!("`{option}` is too large, got `{value}`"),
        )),
    }
}

pub fn seconds(value: i64, least: u64, option: &str) -> Result<Duration> {
    let value = natural(value, least, option)?;
    if value > LONGEST_WAIT {
        return Err(Error::new(
            Kind::Invalid,
            format!("`{option}` must be at most {LONGEST_WAIT} seconds, a year, got `{value}`"),
        ));
    }
    Ok(Duration::from_secs(value))
}
