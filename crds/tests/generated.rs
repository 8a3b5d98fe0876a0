//! The generated files are what the types generate now, and what a cluster can be given.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

use std::{fs, path::Path};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use strongroom_crds::{CRD_VERSION_ANNOTATION, all, generate, installed_version, is_older, to_yaml};

#[test]
fn generated_files_are_up_to_date() {
    for file in generate::files().unwrap() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(&file.path);
        let kept = fs::read_to_string(path).unwrap_or_default();
        let command = "cargo run --profile ci -p strongroom-crds --example crdgen";
        assert!(kept == file.content, "{} is out of date: {command}", file.path);
    }
}

#[test]
fn a_definition_fits_a_last_applied_annotation_with_room() {
    for definition in all() {
        assert!(to_yaml(&definition).unwrap().len() < 100_000);
    }
}

#[test]
fn yaml_reads_back_as_the_same_definition() {
    for definition in all() {
        let read: CustomResourceDefinition = serde_saphyr::from_str(&to_yaml(&definition).unwrap()).unwrap();
        assert_eq!(read, definition);
    }
}

#[test]
fn a_definition_without_our_mark_or_with_a_lower_one_is_older() {
    let [mut definition, ..] = all();
    assert_eq!(installed_version(&definition), Some(strongroom_crds::CRD_VERSION));
    assert!(!is_older(&definition));
    definition
        .metadata
        .annotations
        .as_mut()
        .unwrap()
        .insert(CRD_VERSION_ANNOTATION.to_owned(), "0".to_owned());
    assert!(is_older(&definition));
    definition.metadata.annotations = None;
    assert!(is_older(&definition));
}

#[test]
fn every_field_is_described_and_bounded() {
    for definition in all() {
        let schema = definition.spec.versions[0]
            .schema
            .as_ref()
            .unwrap()
            .open_api_v3_schema
            .as_ref()
            .unwrap();
        for part in ["spec", "status"] {
            bounded(
                &schema.properties.as_ref().unwrap()[part],
                &format!("{}.{part}", definition.spec.names.kind),
            );
        }
    }
}

fn bounded(schema: &JSONSchemaProps, path: &str) {
    assert_eq!(schema.nullable, None, "{path}: a null would count as set");
    let is_list = schema.type_.as_deref() == Some("array");
    assert!(!is_list || schema.max_items.is_some(), "{path}: no maxItems");
    let is_text = schema.type_.as_deref() == Some("string") && schema.enum_.is_none();
    assert!(!is_text || schema.max_length.is_some(), "{path}: no maxLength");
    for (name, field) in schema.properties.iter().flatten() {
        let path = format!("{path}.{name}");
        assert!(
            field.description.as_ref().is_some_and(|text| text.ends_with('.')),
            "{path}: not described"
        );
        bounded(field, &path);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        assert!(
            !has_default(items),
            "{path}: a default on list items shows as a difference in everybody's manifests"
        );
        bounded(items, &format!("{path}[]"));
    }
    match &schema.additional_properties {
        None => {}
        Some(JSONSchemaPropsOrBool::Schema(values)) => {
            assert!(schema.max_properties.is_some(), "{path}: no maxProperties");
            bounded(values, path);
        }
        Some(JSONSchemaPropsOrBool::Bool(_)) => panic!("{path}: structural schemas forbid it"),
    }
}

fn has_default(schema: &JSONSchemaProps) -> bool {
    schema.default.is_some()
        || schema
            .properties
            .iter()
            .flatten()
            .any(|(_, field)| has_default(field))
}

#[test]
fn nothing_of_a_policys_spec_has_a_default() {
    let definition = &all()[1];
    assert_eq!(definition.spec.names.kind, "AccessPolicy");
    let schema = definition.spec.versions[0]
        .schema
        .as_ref()
        .unwrap()
        .open_api_v3_schema
        .as_ref()
        .unwrap();
    assert!(!has_default(&schema.properties.as_ref().unwrap()["spec"]));
}

#[test]
fn the_reason_of_ready_is_among_the_columns_that_are_always_shown() {
    for definition in all() {
        let kind = &definition.spec.names.kind;
        let columns = definition.spec.versions[0]
            .additional_printer_columns
            .as_ref()
            .unwrap();
        let shown: Vec<_> = columns
            .iter()
            .filter(|column| column.priority.is_none_or(|wide| wide == 0))
            .collect();
        let status = shown.iter().find(|column| column.name == "Status");
        assert_eq!(
            status.map(|column| column.json_path.as_str()),
            Some(r#".status.conditions[?(@.type=="Ready")].reason"#),
            "{kind}"
        );
        assert!(shown.len() <= 8, "{kind} has more columns than a terminal");
    }
}
