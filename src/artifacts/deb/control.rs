//! The fields of a package.
//!
//! Owns the three that every package has. What else stands there is the package's business.

use super::super::inspect::{Architecture, refused};
use crate::error::Result;

/// Returns for which processor the package is; it has to have a valid name and version, too.
pub(super) fn architecture(control: &[u8]) -> Result<Architecture> {
    let text = std::str::from_utf8(control)
        .map_err(|_| refused("is no valid Debian package: its fields are not UTF-8"))?;
    let required = |name: &str, is_valid: fn(&str) -> bool| match field(text, name) {
        Some(value) if is_valid(value) => Ok(value),
        Some(value) => Err(refused(format!(
            "is no valid Debian package: its `{name}` is `{}`",
            value.escape_debug()
        ))),
        None => Err(refused(format!("is no valid Debian package: it has no `{name}`"))),
    };
    required("Package", is_name)?;
    required("Version", is_version)?;
    let architecture = required("Architecture", is_name)?;
    Ok(Architecture::of_debian(architecture))
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

fn is_name(text: &str) -> bool {
    text.len() > 1
        && text.starts_with(|letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit())
        && text
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "+-.".contains(letter))
}

fn is_version(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_digit())
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || ".+-:~".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_fields_are_required_and_checked() {
        let control = |package: &str, version: &str, architecture: &str| {
            format!("{package}\n{version}\nSection: net\n{architecture}\nDescription: x\n Package: y\n")
        };
        let told =
            |text: String| super::architecture(text.as_bytes()).map_err(|error| error.cause().to_owned());
        assert_eq!(
            told(control(
                "Package: envoy",
                "Version: 1:1.2.3~rc1-1",
                "architecture: arm64"
            )),
            Ok(Architecture::Arm64)
        );
        for (text, cause) in [
            (control("", "Version: 1", "Architecture: arm64"), "no `Package`"),
            (
                control("Package: Envoy", "Version: 1", "Architecture: arm64"),
                "`Package` is `Envoy`",
            ),
            (
                control("Package: envoy", "Version: v1", "Architecture: arm64"),
                "`Version` is `v1`",
            ),
            (control("Package: envoy", "Version: 1", ""), "no `Architecture`"),
        ] {
            let error = told(text).unwrap_err();
            assert!(error.contains(cause), "{error}");
        }
    }
}
