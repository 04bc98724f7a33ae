//! The arguments of a call, bound to the names that Python gives them.
//!
//! Owns positions and keywords and the faults of a call that does not fit. It must not know what is called.

use std::rc::Rc;

use super::fault::{Fault, Outcome};
use super::python;
use super::value::Value;

#[derive(Default, Clone)]
pub struct Arguments {
    pub positional: Vec<Value>,
    pub named: Vec<(String, Value)>,
}

impl Arguments {
    /// Binds to `names` in order. An argument that is not given is `None`.
    pub fn bind<const N: usize>(self, names: [&str; N]) -> Outcome<[Argument; N]> {
        if self.positional.len() > N {
            return Err(Fault::new(format!(
                "{} arguments where at most {N} are taken",
                self.positional.len()
            )));
        }
        let mut bound: [Argument; N] = std::array::from_fn(|index| Argument {
            name: names[index].to_owned(),
            value: None,
        });
        for (place, value) in bound.iter_mut().zip(self.positional) {
            place.value = Some(value);
        }
        for (name, value) in self.named {
            let place = bound
                .iter_mut()
                .find(|place| place.name == name)
                .ok_or_else(|| Fault::new(format!("there is no argument `{name}`")))?;
            if place.value.is_some() {
                return Err(Fault::new(format!("the argument `{name}` is given twice")));
            }
            place.value = Some(value);
        }
        Ok(bound)
    }

    pub fn none(self) -> Outcome<()> {
        self.bind([]).map(|_: [Argument; 0]| ())
    }

    /// Fails on an undefined argument.
    pub fn defined(self) -> Outcome<Self> {
        for value in self
            .positional
            .iter()
            .chain(self.named.iter().map(|(_, value)| value))
        {
            value.clone().defined()?;
        }
        Ok(self)
    }
}

/// One argument that may or may not be given.
pub struct Argument {
    name: String,
    value: Option<Value>,
}

impl Argument {
    pub fn given(self) -> Option<Value> {
        self.value
    }

    pub fn is_false(&self) -> bool {
        matches!(self.value, Some(Value::Bool(false)))
    }

    /// Returns the value, unless it is missing or Python's `None`.
    pub fn some(self) -> Option<Value> {
        self.value.filter(|value| !matches!(value, Value::None))
    }

    pub fn required(self) -> Outcome<Value> {
        let name = self.name;
        self.value
            .ok_or_else(|| Fault::new(format!("the argument `{name}` is missing")))
    }

    /// Returns Python's truth of it.
    pub fn truth(self, default: bool) -> Outcome<bool> {
        self.value.map_or(Ok(default), |value| value.truth())
    }

    pub fn integer(self, default: i128) -> Outcome<i128> {
        match self.value {
            None => Ok(default),
            Some(Value::Integer(integer)) => Ok(integer),
            Some(Value::Bool(truth)) => Ok(i128::from(truth)),
            Some(other) => Err(other.misuse(&format!("is no integer for `{}`", self.name))),
        }
    }

    pub fn text(self, default: &str) -> Outcome<Rc<str>> {
        match self.value {
            None => Ok(Rc::from(default)),
            Some(Value::Text(text)) => Ok(text),
            Some(other) => Err(other.misuse(&format!("is no string for `{}`", self.name))),
        }
    }

    /// Returns Python's `str` of it.
    pub fn into_text(self, default: &str) -> Outcome<String> {
        self.value
            .map_or_else(|| Ok(default.to_owned()), |value| python::text(&value))
    }
}
