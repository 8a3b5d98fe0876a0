//! `docs/reference/cli-schema.json`: the documents that `-o json` prints.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    config::{ConfigDocument, ConfigItem},
    output::{API_VERSION, ErrorDocument},
};

/// Where the schema lies, from the root of the repository.
pub const PATH: &str = "docs/reference/cli-schema.json";

/// The schema, in JSON (JSON Schema 2020-12). Ends its last line.
pub fn render() -> String {
    format!("{:#}\n", schema())
}

/// The schema.
fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let error = reference::<ErrorDocument>(&mut generator);
    let config = reference::<ConfigDocument>(&mut generator);
    let item = reference::<ConfigItem>(&mut generator);
    let mut definitions: Map<String, Value> = generator.take_definitions(true);
    let config_list = definition(
        &mut definitions,
        "ConfigList",
        list("^ConfigList$", &item, "What `config list` prints."),
    );
    let of_objects = definition(
        &mut definitions,
        "ObjectList",
        list(
            "List$",
            &json!({ "type": "object" }),
            "Any other list. The items are objects of the vault's API, without values (docs/api.md), or of the cluster's \
             (docs/reference/crds.md).",
        ),
    );
    let document = definition(&mut definitions, "Document", document());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Documents of the strongroom command line",
        "description": "What `-o json` prints on standard output, and, where a command fails, on standard error. Fields are added; \
                        none is taken away or means something else later.",
        "anyOf": [error, config, config_list, of_objects, document],
        "$defs": definitions,
    })
}

fn reference<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

fn definition(definitions: &mut Map<String, Value>, name: &str, schema: Value) -> Value {
    definitions.insert(name.to_owned(), schema);
    Schema::new_ref(format!("#/$defs/{name}")).to_value()
}

/// A list whose kind has this form.
fn list(kind: &str, item: &Value, description: &str) -> Value {
    json!({
        "type": "object",
        "description": description,
        "properties": {
            "apiVersion": { "const": API_VERSION },
            "kind": { "type": "string", "pattern": kind },
            "items": { "type": "array", "items": item },
        },
        "required": ["apiVersion", "kind", "items"],
    })
}

/// One thing of this program's own.
fn document() -> Value {
    json!({
        "type": "object",
        "description": "Any other single document.",
        "properties": {
            "apiVersion": { "const": API_VERSION },
            "kind": { "type": "string" },
        },
        "required": ["apiVersion", "kind"],
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Whether a document is one of this definition. Knows of JSON Schema what is used here.
    pub(crate) fn is_valid(name: &str, document: &Value) -> bool {
        let schema = schema();
        fits(&schema, &schema["$defs"][name], document)
    }

    fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
        let Some(members) = schema.as_object() else {
            return schema.as_bool().unwrap_or(true);
        };
        members.iter().all(|(word, rule)| match word.as_str() {
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                fits(root, &root["$defs"][name], value)
            }
            "type" => match rule {
                Value::Array(types) => types.iter().any(|of| is_of_type(of.as_str().unwrap(), value)),
                of => is_of_type(of.as_str().unwrap(), value),
            },
            "const" => rule == value,
            "pattern" => {
                let (text, rule) = (value.as_str().unwrap_or_default(), rule.as_str().unwrap());
                match rule.strip_prefix('^') {
                    Some(whole) => Some(text) == whole.strip_suffix('$'),
                    None => text.ends_with(rule.strip_suffix('$').unwrap()),
                }
            }
            "properties" => rule
                .as_object()
                .unwrap()
                .iter()
                .all(|(name, rule)| value.get(name).is_none_or(|member| fits(root, rule, member))),
            "required" => rule
                .as_array()
                .unwrap()
                .iter()
                .all(|name| value.get(name.as_str().unwrap()).is_some()),
            "items" => value
                .as_array()
                .is_none_or(|items| items.iter().all(|item| fits(root, rule, item))),
            "minimum" => value.as_u64() >= rule.as_u64(),
            "maximum" => value.as_u64() <= rule.as_u64(),
            "description" | "format" => true,
            other => panic!("{other} is not checked"),
        })
    }

    fn is_of_type(name: &str, value: &Value) -> bool {
        match name {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_u64() || value.is_i64(),
            "null" => value.is_null(),
            other => panic!("{other} is not checked"),
        }
    }

    #[test]
    fn each_document_fits_its_own_definition_and_no_other_thing_does() {
        let error = json!({ "error": { "code": "NotFound", "message": "no", "exitCode": 1 } });
        assert!(is_valid("ErrorDocument", &error));
        assert!(!is_valid(
            "ErrorDocument",
            &json!({ "error": { "code": "NotFound" } })
        ));
        let items = json!([{ "key": "vault", "value": "a/b", "source": "all contexts" }]);
        let list = json!({ "apiVersion": API_VERSION, "kind": "ConfigList", "items": items });
        assert!(is_valid("ConfigList", &list) && is_valid("ObjectList", &list));
        let other = json!({ "apiVersion": "v2", "kind": "ConfigList", "items": [] });
        assert!(!is_valid("ConfigList", &other) && !is_valid("Document", &other));
    }
}
