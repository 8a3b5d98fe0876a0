//! What may be set, and what is refused.

use std::fs;

use serde_json::Value;
use strongroom_harness::cluster::apply::parse;

use crate::render::{VERSIONS, files, repository, template};

#[test]
fn values_that_mean_nothing_are_refused_with_the_place() {
    for file in files("charts/refused") {
        let output = template(&file, VERSIONS[2]);
        let (text, error) = (
            fs::read_to_string(&file).unwrap(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        );
        let expected = text.lines().next().unwrap().trim_start_matches("# ");
        assert!(!output.status.success(), "{file:?} is accepted");
        assert!(error.contains(expected), "{file:?} is refused with: {error}");
    }
}

#[test]
fn the_schema_describes_every_value() {
    let text = fs::read_to_string(repository().join("charts/strongroom/values.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    let values = fs::read_to_string(repository().join("charts/strongroom/values.yaml")).unwrap();
    described("", &schema, &parse(&values).unwrap()[0]);
}

fn described(path: &str, schema: &Value, values: &Value) {
    for (name, value) in values.as_object().unwrap() {
        let (path, field) = (format!("{path}.{name}"), &schema["properties"][name]);
        assert!(
            field["description"].is_string() || field["$ref"].is_string(),
            "{path} is not described"
        );
        if field["properties"].is_object() {
            assert_eq!(
                field["additionalProperties"], false,
                "{path} takes what it does not know"
            );
            described(&path, field, value);
        }
    }
}
