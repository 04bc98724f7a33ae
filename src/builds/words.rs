//! A command as the option gives it: words, or a text that is parted into words as a shell parts it.
//!
//! Pure. It runs no shell and expands nothing: quotes and backslashes only keep words together.

use serde_json::Value;

use crate::error::{Error, Kind, Result};

/// Returns the words of `command`.
///
/// # Errors
/// `Invalid` for what is neither a text nor a list of texts, has an open quote, or has no word.
pub fn words(command: &Value) -> Result<Vec<String>> {
    let invalid =
        |cause: String| Error::new(Kind::Invalid, cause).with_remedy("give a list of words, or one text");
    let words = match command {
        Value::String(text) => {
            parted(text).ok_or_else(|| invalid(format!("`command` has an open quote: `{text}`")))?
        }
        Value::Array(items) => items
            .iter()
            .map(|item| match item {
                Value::String(word) => Ok(word.clone()),
                Value::Number(number) => Ok(number.to_string()),
                other => Err(invalid(format!("`command` must hold words, got `{other}`"))),
            })
            .collect::<Result<_>>()?,
        other => return Err(invalid(format!("`command` must be words, got `{other}`"))),
    };
    match words.is_empty() {
        true => Err(invalid("`command` has no words".to_owned())),
        false => Ok(words),
    }
}

/// Parts `text` by a POSIX shell's rules of quoting; `None` where a quote stays open.
fn parted(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            letter if letter.is_whitespace() => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        '\'' => break,
                        quoted => word.push(quoted),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        '"' => break,
                        '\\' => match letters.next()? {
                            escaped @ ('"' | '\\' | '$' | '`') => word.push(escaped),
                            other => word.extend(['\\', other]),
                        },
                        quoted => word.push(quoted),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(letters.next()?),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_is_parted_as_a_shell_parts_it() {
        for (text, expected) in [
            ("make all", vec!["make", "all"]),
            ("  a\tb\n", vec!["a", "b"]),
            ("sh -c 'a b; c'", vec!["sh", "-c", "a b; c"]),
            (r#"x "a \"b\" \n" '' y\ z"#, vec!["x", r#"a "b" \n"#, "", "y z"]),
            ("a'b'\"c\"", vec!["abc"]),
        ] {
            assert_eq!(words(&json!(text)).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_list_is_taken_as_it_is() {
        assert_eq!(
            words(&json!(["sh", "-c", "a b", 8])).unwrap(),
            ["sh", "-c", "a b", "8"]
        );
    }

    #[test]
    fn what_is_no_command_is_refused() {
        for command in [
            json!(""),
            json!([]),
            json!("a 'b"),
            json!("a\\"),
            json!(7),
            json!([["x"]]),
            json!({ "a": 1 }),
        ] {
            assert_eq!(words(&command).unwrap_err().kind(), Kind::Invalid, "{command}");
        }
    }
}
