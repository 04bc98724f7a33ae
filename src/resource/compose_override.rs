//! The compose override: rendered, checked, and written whole beside the toolkit's compose file.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::compose;
use crate::difference::Difference;
use crate::error::Result;
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

/// Returns the content that is there; `None` where nothing is.
///
/// # Errors
/// The system's, with the path.
pub fn observe(path: &Path) -> Result<Option<Vec<u8>>> {
    files::read(path)
}

#[must_use]
pub fn plan(desired: &Desired, observed: Option<&[u8]>) -> Option<Change> {
    (observed != Some(desired.content.as_bytes())).then(|| Change {
        path: desired.path.clone(),
        before: observed.map(|content| String::from_utf8_lossy(content).into_owned()),
        after: desired.content.clone(),
    })
}

/// Returns a warning where the override speaks of services that the toolkit's compose file does not have:
/// compose would then try to start a service without an image.
///
/// # Errors
/// The system's, with the path; a compose file that is not there or cannot be read as one is no error here.
pub fn unknown_services(desired: &Desired) -> Result<Option<String>> {
    let Some(text) = files::read(&desired.compose_file)? else {
        return Ok(None);
    };
    let Ok(known) = compose::service_names(&String::from_utf8_lossy(&text)) else {
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

    fn desired(directory: &Path, content: &str) -> Desired {
        Desired {
            path: directory.join("override.yml"),
            content: content.to_owned(),
            compose_file: directory.join("compose.yml"),
        }
    }

    #[test]
    fn content_decides() {
        let desired = desired(Path::new("/x"), "services: {}\n");
        assert_eq!(plan(&desired, Some(b"services: {}\n")), None);
        assert!(
            plan(&desired, None)
                .unwrap()
                .action()
                .starts_with("Wrote override")
        );
        let change = plan(&desired, Some(b"old")).unwrap();
        assert_eq!(change.action(), "Updated override `/x/override.yml`");
        assert_eq!(change.difference().before, json!("old"));
    }

    #[test]
    fn services_that_the_toolkit_lacks_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let content = "services:\n  a: {image: x}\n  b: {image: x}\n";
        let desired = desired(directory.path(), content);
        assert_eq!(unknown_services(&desired), Ok(None));
        std::fs::write(&desired.compose_file, "services:\n  a: {image: y}\n").unwrap();
        let warning = unknown_services(&desired).unwrap().unwrap();
        assert!(warning.ends_with("does not have: `b`"), "{warning}");
        std::fs::write(&desired.compose_file, content).unwrap();
        assert_eq!(unknown_services(&desired), Ok(None));
    }

    #[test]
    fn the_checksum_is_the_sha256_of_the_content() {
        let report = report(&desired(Path::new("/x"), ""), None);
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(report["checksum"], empty);
    }
}
