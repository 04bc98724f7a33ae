//! The `loop` variable inside `{% for %}`.
//!
//! Owns its counters and memory. It must not run the loop's body.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::comparison::equal;
use super::fault::{Fault, Outcome};
use super::value::Value;

pub struct Loop {
    items: Rc<[Value]>,
    index: Cell<usize>,
    depth: usize,
    changed: RefCell<Option<Vec<Value>>>,
    /// The recursive loop that a call of this variable runs again, by its number.
    pub recursion: Option<usize>,
}

impl Loop {
    pub fn new(items: Rc<[Value]>, depth: usize, recursion: Option<usize>) -> Self {
        Self {
            items,
            index: Cell::new(0),
            depth,
            changed: RefCell::new(None),
            recursion,
        }
    }

    pub fn move_to(&self, index: usize) {
        self.index.set(index);
    }

    pub fn depth(&self) -> usize {
        self.depth
    }

    pub fn attribute(&self, name: &str) -> Value {
        let (index, length) = (self.index.get(), self.items.len());
        match name {
            "index" => Value::count(index + 1),
            "index0" => Value::count(index),
            "revindex" => Value::count(length - index),
            "revindex0" => Value::count(length - index - 1),
            "first" => Value::Bool(index == 0),
            "last" => Value::Bool(index + 1 == length),
            "length" => Value::count(length),
            "depth" => Value::count(self.depth),
            "depth0" => Value::count(self.depth - 1),
            "previtem" => match index.checked_sub(1).and_then(|index| self.items.get(index)) {
                Some(item) => item.clone(),
                None => Value::undefined("there is no previous item"),
            },
            "nextitem" => match self.items.get(index + 1) {
                Some(item) => item.clone(),
                None => Value::undefined("there is no next item"),
            },
            other => Value::undefined(format!("`loop.{other}` is undefined")),
        }
    }

    pub fn cycle(&self, values: &[Value]) -> Outcome<Value> {
        match values.len() {
            0 => Err(Fault::new("`loop.cycle` has nothing to choose from")),
            length => Ok(values[self.index.get() % length].clone()),
        }
    }

    /// Returns whether the values differ from those of the last call.
    pub fn changed(&self, values: Vec<Value>) -> Outcome<Value> {
        let same = match &*self.changed.borrow() {
            Some(last) => equal(&Value::tuple(last.clone()), &Value::tuple(values.clone()))?,
            None => false,
        };
        if !same {
            self.changed.replace(Some(values));
        }
        Ok(Value::Bool(!same))
    }
}
