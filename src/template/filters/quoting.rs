//! Text made safe for where it goes: a shell, a comment.
//!
//! Owns both. HTML and URLs are `markup`'s.

use super::text::width;
use crate::template::arguments::{Argument, Arguments};
use crate::template::fault::{Fault, Outcome};
use crate::template::python::{self, is_space};
use crate::template::value::Value;

/// Quotes for a shell, as `shlex.quote` does.
pub fn quote(value: &Value, arguments: Arguments) -> Outcome<Value> {
    arguments.none()?;
    let text = match value {
        Value::None => String::new(),
        other => python::text(other)?,
    };
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"@%_-+=:,./".contains(&byte);
    Ok(Value::text(if !text.is_empty() && text.bytes().all(is_safe) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\"'\"'"))
    }))
}

pub fn comment(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let names = [
        "style",
        "decoration",
        "beginning",
        "end",
        "newline",
        "prefix",
        "prefix_count",
        "postfix",
        "postfix_count",
    ];
    let [
        style,
        decoration,
        beginning,
        end,
        newline,
        prefix,
        prefix_count,
        postfix,
        postfix_count,
    ] = arguments.bind(names)?;
    let Value::Text(text) = value else {
        return Err(value.misuse("is no text to comment out"));
    };
    let style = style.text("plain")?;
    let (style_beginning, style_decoration, style_end) = match &*style {
        "plain" => ("", "# ", ""),
        "erlang" => ("", "% ", ""),
        "c" => ("", "// ", ""),
        "cblock" => ("/*", " * ", " */"),
        "xml" => ("<!--", " - ", "-->"),
        other => return Err(Fault::new(format!("there is no style `{other}` of comments"))),
    };
    let decoration = decoration.text(style_decoration)?;
    let bare = decoration.trim_end_matches(is_space);
    let (beginning, end, newline) = (
        beginning.text(style_beginning)?,
        end.text(style_end)?,
        newline.text("\n")?,
    );
    let (prefix, postfix) = (prefix.text(bare)?, postfix.text(bare)?);
    let count = |argument: Argument| width(argument.given().unwrap_or(Value::Integer(1)));
    let (prefix_count, postfix_count) = (count(prefix_count)?, count(postfix_count)?);

    let mut out = String::new();
    if !beginning.is_empty() {
        out.extend([&*beginning, &*newline]);
    }
    if !prefix.is_empty() {
        let line = if prefix == newline {
            newline.to_string()
        } else {
            format!("{prefix}{newline}")
        };
        out.push_str(&line.repeat(prefix_count));
    }
    let decorated = format!(
        "{decoration}{}",
        text.replace(&*newline, &format!("{newline}{decoration}"))
    );
    out.push_str(&decorated.replace(&format!("{decoration}{newline}"), &format!("{bare}{newline}")));
    out.push_str(&format!("{newline}{postfix}").repeat(postfix_count));
    if !end.is_empty() {
        out.extend([&*newline, &*end]);
    }
    Ok(Value::text(out))
}
