//! Which fields an object has: those that its schema does not know are dropped, or told, and those that have a default are filled in.

use serde_json::Value;

use super::KEPT;

/// The paths of the fields that the schema does not know, in the order of their names.
pub fn unknown_fields(object: &Value, schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, field) in object.as_object().into_iter().flatten() {
        if !KEPT.contains(&name.as_str()) {
            collect_unknown(field, property(schema, name), name.clone(), &mut found);
        }
    }
    found.sort();
    found
}

fn collect_unknown(value: &Value, schema: Option<&Value>, path: String, found: &mut Vec<String>) {
    let Some(schema) = schema else {
        found.push(path);
        return;
    };
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let of_any = schema.get("additionalProperties");
                let below = of_any.or_else(|| property(schema, name));
                collect_unknown(field, below, format!("{path}.{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                // What is no list in the schema is of the wrong type, which is said elsewhere.
                let below = schema.get("items").unwrap_or(&Value::Bool(true));
                collect_unknown(item, Some(below), format!("{path}[{index}]"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Drops what the schema does not know, and nulls, since no field of ours is nullable.
pub fn prune(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(fields) if schema.get("additionalProperties").is_none() => {
            fields.retain(|name, field| !field.is_null() && property(schema, name).is_some());
            for (name, field) in fields {
                if let Some(property) = property(schema, name) {
                    prune(field, property);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for item in items {
                    prune(item, schema);
                }
            }
        }
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Fills in what is missing and has a default.
pub fn default(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(fields) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            for (name, property) in properties.into_iter().flatten() {
                if let Some(default) = property.get("default") {
                    fields.entry(name.as_str()).or_insert_with(|| default.clone());
                }
                if let Some(field) = fields.get_mut(name) {
                    self::default(field, property);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for item in items {
                    default(item, schema);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The schema of a field.
fn property<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    schema.get("properties")?.get(name)
}
