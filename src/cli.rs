//! The front that a person meets who starts the binary by hand.

use std::process::ExitCode;

use crate::modules::Module;

/// What can be asked of the binary without Ansible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    Help,
    Version,
}

impl Question {
    #[must_use]
    pub fn from_argument(argument: &str) -> Option<Self> {
        match argument {
            "--help" | "-h" | "help" => Some(Self::Help),
            "--version" | "-V" => Some(Self::Version),
            _ => None,
        }
    }

    #[must_use]
    pub fn answer(self) -> String {
        match self {
            Self::Version => format!("{} {}\n", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
            Self::Help => {
                let modules: Vec<&str> = Module::ALL.iter().map(|module| module.name()).collect();
                format!(
                    "{name} {version}: {description}.\n\n\
                     This is an Ansible module, not a program of its own. Use it from a playbook,\n\
                     or ad hoc:\n\n  \
                     ansible velaryon -m cross_compile\n\n\
                     Usage: {name} ARGUMENTS_FILE    run as Ansible does (`-` reads standard input)\n       \
                     {name} --help | --version\n\n\
                     Modules: {modules}\n\
                     Options: ansible-doc cross_compile\n",
                    name = env!("CARGO_PKG_NAME"),
                    version = env!("CARGO_PKG_VERSION"),
                    description = env!("CARGO_PKG_DESCRIPTION"),
                    modules = modules.join(", "),
                )
            }
        }
    }
}

/// Answers `question`, or says how to ask; a closed pipe is nobody's failure.
#[must_use]
pub fn run(question: Option<Question>) -> ExitCode {
    use std::io::Write as _;
    if let Some(question) = question {
        std::io::stdout().write_all(question.answer().as_bytes()).ok();
        return ExitCode::SUCCESS;
    }
    std::io::stderr()
        .write_all(Question::Help.answer().as_bytes())
        .ok();
    ExitCode::from(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_and_version_answer_for_themselves() {
        assert!(Question::Version.answer().contains(env!("CARGO_PKG_VERSION")));
        let help = Question::Help.answer();
        assert!(help.contains("ansible velaryon -m cross_compile") && help.contains("ARGUMENTS_FILE"));
        assert_eq!(Question::from_argument("--frobnicate"), None);
    }
}
