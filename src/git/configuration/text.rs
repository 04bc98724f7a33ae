//! Changing single keys in the text of a configuration.
//!
//! Pure. What is not changed stays as it is, byte for byte: comments, order, indentation, line ends.

use std::ops::Range;

use super::syntax::{Item, Section, end_of_line, items};

/// A change of one key, written `section.name` or `section.subsection.name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::git) struct Edit {
    key: Key,
    /// The only value that the key has afterwards; `None`: it has none.
    value: Option<String>,
}

impl Edit {
    pub(in crate::git) fn set(key: &str, value: &str) -> Self {
        Self {
            key: Key::new(key),
            value: Some(value.to_owned()),
        }
    }

    pub(in crate::git) fn remove(key: &str) -> Self {
        Self {
            key: Key::new(key),
            value: None,
        }
    }
}

/// Section and name do not tell upper from lower case; what lies between them does.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    section: Section,
    name: String,
}

impl Key {
    fn new(key: &str) -> Self {
        let (section, rest) = key.split_once('.').unwrap_or(("", key));
        let (subsection, name) = match rest.rsplit_once('.') {
            Some((subsection, name)) => (Some(subsection.as_bytes().to_vec()), name),
            None => (None, rest),
        };
        Self {
            section: Section {
                name: section.to_owned(),
                subsection,
            },
            name: name.to_owned(),
        }
    }
}

/// Returns `text` after `edits`, or what is wrong with it.
pub(super) fn edited(text: &[u8], edits: &[Edit]) -> Result<Vec<u8>, String> {
    edits.iter().try_fold(text.to_vec(), one)
}

fn one(mut text: Vec<u8>, edit: &Edit) -> Result<Vec<u8>, String> {
    let Edit { key, value } = edit;
    let items = items(&text)?;
    let holding: Vec<&Item> = items
        .iter()
        .filter(|item| {
            item.section == key.section
                && item
                    .name
                    .as_ref()
                    .is_some_and(|name| name.eq_ignore_ascii_case(&key.name))
        })
        .collect();
    let line = value
        .as_ref()
        .map(|value| Ok::<_, String>(format!("{} = {}", key.name, quoted(value)?)))
        .transpose()?;
    // From the end, so that the places before stay where they are.
    for (index, item) in holding.iter().enumerate().rev() {
        match &line {
            Some(line) if index == 0 => drop(text.splice(item.place.clone(), line.bytes())),
            _ => drop(text.drain(whole_line(&text, &item.place))),
        }
    }
    if let Some(line) = line.filter(|_| holding.is_empty()) {
        let last = items.iter().rfind(|item| item.section == key.section);
        let (place, header) = match last {
            Some(last) => (end_of_line(&text, last.place.end), String::new()),
            None => (text.len(), key.section.header()?),
        };
        let start = if place > 0 && text[place - 1] != b'\n' {
            "\n"
        } else {
            ""
        };
        let added = format!("{start}{header}\t{line}\n");
        text.splice(place..place, added.bytes());
    }
    Ok(text)
}

fn quoted(value: &str) -> Result<String, String> {
    if value.contains('\0') {
        return Err("no value can hold a zero byte".to_owned());
    }
    let escaped = value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
        .replace('\t', "\\t")
        .replace('\u{8}', "\\b");
    let needs_quotes = value.trim() != value || value.contains(['#', ';', '\r']) || value.is_empty();
    Ok(if needs_quotes {
        format!("\"{escaped}\"")
    } else {
        escaped
    })
}

