//! Who sees which name: a chain of scopes, the innermost first.
//!
//! Owns names. It must not know statements, nor which of them open a scope.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::value::Value;

pub struct Scope {
    names: RefCell<HashMap<String, Value>>,
    parent: Option<Rc<Scope>>,
}

impl Scope {
    pub fn root(names: HashMap<String, Value>) -> Rc<Self> {
        Rc::new(Self {
            names: RefCell::new(names),
            parent: None,
        })
    }

    pub fn inside(self: &Rc<Self>) -> Rc<Self> {
        Rc::new(Self {
            names: RefCell::default(),
            parent: Some(Rc::clone(self)),
        })
    }

    pub fn set(&self, name: &str, value: Value) {
        self.names.borrow_mut().insert(name.to_owned(), value);
    }

    pub fn get(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.names.borrow().get(name) {
            return Some(value.clone());
        }
        self.parent.as_ref()?.get(name)
    }
}
