//! What a run has changed so far, kept outside of it: when the run fails, is interrupted or breaks, the result
//! still says what was done.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use crate::difference::Difference;

/// Cloning shares.
#[derive(Debug, Clone, Default)]
pub struct Journal(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    done: Vec<Entry>,
    warnings: Vec<String>,
    told: Map<String, Value>,
}

/// One change that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its place in the plan: changes that run together end in any order, and are told in this one.
    pub position: usize,
    pub actions: Vec<String>,
    pub difference: Difference,
}

impl Journal {
    pub fn record(&self, entry: Entry) {
        self.state().done.push(entry);
    }

    /// Keeps a warning; the same one only once.
    pub fn warn(&self, warning: impl Into<String>) {
        let warning = warning.into();
        let warnings = &mut self.state().warnings;
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// Keeps a field that the result has even if the run fails.
    pub fn tell(&self, name: impl Into<String>, value: Value) {
        self.state().told.insert(name.into(), value);
    }

    #[must_use]
    pub fn told(&self) -> Map<String, Value> {
        self.state().told.clone()
    }

    /// Returns the changes made so far, in the order of the plan.
    #[must_use]
    pub fn done(&self) -> Vec<Entry> {
        let mut done = self.state().done.clone();
        done.sort_by_key(|entry| entry.position);
        done
    }

    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.state().warnings.clone()
    }

    /// What was written before a thread broke is still true.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_in_the_order_of_the_plan() {
        let journal = Journal::default();
        for (position, action) in [(2, "c"), (0, "a"), (1, "b")] {
            journal.clone().record(Entry {
                position,
                actions: vec![action.to_owned()],
                difference: Difference::new("x", Value::Null, Value::Null),
            });
        }
        let actions: Vec<String> = journal
            .done()
            .into_iter()
            .flat_map(|entry| entry.actions)
            .collect();
        assert_eq!(actions, ["a", "b", "c"]);
    }

    #[test]
    fn a_warning_is_kept_once() {
        let journal = Journal::default();
        journal.warn("x");
        journal.warn("x");
        assert_eq!(journal.warnings(), ["x"]);
    }
}
