//! Patterns for files that a build must leave.
//!
//! Owns how a pattern is matched against paths relative to the category: `*` and `?` stay within one name, `**` goes
//! through directories. It looks at names alone.

use std::path::Path;

use glob::{MatchOptions, Pattern};

use crate::error::{Error, Kind, Result};

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// What is expected, in the order in which it was asked for.
#[derive(Debug, Clone, Default)]
pub struct Patterns(Vec<Pattern>);

impl Patterns {
    /// # Errors
    /// `Invalid`, naming the pattern and what is wrong with it.
    pub fn new<T: AsRef<str>>(patterns: impl IntoIterator<Item = T>) -> Result<Self> {
        patterns
            .into_iter()
            .map(|pattern| parse(pattern.as_ref()))
            .collect::<Result<_>>()
            .map(Self)
    }

    /// Returns the patterns that none of `paths` matches.
    #[must_use]
    pub fn unmatched(&self, paths: &[&Path]) -> Vec<&str> {
        self.0
            .iter()
            .filter(|pattern| !paths.iter().any(|path| matches(pattern, path)))
            .map(Pattern::as_str)
            .collect()
    }

    #[must_use]
    pub fn matches(&self, path: &Path) -> bool {
        self.0.iter().any(|pattern| matches(pattern, path))
    }
}

fn matches(pattern: &Pattern, path: &Path) -> bool {
    pattern.matches_path_with(path, OPTIONS)
}

fn parse(text: &str) -> Result<Pattern> {
    let invalid = |reason: &str| {
        Error::new(Kind::Invalid, format!("`{text}` is no valid pattern: {reason}"))
            .with_remedy("name files relative to the category, as in `envoy-*-arm64`")
    };
    if text.is_empty() {
        return Err(invalid("it is empty"));
    }
    if text.starts_with('/') || text.split('/').any(|part| matches!(part, "." | ".." | "")) {
        return Err(invalid("it is not relative to the category"));
    }
    Pattern::new(text).map_err(|error| invalid(error.msg))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_paths() {
        for (pattern, path, is_match) in [
            ("envoy-arm64", "envoy-arm64", true),
            ("envoy-arm64", "sub/envoy-arm64", false),
            ("envoy-*-arm64", "envoy-v1.32.0-arm64", true),
            ("envoy-*-arm64", "envoy-v1.32.0-arm64.sha256", false),
            ("envoy-*", "envoy-a/b", false),
            ("*", "sub/envoy", false),
            ("**/envoy", "envoy", true),
            ("**/envoy", "a/b/envoy", true),
            ("*/envoy", "a/envoy", true),
            ("envoy-v?", "envoy-v1", true),
            ("envoy-v[12]", "envoy-v2", true),
            ("envoy-v[!12]", "envoy-v2", false),
            ("*", ".hidden", false),
            ("Envoy", "envoy", false),
        ] {
            let patterns = Patterns::new([pattern]).unwrap();
            assert_eq!(patterns.matches(Path::new(path)), is_match, "{pattern} {path}");
        }
    }

    #[test]
    fn what_nothing_matches_is_named() {
        let patterns = Patterns::new(["a-*", "b", "c"]).unwrap();
        let paths = [Path::new("b"), Path::new("a-1")];
        assert_eq!(patterns.unmatched(&paths), ["c"]);
        assert_eq!(patterns.unmatched(&[]), ["a-*", "b", "c"]);
    }

    #[test]
    fn patterns_that_lead_elsewhere_or_nowhere_are_refused() {
        for pattern in ["", "/a", "../a", "a/../b", "a//b", "a/", "./a", "a[", "a**"] {
            let error = Patterns::new([pattern]).unwrap_err();
            assert_eq!(error.kind(), Kind::Invalid, "{pattern}");
        }
    }
}
