//! Text without secrets.
//!
//! Owns the recognition of user information in URLs, wherever in a text they are. It keeps no list of secrets: that
//! is for whoever reports.

/// Returns `text` without the user information of any URL in it; the account of an SSH URL stays.
#[must_use]
pub fn redact(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        result.push_str(before);
        let end = after
            .find(|letter: char| letter.is_whitespace() || "/`'\"<>".contains(letter))
            .unwrap_or(after.len());
        match after[..end].rfind('@') {
            Some(at) if before.ends_with("ssh://") => {
                result.push_str(after[..at].split(':').next().unwrap_or_default());
                rest = &after[at..];
            }
            Some(at) => rest = &after[at + 1..],
            None => rest = after,
        }
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redaction_drops_user_information_from_text() {
        for (text, expected) in [
            (
                "see https://u:p@host/a and http://t@h/b.",
                "see https://host/a and http://h/b.",
            ),
            ("ssh://git:pw@host/a", "ssh://git@host/a"),
            ("https://u:p@w@host/a", "https://host/a"),
            ("nothing@here", "nothing@here"),
        ] {
            assert_eq!(redact(text), expected);
        }
    }
}
