//! Lists and dicts: shared, in order, and changed only where the template itself has made them.
//!
//! Owns that rule. It must not know what the items mean.

use std::cell::RefCell;
use std::rc::Rc;

use super::fault::{Fault, Outcome};
use super::value::Value;

/// A list. Only one that the template itself has made may be appended to: Ansible copies all others at points
/// that differ from release to release.
#[derive(Clone)]
pub struct List(Rc<Cells<Value>>);

/// A dict, in insertion order.
#[derive(Clone)]
pub struct Dict(Rc<Cells<(Value, Value)>>);

struct Cells<T> {
    items: RefCell<Vec<T>>,
    open: bool,
}

impl<T> Cells<T> {
    fn change(&self, what: &str, change: impl FnOnce(&mut Vec<T>)) -> Outcome<()> {
        if !self.open {
            return Err(Fault::unsupported(format!(
                "changing a {what} that the template has not made itself"
            ))
            .with_remedy("build a new one, for example with `+` or `combine`"));
        }
        let mut items = self
            .items
            .try_borrow_mut()
            .map_err(|_| Fault::unsupported(format!("changing a {what} while it is in use")))?;
        change(&mut items);
        Ok(())
    }
}

impl List {
    pub fn new(items: Vec<Value>, open: bool) -> Self {
        Self(Rc::new(Cells {
            items: RefCell::new(items),
            open,
        }))
    }

    pub fn items(&self) -> std::cell::Ref<'_, Vec<Value>> {
        self.0.items.borrow()
    }

    pub fn change(&self, change: impl FnOnce(&mut Vec<Value>)) -> Outcome<()> {
        self.0.change("list", change)
    }

    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Returns whether the template has made it, and may change it.
    pub fn is_open(&self) -> bool {
        self.0.open
    }
}

impl Dict {
    pub fn new(entries: Vec<(Value, Value)>, open: bool) -> Self {
        Self(Rc::new(Cells {
            items: RefCell::new(entries),
            open,
        }))
    }

    pub fn is_open(&self) -> bool {
        self.0.open
    }

    pub fn entries(&self) -> std::cell::Ref<'_, Vec<(Value, Value)>> {
        self.0.items.borrow()
    }

    pub fn change(&self, change: impl FnOnce(&mut Vec<(Value, Value)>)) -> Outcome<()> {
        self.0.change("dict", change)
    }

    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}
