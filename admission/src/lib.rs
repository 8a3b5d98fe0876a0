//! What an API server does with an object of ours before it stores it: prune, default, validate, evaluate CEL. So a manifest is
//! refused without a cluster, with the sentence that the cluster would refuse it with.
//!
//! ```text
//!   object --> unknown fields (only where the caller is strict, as kubectl is)
//!          --> prune --> default --> structure --> CEL rules --> the object as it is stored
//! ```
//!
//! Only the words of structural schemas that our definitions use; a test fails where a definition uses another. The answers are
//! worded like the API server's.
//!
//! Invariants: an object is a value, and nothing here reads a file, asks a server, or panics on what a stranger wrote.

mod shape;
mod structure;

use std::collections::BTreeSet;

use kube_cel::Validator;
use serde_json::{Map, Value};

/// What is left of an object whatever its schema says: the API server has rules of its own for it.
const KEPT: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Why an object is not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmissionError {
    /// There is no such kind.
    #[error("no kinds matches for kind {0:?}: Strongroom has Vault, AccessPolicy and SecretRef")]
    Kind(String),
    /// The object is no object.
    #[error("it is no object")]
    NoObject,
    /// Every reason, in the words of an API server.
    #[error("{}", .0.join("; "))]
    Refused(Vec<String>),
}

/// The object as it would be stored.
///
/// # Errors
/// Every reason to refuse it.
pub fn create(object: &Value) -> Result<Value, AdmissionError> {
    admit(object, None)
}

/// The object as it would be stored in place of `old`.
///
/// # Errors
/// Every reason to refuse it.
pub fn update(object: &Value, old: &Value) -> Result<Value, AdmissionError> {
    admit(object, Some(old))
}

/// The object as it would be stored, where a misspelled field is no field to drop but an error, as kubectl has it
/// (`--validate=strict`, its default).
///
/// # Errors
/// Every reason to refuse it.
pub fn create_strictly(object: &Value) -> Result<Value, AdmissionError> {
    let unknown = shape::unknown_fields(object, &schema(object)?);
    if !unknown.is_empty() {
        let reasons = unknown.into_iter().map(|path| format!("unknown field {path:?}"));
        return Err(AdmissionError::Refused(reasons.collect()));
    }
    create(object)
}

/// The sentences of all rules, of `spec` and of the objects themselves.
pub fn messages() -> BTreeSet<String> {
    let mut messages = BTreeSet::new();
    for definition in strongroom_crds::all() {
        if let Ok(schema) = schema_of(&definition.spec.names.kind) {
            collect_messages(&schema, &mut messages);
        }
    }
    messages
}

fn collect_messages(schema: &Value, messages: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            let rules = fields.get("x-kubernetes-validations").and_then(Value::as_array);
            for rule in rules.into_iter().flatten() {
                let message = rule.get("message").and_then(Value::as_str);
                messages.insert(message.unwrap_or_default().to_owned());
            }
            fields
                .values()
                .for_each(|value| collect_messages(value, messages));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_messages(value, messages)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The schema of an object's kind.
fn schema(object: &Value) -> Result<Value, AdmissionError> {
    schema_of(object.get("kind").and_then(Value::as_str).unwrap_or_default())
}

fn schema_of(kind: &str) -> Result<Value, AdmissionError> {
    let definition = strongroom_crds::all()
        .into_iter()
        .find(|definition| definition.spec.names.kind == kind);
    let version = definition.and_then(|definition| definition.spec.versions.into_iter().next());
    let schema = version.and_then(|version| version.schema?.open_api_v3_schema);
    schema
        .and_then(|schema| serde_json::to_value(schema).ok())
        .ok_or_else(|| AdmissionError::Kind(kind.to_owned()))
}

fn admit(object: &Value, old: Option<&Value>) -> Result<Value, AdmissionError> {
    let schema = schema(object)?;
    let Value::Object(given) = object else {
        return Err(AdmissionError::NoObject);
    };
    let kept: Map<String, Value> = KEPT
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), given.get(key)?.clone())))
        .collect();
    let mut stored = object.clone();
    shape::prune(&mut stored, &schema);
    shape::default(&mut stored, &schema);
    if let Some(fields) = stored.as_object_mut() {
        fields.extend(kept);
    }
    let mut reasons = Vec::new();
    structure::validate(&stored, &schema, "", &mut reasons);
    // An API server evaluates rules only where the structure is right: they rest on it.
    if reasons.is_empty()
        && let Err(errors) = Validator::new().validate(&schema, &stored, old)
    {
        reasons.extend(errors.into_vec().into_iter().map(|error| error.to_string()));
    }
    if reasons.is_empty() {
        Ok(stored)
    } else {
        Err(AdmissionError::Refused(reasons))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn vault(spec: &Value) -> Value {
        json!({"apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault", "metadata": {"name": "v"}, "spec": spec})
    }

    /// Every word of a schema, below the names of properties.
    fn words(schema: &Value, found: &mut BTreeSet<String>) {
        let Value::Object(fields) = schema else { return };
        for (word, value) in fields {
            found.insert(word.clone());
            match word.as_str() {
                "properties" => value
                    .as_object()
                    .unwrap()
                    .values()
                    .for_each(|property| words(property, found)),
                "items" | "additionalProperties" => words(value, found),
                _ => {}
            }
        }
    }

    #[test]
    fn every_word_of_our_schemas_is_one_that_is_known_here() {
        let known = [
            "additionalProperties",
            "default",
            "description",
            "enum",
            "format",
            "items",
            "maxItems",
            "maxLength",
            "maxProperties",
            "maximum",
            "minItems",
            "minLength",
            "minProperties",
            "minimum",
            "pattern",
            "properties",
            "required",
            "type",
            "x-kubernetes-int-or-string",
            "x-kubernetes-list-map-keys",
            "x-kubernetes-list-type",
            "x-kubernetes-map-type",
            "x-kubernetes-validations",
        ];
        let mut found = BTreeSet::new();
        for definition in strongroom_crds::all() {
            words(&schema_of(&definition.spec.names.kind).unwrap(), &mut found);
        }
        let unknown: Vec<_> = found
            .iter()
            .filter(|word| !known.contains(&word.as_str()))
            .collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn a_misspelled_field_is_dropped_or_refused_by_its_path_as_the_caller_likes() {
        let misspelled = vault(&json!({"softDelete": {"retentionDay": 7}, "colour": "red"}));
        let stored = create(&misspelled).unwrap();
        assert_eq!(stored["spec"]["softDelete"]["retentionDays"], 90);
        let refused = create_strictly(&misspelled).unwrap_err();
        let said = "unknown field \"spec.colour\"; unknown field \"spec.softDelete.retentionDay\"";
        assert_eq!(refused.to_string(), said);
    }

    #[test]
    fn another_kind_is_none_of_ours() {
        let refused = create(&json!({"kind": "Safe"})).unwrap_err();
        assert_eq!(refused, AdmissionError::Kind("Safe".to_owned()));
        assert!(create(&json!("Vault")).is_err());
    }

    #[test]
    fn every_reason_is_told() {
        let refused = create(&vault(&json!({
            "softDelete": {"retentionDays": 1}, "paused": "yes"
        })));
        let said = refused.unwrap_err().to_string();
        assert!(
            said.contains("spec.paused") && said.contains("spec.softDelete.retentionDays"),
            "{said}"
        );
    }
}
