//! What outlives a vault: its volume and the key that opens it. The operator makes both without an owner, so that
//! deleting the Vault object does not destroy data, unless `deletionPolicy: Delete` says so.

use serde_json::{Value, json};
use strongroom_crds::vault::{DeletionPolicy, StorageBackend};

use super::metadata::{self, key};
use crate::{
    object::{Desired, Kind},
    target::Target,
};

/// The key of the seal Secret that holds the id of the vault it has opened: a vault that finds it set refuses to start
/// with an empty store.
pub const VAULT_ID_KEY: &str = "vault-id";

/// The volume of the vault's one replica.
pub fn volume_claim(target: &Target<'_>) -> Desired {
    let name = format!("data-{}-0", target.name());
    let mut spec = json!({"accessModes": ["ReadWriteOnce"]});
    if let (Ok(StorageBackend::Embedded(volume)), Some(fields)) =
        (target.vault.spec.storage.backend(), spec.as_object_mut())
    {
        fields.insert(
            "resources".to_owned(),
            json!({"requests": {"storage": volume.size}}),
        );
        if let Some(class) = &volume.storage_class_name {
            fields.insert("storageClassName".to_owned(), json!(class));
        }
    }
    let object = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": retained(target, &name),
        "spec": spec,
    });
    Desired {
        kind: Kind::PersistentVolumeClaim,
        name,
        object,
    }
}

/// The seal key: `key` is its 32 bytes in base64, `id` distinguishes it from others.
pub fn seal_secret(target: &Target<'_>, id: &str, key: &str) -> Desired {
    let name = format!("{}-seal", target.name());
    let object = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "strongroom.dev/seal-key",
        "metadata": retained(target, &name),
        "data": {"key": key},
        "stringData": {"id": id},
    });
    Desired {
        kind: Kind::Secret,
        name,
        object,
    }
}

fn retained(target: &Target<'_>, name: &str) -> Value {
    let mut metadata = metadata::labelled(target, name);
    if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
        labels.insert(key::VAULT_UID.to_owned(), json!(target.uid));
    }
    if let (Ok(DeletionPolicy::Delete), Some(fields)) =
        (target.vault.spec.deletion_policy(), metadata.as_object_mut())
    {
        fields.insert(
            "ownerReferences".to_owned(),
            json!([metadata::owner_reference(target, false)]),
        );
    }
    metadata
}
