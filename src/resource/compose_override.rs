//! The compose override: rendered, checked, and written whole beside the toolkit's compose file.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::compose;
use crate::difference::Difference;
use crate::error::{Error, Kind, Result};
use crate::files;

/// What is wanted: the file's whole content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    pub path: PathBuf,
    pub content: String,
    /// The toolkit's compose file, whose services the override must name.
    pub compose_file: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub path: PathBuf,
    pub before: Option<String>,
    pub after: String,
}

/// What is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// What the override holds; `None` where there is none.
    pub content: Option<Vec<u8>>,
    /// What the toolkit's compose file holds.
    pub compose_file: Option<Vec<u8>>,
    /// Why this user can write nothing beside it.
    pub unwritable: Option<Error>,
}

/// Looks at the override and at what is beside it.
///
/// # Errors
/// The system's, with the path.
pub fn observe(desired: &Desired) -> Result<Observed> {
    Ok(Observed {
        content: files::read(&desired.path)?,
        compose_file: read_compose_file(desired)?,
        unwritable: check_writable(desired.path.parent().unwrap_or(&desired.path)).err(),
    })
}

/// Returns what the toolkit's compose file holds; `None` where there is none.
///
/// # Errors
/// The system's, with the path.
pub fn read_compose_file(desired: &Desired) -> Result<Option<Vec<u8>>> {
    files::read(&desired.compose_file)
}

fn check_writable(checkout: &Path) -> Result<()> {
    match files::attributes(checkout)? {
        Some(_) => files::check_writable(checkout),
        None => Err(Error::new(
            Kind::NotFound,
            format!(
                "cannot write the override: there is no checkout `{}`",
                checkout.display()
            ),
        )
        .with_remedy("let `resources` hold `toolkit`, too, or set `toolkit_dest` to where it is")),
    }
}

/// Returns the change that makes the override what is wanted. A toolkit that is cloned brings its directory along.
///
/// # Errors
/// Why it cannot be written.
pub fn plan(desired: &Desired, observed: &Observed, is_cloned: bool) -> Result<Option<Change>> {
    let Observed {
        content, unwritable, ..
    } = observed;
    if content.as_deref() == Some(desired.content.as_bytes()) {
        return Ok(None);
    }
    if let Some(error) = unwritable.as_ref().filter(|_| !is_cloned) {
        return Err(error.clone());
    }
    Ok(Some(Change {
        path: desired.path.clone(),
        before: content
            .as_deref()
            .map(|content| String::from_utf8_lossy(content).into_owned()),
        after: desired.content.clone(),
    }))
}

/// Returns a warning where the override speaks of services that the toolkit's compose file does not have:
/// compose would then try to start a service without an image.
///
/// # Errors
/// `Invalid` where the override names none; a compose file that is not there or cannot be read as one is no error
/// here.
pub fn unknown_services(desired: &Desired, compose_file: Option<&[u8]>) -> Result<Option<String>> {
    let Some(text) = compose_file else {
        return Ok(None);
    };
    let Ok(known) = compose::service_names(&String::from_utf8_lossy(text)) else {
        return Ok(None);
    };
    let ours = compose::service_names(&desired.content)?;
    let unknown: Vec<String> = ours
        .iter()
        .filter(|name| !known.contains(name))
        .map(|name| format!("`{name}`"))
        .collect();
    Ok((!unknown.is_empty()).then(|| {
        format!(
            "the override names services that `{}` does not have: {}",
            desired.compose_file.display(),
            unknown.join(", ")
        )
    }))
}

impl Change {
    #[must_use]
    pub fn action(&self) -> String {
        let verb = if self.before.is_some() { "Updated" } else { "Wrote" };
        format!("{verb} override `{}`", self.path.display())
    }

    #[must_use]
    pub fn difference(&self) -> Difference {
        Difference::new(
            self.path.to_string_lossy(),
            json!(self.before.as_deref().unwrap_or_default()),
            json!(self.after),
        )
    }

    /// # Errors
    /// The system's, with the path; the old file is then as it was.
    pub fn apply(&self) -> Result<()> {
        files::write_atomically(&self.path, self.after.as_bytes())
    }
}

/// Returns what the result says of the override; its checksum is the SHA-256 of the content.
#[must_use]
pub fn report(desired: &Desired, change: Option<&Change>) -> Value {
    use std::fmt::Write as _;
    let digest = Sha256::digest(desired.content.as_bytes());
    let checksum = digest.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    });
    json!({ "path": desired.path, "checksum": checksum, "changed": change.is_some() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desired(content: &str) -> Desired {
        Desired {
            path: PathBuf::from("/x/override.yml"),
            content: content.to_owned(),
            compose_file: PathBuf::from("/x/compose.yml"),
        }
    }

    #[test]
    fn content_decides() {
        let desired = desired("services: {}\n");
        let action = |content: Option<&str>| {
            let observed = Observed {
                content: content.map(|text| text.as_bytes().to_vec()),
                ..Observed::default()
            };
            let change = plan(&desired, &observed, false).unwrap();
            change.map(|change| (change.action(), change.difference().before))
        };
        assert_eq!(action(Some("services: {}\n")), None);
        assert_eq!(
            action(None),
            Some(("Wrote override `/x/override.yml`".to_owned(), json!("")))
        );
        assert_eq!(
            action(Some("old")),
            Some(("Updated override `/x/override.yml`".to_owned(), json!("old")))
        );
    }

    #[test]
    fn where_nothing_can_be_written_only_a_clone_helps() {
        let directory = tempfile::tempdir().unwrap();
        let desired = Desired {
            path: directory.path().join("checkout/override.yml"),
            compose_file: directory.path().join("checkout/compose.yml"),
            ..desired("services: {}\n")
        };
        let observed = observe(&desired).unwrap();
        let error = plan(&desired, &observed, false).unwrap_err();
        assert!(error.cause().contains("there is no checkout"), "{error}");
        assert!(error.remedy().unwrap().contains("`toolkit`"), "{error}");
        assert!(plan(&desired, &observed, true).unwrap().is_some());
    }

    #[test]
    fn services_that_the_toolkit_lacks_are_named() {
        let content = "services:\n  a: {image: x}\n  b: {image: x}\n";
        let desired = desired(content);
        for compose_file in [None, Some(content), Some("nothing of the kind")] {
            assert_eq!(
                unknown_services(&desired, compose_file.map(str::as_bytes)),
                Ok(None)
            );
        }
        let warning = unknown_services(&desired, Some(b"services:\n  a: {image: y}\n"));
        let warning = warning.unwrap().unwrap();
        assert!(warning.ends_with("does not have: `b`"), "{warning}");
    }

    #[test]
    fn the_checksum_is_the_sha256_of_the_content() {
        let report = report(&desired(""), None);
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(report["checksum"], empty);
    }
}
