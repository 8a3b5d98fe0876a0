//! What outlives a vault: its volume and the key that opens it. The operator makes both without an owner, so that
//! deleting the Vault object does not destroy data, unless `deletionPolicy: Delete` says so.

use serde_json::{Value, json};
use strongroom_crds::vault::{DeletionPolicy, StorageBackend};

use super::{Desired, Subject, key};
use crate::object::Kind;

/// The key of the seal Secret that holds the id of the vault it has opened: a vault that finds it set refuses to start
/// with an empty store.
pub const VAULT_ID_KEY: &str = "vault-id";

/// The volume of the vault's one replica.
pub fn volume_claim(subject: &Subject<'_>) -> Desired {
    let name = format!("data-{}-0", subject.name);
    let mut spec = json!({"accessModes": ["ReadWriteOnce"]});
    if let (Ok(StorageBackend::Embedded(volume)), Some(fields)) =
        (subject.vault.spec.storage.backend(), spec.as_object_mut())
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
        "metadata": retained(subject, &name),
        "spec": spec,
    });
    Desired {
        kind: Kind::PersistentVolumeClaim,
        name,
        object,
    }
}

/// The seal key: `key` is its 32 bytes in base64, `id` tells it from others.
pub fn seal_secret(subject: &Subject<'_>, id: &str, key: &str) -> Desired {
    let name = format!("{}-seal", subject.name);
    let object = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "strongroom.dev/seal-key",
        "metadata": retained(subject, &name),
        "data": {"key": key},
        "stringData": {"id": id},
    });
    Desired {
        kind: Kind::Secret,
        name,
        object,
    }
}

fn retained(subject: &Subject<'_>, name: &str) -> Value {
    let mut metadata = subject.metadata(name);
    if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
        labels.insert(key::VAULT_UID.to_owned(), json!(subject.uid));
    }
    if let (Ok(DeletionPolicy::Delete), Some(fields)) =
        (subject.vault.spec.deletion_policy(), metadata.as_object_mut())
    {
        fields.insert(
            "ownerReferences".to_owned(),
            json!([subject.owner_reference(false)]),
        );
    }
    metadata
}
