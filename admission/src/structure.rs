//! Whether an object is as the structure of its schema says: types, bounds, patterns, lists without duplicates.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Adds every reason why a value at `path` is not as its schema says.
pub fn validate(value: &Value, schema: &Value, path: &str, reasons: &mut Vec<String>) {
    if let Some(wrong) = wrong_type(value, schema) {
        reasons.push(format!("{path}: Invalid value: must be of type {wrong}"));
        return;
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array)
        && !values.contains(value)
    {
        let supported: Vec<String> = values.iter().map(Value::to_string).collect();
        let supported = supported.join(", ");
        reasons.push(format!(
            "{path}: Unsupported value: {value}: supported values: {supported}"
        ));
    }
    match value {
        Value::Object(fields) => object(fields, schema, path, reasons),
        Value::Array(items) => list(items, schema, path, reasons),
        Value::String(text) => string(text, schema, path, reasons),
        Value::Number(number) => bounds(number.as_f64(), schema, path, reasons),
        Value::Bool(_) | Value::Null => {}
    }
}

/// What the value should be and is not. A schema without a type that is known says nothing.
fn wrong_type<'a>(value: &Value, schema: &'a Value) -> Option<&'a str> {
    let Some(expected) = schema.get("type").and_then(Value::as_str) else {
        let is_either = schema.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true));
        return (is_either && !value.is_string() && !value.is_i64()).then_some("integer or string");
    };
    let fits = match expected {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        _ => true,
    };
    (!fits).then_some(expected)
}

fn object(fields: &Map<String, Value>, schema: &Value, path: &str, reasons: &mut Vec<String>) {
    let at = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    let required = schema.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            reasons.push(format!("{}: Required value", at(name)));
        }
    }
    too_many(fields.len(), number(schema, "maxProperties"), path, reasons);
    if let Some(least) = number(schema, "minProperties").filter(|least| fields.len() < *least) {
        reasons.push(format!(
            "{path}: Invalid value: should have at least {least} properties"
        ));
    }
    for (name, field) in fields {
        let of_any = schema.get("additionalProperties");
        let own = || schema.get("properties")?.get(name);
        if let Some(property) = of_any.or_else(own).filter(|property| property.is_object()) {
            validate(field, property, &at(name), reasons);
        }
    }
}

fn list(items: &[Value], schema: &Value, path: &str, reasons: &mut Vec<String>) {
    too_many(items.len(), number(schema, "maxItems"), path, reasons);
    if let Some(least) = number(schema, "minItems").filter(|least| items.len() < *least) {
        reasons.push(format!(
            "{path}: Invalid value: should have at least {least} items"
        ));
    }
    let keys = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
    let is_set = schema.get("x-kubernetes-list-type").and_then(Value::as_str) == Some("set");
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let own = |key: &Value| item.get(key.as_str()?).map(Value::to_string);
        let identity: Option<Vec<_>> = match keys {
            Some(keys) => Some(keys.iter().map(own).collect()),
            None => is_set.then(|| vec![Some(item.to_string())]),
        };
        if identity.is_some_and(|identity| !seen.insert(identity)) {
            reasons.push(format!("{path}[{index}]: Duplicate value"));
        }
        if let Some(schema) = schema.get("items") {
            validate(item, schema, &format!("{path}[{index}]"), reasons);
        }
    }
}

fn string(text: &str, schema: &Value, path: &str, reasons: &mut Vec<String>) {
    let length = text.chars().count();
    if let Some(most) = number(schema, "maxLength").filter(|most| length > *most) {
        reasons.push(format!("{path}: Too long: may not be more than {most} bytes"));
    }
    if let Some(least) = number(schema, "minLength").filter(|least| length < *least) {
        reasons.push(format!(
            "{path}: Invalid value: should be at least {least} chars long"
        ));
    }
    let pattern = schema.get("pattern").and_then(Value::as_str);
    // An API server refuses a definition whose pattern is none.
    if let Some(pattern) = pattern
        && regex::Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text))
    {
        reasons.push(format!("{path}: Invalid value: should match '{pattern}'"));
    }
}

fn bounds(found: Option<f64>, schema: &Value, path: &str, reasons: &mut Vec<String>) {
    let Some(found) = found else { return };
    let bound = |word: &str| schema.get(word).and_then(Value::as_f64);
    if let Some(least) = bound("minimum").filter(|least| found < *least) {
        reasons.push(format!(
            "{path}: Invalid value: should be greater than or equal to {least}"
        ));
    }
    if let Some(most) = bound("maximum").filter(|most| found > *most) {
        reasons.push(format!(
            "{path}: Invalid value: should be less than or equal to {most}"
        ));
    }
}

fn too_many(count: usize, most: Option<usize>, path: &str, reasons: &mut Vec<String>) {
    if let Some(most) = most.filter(|most| count > *most) {
        reasons.push(format!(
            "{path}: Too many: {count}: must have at most {most} items"
        ));
    }
}

/// A bound of the schema that is a count.
fn number(schema: &Value, word: &str) -> Option<usize> {
    schema.get(word)?.as_u64().and_then(|count| count.try_into().ok())
}
