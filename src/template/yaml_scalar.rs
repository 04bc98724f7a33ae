//! Strings in YAML: plain, in single or in double quotes, folded at the width.
//!
//! Owns `PyYAML`'s choice between these styles and the way it breaks lines.

use std::sync::OnceLock;

use regex::RegexSet;

use super::fault::{Fault, Outcome};

/// What a plain scalar must not look like to remain a string: YAML 1.1's bool, float, int, merge, null, timestamp
/// and value.
const OTHER_TYPES: [&str; 8] = [
    r"^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$",
    r"^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)$",
    r"^(?:[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
    r"^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+)$",
    r"^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$",
    r"^(?:<<|=|~|null|Null|NULL|)$",
    r"^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]$",
    r"^[0-9][0-9][0-9][0-9]-[0-9][0-9]?-[0-9][0-9]?(?:[Tt]|[ \t]+)[0-9][0-9]?:[0-9][0-9]:[0-9][0-9](?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9][0-9]?(?::[0-9][0-9])?))?$",
];

fn is_other_type(text: &str) -> Outcome<bool> {
    static TYPES: OnceLock<Option<RegexSet>> = OnceLock::new();
    TYPES
        .get_or_init(|| RegexSet::new(OTHER_TYPES).ok())
        .as_ref()
        .map(|types| types.is_match(text))
        .ok_or_else(|| Fault::new("the types of YAML cannot be told apart"))
}

/// The text so far and the column that it has reached.
pub struct Writer {
    out: String,
    column: usize,
    width: usize,
}

impl Writer {
    pub fn new(width: usize) -> Self {
        Self {
            out: String::new(),
            column: 0,
            width,
        }
    }

    pub fn push(&mut self, text: &str) {
        self.column += text.chars().count();
        self.out.push_str(text);
    }

    pub fn newline(&mut self, indent: usize) {
        self.out.push('\n');
        self.column = 0;
        self.push(&" ".repeat(indent));
    }

    fn is_full(&self) -> bool {
        self.column > self.width
    }

    pub fn finish(self) -> String {
        self.out
    }
}

/// Writes a string; lines after the first begin at `indent`.
pub fn write(writer: &mut Writer, text: &str, indent: usize, is_key: bool) -> Outcome<()> {
    if let Some(letter) = text
        .chars()
        .find(|letter| *letter >= '\u{10000}' || "\u{85}\u{2028}\u{2029}\u{feff}".contains(*letter))
    {
        return Err(Fault::unsupported(format!(
            "the character U+{:04X} in YAML",
            u32::from(letter)
        )));
    }
    let shape = Shape::of(text);
    let is_multiline = text.contains('\n');
    if shape.plain && !is_multiline && !is_other_type(text)? {
        write_plain(writer, text, indent, !is_key);
    } else if shape.single_quoted && !(is_key && is_multiline) {
        write_single_quoted(writer, text, indent, !is_key);
    } else if is_key && is_multiline {
        return Err(Fault::unsupported("a key of several lines in YAML"));
    } else {
        write_double_quoted(writer, text)?;
    }
    Ok(())
}

/// Which styles a string allows.
struct Shape {
    plain: bool,
    single_quoted: bool,
}

impl Shape {
    fn of(text: &str) -> Self {
        let letters: Vec<char> = text.chars().collect();
        let is_gap = |index: usize| {
            letters
                .get(index)
                .is_none_or(|letter| "\0 \t\r\n".contains(*letter))
        };
        let edge = |letter: Option<&char>| letter.is_some_and(|letter| matches!(letter, ' ' | '\n'));
        let mut plain = !(edge(letters.first()) || edge(letters.last()));
        let mut single_quoted = true;
        if text.starts_with("---") || text.starts_with("...") {
            plain = false;
        }
        for (index, letter) in letters.iter().enumerate() {
            let is_indicator = match letter {
                '#' => index == 0 || is_gap(index - 1),
                ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => {
                    index == 0
                }
                ':' => is_gap(index + 1),
                '?' | '-' => index == 0 && is_gap(1),
                _ => false,
            };
            plain &= !is_indicator;
            let is_special =
                !matches!(letter, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}');
            let follows = |earlier: char| index > 0 && letters[index - 1] == earlier;
            if *letter == ' ' && follows('\n') {
                (plain, single_quoted) = (false, false);
            }
            if is_special || (*letter == '\n' && follows(' ')) {
                (plain, single_quoted) = (false, false);
            }
        }
        Self { plain, single_quoted }
    }
}

/// Writes words, breaking the line at a single space once it is full.
fn write_plain(writer: &mut Writer, text: &str, indent: usize, may_split: bool) {
    let letters: Vec<char> = text.chars().collect();
    let mut word = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let alone =
            *letter == ' ' && letters.get(index + 1) != Some(&' ') && index > 0 && letters[index - 1] != ' ';
        if *letter != ' ' {
            word.push(*letter);
            continue;
        }
        writer.push(&std::mem::take(&mut word));
        if alone && may_split && writer.is_full() && index + 1 < letters.len() {
            writer.newline(indent);
        } else {
            writer.push(" ");
        }
    }
    writer.push(&word);
}

fn write_single_quoted(writer: &mut Writer, text: &str, indent: usize, may_split: bool) {
    writer.push("'");
    let mut lines = text.split('\n').peekable();
    let mut is_first = true;
    let mut breaks = 0;
    while let Some(line) = lines.next() {
        if !is_first {
            breaks += 1;
        }
        is_first = false;
        if line.is_empty() && lines.peek().is_some() {
            continue;
        }
        if breaks > 0 {
            // One break alone would be folded into a space, so each run has one more.
            writer.push("\n");
            for _ in 1..breaks {
                writer.push("\n");
            }
            writer.newline(indent);
            breaks = 0;
        }
        write_plain(writer, &line.replace('\'', "''"), indent, may_split);
    }
    writer.push("'");
}

fn write_double_quoted(writer: &mut Writer, text: &str) -> Outcome<()> {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '\0' => out.push_str("\\0"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\x0b' => out.push_str("\\v"),
            '\x0c' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\x1b' => out.push_str("\\e"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{a0}' => out.push_str("\\_"),
            ' '..='~' | '\u{a1}'..='\u{fffd}' => out.push(letter),
            letter => {
                out.push_str("\\x");
                let code = u32::from(letter);
                let digits = [code >> 4, code & 15].map(|digit| char::from_digit(digit, 16));
                out.extend(
                    digits
                        .into_iter()
                        .flatten()
                        .map(|digit| digit.to_ascii_uppercase()),
                );
            }
        }
    }
    out.push('"');
    writer.push(&out);
    if writer.is_full() && text.contains(' ') {
        return Err(Fault::unsupported("a long string in double quotes in YAML"));
    }
    Ok(())
}
