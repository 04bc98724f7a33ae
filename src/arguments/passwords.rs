//! Options whose names look like a password's, though nobody said whether they are secret.
//!
//! Owns Ansible's guess by name. It hides nothing: it reminds the module's author.

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
