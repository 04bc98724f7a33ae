//! Paths as users write them: `$NAME`, `${NAME}`, `~` and `~user`.
//!
//! Owns the expansion, in the order of Python's `expanduser(expandvars(path))`: a variable may bring in a `~`.
//! What is not set or not known stays as written. It must not look at the file system.

use super::environment::Environment;

/// Returns `path` with its variables and its home directory filled in.
pub fn expand(path: &str, environment: &dyn Environment) -> String {
    expand_home(&expand_variables(path, environment), environment)
}

fn expand_variables(path: &str, environment: &dyn Environment) -> String {
    let mut expanded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        let (name, length) = reference(after);
        let (written, following) = after.split_at(length);
        if let Some(value) = name.and_then(|name| environment.variable(name)) {
            expanded.push_str(&value);
        } else {
            expanded.push('$');
            expanded.push_str(written);
        }
        rest = following;
    }
    expanded.push_str(rest);
    expanded
}

/// Returns the variable that `text`, which stood behind a `$`, names; and how much of the text that takes.
fn reference(text: &str) -> (Option<&str>, usize) {
    if let Some((name, _)) = text.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        return (Some(name), name.len() + 2);
    }
    let length = text
        .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .unwrap_or(text.len());
    (text.get(..length).filter(|name| !name.is_empty()), length)
}

fn expand_home(path: &str, environment: &dyn Environment) -> String {
    let Some(rest) = path.strip_prefix('~') else {
        return path.to_owned();
    };
    let (user, below) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let home = if user.is_empty() {
        environment.variable("HOME").or_else(|| environment.home(None))
    } else {
        environment.home(Some(user))
    };
    match home {
        Some(home) => {
            let expanded = format!("{}{below}", home.trim_end_matches('/'));
            if expanded.is_empty() {
                "/".to_owned()
            } else {
                expanded
            }
        }
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Fixed;

    impl Environment for Fixed {
        fn variable(&self, name: &str) -> Option<String> {
            match name {
                "HOME" => Some("/home/me/".to_owned()),
                "TREE" => Some("~/$TREE".to_owned()),
                "é" => Some("umlaut".to_owned()),
                _ => None,
            }
        }

        fn home(&self, user: Option<&str>) -> Option<String> {
            match user {
                Some("root") => Some("/".to_owned()),
                _ => None,
            }
        }
    }

    #[test]
    fn variables_then_homes_are_filled_in_once() {
        for (path, expanded) in [
            ("", ""),
            ("/srv", "/srv"),
            ("~", "/home/me"),
            ("~/x", "/home/me/x"),
            ("a~/x", "a~/x"),
            ("$TREE/y", "/home/me/$TREE/y"),
            ("/a/${TREE}b", "/a/~/$TREEb"),
            ("/a/$TREEb", "/a/$TREEb"),
            ("/$é/${é}", "/$é/umlaut"),
            ("/$", "/$"),
            ("/$$HOME", "/$/home/me/"),
            ("/${HOME", "/${HOME"),
            ("/${}x", "/${}x"),
            ("~root", "/"),
            ("~root/x", "/x"),
            ("~nobody-here/x", "~nobody-here/x"),
        ] {
            assert_eq!(expand(path, &Fixed), expanded, "{path}");
        }
    }
}
