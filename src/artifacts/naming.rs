//! The name of an artifact without its version.
//!
//! Owns what counts as a version in a file name, so that the releases of one thing can be told from other things. It
//! looks at names alone.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

/// A version is a part between `-` or `_` that begins with a number with dots, or with `v` and a number; then follow
/// its suffixes: a pre-release, a revision, what `git describe` adds.
static VERSION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?:^|[-_])
        (?: \d+: )?                                               # Debian's epoch
        (?: [vV]?\d+(?:\.\d+)+ | [vV]\d+ )
        (?: [.+~-]? (?: alpha | beta | dev | nightly | post | pre | preview | rc | snapshot ) [.-]?\d* )*
        (?: -\d+-g[0-9a-f]{7,40} | -\d+(?:\.\d+)* )?              # git describe; a revision
        (?: [+~] [0-9A-Za-z.+~]*? )?                              # build metadata
        (?P<end> [-_] | (?:\.[A-Za-z][0-9A-Za-z]*)*$ )",
    )
    .ok()
});

/// A shared object has its version behind its name.
static BEHIND: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(\.so)(?:\.\d+)+$").ok());

/// Returns the file name of `path` with its versions removed: `envoy-v1.32.0-arm64` is a release of `envoy-arm64`.
#[must_use]
pub fn without_version(path: &Path) -> String {
    let name = path.file_name().map(OsStr::to_string_lossy).unwrap_or_default();
    let mut left = name.clone().into_owned();
    if let Some(version) = &*VERSION {
        // One may follow the other at once, and then they share the sign between them.
        while let Some(found) = version.captures(&left)
            && let (Some(whole), Some(end)) = (found.get(0), found.name("end"))
            && !whole.is_empty()
        {
            let rest = &left[end.start()..];
            let start = &left[..whole.start()];
            left = match start.is_empty() {
                true => rest.trim_start_matches(['-', '_']).to_owned(),
                false => format!("{start}{rest}"),
            };
        }
    }
    if let Some(behind) = &*BEHIND {
        left = behind.replace(&left, "$1").into_owned();
    }
    match left.is_empty() {
        true => name.into_owned(),
        false => left,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_of_one_thing_have_one_name() {
        for (file, name) in [
            ("envoy-v1.32.0-arm64", "envoy-arm64"),
            ("envoy-1.32.0-arm64", "envoy-arm64"),
            ("previous/20261123T010203Z/envoy-v1.31.0-arm64", "envoy-arm64"),
            ("envoy-v1.33.0-rc1-arm64", "envoy-arm64"),
            ("envoy-v1.33.0-rc.1-arm64", "envoy-arm64"),
            ("envoy-1.33.0-dev-arm64", "envoy-arm64"),
            ("envoy-v1.33.0-12-gabcdef1-arm64", "envoy-arm64"),
            ("envoy-arm64_1.32.0_arm64.deb", "envoy-arm64_arm64.deb"),
            ("envoy-arm64_1:1.32.0~rc1-1_arm64.deb", "envoy-arm64_arm64.deb"),
            ("envoy-arm64_1.32.0-1.1_arm64.deb", "envoy-arm64_arm64.deb"),
            ("consul_1.20.1+ent_linux_arm64.zip", "consul_linux_arm64.zip"),
            ("vault-1.18.2.tar.gz", "vault.tar.gz"),
            ("vault-1.18.2.1-arm64.tar.zst", "vault-arm64.tar.zst"),
            ("vault-v2", "vault"),
            ("vault-v2-arm64", "vault-arm64"),
            ("tool-1.2.3-4.5.6-arm64", "tool-arm64"),
            ("linux-6.12.1_arm64.tar.xz", "linux_arm64.tar.xz"),
            ("libenvoy.so.1.2.3", "libenvoy.so"),
            ("1.2.3-arm64", "arm64"),
        ] {
            assert_eq!(without_version(Path::new(file)), name, "{file}");
        }
    }

    #[test]
    fn numbers_that_are_no_versions_stay() {
        for file in [
            "envoy-arm64",
            "llvm-18-arm64",
            "foo_x86_64",
            "base64",
            "sha256-arm64",
            "ipv6-tools-arm64",
            "build-info.txt",
            "file.7z",
            "v",
            "1.2.3",
        ] {
            assert_eq!(without_version(Path::new(file)), file);
        }
    }
}
