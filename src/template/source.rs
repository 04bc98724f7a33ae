//! A template's text before it runs: its `#jinja2:` header line, its newlines, its syntax tree.
//!
//! Owns what happens to the text around minijinja's parser, so that the parser sees what Jinja's would see. It
//! must not evaluate anything.

use minijinja::machinery::{ast, parse};
use minijinja::syntax::SyntaxConfig;

use super::fault::{Fault, Outcome};

const HEADER: &str = "#jinja2:";

/// White space to Python and not to the parser; a template that has it would be trimmed differently.
const PYTHON_ONLY_SPACE: [char; 4] = ['\x1c', '\x1d', '\x1e', '\x1f'];

/// Returns whether anything in `text` asks for rendering; Ansible leaves all other text as it is.
pub fn is_template(text: &str) -> bool {
    text.starts_with(HEADER) || ["{{", "{%", "{#"].iter().any(|start| text.contains(start))
}

pub struct Source {
    text: String,
    header_lines: usize,
    trailing_newlines: usize,
    trim_blocks: bool,
    lstrip_blocks: bool,
}

impl Source {
    pub fn new(original: &str) -> Outcome<Self> {
        let mut source = Self {
            text: String::new(),
            header_lines: 0,
            // Ansible counts those of the file, header and all, before Jinja normalises the others.
            trailing_newlines: count_trailing_newlines(original),
            trim_blocks: true,
            lstrip_blocks: false,
        };
        let body = match original.strip_prefix(HEADER) {
            Some(rest) => source.read_header(rest)?,
            None => original,
        };
        if let Some(offset) = body.find(PYTHON_ONLY_SPACE) {
            let line = 1 + source.header_lines + body[..offset].matches('\n').count();
            return Err(Fault::unsupported("a control character between U+001C and U+001F").at_line(line));
        }
        source.text = body.replace("\r\n", "\n").replace('\r', "\n");
        if source.text.len() > u32::MAX as usize {
            return Err(Fault::unsupported("a template of more than 4 GiB"));
        }
        // Jinja drops one newline at the end; all of them come back after rendering.
        if source.text.ends_with('\n') {
            source.text.pop();
        }
        Ok(source)
    }

    /// Reads the options that follow `#jinja2:` and returns the text below that line.
    fn read_header<'a>(&mut self, rest: &'a str) -> Outcome<&'a str> {
        let refuse = |what: String| Fault::new(what).at_line(1);
        let (line, body) = rest
            .split_once('\n')
            .ok_or_else(|| refuse(format!("the `{HEADER}` line has no newline behind it")))?;
        for pair in line.split(',') {
            let (key, value) = pair.split_once(':').ok_or_else(|| {
                refuse(format!(
                    "`{}` in the `{HEADER}` line is not `key: value`",
                    pair.trim()
                ))
            })?;
            let option = match key.trim() {
                "trim_blocks" => &mut self.trim_blocks,
                "lstrip_blocks" => &mut self.lstrip_blocks,
                other => {
                    return Err(refuse(format!(
                        "`{other}` in the `{HEADER}` line is not supported"
                    )));
                }
            };
            *option = match value.trim() {
                "True" => true,
                "False" => false,
                other => {
                    return Err(refuse(format!(
                        "`{other}` in the `{HEADER}` line is neither True nor False"
                    )));
                }
            };
        }
        self.header_lines = 1;
        Ok(body)
    }

    pub fn parse(&self) -> Outcome<ast::Stmt<'_>> {
        let syntax = SyntaxConfig::builder()
            .trim_blocks(self.trim_blocks)
            .lstrip_blocks(self.lstrip_blocks)
            .keep_trailing_newline(true)
            .build()
            .map_err(|error| Fault::new(error.to_string()))?;
        parse(&self.text, "", syntax).map_err(|error| {
            let detail = error
                .detail()
                .map_or_else(|| error.kind().to_string(), str::to_owned);
            let fault = explain_syntax(&detail);
            match error.line() {
                Some(line) => fault.at_line(line),
                None => fault,
            }
        })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn trims_blocks(&self) -> bool {
        self.trim_blocks
    }

    pub fn header_lines(&self) -> usize {
        self.header_lines
    }

    /// Returns `text` with at least as many newlines at its end as the template has, as Ansible does.
    pub fn restore_trailing_newlines(&self, mut text: String) -> String {
        let missing = self
            .trailing_newlines
            .saturating_sub(count_trailing_newlines(&text));
        text.extend(std::iter::repeat_n('\n', missing));
        text
    }
}

fn count_trailing_newlines(text: &str) -> usize {
    text.len() - text.trim_end_matches('\n').len()
}

fn explain_syntax(detail: &str) -> Fault {
    match detail.strip_prefix("unknown statement ") {
        Some(statement @ ("include" | "import" | "from" | "extends" | "block")) => {
            Fault::unsupported(format!("`{{% {statement} %}}`"))
                .with_remedy("put everything into one template")
        }
        Some(statement) => Fault::new(format!("`{{% {statement} %}}` is unknown")),
        None => Fault::new(format!("syntax error: {detail}")),
    }
}
