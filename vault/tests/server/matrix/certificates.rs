//! Every operation on a certificate in every state. When one ends, the certificate itself says: none of these has.

use reqwest::Method;
use serde_json::{Value, json};
use strongroom_testing::vault::CERTIFICATES as PERMISSIONS;

use super::{BLOCKED, Expected, Kind, OK, Object, PROTECTED, PURGED, Row, TAKEN};
use crate::certificates::{imports::PEM, own};

const GONE: Expected = (404, "CertificateNotFound");
const BEGUN: Expected = (202, "");
/// The matrix has certificates that were issued elsewhere.
const NOT_OURS: Expected = (400, "BadParameter");
const NO_OPERATION: Expected = (404, "PendingCertificateNotFound");

/// What is asked about certificates.
pub(super) const CERTIFICATES: Kind = Kind {
    collection: "certificates",
    permissions: PERMISSIONS,
    made_by: (Method::POST, "/import"),
    rows: &ROWS,
    content,
    body,
};

const OF_ANY: [Expected; 6] = [GONE, OK, OK, OK, GONE, GONE];
const OF_DELETED: [Expected; 6] = [GONE, GONE, GONE, GONE, OK, OK];

#[rustfmt::skip]
const ROWS: [Row; 22] = [
    ("Create", "certificates/create", Method::POST, "/certificates/NAME/create", [BEGUN, BEGUN, BEGUN, BEGUN, BLOCKED, BLOCKED]),
    ("Import", "certificates/import", Method::POST, "/certificates/NAME/import", [OK, OK, OK, OK, BLOCKED, BLOCKED]),
    ("Get", "certificates/get", Method::GET, "/certificates/NAME", OF_ANY),
    ("Get of a version", "certificates/get", Method::GET, "/certificates/NAME/VERSION", OF_ANY),
    ("Update", "certificates/update", Method::PATCH, "/certificates/NAME", OF_ANY),
    ("Update of a version", "certificates/update", Method::PATCH, "/certificates/NAME/VERSION", OF_ANY),
    ("Delete", "certificates/delete", Method::DELETE, "/certificates/NAME", OF_ANY),
    ("Get policy", "certificates/get", Method::GET, "/certificates/NAME/policy", OF_ANY),
    ("Update policy", "certificates/update", Method::PATCH, "/certificates/NAME/policy", OF_ANY),
    ("Get operation", "certificates/get", Method::GET, "/certificates/NAME/pending", [NO_OPERATION; 6]),
    ("Update operation", "certificates/update", Method::PATCH, "/certificates/NAME/pending", [NO_OPERATION; 6]),
    ("Delete operation", "certificates/update", Method::DELETE, "/certificates/NAME/pending", [NO_OPERATION; 6]),
    ("Merge", "certificates/create", Method::POST, "/certificates/NAME/pending/merge", [NO_OPERATION; 6]),
    ("Revoke", "certificates/strongroom/revoke", Method::POST, "/certificates/NAME/VERSION/revoke", [GONE, NOT_OURS, NOT_OURS, NOT_OURS, GONE, GONE]),
    ("List", "certificates/list", Method::GET, "/certificates", [OK; 6]),
    ("List versions", "certificates/list", Method::GET, "/certificates/NAME/versions", [OK; 6]),
    ("List deleted", "certificates/list", Method::GET, "/deletedcertificates", [OK; 6]),
    ("Get deleted", "certificates/get", Method::GET, "/deletedcertificates/NAME", OF_DELETED),
    ("Purge", "certificates/purge", Method::DELETE, "/deletedcertificates/NAME", [GONE, GONE, GONE, GONE, PURGED, PROTECTED]),
    ("Recover", "certificates/recover", Method::POST, "/deletedcertificates/NAME/recover", OF_DELETED),
    ("Backup", "certificates/backup", Method::POST, "/certificates/NAME/backup", OF_ANY),
    ("Restore", "certificates/restore", Method::POST, "/certificates/restore", [OK, TAKEN, TAKEN, TAKEN, BLOCKED, BLOCKED]),
];

/// What is imported, with a secret that is written quickly.
fn content() -> Value {
    json!({"value": PEM, "policy": {"secret_props": {"contentType": "application/x-pem-file"}}})
}

fn body(operation: &str, object: &Object) -> Option<Value> {
    Some(match operation {
        "Create" => json!({"policy": own("CN=a")}),
        "Import" => content(),
        "Update" | "Update of a version" => json!({"attributes": {"enabled": true}}),
        "Update policy" => json!({"key_props": {"reuse_key": true}}),
        "Update operation" => json!({"cancellation_requested": true}),
        "Merge" => json!({"x5c": ["MAA="]}),
        "Restore" => json!({"value": object.backup}),
        _ => return None,
    })
}
