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
