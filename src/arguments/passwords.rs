//! Names that look like a password's.
//!
//! Owns Ansible's guess for options of which nobody said whether they are secret, which reminds the module's author,
//! and the wider one for variables of an environment, whose names nobody declared. It hides nothing itself.

use super::Parameters;
use super::specification::Options;

/// Returns a warning for each of `parameters` that looks like a password and is not marked either way.
pub fn unmarked<'a>(options: &'a Options, parameters: &'a Parameters) -> impl Iterator<Item = String> + 'a {
    parameters
        .keys()
        .filter(|name| is_unmarked(options, name))
        .map(|name| format!("Module did not set no_log for {name}"))
}

/// Returns whether the option of this name looks like a password and is not marked either way.
pub fn is_unmarked(options: &Options, name: &str) -> bool {
    let marked = options
        .find(name)
        .is_some_and(|argument| argument.no_log.is_some());
    !marked && is_password(name)
}

/// Returns whether a variable of this name holds something that is not to be shown.
#[must_use]
pub fn is_secret_variable(name: &str) -> bool {
    let words = [
        "token",
        "secret",
        "password",
        "passwd",
        "passphrase",
        "pass",
        "credential",
        "credentials",
        "key",
    ];
    name.split(|letter: char| !letter.is_ascii_alphanumeric())
        .any(|part| {
            let part = part.to_ascii_lowercase();
            words.contains(&part.as_str()) || part.ends_with("token") || part.ends_with("password")
        })
}

/// Matches `^(?:.+[-_\s])?pass(?:[-_\s]?(?:word|phrase|wrd|wd)?)(?:[-_\s].+)?$`, in any case.
fn is_password(name: &str) -> bool {
    let name = name.to_lowercase();
    name.match_indices("pass").any(|(place, pass)| {
        let before = name.get(..place).unwrap_or_default();
        let after = name.get(place + pass.len()..).unwrap_or_default();
        let starts = before.is_empty() || (before.ends_with(is_separator) && before.chars().count() > 1);
        let parted = after.strip_prefix(is_separator).unwrap_or(after);
        starts && (is_ending(after) || is_ending(parted))
    })
}

fn is_ending(text: &str) -> bool {
    let words = ["", "word", "phrase", "wrd", "wd"];
    words
        .iter()
        .filter_map(|word| text.strip_prefix(word))
        .any(|rest| rest.is_empty() || (rest.starts_with(is_separator) && rest.chars().count() > 1))
}

fn is_separator(letter: char) -> bool {
    matches!(letter, '-' | '_') || letter.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_secret_by_any_word_of_their_name() {
        for (name, expected) in [
            ("GITHUB_TOKEN", true),
            ("githubToken", true),
            ("AWS_SECRET_ACCESS_KEY", true),
            ("DB_PASSWORD", true),
            ("PGPASSWORD", true),
            ("SIGNING-KEY", true),
            ("KEYBOARD", false),
            ("ENVOY_VERSION", false),
            ("COMPASS", false),
            ("", false),
        ] {
            assert_eq!(is_secret_variable(name), expected, "{name}");
        }
    }

    #[test]
    fn names_of_passwords_are_recognised() {
        for name in [
            "password",
            "PASS",
            "db_pass",
            "pass_phrase",
            "login-passwd",
            "pass-wrd_old",
            "pass_word_file",
            "pass_",
            "pass__",
        ] {
            assert!(is_password(name), "{name}");
        }
        for name in [
            "bypass",
            "passive",
            "_pass",
            "passport",
            "password1",
            "compass_point",
        ] {
            assert!(!is_password(name), "{name}");
        }
    }
}