/// Returns `place` with its whole line where nothing else is on it.
fn whole_line(text: &[u8], place: &Range<usize>) -> Range<usize> {
    let start = text[..place.start]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |newline| newline + 1);
    if text[start..place.start].iter().all(u8::is_ascii_whitespace) {
        start..end_of_line(text, place.end)
    } else {
        place.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str, key: &str, value: &str) -> Result<String, String> {
        changed(text, &Edit::set(key, value))
    }

    fn changed(text: &str, edit: &Edit) -> Result<String, String> {
        edited(text.as_bytes(), std::slice::from_ref(edit))
            .map(|text| String::from_utf8(text).expect("text of text"))
    }

    #[test]
    fn a_value_changes_where_it_stands_and_nothing_else_does() {
        for (before, after) in [
            ("[a]\n\tkey = old\n", "[a]\n\tkey = new\n"),
            ("[A]\nKEY=old", "[A]\nkey = new"),
            ("[a] key = old ; why\n", "[a] key = new ; why\n"),
            (
                "# top\r\n[a]\r\n  key = old\t\r\n",
                "# top\r\n[a]\r\n  key = new\t\r\n",
            ),
            ("\u{feff}[a]\nkey\n", "\u{feff}[a]\nkey = new\n"),
            (
                "[a]\n key = \"o # ld\" \\\n  more # why\n[b]\n",
                "[a]\n key = new # why\n[b]\n",
            ),
            (
                "[a]\n\tkey = one\n\tother = x\n[b]\n\tkey = b\n[a]\n\tkey = two\n",
                "[a]\n\tkey = new\n\tother = x\n[b]\n\tkey = b\n[a]\n",
            ),
            (
                "[a \"key\"]\n\tkey = b\n[a]\nkey = old\n",
                "[a \"key\"]\n\tkey = b\n[a]\nkey = new\n",
            ),
        ] {
            assert_eq!(set(before, "a.key", "new").as_deref(), Ok(after), "{before}");
        }
    }

    #[test]
    fn a_new_key_ends_its_section_or_begins_one() {
        for (before, after) in [
            ("", "[r \"o\"]\n\tkey = new\n"),
            ("[b]\n\tx = 1", "[b]\n\tx = 1\n[r \"o\"]\n\tkey = new\n"),
            (
                "[r \"o\"]\n\turl = u ; why\n# next\n[b]\n",
                "[r \"o\"]\n\turl = u ; why\n\tkey = new\n# next\n[b]\n",
            ),
            ("[r.o]", "[r.o]\n\tkey = new\n"),
            ("[r \"O\"]\n[R \"o\"]\n", "[r \"O\"]\n[R \"o\"]\n\tkey = new\n"),
        ] {
            assert_eq!(set(before, "r.o.key", "new").as_deref(), Ok(after), "{before}");
        }
    }

    #[test]
    fn a_removed_key_takes_its_line_along_and_only_that() {
        for (before, after) in [
            ("[a]\n\tkey = x ; y\n\tb = 1\n\tkey = z\n", "[a]\n\tb = 1\n"),
            ("[a] key = x\n[b]\n", "[a] \n[b]\n"),
            ("[b]\nkey = x\n", "[b]\nkey = x\n"),
        ] {
            assert_eq!(
                changed(before, &Edit::remove("a.key")).as_deref(),
                Ok(after),
                "{before}"
            );
        }
    }

    #[test]
    fn names_and_values_are_written_so_that_git_reads_them_back() {
        for (key, value, expected) in [
            ("a.key", "", "[a]\n\tkey = \"\"\n"),
            ("a.key", " x", "[a]\n\tkey = \" x\"\n"),
            ("a.key", "x#y", "[a]\n\tkey = \"x#y\"\n"),
            ("a.key", "a\\b\"c\n\t", "[a]\n\tkey = \"a\\\\b\\\"c\\n\\t\"\n"),
            ("branch.a.\"b\\.key", "x", "[branch \"a.\\\"b\\\\\"]\n\tkey = x\n"),
        ] {
            let written = set("", key, value);
            assert_eq!(written.as_deref(), Ok(expected), "{key} {value:?}");
            // What was written is found again, else it would be written twice.
            assert_eq!(
                set(expected, key, value).as_deref(),
                Ok(expected),
                "{key} {value:?}"
            );
        }
        assert!(set("", "a.b\nc.key", "x").is_err());
        assert!(set("", "a.key", "x\0").is_err());
    }

    #[test]
    fn what_git_does_not_read_is_an_error_with_its_line() {
        for (text, line) in [
            ("key = x\n", 1),
            ("[a]\n[b\n", 2),
            ("[a]\n\n1 = x\n", 3),
            ("[a]\nkey x\n", 2),
            ("[a]\nkey = \"x\n", 2),
            ("[a]\nkey = \\x\n", 2),
            ("[a \"b\" c]\n", 1),
            ("[]\n", 1),
        ] {
            let error = set(text, "a.key", "new").expect_err(text);
            assert!(error.starts_with(&format!("line {line} ")), "{text}: {error}");
        }
    }
}
