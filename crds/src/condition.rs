//! Conditions: Kubernetes' own type with bounds, and the types that our kinds report.
//!
//! The contract is that of kstatus: `Ready` always, `Reconciling` and `Stalled` only while true, each with the
//! generation of the spec it was decided on.

pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::{Schema, SchemaGenerator, json_schema};

/// The object does what its spec says.
pub const READY: &str = "Ready";
/// Work goes on and will end by itself; present only while true.
pub const RECONCILING: &str = "Reconciling";
/// A person must act: edit a spec or a right, put a volume or a key back; present only while true.
pub const STALLED: &str = "Stalled";
/// Vault: the seal key is open and the vault can decrypt.
pub const UNSEALED: &str = "Unsealed";
/// Vault: the key that opens the store lies in a Secret of the same cluster.
pub const SEAL_KEY_IN_CLUSTER: &str = "SealKeyInCluster";
/// Vault: the store can be read and written, and its last scrub found it whole.
pub const STORAGE_HEALTHY: &str = "StorageHealthy";
/// Vault: audit records are being written.
pub const AUDIT_HEALTHY: &str = "AuditHealthy";
/// Vault: pods that are not the vault's run in its namespace; present only while true.
pub const SHARED_NAMESPACE: &str = "SharedNamespace";
/// Vault: it keeps nearly as much as it can; present only while true.
pub const NEAR_LIMIT: &str = "NearLimit";
/// Vault: it is paused, and nothing of it runs any more; present only while true.
pub const PAUSED: &str = "Paused";
/// Vault: its clock is a day or more off, and nobody has confirmed it; present only while true.
pub const CLOCK_UNCONFIRMED: &str = "ClockUnconfirmed";
/// Vault: it came back with older data than it had; present only while true.
pub const ROLLBACK_DETECTED: &str = "RollbackDetected";
/// `AccessPolicy`: every replica confirmed that it decides by this policy. It says that and nothing else: by a policy of
/// which a subject is missing, a vault decides too.
pub const ENFORCED: &str = "Enforced";
/// `AccessPolicy`: every service account and namespace that it names is there, and is the one that was meant.
pub const SUBJECTS_RESOLVED: &str = "SubjectsResolved";
/// `SecretRef`: policy lets the named service account read every file's object.
pub const AUTHORIZED: &str = "Authorized";

/// The list of conditions, keyed by type, with bounds that Kubernetes' own schema lacks.
pub(crate) fn list_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 16,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": {
            "type": "object",
            "required": ["type", "status", "reason", "message", "lastTransitionTime"],
            "properties": {
                "type": {
                    "description": "What the condition is about, in CamelCase.",
                    "type": "string", "minLength": 1, "maxLength": 64
                },
                "status": {
                    "description": "True, False or Unknown.",
                    "type": "string", "enum": ["True", "False", "Unknown"]
                },
                "observedGeneration": {
                    "description": "The metadata.generation that the condition was decided on.",
                    "type": "integer", "format": "int64", "minimum": 0
                },
                "lastTransitionTime": {
                    "description": "When the status last changed (RFC 3339).",
                    "type": "string", "format": "date-time", "maxLength": 64
                },
                "reason": {
                    "description": "Why, in one CamelCase word; docs/conditions.md explains each.",
                    "type": "string", "minLength": 1, "maxLength": 64
                },
                "message": {
                    "description": "Why, in a sentence for people.",
                    "type": "string", "maxLength": 4096
                }
            }
        }
    })
}
