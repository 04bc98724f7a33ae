//! Image references: `registry/repository:tag@digest`.
//!
//! Owns the grammar (distribution/reference: <https://pkg.go.dev/github.com/distribution/reference>) and the
//! rule by which a name gets the prefix of the `registry` option. Written by hand because the maintained parser
//! compiles a regular expression that costs more than the rest of a converged run.

use std::fmt;

use crate::error::{Error, Kind, Result};

/// A complete reference: it always names a registry, and a tag or a digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<String>,
}

/// The registry of a name that names none, under which its credentials are kept, too.
pub const DOCKER_HUB: &str = "docker.io";
/// The older name of the same, which engines turn into that one.
const DOCKER_HUB_INDEX: &str = "index.docker.io";
const LONGEST_NAME: usize = 255;
const LONGEST_TAG: usize = 128;

impl Reference {
    /// Reads `image` as one key of the `containers` option gives it; a name that names no registry gets `prefix`.
    ///
    /// # Errors
    /// `Invalid`, with the part that is malformed.
    pub fn parse(image: &str, prefix: &str) -> Result<Self> {
        let named = names_registry(image);
        let prefix = prefix.trim_end_matches('/');
        let whole = match (named, prefix) {
            (false, "") => format!("{DOCKER_HUB}/{image}"),
            (false, prefix) if names_registry(&format!("{prefix}/")) => format!("{prefix}/{image}"),
            (false, prefix) => format!("{DOCKER_HUB}/{prefix}/{image}"),
            (true, _) => image.to_owned(),
        };
        let malformed = |what: &str| {
            Error::new(
                Kind::Invalid,
                format!("malformed image reference `{image}`: {what}"),
            )
            .with_remedy(
                "write it as `name:tag`, `name@sha256:…` or `registry/name:tag`, the name in lower case",
            )
        };
        let (rest, digest) = match whole.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (whole.as_str(), None),
        };
        // A colon behind the last slash starts the tag; one before it belongs to the registry's port.
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (rest, None),
        };
        let (registry, repository) = name.split_once('/').unwrap_or((DOCKER_HUB, name));
        let registry = if registry == DOCKER_HUB_INDEX {
            DOCKER_HUB
        } else {
            registry
        };
        let repository = match (registry, repository.contains('/')) {
            (DOCKER_HUB, false) => format!("library/{repository}"),
            _ => repository.to_owned(),
        };
        if !is_registry(registry) {
            return Err(malformed(&format!("`{registry}` is no registry")));
        }
        if repository.len() > LONGEST_NAME || !repository.split('/').all(is_component) {
            return Err(malformed(&format!("`{repository}` is no repository name")));
        }
        if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
            return Err(malformed(&format!("`{tag}` is no tag")));
        }
        if let Some(digest) = digest.filter(|digest| !is_digest(digest)) {
            return Err(malformed(&format!("`{digest}` is no digest")));
        }
        Ok(Self {
            registry: registry.to_owned(),
            repository,
            tag: match (tag, digest) {
                (None, None) => Some("latest".to_owned()),
                (tag, _) => tag.map(str::to_owned),
            },
            digest: digest.map(str::to_owned),
        })
    }

    /// Returns the registry's host, with its port.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// Returns the repository's path within its registry.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// Returns the digest by which the reference is pinned.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// Returns `registry/repository`, as engines list it before the `@` of a digest.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// Returns the digests among `repo_digests` (`name@digest`) that this very repository gave the image.
    pub fn digests_of<'a>(&self, repo_digests: &'a [String]) -> impl Iterator<Item = &'a str> {
        let familiar = self.familiar_name();
        let name = self.name();
        repo_digests.iter().filter_map(move |entry| {
            let (entry_name, digest) = entry.split_once('@')?;
            (entry_name == name || entry_name == familiar).then_some(digest)
        })
    }

    /// Returns the name as Docker shortens it: without Docker Hub's host and `library/`.
    fn familiar_name(&self) -> String {
        if self.registry != DOCKER_HUB {
            return self.name();
        }
        self.repository
            .strip_prefix("library/")
            .unwrap_or(&self.repository)
            .to_owned()
    }
}

/// The whole reference, as engines and compose files take it.
impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(formatter, "@{digest}")?;
        }
        Ok(())
    }
}

/// Returns whether an image of platform `has` serves where `wanted` is asked for; both `os/architecture[/variant]`,
/// the operating system being Linux where it is left out.
#[must_use]
pub fn is_platform(wanted: &str, has: &str) -> bool {
    let wanted = match wanted.split_once('/') {
        Some(_) => wanted.to_owned(),
        None => format!("linux/{wanted}"),
    };
    let names = |platform: &str| -> Vec<String> {
        platform
            .split('/')
            .map(|part| match part {
                "x86_64" | "x86-64" => "amd64".to_owned(),
                "aarch64" => "arm64".to_owned(),
                other => other.to_ascii_lowercase(),
            })
            .collect()
    };
    let (wanted, has) = (names(&wanted), names(has));
    wanted.iter().zip(&has).all(|(wanted, has)| wanted == has) && wanted.len().min(2) <= has.len()
}

