//! A value as Python has it: what a template's variables and expressions are made of.
//!
//! Owns the types, truth, length, iteration and the way in from JSON. Text, comparison and arithmetic live in
//! `python`, `comparison` and `arithmetic`; this file must not print or compare.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::Value as Json;

use super::containers::{Dict, List};
use super::fault::{Fault, Outcome};
use super::loops::Loop;

/// The most levels of containers within each other; JSON itself is read up to 128.
const DEEPEST: usize = 160;

#[derive(Clone)]
pub enum Value {
    /// Nothing there; the text says what is missing, for the error that its use is.
    Undefined(Rc<Missing>),
    /// What `x if y` is when `y` is false: Jinja prints nothing for it, however strict it is otherwise.
    Blank,
    None,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(Rc<str>),
    /// HTML-safe text, as `tojson` makes it: it may be printed, and escapes whatever it is added to.
    Markup(Rc<str>),
    List(List),
    Tuple(Rc<[Value]>),
    Dict(Dict),
    /// A pair of `groupby`: a tuple whose parts also have the names `grouper` and `list`.
    Group(Rc<[Value; 2]>),
    /// Something of Python's that can be walked through, and whose text nobody wants: `range`, `dict.keys()`.
    View(Rc<[Value]>, ViewKind),
    /// A set: its members are known, their order is different in each run of Python.
    Unordered(Rc<[Value]>),
    Namespace(Rc<RefCell<Members>>),
    Loop(Rc<Loop>),
    Cycler(Rc<Cycler>),
    Joiner(Rc<Joiner>),
    /// A macro by its number in the run that defined it.
    Macro(usize),
    Function(&'static str),
    Method(Rc<(Value, String)>),
}

/// The attributes of a `namespace()`, in the order of their making.
pub type Members = Vec<(Rc<str>, Value)>;

/// What is missing, and what to do about it.
pub struct Missing {
    pub message: String,
    pub remedy: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ViewKind {
    Range,
    Keys,
    Values,
    Items,
}

pub struct Cycler {
    pub items: Vec<Value>,
    pub position: std::cell::Cell<usize>,
}

pub struct Joiner {
    pub separator: Rc<str>,
    pub used: std::cell::Cell<bool>,
}

impl Value {
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Rc::from(text.as_ref()))
    }

