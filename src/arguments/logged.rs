//! What a call leaves in the system's log: its options in one line, without what looks like a password.
//!
//! Owns Ansible's own words for it, and its guess at passwords in texts. It does not know where the line goes.

use serde_json::Value;

use super::specification::Options;
use super::{Parameters, passwords, python, remove_values};

/// Stands for the value of an option that is secret.
const SECRET: &str = "NOT_LOGGING_PARAMETER";

/// Stands for the value of an option whose name says that it is a password.
const PASSWORD: &str = "NOT_LOGGING_PASSWORD";

const STARS: &str = "********";

/// Returns the line that says with which options a module was invoked.
#[must_use]
pub fn invoked(options: &Options, parameters: &Parameters, secrets: &[String]) -> String {
    let words: Vec<String> = parameters
        .iter()
        .map(|(name, value)| {
            let argument = options.find(name);
            if passwords::is_unmarked(options, name) {
                format!("{name}={PASSWORD}")
            } else if argument.is_some_and(super::Argument::is_secret) {
                format!("{name}={SECRET}")
            } else {
                format!("{name}={}", sanitized(&python::text(value), secrets))
            }
        })
        .collect();
    match words.is_empty() {
        true => "Invoked".to_owned(),
        false => format!("Invoked with {}", words.join(" ")),
    }
}

/// Returns `text` without `secrets`, and without whatever stands between a colon and an `@`, as the password in
/// `https://user:password@host` and `user:password@host` does.
#[must_use]
pub fn sanitized(text: &str, secrets: &[String]) -> String {
    let mut shown = Value::from(without_user_information(text));
    remove_values(&mut shown, secrets);
    python::text(&shown)
}

/// Goes backwards from `@` to `@`, as Ansible does.
fn without_user_information(text: &str) -> String {
    let mut pieces: Vec<&str> = Vec::new();
    let mut rest = text.len();
    while let Some(end) = text[..rest].rfind('@') {
        let Some((begin, colon)) = password(text, end) else {
            break;
        };
        pieces.extend([&text[end..rest], STARS, &text[begin..=colon]]);
        rest = begin;
    }
    pieces.push(&text[..rest]);
    pieces.reverse();
    pieces.concat()
}

/// Returns where the part with the password that ends at `end` begins, and the colon before the password.
fn password(text: &str, end: usize) -> Option<(usize, usize)> {
    let mut before = end;
    loop {
        let begin = text[..before].rfind("://").unwrap_or(0);
        // The length of `://`; Ansible passes over as much where there is none.
        let user = text[begin..]
            .char_indices()
            .nth(3)
            .map_or(text.len(), |(length, _)| begin + length);
        if let Some(colon) = text.get(user..end).and_then(|user| user.find(':')) {
            return Some((begin, user + colon));
        }
        if begin == 0 {
            return None;
        }
        before = begin;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::arguments::{Argument, Literal, Type};

    #[test]
    fn passwords_before_an_at_sign_are_starred() {
        for (text, shown) in [
            ("plain", "plain"),
            // A guess, and Ansible's own: these are no passwords.
            ("https://host/a@b", "https:********@b"),
            ("ssh://git@host", "ssh:********@host"),
            ("https://user:pw@host/x", "https://user:********@host/x"),
            ("user:pw@host", "user:********@host"),
            ("git@h, https://u:p@h", "git@h, https://u:********@h"),
            ("é:p@h", "é:p@h"),
            ("", ""),
        ] {
            assert_eq!(sanitized(text, &[]), shown, "{text}");
        }
        assert_eq!(sanitized("a hunter2", &["hunter2".to_owned()]), "a ********");
    }

    #[test]
    fn options_are_told_in_their_order_and_secret_ones_by_name_alone() {
        const OPTIONS: Options = Options::new(&[
            Argument::new("token", Type::Str).no_log(),
            Argument::new("bypass_pass", Type::Bool).harmless(),
            Argument::new("login_pass", Type::Str),
            Argument::new("plain", Type::Dict).default(Literal::Dict(&[])),
        ]);
        let parameters = json!({ "plain": {"a": [null, true, "it's"]}, "token": null, "login_pass": "x",
            "bypass_pass": false });
        assert_eq!(
            invoked(&OPTIONS, parameters.as_object().unwrap(), &[]),
            "Invoked with plain={'a': [None, True, \"it's\"]} token=NOT_LOGGING_PARAMETER \
             login_pass=NOT_LOGGING_PASSWORD bypass_pass=False"
        );
        assert_eq!(invoked(&OPTIONS, &Parameters::new(), &[]), "Invoked");
    }
}
