//! The `CustomResourceDefinition` of each kind, as it is installed.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;
use serde_json::json;

use crate::{AccessPolicy, SecretRef, Vault};

/// Counts the releases of the definitions: raised with every change of a schema or rule. The operator compares it with
/// what is installed.
pub const CRD_VERSION: u32 = 4;

/// The annotation of an installed definition that holds [`CRD_VERSION`].
pub const CRD_VERSION_ANNOTATION: &str = "strongroom.dev/crd-version";

/// The `observedGeneration` of an object that the operator has not seen yet. No object has that generation.
const UNOBSERVED: i64 = -1;

/// The three definitions, in the order in which they are installed.
pub fn all() -> [CustomResourceDefinition; 3] {
    [Vault::crd(), AccessPolicy::crd(), SecretRef::crd()].map(finished)
}

/// One definition as YAML.
pub fn to_yaml(definition: &CustomResourceDefinition) -> Result<String, serde_saphyr::ser::Error> {
    serde_saphyr::to_string(definition)
}

/// The [`CRD_VERSION`] that a definition in the cluster was installed with; `None` where it carries none.
pub fn installed_version(definition: &CustomResourceDefinition) -> Option<u32> {
    definition
        .metadata
        .annotations
        .as_ref()?
        .get(CRD_VERSION_ANNOTATION)?
        .parse()
        .ok()
}

/// Whether a definition in the cluster lacks something that this release needs.
pub fn is_older(definition: &CustomResourceDefinition) -> bool {
    installed_version(definition).is_none_or(|version| version < CRD_VERSION)
}

/// The derived definition, marked with its version and with a schema that prunes.
fn finished(mut definition: CustomResourceDefinition) -> CustomResourceDefinition {
    definition
        .metadata
        .annotations
        .get_or_insert_default()
        .insert(CRD_VERSION_ANNOTATION.to_owned(), CRD_VERSION.to_string());
    for version in &mut definition.spec.versions {
        if let Some(schema) = version
            .schema
            .as_mut()
            .and_then(|schema| schema.open_api_v3_schema.as_mut())
        {
            schema.title = None;
            prune(schema);
            begin_unobserved(schema);
        }
    }
    definition
}

/// Gives an object that the operator has not seen yet a status that says so. To kstatus, by which Flux waits, an object
/// without `observedGeneration` and without conditions is as it should be.
fn begin_unobserved(schema: &mut JSONSchemaProps) {
    let status = schema
        .properties
        .as_mut()
        .and_then(|properties| properties.get_mut("status"));
    if let Some(status) = status {
        status.default = Some(JSON(json!({"observedGeneration": UNOBSERVED})));
    }
}

/// Removes from a derived schema what Kubernetes refuses or what would weaken the rules:
/// - `nullable`: without it a null is pruned, so that a null member of a union does not count as set;
/// - `additionalProperties: false`: pruning does that, and structural schemas forbid the word;
/// - empty lists and nulls as defaults, which would appear in everybody's manifests.
///
/// Descriptions become one line per paragraph, as `kubectl explain` wraps them itself.
fn prune(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    if let Some(description) = &mut schema.description {
        *description = unwrapped(description);
    }
    if matches!(schema.additional_properties, Some(JSONSchemaPropsOrBool::Bool(_))) {
        schema.additional_properties = None;
    }
    if schema
        .default
        .as_ref()
        .is_some_and(|default| default.0.is_null() || default.0 == serde_json::json!([]))
    {
        schema.default = None;
    }
    schema
        .properties
        .iter_mut()
        .flat_map(|properties| properties.values_mut())
        .for_each(prune);
    match &mut schema.items {
        Some(JSONSchemaPropsOrArray::Schema(items)) => prune(items),
        Some(JSONSchemaPropsOrArray::Schemas(items)) => items.iter_mut().for_each(prune),
        None => {}
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        prune(values);
    }
}

/// Text with its paragraphs on one line each.
fn unwrapped(text: &str) -> String {
    text.split("\n\n")
        .map(|paragraph| paragraph.replace('\n', " "))
        .collect::<Vec<_>>()
        .join("\n\n")
}
