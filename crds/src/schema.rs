//! Schemas that an attribute cannot say: bounded maps, quantities, networks.

use schemars::{Schema, SchemaGenerator, json_schema};

/// A map of labels, as in a selector.
pub(crate) fn labels(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 32,
        "additionalProperties": {"type": "string", "maxLength": 63}
    })
}

/// A selector of namespaces. Its fields are the entries of a map, since what a map holds is never dropped for being
/// unknown: where field validation is off, a misspelled second condition would leave the first alone, which admits more.
pub(crate) fn namespace_selector(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 4,
        "additionalProperties": labels(generator)
    })
}

/// A resource quantity of Kubernetes, written as a number or as text.
pub(crate) fn quantity(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "x-kubernetes-int-or-string": true,
        "maxLength": 32,
        "pattern": r"^([0-9]+|[0-9]*\.[0-9]+)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$"
    })
}

/// Takes the description from a type's schema, so that the field's own is shown where the type is used.
pub(crate) fn undescribed(schema: &mut Schema) {
    schema.remove("description");
}
