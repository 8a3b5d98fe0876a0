//! Every operation on a key in every state, but for the random bytes, which are about no key.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use strongroom_testing::vault::KEYS;

use super::{BLOCKED, Expected, Kind, OK, Object, PROTECTED, PURGED, Row, TAKEN};
use crate::support::attestation::policy;

const GONE: Expected = (404, "KeyNotFound");
const DISABLED: Expected = (403, "KeyDisabled");
const EXPIRED: Expected = (403, "KeyExpired");
/// What no key of a vault does, and what no environment is released to: the vault looked at the key first.
const UNFIT: Expected = (400, "BadParameter");
const UNATTESTED: Expected = (403, "AttestationNotVerified");

/// What makes, shows, changes and takes away keys.
pub(super) const KEYS_IN_LIFE: Kind = Kind {
    collection: "keys",
    permissions: KEYS,
    made_by: (Method::PUT, ""),
    rows: &LIFE,
    content,
    body,
};

/// What keys do.
pub(super) const KEYS_AT_WORK: Kind = Kind {
    rows: &WORK,
    ..KEYS_IN_LIFE
};

/// The answers where it is all the same to the operation whether a key may be used.
const OF_ANY: [Expected; 6] = [GONE, OK, OK, OK, GONE, GONE];
const OF_NEW: [Expected; 6] = [OK, OK, OK, OK, BLOCKED, BLOCKED];
/// Where a key protects something, and where it undoes that, as it does outside its dates.
const OF_PROTECTING: [Expected; 6] = [GONE, OK, DISABLED, EXPIRED, GONE, GONE];
const OF_UNDOING: [Expected; 6] = [GONE, OK, DISABLED, OK, GONE, GONE];

#[rustfmt::skip]
const LIFE: [Row; 18] = [
    ("CreateKey", "keys/create", Method::POST, "/keys/NAME/create", OF_NEW),
    ("ImportKey", "keys/import", Method::PUT, "/keys/NAME", OF_NEW),
    ("RotateKey", "keys/rotate", Method::POST, "/keys/NAME/rotate", OF_ANY),
    ("GetKeyRotationPolicy", "keys/getrotationpolicy", Method::GET, "/keys/NAME/rotationpolicy", OF_ANY),
    ("UpdateKeyRotationPolicy", "keys/setrotationpolicy", Method::PUT, "/keys/NAME/rotationpolicy", OF_ANY),
    ("GetKey", "keys/get", Method::GET, "/keys/NAME", OF_ANY),
    ("GetKey of a version", "keys/get", Method::GET, "/keys/NAME/VERSION", OF_ANY),
    ("UpdateKey", "keys/update", Method::PATCH, "/keys/NAME", OF_ANY),
    ("UpdateKey of a version", "keys/update", Method::PATCH, "/keys/NAME/VERSION", OF_ANY),
    ("DeleteKey", "keys/delete", Method::DELETE, "/keys/NAME", OF_ANY),
    ("GetKeys", "keys/list", Method::GET, "/keys", [OK; 6]),
    ("GetKeyVersions", "keys/list", Method::GET, "/keys/NAME/versions", [OK; 6]),
    ("GetDeletedKeys", "keys/list", Method::GET, "/deletedkeys", [OK; 6]),
    ("GetDeletedKey", "keys/get", Method::GET, "/deletedkeys/NAME", [GONE, GONE, GONE, GONE, OK, OK]),
    ("PurgeDeletedKey", "keys/purge", Method::DELETE, "/deletedkeys/NAME", [GONE, GONE, GONE, GONE, PURGED, PROTECTED]),
    ("RecoverDeletedKey", "keys/recover", Method::POST, "/deletedkeys/NAME/recover", [GONE, GONE, GONE, GONE, OK, OK]),
    ("BackupKey", "keys/backup", Method::POST, "/keys/NAME/backup", OF_ANY),
    ("RestoreKey", "keys/restore", Method::POST, "/keys/restore", [OK, TAKEN, TAKEN, TAKEN, BLOCKED, BLOCKED]),
];

#[rustfmt::skip]
const WORK: [Row; 11] = [
    ("encrypt", "keys/encrypt", Method::POST, "/keys/NAME/encrypt", OF_PROTECTING),
    ("decrypt", "keys/decrypt", Method::POST, "/keys/NAME/decrypt", OF_UNDOING),
    ("wrapKey", "keys/wrapKey", Method::POST, "/keys/NAME/wrapkey", OF_PROTECTING),
    ("unwrapKey", "keys/unwrapKey", Method::POST, "/keys/NAME/unwrapkey", OF_UNDOING),
    ("sign", "keys/sign", Method::POST, "/keys/NAME/sign", OF_PROTECTING),
    ("sign", "keys/sign", Method::POST, "/keys/NAME/VERSION/sign", OF_PROTECTING),
    ("verify", "keys/verify", Method::POST, "/keys/NAME/verify", OF_UNDOING),
    ("secureWrapKey", "keys/wrapKey", Method::POST, "/keys/NAME/securewrapkey", [GONE, UNFIT, DISABLED, UNFIT, GONE, GONE]),
    ("secureUnwrapKey", "keys/unwrapKey", Method::POST, "/keys/NAME/secureunwrapkey", [GONE, UNFIT, DISABLED, UNFIT, GONE, GONE]),
    ("release", "keys/release", Method::POST, "/keys/NAME/release", [GONE, UNATTESTED, DISABLED, UNATTESTED, GONE, GONE]),
    ("GetKeyAttestation", "keys/get", Method::GET, "/keys/NAME/attestation", OF_ANY),
];

/// The 256-bit key of RFC 3394, 4.3, which wraps `00112233445566778899aabbccddeeff` to [`WRAPPED`].
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const WRAPPED: &str = "ZOjD-c4PW6Jj6Xd5BYGKKpPIGR59born";

/// A key for everything, which may leave the vault.
fn content() -> Value {
    let operations = [
        "encrypt",
        "decrypt",
        "wrapKey",
        "unwrapKey",
        "sign",
        "verify",
        "secureWrapKey",
        "secureUnwrapKey",
    ];
    json!({
        "key": {"kty": "oct", "k": KEY, "key_ops": operations},
        "attributes": {"exportable": true}, "release_policy": policy(false),
    })
}

fn body(operation: &str, object: &Object) -> Option<Value> {
    let block = || BASE64_URL_SAFE_NO_PAD.encode([5; 16]);
    let digest = || BASE64_URL_SAFE_NO_PAD.encode([6; 32]);
    Some(match operation {
        "CreateKey" => json!({"kty": "oct"}),
        "ImportKey" => json!({"key": {"kty": "oct", "k": KEY}}),
        "UpdateKeyRotationPolicy" => json!({"attributes": {"expiryTime": "P90D"}}),
        "UpdateKey" | "UpdateKey of a version" => json!({"attributes": {"enabled": true}}),
        "RestoreKey" => json!({"value": object.backup}),
        // Without a tag, any blocks decrypt.
        "encrypt" | "decrypt" => json!({"alg": "A256CBC", "iv": block(), "value": block()}),
        "wrapKey" => json!({"alg": "A256KW", "value": block()}),
        "unwrapKey" => json!({"alg": "A256KW", "value": WRAPPED}),
        "sign" => json!({"alg": "HS256", "value": digest()}),
        "verify" => json!({"alg": "HS256", "digest": digest(), "value": digest()}),
        "secureWrapKey" | "secureUnwrapKey" => json!({"alg": "A256KW", "target": "t", "value": WRAPPED}),
        "release" => json!({"target": "no token"}),
        _ => return None,
    })
}