    /// Returns a list that nobody may change.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List::new(items, false))
    }

    /// Returns a list as a literal makes it, open to `append`.
    pub fn open_list(items: Vec<Self>) -> Self {
        Self::List(List::new(items, true))
    }

    pub fn tuple(items: Vec<Self>) -> Self {
        Self::Tuple(Rc::from(items))
    }

    pub fn dict(entries: Vec<(Self, Self)>) -> Self {
        Self::Dict(Dict::new(entries, false))
    }

    pub fn open_dict(entries: Vec<(Self, Self)>) -> Self {
        Self::Dict(Dict::new(entries, true))
    }

    pub fn undefined(message: impl Into<String>) -> Self {
        Self::Undefined(Rc::new(Missing {
            message: message.into(),
            remedy: None,
        }))
    }

    pub fn count(number: usize) -> Self {
        Self::Integer(number as i128)
    }

    pub fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::None,
            Json::Bool(truth) => Self::Bool(*truth),
            Json::Number(number) => match number.as_i128() {
                Some(integer) => Self::Integer(integer),
                None => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::text(text),
            Json::Array(items) => Self::list(items.iter().map(Self::from_json).collect()),
            Json::Object(entries) => Self::dict(
                entries
                    .iter()
                    .map(|(key, value)| (Self::text(key), Self::from_json(value)))
                    .collect(),
            ),
        }
    }

    /// Returns Python's name of the type, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Undefined(_) => "undefined",
            Self::Blank => "nothing",
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Integer(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "str",
            Self::Markup(_) => "Markup",
            Self::List(_) => "list",
            Self::Tuple(_) | Self::Group(_) => "tuple",
            Self::Dict(_) => "dict",
            Self::View(_, ViewKind::Range) => "range",
            Self::View(_, ViewKind::Keys) => "dict_keys",
            Self::View(_, ViewKind::Values) => "dict_values",
            Self::View(_, ViewKind::Items) => "dict_items",
            Self::Unordered(_) => "set",
            Self::Namespace(_) => "namespace",
            Self::Loop(_) => "loop",
            Self::Cycler(_) => "cycler",
            Self::Joiner(_) => "joiner",
            Self::Macro(_) => "macro",
            Self::Function(_) => "function",
            Self::Method(_) => "method",
        }
    }

    pub fn is_undefined(&self) -> bool {
        matches!(self, Self::Undefined(_))
    }

    /// Returns the value, or the fault that any use of an undefined one is.
    pub fn defined(self) -> Outcome<Self> {
        match self {
            Self::Undefined(missing) => {
                let fault = Fault::new(missing.message.clone());
                Err(match &missing.remedy {
                    Some(remedy) => fault.with_remedy(remedy.clone()),
                    None => fault,
                })
            }
            value => Ok(value),
        }
    }

    pub fn truth(&self) -> Outcome<bool> {
        Ok(match self {
            Self::Undefined(_) => {
                self.clone().defined()?;
                false
            }
            Self::None | Self::Blank => false,
            Self::Bool(truth) => *truth,
            Self::Integer(integer) => *integer != 0,
            Self::Float(float) => *float != 0.0,
            Self::Text(text) | Self::Markup(text) => !text.is_empty(),
            Self::List(list) => !list.items().is_empty(),
            Self::Tuple(items) | Self::View(items, _) | Self::Unordered(items) => !items.is_empty(),
            Self::Dict(dict) => !dict.entries().is_empty(),
            Self::Group(_)
            | Self::Namespace(_)
            | Self::Loop(_)
            | Self::Cycler(_)
            | Self::Joiner(_)
            | Self::Macro(_)
            | Self::Function(_)
            | Self::Method(_) => true,
        })
    }

    /// Returns what Python's `iter` yields.
    pub fn iterate(&self) -> Outcome<Vec<Self>> {
        match self {
            Self::Text(text) => Ok(text
                .chars()
                .map(|letter| Self::text(letter.encode_utf8(&mut [0; 4])))
                .collect()),
            Self::List(list) => Ok(list.items().clone()),
            Self::Tuple(items) | Self::View(items, _) => Ok(items.to_vec()),
            Self::Group(pair) => Ok(pair.to_vec()),
            Self::Dict(dict) => Ok(dict.entries().iter().map(|(key, _)| key.clone()).collect()),
            Self::Unordered(_) => Err(Fault::unsupported(
                "walking through the result of a set operation, whose order differs from run to run",
            )
            .with_remedy("put `| sort` behind it")),
            _ => Err(self.misuse("is not iterable")),
        }
    }

    /// Returns what Python's `len` says, if it says anything.
    pub fn length(&self) -> Outcome<usize> {
        match self {
            Self::Text(text) => Ok(text.chars().count()),
            Self::List(list) => Ok(list.items().len()),
            Self::Tuple(items) | Self::View(items, _) | Self::Unordered(items) => Ok(items.len()),
            Self::Group(_) => Ok(2),
            Self::Dict(dict) => Ok(dict.entries().len()),
            _ => Err(self.misuse("has no length")),
        }
    }

    /// Returns the fault of a value in a place where its type does not fit.
    pub fn misuse(&self, what: &str) -> Fault {
        match self.clone().defined() {
            Err(fault) => fault,
            Ok(_) => Fault::new(format!("a value of type `{}` {what}", self.type_name())),
        }
    }

    /// Fails on a value of more levels than anything sensible has: all that walks through values is recursive.
    pub fn shallow(self) -> Outcome<Self> {
        if self.is_deeper_than(DEEPEST) {
            return Err(Fault::unsupported(format!(
                "a value of more than {DEEPEST} levels"
            )));
        }
        Ok(self)
    }

    fn is_deeper_than(&self, levels: usize) -> bool {
        let Some(below) = levels.checked_sub(1) else {
            return true;
        };
        match self {
            Self::List(list) => list.items().iter().any(|item| item.is_deeper_than(below)),
            Self::Tuple(items) => items.iter().any(|item| item.is_deeper_than(below)),
            Self::Dict(dict) => dict
                .entries()
                .iter()
                .any(|(_, value)| value.is_deeper_than(below)),
            Self::Namespace(members) => members
                .borrow()
                .iter()
                .any(|(_, value)| value.is_deeper_than(below)),
            _ => false,
        }
    }

    /// Returns a copy that nobody may change, as it is handed to and from filters, macros and methods.
    pub fn frozen(&self) -> Self {
        self.copied(false)
    }

    /// Returns a copy of the containers within, open to change or not.
    pub fn copied(&self, open: bool) -> Self {
        match self {
            Self::List(list) if open || list.is_open() => {
                let items = list.items().iter().map(|item| item.copied(open)).collect();
                if open {
                    Self::open_list(items)
                } else {
                    Self::list(items)
                }
            }
            Self::Dict(dict) if open || dict.is_open() => {
                let entries = dict
                    .entries()
                    .iter()
                    .map(|(key, value)| (key.clone(), value.copied(open)))
                    .collect();
                if open {
                    Self::open_dict(entries)
                } else {
                    Self::dict(entries)
                }
            }
            Self::Tuple(items) => Self::Tuple(items.iter().map(|item| item.copied(open)).collect()),
            other => other.clone(),
        }
    }
}
