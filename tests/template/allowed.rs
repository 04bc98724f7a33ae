//! What this crate refuses although Ansible renders it.
//!
//! Owns the list, each entry with the reason and the most cases that may meet it. The corpus that must render
//! (`corpus/renders`) has no allowance.

pub struct Allowance {
    /// A part of the message.
    pub message: &'static str,
    pub reason: &'static str,
    pub most: usize,
}

const fn allow(message: &'static str, reason: &'static str, most: usize) -> Allowance {
    Allowance {
        message,
        reason,
        most,
    }
}

pub const ALLOWED: &[Allowance] = &[
    allow(
        "as a bool is not supported",
        "other words than yes, no, on, off, true, false, 1 and 0 are deprecated, and differ between releases",
        49,
    ),
    allow(
        "the filter `",
        "a filter that no configuration needs, or that asks the host or a clock",
        132,
    ),
    allow(
        "the test `",
        "a test that asks the host, or about Ansible's own state",
        53,
    ),
    allow(
        "the method `",
        "a method that changes what others hold, or that no configuration needs",
        18,
    ),
    allow(
        "changing a ",
        "Ansible copies what the template has not made itself, at points that differ between releases",
        6,
    ),
    allow(
        "printing a value of type",
        "Python's text for it is an address, or an order that differs from run to run",
        50,
    ),
    allow(
        "sorting a set with members",
        "their order differs from run to run",
        1,
    ),
    allow(
        "walking through the result of a set operation",
        "its order differs from run to run",
        2,
    ),
    allow(
        "YAML in flow style",
        "PyYAML's flow style is not written; `to_nice_yaml` is",
        18,
    ),
    allow(
        "in YAML is not supported",
        "PyYAML escapes it, differently from release to release",
        2,
    ),
    allow(
        "cannot be truncated",
        "a list that is short enough passes through Ansible's `truncate`",
        46,
    ),
    allow(
        "of type `range`",
        "a range is a list here only after `| list`",
        15,
    ),
    allow("of type `Markup`", "escaped text may be printed, no more", 40),
    allow(
        "is undefined",
        "Ansible carries an undefined value as far as nothing uses the result",
        45,
    ),
    allow(
        "is not iterable",
        "Ansible carries a failure as far as nothing uses the result",
        39,
    ),
    allow(
        "has no length",
        "Ansible carries a failure as far as nothing uses the result",
        3,
    ),
    allow(
        "have no order",
        "Ansible carries a failure as far as nothing uses the result",
        1,
    ),
    allow("a field within a field", "a nested format specification", 6),
    allow(
        "does not fit a value of type",
        "a format specification that means nothing for that type",
        1,
    ),
    allow("the conversion `%c`", "characters by number", 2),
    allow("the escape `", "an escape that Jinja itself garbles", 1),
    allow("so large a size", "sizes beyond those that machines have", 3),
    allow("is no size", "sizes beyond those that machines have", 1),
    allow(
        "beyond ASCII",
        "Python's character tables differ between releases",
        6,
    ),
    allow(
        "whose exact value is not a whole number",
        "mathematical libraries round it differently",
        3,
    ),
    allow("an integer of more than 127 bits", "integers end here", 1),
    allow("integers beyond 2**53", "Python rounds once, floats twice", 1),
    allow(
        "the sum of several floats",
        "Python 3.12 and later compensate rounding errors",
        1,
    ),
    allow("this is not base64", "Python skips what is not base64", 1),
    allow("cannot be decoded", "Python decodes the text of any value", 2),
    allow("syntax error: unexpected `+`", "a sign `+`", 1),
    allow("syntax error: unexpected `,`", "a tuple without parentheses", 1),
    allow("`{% autoescape %}`", "escaping is off in configuration", 1),
    allow("`{% block %}`", "templates of several files", 1),
    allow("`lookup`", "a lookup asks the controller", 2),
    allow("`query`", "a lookup asks the controller", 2),
    allow("`q`", "a lookup asks the controller", 2),
    allow("`now`", "the time differs from run to run", 1),
];
