//! The metadata of a vault's objects.

use serde_json::{Value, json};

use crate::target::Target;

/// The label and annotation keys of objects that belong to a vault.
pub mod key {
    /// Label: the vault's name.
    pub const VAULT: &str = "strongroom.dev/vault";
    /// Label: the UID of the Vault object that retained objects belong to.
    pub const VAULT_UID: &str = "strongroom.dev/vault-uid";
}

/// The labels that select the vault's pods.
pub fn selector(target: &Target<'_>) -> Value {
    json!({"app.kubernetes.io/name": "strongroom-vault", key::VAULT: target.name().as_str()})
}

/// The metadata of an object that the vault controls.
pub fn owned(target: &Target<'_>, name: &str) -> Value {
    let mut metadata = labelled(target, name);
    if let Some(fields) = metadata.as_object_mut() {
        fields.insert(
            "ownerReferences".to_owned(),
            json!([owner_reference(target, true)]),
        );
    }
    metadata
}

/// The metadata of an object that belongs to the vault and has no owner.
pub fn labelled(target: &Target<'_>, name: &str) -> Value {
    json!({
        "name": name,
        "namespace": target.namespace().as_str(),
        "labels": {
            "app.kubernetes.io/name": "strongroom-vault",
            "app.kubernetes.io/managed-by": "strongroom-operator",
            key::VAULT: target.name().as_str(),
        },
    })
}

/// A reference to the Vault object, as controller or only so that an object is deleted with it.
pub fn owner_reference(target: &Target<'_>, controller: bool) -> Value {
    json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault", "name": target.name().as_str(),
        "uid": target.uid, "controller": controller, "blockOwnerDeletion": false,
    })
}
