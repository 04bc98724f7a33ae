//! Chooses the front: Ansible's, when there is an arguments file; else a person's.

use std::path::Path;
use std::process::ExitCode;

use cross_compile::{ansible, cli};

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let program = words.next();
    let program = program.as_deref().and_then(|program| program.to_str());
    let words: Vec<_> = words.collect();
    match words.as_slice() {
        [word] => match word.to_str().and_then(cli::Question::from_argument) {
            Some(question) => cli::run(Some(question)),
            None => ansible::run(Path::new(word), program),
        },
        _ => cli::run(None),
    }
}
