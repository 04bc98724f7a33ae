//! Modes as Ansible's file modules take them: octal, or symbolic relative to the mode that is there.

use crate::error::{Error, Kind, Result};

/// A mode as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    Octal(u32),
    /// Clauses such as `u=rwX,g-w`, checked when parsed.
    Symbolic(Vec<Clause>),
}

/// One `[ugoa]*` with its operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Which of user (0o700), group (0o070) and others (0o007) it speaks of.
    who: u32,
    /// True where nobody was named: the umask then holds back what it holds back for new files.
    implied: bool,
    operations: Vec<(char, String)>,
}

impl Mode {
    /// # Errors
    /// `Invalid`, in Ansible's words.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let octal = text.strip_prefix("0o").unwrap_or(text);
        if !octal.is_empty() && octal.bytes().all(|byte| byte.is_ascii_digit()) {
            return u32::from_str_radix(octal, 8)
                .ok()
                .filter(|mode| *mode <= 0o7777)
                .map(Self::Octal)
                .ok_or_else(|| malformed(text));
        }
        let clauses: Option<Vec<Clause>> = text.split(',').map(clause).collect();
        clauses.map(Self::Symbolic).ok_or_else(|| malformed(text))
    }

    /// Returns the mode that `current` becomes, for a directory, under `umask`.
    #[must_use]
    pub fn apply(&self, current: u32, umask: u32) -> u32 {
        match self {
            Self::Octal(mode) => *mode,
            Self::Symbolic(clauses) => clauses
                .iter()
                .fold(current, |mode, clause| clause.apply(mode, umask)),
        }
    }
}

impl Clause {
    fn apply(&self, current: u32, umask: u32) -> u32 {
        let held_back = if self.implied { umask } else { 0 };
        self.operations.iter().fold(current, |mode, (operator, letters)| {
            let bits = letters
                .chars()
                .fold(0, |bits, letter| bits | self.bits(letter, mode));
            let bits = bits & !held_back;
            match operator {
                '+' => mode | bits,
                '-' => mode & !bits,
                _ => (mode & !(self.who | self.special())) | bits,
            }
        })
    }

    /// Returns the set-id and sticky bits that an `=` of these users clears.
    fn special(&self) -> u32 {
        [(0o700, 0o4000), (0o070, 0o2000), (0o007, 0o1000)]
            .into_iter()
            .filter(|(who, _)| self.who & who != 0)
            .fold(0, |bits, (_, special)| bits | special)
    }

    fn bits(&self, letter: char, mode: u32) -> u32 {
        let everywhere = |bit: u32| (bit | bit << 3 | bit << 6) & self.who;
        match letter {
            'r' => everywhere(4),
            'w' => everywhere(2),
            // `X` is `x` for directories, and directories are all that gets a mode here.
            'x' | 'X' => everywhere(1),
            's' => self.special() & 0o6000,
            't' => 0o1000,
            'u' => everywhere(mode >> 6 & 7),
            'g' => everywhere(mode >> 3 & 7),
            _ => everywhere(mode & 7),
        }
    }
}

fn clause(text: &str) -> Option<Clause> {
    let start = text.find(['+', '-', '='])?;
    let (who, mut rest) = text.split_at(start);
    let mut users = 0;
    for letter in who.chars() {
        users |= match letter {
            'u' => 0o700,
            'g' => 0o070,
            'o' => 0o007,
            'a' => 0o777,
            _ => return None,
        };
    }
    let mut operations = Vec::new();
    while let Some(operator) = rest.chars().next() {
        let letters = &rest[1..];
        let end = letters.find(['+', '-', '=']).unwrap_or(letters.len());
        let (letters, next) = letters.split_at(end);
        let permissions = letters.chars().all(|letter| "rwxXst".contains(letter));
        let copied = matches!(letters, "u" | "g" | "o");
        if !permissions && !copied {
            return None;
        }
        operations.push((operator, letters.to_owned()));
        rest = next;
    }
    Some(Clause {
        who: if users == 0 { 0o777 } else { users },
        implied: who.is_empty(),
        operations,
    })
}

fn malformed(text: &str) -> Error {
    Error::new(
        Kind::Invalid,
        format!("mode must be in octal or symbolic form, got `{text}`"),
    )
    .with_remedy("quote an octal mode, such as `'0755'`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_become_what_chmod_makes_of_them() {
        for (text, current, expected) in [
            ("0755", 0, 0o755),
            ("755", 0, 0o755),
            ("0o2775", 0, 0o2775),
            ("u=rwX,g-w", 0o577, 0o757),
            ("u=rwx,go=rx", 0, 0o755),
            ("g+s", 0o755, 0o2755),
            ("a=", 0o1777, 0),
            ("+t", 0o755, 0o1755),
            ("o=g", 0o750, 0o755),
            ("u+x-w", 0o600, 0o500),
            ("g=u", 0o700, 0o770),
            // Nobody named: the umask (022) holds back writing for group and others.
            ("+w", 0o555, 0o755),
        ] {
            assert_eq!(
                Mode::parse(text).unwrap().apply(current, 0o022),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn other_words_are_refused_in_ansibles_words() {
        for text in ["", "rwx", "u:rwx", "0999", "17777", "u=rwz", "u+gx"] {
            let error = Mode::parse(text).unwrap_err();
            assert!(
                error
                    .cause()
                    .starts_with("mode must be in octal or symbolic form"),
                "{text}"
            );
        }
    }
}
