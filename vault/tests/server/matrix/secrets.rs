//! Every operation on a secret in every state.

use reqwest::Method;
use serde_json::{Value, json};
use strongroom_testing::vault::ALL;

use super::{BLOCKED, Expected, Kind, OK, Object, PROTECTED, PURGED, Row, TAKEN};

const GONE: Expected = (404, "SecretNotFound");
const DISABLED: Expected = (403, "SecretDisabled");

pub(super) const SECRETS: Kind = Kind {
    collection: "secrets",
    permissions: ALL,
    made_by: (Method::PUT, ""),
    rows: &ROWS,
    content,
    body,
};

/// Deleted objects are only listed, got, recovered and purged; their names are blocked. The dates of a secret are for its
/// readers. An update names a version, and what is disabled can be enabled by it.
const ROWS: [Row; 13] = [
    (
        "SetSecret",
        "set",
        Method::PUT,
        "/secrets/NAME",
        [OK, OK, OK, OK, BLOCKED, BLOCKED],
    ),
    (
        "GetSecret",
        "get",
        Method::GET,
        "/secrets/NAME",
        [GONE, OK, DISABLED, OK, GONE, GONE],
    ),
    (
        "GetSecret of a version",
        "get",
        Method::GET,
        "/secrets/NAME/VERSION",
        [GONE, OK, DISABLED, OK, GONE, GONE],
    ),
    (
        "UpdateSecret",
        "set",
        Method::PATCH,
        "/secrets/NAME/VERSION",
        [GONE, OK, OK, OK, GONE, GONE],
    ),
    (
        "DeleteSecret",
        "delete",
        Method::DELETE,
        "/secrets/NAME",
        [GONE, OK, OK, OK, GONE, GONE],
    ),
    ("GetSecrets", "list", Method::GET, "/secrets", [OK; 6]),
    (
        "GetSecretVersions",
        "list",
        Method::GET,
        "/secrets/NAME/versions",
        [OK; 6],
    ),
    (
        "GetDeletedSecrets",
        "list",
        Method::GET,
        "/deletedsecrets",
        [OK; 6],
    ),
    (
        "GetDeletedSecret",
        "get",
        Method::GET,
        "/deletedsecrets/NAME",
        [GONE, GONE, GONE, GONE, OK, OK],
    ),
    (
        "PurgeDeletedSecret",
        "purge",
        Method::DELETE,
        "/deletedsecrets/NAME",
        [GONE, GONE, GONE, GONE, PURGED, PROTECTED],
    ),
    (
        "RecoverDeletedSecret",
        "recover",
        Method::POST,
        "/deletedsecrets/NAME/recover",
        [GONE, GONE, GONE, GONE, OK, OK],
    ),
    (
        "BackupSecret",
        "backup",
        Method::POST,
        "/secrets/NAME/backup",
        [GONE, OK, OK, OK, GONE, GONE],
    ),
    (
        "RestoreSecret",
        "restore",
        Method::POST,
        "/secrets/restore",
        [OK, TAKEN, TAKEN, TAKEN, BLOCKED, BLOCKED],
    ),
];

fn content() -> Value {
    json!({"value": "v"})
}

fn body(operation: &str, object: &Object) -> Option<Value> {
    match operation {
        "SetSecret" => Some(json!({"value": "w"})),
        "UpdateSecret" => Some(json!({"attributes": {"enabled": true}})),
        "RestoreSecret" => Some(json!({"value": object.backup})),
        _ => None,
    }
}
