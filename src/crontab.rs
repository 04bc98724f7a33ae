//! A crontab as text: the entries in it that Ansible's `cron` module manages, found by name and taken out. Pure.
//!
//! It never looks at what is not such an entry, nor changes a byte of it.

use std::ops::Range;

/// What `ansible.builtin.cron` writes before the name, on a line of its own above the job.
const MARKER: &[u8] = b"#Ansible: ";

/// One managed entry: the line with its name, and the job below it where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: &'static str,
    pub text: Vec<u8>,
    place: Range<usize>,
}

impl Entry {
    /// Returns the words of the job line, its schedule among them; none where the job is gone.
    pub fn words(&self) -> impl Iterator<Item = &[u8]> {
        self.text
            .split_inclusive(|byte| *byte == b'\n')
            .skip(1)
            .flat_map(|line| line.split(u8::is_ascii_whitespace))
            .filter(|word| !word.is_empty())
    }
}

/// Returns the entries of these names, in their order in the crontab.
#[must_use]
pub fn entries(crontab: &[u8], names: &[&'static str]) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut lines = crontab.split_inclusive(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let mut end = start + line.len();
        if let Some(name) = names.iter().find(|name| marks(line, name)) {
            if let Some(job) = lines.next_if(|next| is_job(next)) {
                end += job.len();
            }
            found.push(Entry {
                name,
                text: crontab[start..end].to_vec(),
                place: start..end,
            });
        }
        start = end;
    }
    found
}

/// Returns the crontab without these entries, every other byte as it was.
#[must_use]
pub fn without(crontab: &[u8], entries: &[Entry]) -> Vec<u8> {
    let mut rest = Vec::with_capacity(crontab.len());
    let mut position = 0;
    for entry in entries {
        rest.extend_from_slice(&crontab[position..entry.place.start]);
        position = entry.place.end;
    }
    rest.extend_from_slice(&crontab[position..]);
    rest
}

fn marks(line: &[u8], name: &str) -> bool {
    line.strip_prefix(MARKER)
        .is_some_and(|rest| rest.trim_ascii_end() == name.as_bytes())
}

/// Returns whether cron would run the line, or would if Ansible had not disabled it by a `#`. What else may stand
/// below a name whose job somebody deleted is not its job: another name, a remark, a variable, nothing.
fn is_job(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"#").unwrap_or(line);
    let mut words = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let fields = match line.trim_ascii_start().first() {
        Some(b'@') => 1,
        Some(b'*' | b'0'..=b'9') => 5,
        _ => return false,
    };
    words.nth(fields).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["Clean up", "Monitor"];

    /// What is found, by name and text, and what is left when it is taken out.
    fn taken_out(crontab: &str) -> (Vec<(&'static str, String)>, String) {
        let found = entries(crontab.as_bytes(), NAMES);
        let rest = without(crontab.as_bytes(), &found);
        let told = found
            .into_iter()
            .map(|entry| (entry.name, String::from_utf8(entry.text).unwrap()));
        (told.collect(), String::from_utf8(rest).unwrap())
    }

    #[test]
    fn a_name_goes_with_the_job_below_it_and_nothing_else() {
        for (crontab, gone, rest) in [
            ("", vec![], ""),
            ("MAILTO=root\n0 1 * * * x\n", vec![], "MAILTO=root\n0 1 * * * x\n"),
            (
                "#Ansible: Clean up\n0 2 * * 0 /w/c.sh\n",
                vec!["#Ansible: Clean up\n0 2 * * 0 /w/c.sh\n"],
                "",
            ),
            (
                "a=b\n#Ansible: Other\n1 1 * * * o\n#Ansible: Monitor\n*/15 * * * * m\n\n2 2 * * * mine",
                vec!["#Ansible: Monitor\n*/15 * * * * m\n"],
                "a=b\n#Ansible: Other\n1 1 * * * o\n\n2 2 * * * mine",
            ),
            // The last line may lack its end.
            (
                "x\n#Ansible: Monitor\n@hourly m",
                vec!["#Ansible: Monitor\n@hourly m"],
                "x\n",
            ),
            // Disabled by Ansible.
            (
                "#Ansible: Monitor\n#*/15 * * * * m\n",
                vec!["#Ansible: Monitor\n#*/15 * * * * m\n"],
                "",
            ),
            // Twice is not once.
            (
                "#Ansible: Clean up\n0 2 * * 0 a\n#Ansible: Clean up\n0 3 * * 0 b\n",
                vec![
                    "#Ansible: Clean up\n0 2 * * 0 a\n",
                    "#Ansible: Clean up\n0 3 * * 0 b\n",
                ],
                "",
            ),
            // The job was deleted by hand: what comes next is somebody else's.
            ("#Ansible: Clean up\n", vec!["#Ansible: Clean up\n"], ""),
            (
                "#Ansible: Clean up\n#Ansible: Monitor\n0 2 * * 0 m\n",
                vec!["#Ansible: Clean up\n", "#Ansible: Monitor\n0 2 * * 0 m\n"],
                "",
            ),
            (
                "#Ansible: Clean up\n# my own jobs\n0 2 * * 0 mine\n",
                vec!["#Ansible: Clean up\n"],
                "# my own jobs\n0 2 * * 0 mine\n",
            ),
            (
                "#Ansible: Clean up\nPATH=/bin\n",
                vec!["#Ansible: Clean up\n"],
                "PATH=/bin\n",
            ),
            (
                "#Ansible: Clean up\n\n0 2 * * 0 mine\n",
                vec!["#Ansible: Clean up\n"],
                "\n0 2 * * 0 mine\n",
            ),
            // Names that only look alike.
            (
                "#Ansible: Clean up more\n0 2 * * 0 a\n# Clean up\n 0 1 * * * b\n#ansible: Monitor\n",
                vec![],
                "#Ansible: Clean up more\n0 2 * * 0 a\n# Clean up\n 0 1 * * * b\n#ansible: Monitor\n",
            ),
        ] {
            let (found, left) = taken_out(crontab);
            let texts: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
            assert_eq!(texts, gone, "{crontab}");
            assert_eq!(left, rest, "{crontab}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_stay() {
        let crontab = b"\xff\xfe\n#Ansible: Monitor\n* * * * * \xe9\n\x80";
        let found = entries(crontab, NAMES);
        assert_eq!(found[0].name, "Monitor");
        assert_eq!(without(crontab, &found), b"\xff\xfe\n\x80");
    }

    #[test]
    fn the_words_of_a_job_are_those_of_its_line() {
        let found = entries(b"#Ansible: Monitor\n0 2 * * 0  /w/m.sh >/dev/null\n", NAMES);
        let words: Vec<&[u8]> = found[0].words().collect();
        assert_eq!(words[5..], [b"/w/m.sh".as_slice(), b">/dev/null"]);
        assert_eq!(entries(b"#Ansible: Monitor\n", NAMES)[0].words().count(), 0);
    }
}
