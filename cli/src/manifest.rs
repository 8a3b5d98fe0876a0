//! Objects of a cluster as commands print them, ready to be applied.

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;
use serde_json::json;

use crate::{Failure, output::AnswerOutput, printed::Printed};

/// The objects: as documents of YAML, or as one document, which is a list where there is not exactly one object.
pub(crate) fn printed<K: Serialize>(objects: &[K], output: AnswerOutput) -> Result<Printed, Failure> {
    match (output, objects) {
        (AnswerOutput::Text, _) => Ok(Printed::Text(yaml(objects)?)),
        (AnswerOutput::Json, [object]) => Printed::json(object),
        (AnswerOutput::Json, _) => {
            Printed::json(&json!({ "apiVersion": "v1", "kind": "List", "items": objects }))
        }
    }
}

/// The objects as documents of YAML.
pub(crate) fn yaml<K: Serialize>(objects: &[K]) -> Result<String, Failure> {
    let documents: Result<Vec<_>, _> = objects.iter().map(serde_saphyr::to_string).collect();
    let documents = documents.map_err(crate::output::FormError::from)?;
    Ok(documents.join("---\n"))
}

/// Tells policies apart that are not for the same: one that is applied takes the place of another of its name.
pub(crate) fn mark(about: &[&str], objects: &[String]) -> String {
    let text = [about.join("\n"), objects.join("\n")].join("\n\n");
    let hashed = digest(&SHA256, text.as_bytes());
    hex::encode(hashed.as_ref().get(..4).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_a_reader_of_older_yaml_takes_for_something_else_are_quoted() {
        let texts = [
            "yes",
            "no",
            "on",
            "null",
            "0440",
            "1e3",
            "12345678",
            "~",
            "a: b",
            "2026-01-01",
        ];
        let text = yaml(&[texts]).unwrap();
        for line in text.lines() {
            assert!(line.ends_with(['"', '\'']), "{text}");
        }
    }

    #[test]
    fn several_objects_are_several_documents_or_one_list() {
        let objects = [json!({ "a": 1 }), json!({ "a": 2 })];
        assert_eq!(yaml(&objects).unwrap(), "a: 1\n---\na: 2\n");
        let kind = |objects: &[serde_json::Value]| {
            let Printed::Document(text) = printed(objects, AnswerOutput::Json).unwrap() else {
                panic!("no document")
            };
            serde_json::from_str::<serde_json::Value>(&text).unwrap()["kind"].clone()
        };
        assert_eq!(kind(&objects), "List");
        assert_eq!(kind(&objects[..1]), serde_json::Value::Null);
    }
}
