//! What an API server does with an object of ours before it stores it: prune, default, validate, evaluate CEL.
//!
//! Only the words of structural schemas that our definitions use; an unknown one is an error of the test. The answers
//! are worded like the API server's, since the examples hold parts of them.

use std::collections::BTreeSet;

use kube_cel::Validator;
use serde_json::{Map, Value, json};

/// The object as it would be stored, or every reason to refuse it.
pub fn create(object: &Value) -> Result<Value, Vec<String>> {
    admit(object, None)
}

/// The object as it would be stored in place of `old`, or every reason to refuse it.
pub fn update(object: &Value, old: &Value) -> Result<Value, Vec<String>> {
    admit(object, Some(old))
}

/// The sentences of all rules, of `spec` and of the objects themselves.
pub fn messages() -> BTreeSet<String> {
    let mut messages = BTreeSet::new();
    for definition in strongroom_crds::all() {
        let kind = definition.spec.names.kind;
        collect_messages(&schema(&kind), &mut messages);
    }
    messages
}

fn collect_messages(schema: &Value, messages: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            for rule in fields
                .get("x-kubernetes-validations")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                messages.insert(
                    rule["message"]
                        .as_str()
                        .expect("every rule has a message")
                        .to_owned(),
                );
            }
            fields
                .values()
                .for_each(|value| collect_messages(value, messages));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_messages(value, messages)),
        _ => {}
    }
}

fn schema(kind: &str) -> Value {
    let definitions = strongroom_crds::all();
    let definition = definitions
        .iter()
        .find(|definition| definition.spec.names.kind == kind)
        .expect(kind);
    serde_json::to_value(&definition.spec.versions[0].schema).unwrap()["openAPIV3Schema"].clone()
}

fn admit(object: &Value, old: Option<&Value>) -> Result<Value, Vec<String>> {
    let schema = schema(object["kind"].as_str().unwrap());
    let mut object = object.clone();
    let kept: Map<_, _> = ["apiVersion", "kind", "metadata"]
        .map(|key| (key.to_owned(), object[key].clone()))
        .into_iter()
        .collect();
    prune(&mut object, &schema);
    default(&mut object, &schema);
    object.as_object_mut().unwrap().extend(kept);
    let mut refusals = Vec::new();
    validate(&object, &schema, "", &mut refusals);
    if refusals.is_empty()
        && let Err(errors) = Validator::new().validate(&schema, &object, old)
    {
        refusals.extend(errors.into_vec().into_iter().map(|error| error.to_string()));
    }
    if refusals.is_empty() {
        Ok(object)
    } else {
        Err(refusals)
    }
}

/// Drops what the schema does not know, and nulls, since no field of ours is nullable.
fn prune(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(fields) if schema.get("additionalProperties").is_none() => {
            fields.retain(|name, field| !field.is_null() && schema["properties"].get(name).is_some());
            for (name, field) in fields {
                prune(field, &schema["properties"][name.as_str()]);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| prune(item, &schema["items"])),
        _ => {}
    }
}

fn default(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                if let Some(default) = property.get("default") {
                    fields.entry(name.as_str()).or_insert_with(|| default.clone());
                }
                if let Some(field) = fields.get_mut(name) {
                    self::default(field, property);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| default(item, &schema["items"])),
        _ => {}
    }
}

fn validate(value: &Value, schema: &Value, path: &str, refusals: &mut Vec<String>) {
    if let Some(wrong) = wrong_type(value, schema) {
        refusals.push(format!("{path}: Invalid value: must be of type {wrong}"));
        return;
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array)
        && !values.contains(value)
    {
        refusals.push(format!("{path}: Unsupported value: {value}"));
    }
    match value {
        Value::Object(fields) => object(fields, schema, path, refusals),
        Value::Array(items) => list(items, schema, path, refusals),
        Value::String(text) => string(text, schema, path, refusals),
        Value::Number(number) => bounds(number.as_f64().unwrap(), schema, path, refusals),
        Value::Bool(_) | Value::Null => {}
    }
}

fn wrong_type<'a>(value: &Value, schema: &'a Value) -> Option<&'a str> {
    let Some(expected) = schema.get("type").and_then(Value::as_str) else {
        assert_eq!(
            schema["x-kubernetes-int-or-string"],
            json!(true),
            "a schema without a type: {schema}"
        );
        return (!value.is_string() && !value.is_i64()).then_some("integer or string");
    };
    let fits = match expected {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        other => panic!("no such type in our schemas: {other}"),
    };
    (!fits).then_some(expected)
}

fn object(fields: &Map<String, Value>, schema: &Value, path: &str, refusals: &mut Vec<String>) {
    let at = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    for name in schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|name| name.as_str().unwrap())
    {
        if !fields.contains_key(name) {
            refusals.push(format!("{}: Required value", at(name)));
        }
    }
    too_many(fields.len(), schema.get("maxProperties"), path, refusals);
    for (name, field) in fields {
        let values = schema.get("additionalProperties");
        if let Some(property) = values
            .or_else(|| schema["properties"].get(name))
            .filter(|p| p.is_object())
        {
            validate(field, property, &at(name), refusals);
        }
    }
}

fn list(items: &[Value], schema: &Value, path: &str, refusals: &mut Vec<String>) {
    too_many(items.len(), schema.get("maxItems"), path, refusals);
    if let Some(least) = schema["minItems"]
        .as_u64()
        .filter(|least| (items.len() as u64) < *least)
    {
        refusals.push(format!(
            "{path}: Invalid value: should have at least {least} items"
        ));
    }
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let keys = schema["x-kubernetes-list-map-keys"].as_array();
        if let Some(keys) = keys
            && !seen.insert(
                keys.iter()
                    .map(|key| item[key.as_str().unwrap()].to_string())
                    .collect::<Vec<_>>(),
            )
        {
            refusals.push(format!("{path}[{index}]: Duplicate value"));
        }
        validate(item, &schema["items"], &format!("{path}[{index}]"), refusals);
    }
}

fn too_many(count: usize, most: Option<&Value>, path: &str, refusals: &mut Vec<String>) {
    if let Some(most) = most.and_then(Value::as_u64).filter(|most| count as u64 > *most) {
        refusals.push(format!(
            "{path}: Too many: {count}: must have at most {most} items"
        ));
    }
}

fn string(text: &str, schema: &Value, path: &str, refusals: &mut Vec<String>) {
    let length = text.chars().count() as u64;
    if schema["maxLength"].as_u64().is_some_and(|most| length > most) {
        refusals.push(format!("{path}: Too long"));
    }
    if let Some(least) = schema["minLength"].as_u64().filter(|least| length < *least) {
        refusals.push(format!(
            "{path}: Invalid value: should be at least {least} chars long"
        ));
    }
    if let Some(pattern) = schema["pattern"].as_str()
        && !regex::Regex::new(pattern).unwrap().is_match(text)
    {
        refusals.push(format!("{path}: Invalid value: should match '{pattern}'"));
    }
}

fn bounds(number: f64, schema: &Value, path: &str, refusals: &mut Vec<String>) {
    if let Some(least) = schema["minimum"].as_f64().filter(|least| number < *least) {
        refusals.push(format!(
            "{path}: Invalid value: should be greater than or equal to {least}"
        ));
    }
    if let Some(most) = schema["maximum"].as_f64().filter(|most| number > *most) {
        refusals.push(format!(
            "{path}: Invalid value: should be less than or equal to {most}"
        ));
    }
}