/// Returns whether the part before the first slash is a registry's host: it has a dot or a port, or is localhost.
fn names_registry(image: &str) -> bool {
    image
        .split_once('/')
        .is_some_and(|(first, _)| first.contains(['.', ':']) || first == "localhost")
}

fn is_registry(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(']') || text.contains("]:") => (host, Some(port)),
        _ => (text, None),
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host.split('.').all(is_label),
    };
    is_host && port.is_none_or(is_port)
}

/// One component of a repository's path: lower-case letters and digits, joined by `.`, `_`, `__` or dashes.
fn is_component(text: &str) -> bool {
    let separated = |text: &str| {
        text.split(|letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit())
            .all(|separator| {
                matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-')
            })
    };
    let outside = |letter: Option<char>| {
        letter.is_some_and(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    };
    outside(text.chars().next()) && outside(text.chars().next_back()) && separated(text)
}

fn is_tag(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_TAG
        && !text.starts_with(['.', '-'])
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

fn is_digest(text: &str) -> bool {
    let hexadecimal = |digits: &str, count: usize| {
        digits.len() == count
            && digits
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    match text.split_once(':') {
        Some(("sha256", digits)) => hexadecimal(digits, 64),
        Some(("sha512", digits)) => hexadecimal(digits, 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn names_without_a_registry_get_the_prefix() {
        let pinned = format!("base-builder:v1@{DIGEST}");
        for (image, prefix, expected) in [
            (
                "base-builder:latest",
                "ghcr.io/goldentooth",
                "ghcr.io/goldentooth/base-builder:latest",
            ),
            (
                "base-builder",
                "ghcr.io/goldentooth/",
                "ghcr.io/goldentooth/base-builder:latest",
            ),
            ("a/b:1", "ghcr.io", "ghcr.io/a/b:1"),
            ("localhost:5000/a", "ghcr.io/x", "localhost:5000/a:latest"),
            ("localhost/a", "ghcr.io/x", "localhost/a:latest"),
            ("[::1]:5000/a:2", "ghcr.io/x", "[::1]:5000/a:2"),
            (
                "quay.io/podman/stable:v5",
                "ghcr.io/x",
                "quay.io/podman/stable:v5",
            ),
            ("debian:12", "", "docker.io/library/debian:12"),
            ("builder", "goldentooth", "docker.io/goldentooth/builder:latest"),
            ("docker.io/debian", "ghcr.io/x", "docker.io/library/debian:latest"),
            ("index.docker.io/a/b", "ghcr.io/x", "docker.io/a/b:latest"),
            ("debian", "index.docker.io", "docker.io/library/debian:latest"),
            (&pinned, "ghcr.io/x", &format!("ghcr.io/x/{pinned}")),
            (
                &format!("a__b-c.d@{DIGEST}"),
                "127.0.0.1:5000",
                &format!("127.0.0.1:5000/a__b-c.d@{DIGEST}"),
            ),
        ] {
            let reference = Reference::parse(image, prefix).unwrap();
            assert_eq!(reference.to_string(), expected);
        }
    }

    #[test]
    fn malformed_references_are_refused_by_name() {
        for image in [
            "",
            "UPPER",
            "a b",
            "a:",
            "a:.x",
            ":tag",
            "a@sha256:12",
            "a@md5:d41d8cd98f00b204e9800998ecf8427e",
            "-a",
            "a-",
            "a..b",
            "a___b",
            "http://x/y",
            "-bad.io/x",
            "reg.io:port/x",
            "a//b",
            "a/",
            "a:b:c",
            &format!("a:{}", "t".repeat(129)),
            &"a".repeat(256),
        ] {
            let error = Reference::parse(image, "ghcr.io/x").unwrap_err();
            assert_eq!(error.kind(), Kind::Invalid, "{image}");
            assert!(
                error
                    .cause()
                    .starts_with(&format!("malformed image reference `{image}`"))
            );
        }
    }

    #[test]
    fn platforms_are_compared_as_far_as_they_are_given() {
        for (wanted, has, expected) in [
            ("linux/amd64", "linux/amd64", true),
            ("linux/x86_64", "linux/amd64", true),
            ("arm64", "linux/arm64/v8", true),
            ("linux/arm64/v8", "linux/arm64", true),
            ("linux/arm/v6", "linux/arm/v7", false),
            ("linux/arm64", "linux/amd64", false),
            ("windows/amd64", "linux/amd64", false),
        ] {
            assert_eq!(is_platform(wanted, has), expected, "{wanted} {has}");
        }
    }

    #[test]
    fn only_digests_of_the_same_repository_count() {
        let digests = ["ghcr.io/x/a@sha256:1", "ghcr.io/y/a@sha256:2", "debian@sha256:3"].map(str::to_owned);
        for (image, expected) in [("a", vec!["sha256:1"]), ("docker.io/debian", vec!["sha256:3"])] {
            let reference = Reference::parse(image, "ghcr.io/x").unwrap();
            assert_eq!(reference.digests_of(&digests).collect::<Vec<_>>(), expected);
        }
    }
}
