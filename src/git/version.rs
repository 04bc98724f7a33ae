//! Which commit a version means, decided from what the remote advertises.
//!
//! Pure: branch before tag before commit. It asks nobody.

use git2::Oid;

use super::url::GitUrl;
use crate::error::{Error, Kind};

/// One reference as the remote advertises it; a tag is peeled to what it points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub name: String,
    pub oid: Oid,
    /// The branch that a symbolic `HEAD` points to.
    pub symbolic: Option<String>,
}

/// What a version turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Version {
    Branch {
        name: String,
        oid: Oid,
    },
    Tag {
        name: String,
        oid: Oid,
    },
    /// A commit that a reference of the remote points to.
    Commit {
        oid: Oid,
    },
    /// Hexadecimal digits that may abbreviate a commit which the remote does not advertise.
    Unadvertised {
        digits: String,
    },
}

/// Returns what `version` means at a remote with these `heads`; `None` if it can mean nothing.
pub(super) fn resolve(version: &str, heads: &[Head]) -> Option<Version> {
    let oid_of = |name: &str| heads.iter().find(|head| head.name == name).map(|head| head.oid);
    if version == "HEAD" {
        let head = heads.iter().find(|head| head.name == "HEAD")?;
        let branch = head
            .symbolic
            .as_deref()
            .and_then(|name| name.strip_prefix("refs/heads/"));
        return Some(match branch {
            Some(name) => Version::Branch {
                name: name.to_owned(),
                oid: head.oid,
            },
            None => Version::Commit { oid: head.oid },
        });
    }
    let branch = version.strip_prefix("refs/heads/").unwrap_or(version);
    if let Some(oid) = oid_of(&format!("refs/heads/{branch}")) {
        return Some(Version::Branch {
            name: branch.to_owned(),
            oid,
        });
    }
    let tag = version.strip_prefix("refs/tags/").unwrap_or(version);
    if let Some(oid) = oid_of(&format!("refs/tags/{tag}")) {
        return Some(Version::Tag {
            name: tag.to_owned(),
            oid,
        });
    }
    let digits = version.to_ascii_lowercase();
    if !(4..=40).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut meant: Vec<Oid> = heads
        .iter()
        .map(|head| head.oid)
        .filter(|oid| oid.to_string().starts_with(&digits))
        .collect();
    meant.sort_unstable();
    meant.dedup();
    Some(match meant[..] {
        [oid] => Version::Commit { oid },
        _ => Version::Unadvertised { digits },
    })
}

/// Returns the error of a version that the remote does not have; its remedy lists some that it has.
pub(super) fn unknown(version: &str, url: &GitUrl, heads: &[Head]) -> Error {
    let branches: Vec<String> = heads
        .iter()
        .filter_map(|head| head.name.strip_prefix("refs/heads/"))
        .map(|name| format!("`{name}`"))
        .collect();
    let remedy = match branches.len() {
        0 => "the repository has no branches yet: push one".to_owned(),
        count @ 1..=5 => format!("its {}: {}", counted(count), branches.join(", ")),
        count => format!("its {} include {}", counted(count), branches[..5].join(", ")),
    };
    Error::new(
        Kind::NotFound,
        format!("version `{version}` not found in `{url}`"),
    )
    .with_remedy(remedy)
}

fn counted(count: usize) -> String {
    match count {
        1 => "only branch is".to_owned(),
        2..=5 => "branches are".to_owned(),
        _ => format!("{count} branches"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oid(digit: char) -> Oid {
        Oid::from_str(&digit.to_string().repeat(40)).expect("an object id")
    }

    fn heads() -> Vec<Head> {
        [
            ("HEAD", 'a'),
            ("refs/heads/main", 'a'),
            ("refs/heads/both", 'b'),
            ("refs/tags/both", 'c'),
            ("refs/tags/v1", 'd'),
            ("refs/heads/abcd", 'e'),
            ("refs/pull/1/head", 'f'),
        ]
        .into_iter()
        .map(|(name, digit)| Head {
            name: name.to_owned(),
            oid: oid(digit),
            symbolic: (name == "HEAD").then(|| "refs/heads/main".to_owned()),
        })
        .collect()
    }

    #[test]
    fn branches_come_before_tags_and_tags_before_commits() {
        let branch = |name: &str, digit| {
            Some(Version::Branch {
                name: name.to_owned(),
                oid: oid(digit),
            })
        };
        let tag = |name: &str, digit| {
            Some(Version::Tag {
                name: name.to_owned(),
                oid: oid(digit),
            })
        };
        for (version, expected) in [
            ("main", branch("main", 'a')),
            ("HEAD", branch("main", 'a')),
            ("both", branch("both", 'b')),
            ("refs/tags/both", tag("both", 'c')),
            ("v1", tag("v1", 'd')),
            ("abcd", branch("abcd", 'e')),
            ("FFFF", Some(Version::Commit { oid: oid('f') })),
            (
                "0123",
                Some(Version::Unadvertised {
                    digits: "0123".to_owned(),
                }),
            ),
            ("012", None),
            ("nothing", None),
        ] {
            assert_eq!(resolve(version, &heads()), expected, "{version}");
        }
    }

    #[test]
    fn an_unknown_version_is_told_with_some_branches() {
        let url = GitUrl::parse("https://u:p@host/a").expect("a URL");
        assert_eq!(
            unknown("x", &url, &heads()).to_string(),
            "version `x` not found in `https://host/a`; its branches are: `main`, `both`, `abcd`"
        );
        assert!(
            unknown("x", &url, &[])
                .to_string()
                .ends_with("no branches yet: push one")
        );
    }
}
