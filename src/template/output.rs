//! What a template, macro or block emits, joined as Ansible joins it.
//!
//! Owns the rule that one value alone stays what it is and several become text. It must not evaluate.

use super::fault::Outcome;
use super::python;
use super::value::Value;

/// The emitted nodes. `None` is never one of them: Ansible prints nothing for it.
#[derive(Default)]
pub struct Output {
    nodes: Vec<Value>,
}

impl Output {
    pub fn raw(&mut self, text: &str) {
        if !text.is_empty() {
            self.nodes.push(Value::text(text));
        }
    }

    pub fn value(&mut self, value: Value) -> Outcome<()> {
        match value.defined()? {
            Value::None => {}
            // Printed at once, so that a fault names the line that emitted it.
            value => {
                python::printed(&value)?;
                self.nodes.push(value);
            }
        }
        Ok(())
    }

    /// Returns the nodes as one value: nothing is `None`, one is itself, several are text.
    pub fn joined(mut self) -> Outcome<Value> {
        match self.nodes.len() {
            0 => Ok(Value::None),
            1 => Ok(self.nodes.swap_remove(0)),
            _ => {
                let mut text = String::new();
                for node in &self.nodes {
                    text.push_str(&python::printed(node)?);
                }
                Ok(Value::text(text))
            }
        }
    }
}
