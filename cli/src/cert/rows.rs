//! What is known about something, a line for each part.

use std::fmt::Write as _;

use serde_json::Value;

use crate::{table, terminal};

/// `NAME: value` for each row, with the values below each other.
pub(crate) fn render(rows: &[(&str, String)]) -> String {
    let width = rows
        .iter()
        .map(|(name, _)| name.len() + 2)
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for (name, value) in rows {
        let label = format!("{name}:");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{label:<width$} {value}");
    }
    text
}

/// A text of others, or that there is none.
pub(crate) fn field(text: Option<&str>) -> String {
    let text = text.filter(|text| !text.is_empty());
    text.map_or_else(|| table::NONE.to_owned(), terminal::field)
}

/// Words with commas between, or that there are none.
pub(crate) fn list(words: &[String]) -> String {
    field(Some(&words.join(", ")))
}

/// A member of JSON, as text.
pub(super) fn member(value: Option<&Value>) -> String {
    field(value.and_then(text).as_deref())
}

/// What a person reads of JSON.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(values) => Some(values.iter().filter_map(text).collect::<Vec<_>>().join(", ")),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => Some(value.to_string()),
    }
}
