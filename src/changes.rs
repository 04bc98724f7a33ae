//! What every result says of its changes, in check mode as in the run that follows. Pure.

use serde_json::{Map, Value, json};

use crate::difference::Difference;

/// Returns the first fields of a result. Each change has one difference, and a sentence or several.
#[must_use]
pub fn told(actions: Vec<String>, differences: impl Iterator<Item = Difference>) -> Map<String, Value> {
    let differences: Vec<Value> = differences.map(|difference| difference.to_json()).collect();
    let mut result = Map::new();
    result.insert("changed".to_owned(), json!(!differences.is_empty()));
    result.insert("actions".to_owned(), Value::from(actions));
    result.insert("diff".to_owned(), json!(differences));
    result
}
