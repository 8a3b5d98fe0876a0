//! Every operation on keys, as requests about the key `there`, the deleted key `gone`, the key `secure` and the free name
//! `free`.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use strongroom_core::Operation;

/// A request for an operation.
pub(super) struct Row {
    pub(super) operation: Operation,
    /// The permission that it needs, by the wire contract.
    pub(super) permission: &'static str,
    pub(super) method: Method,
    /// With `VERSION` for the current version of the key that it names.
    pub(super) path: String,
    /// `BACKUP` stands for that of a key that is there no more, `TOKEN` for that of an environment.
    pub(super) body: Value,
    /// The status where policy allows it.
    pub(super) status: u16,
}

/// Every row. What takes a key or a name away stands at the end.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = versions();
    rows.extend(work());
    rows.extend(life());
    rows
}

fn base64(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn row(operation: Operation, permission: &'static str, asked: (Method, &str), body: Value) -> Row {
    let (method, path) = asked;
    Row {
        operation,
        permission,
        method,
        path: path.to_owned(),
        body,
        status: 200,
    }
}

/// What reads and changes a key that is there.
fn versions() -> Vec<Row> {
    use Operation as Of;
    let symmetric = json!({"key": {"kty": "oct", "k": base64(&[7; 32])}});
    let (get, none) = (|path| (Method::GET, path), Value::Null);
    vec![
        row(
            Of::KeyCreate,
            "create",
            (Method::POST, "/keys/free/create"),
            json!({"kty": "EC"}),
        ),
        row(Of::KeyImport, "import", (Method::PUT, "/keys/free"), symmetric),
        row(
            Of::KeyRotate,
            "rotate",
            (Method::POST, "/keys/there/rotate"),
            none.clone(),
        ),
        row(
            Of::KeyRotationPolicyGet,
            "getrotationpolicy",
            get("/keys/there/rotationpolicy"),
            none.clone(),
        ),
        row(
            Of::KeyRotationPolicySet,
            "setrotationpolicy",
            (Method::PUT, "/keys/there/rotationpolicy"),
            json!({}),
        ),
        row(Of::KeyGet, "get", get("/keys/there"), none.clone()),
        row(Of::KeyGet, "get", get("/keys/there/"), none.clone()),
        row(Of::KeyGet, "get", get("/keys/there/VERSION"), none.clone()),
        row(Of::KeyUpdate, "update", (Method::PATCH, "/keys/there"), json!({})),
        row(
            Of::KeyUpdate,
            "update",
            (Method::PATCH, "/keys/there/VERSION"),
            json!({}),
        ),
        row(Of::KeyList, "list", get("/keys"), none.clone()),
        row(
            Of::KeyListVersions,
            "list",
            get("/keys/there/versions"),
            none.clone(),
        ),
        row(Of::KeyListDeleted, "list", get("/deletedkeys"), none.clone()),
        row(Of::KeyGetDeleted, "get", get("/deletedkeys/gone"), none),
    ]
}

/// What is done with a key: by its current version without a name, as some clients write it, and by its name.
fn work() -> Vec<Row> {
    use Operation as Of;
    let plain = json!({"alg": "RSA-OAEP", "value": "AAAA"});
    // What this key did not encrypt, and an algorithm that no key has: the vault looked, so policy allowed it.
    let hidden = json!({"alg": "RSA-OAEP", "value": base64(&[1; 256])});
    let secure = json!({"alg": "RSA-OAEP", "target": "t", "value": "AAAA"});
    let digest = json!({"alg": "RS256", "value": base64(&[1; 32])});
    let verified = json!({"alg": "RS256", "digest": base64(&[1; 32]), "value": base64(&[1; 256])});
    let target = json!({"target": "TOKEN"});
    let mut rows = Vec::new();
    for (operation, permission, word, body, status) in [
        (Of::KeyEncrypt, "encrypt", "there/encrypt", plain.clone(), 200),
        (Of::KeyDecrypt, "decrypt", "there/decrypt", hidden.clone(), 400),
        (Of::KeyWrap, "wrapKey", "there/wrapkey", plain, 200),
        (Of::KeyUnwrap, "unwrapKey", "there/unwrapkey", hidden, 400),
        (Of::KeySign, "sign", "there/sign", digest, 200),
        (Of::KeyVerify, "verify", "there/verify", verified, 200),
        (Of::KeyRelease, "release", "there/release", target, 200),
        (
            Of::KeyGetAttestation,
            "get",
            "there/attestation",
            Value::Null,
            200,
        ),
        (
            Of::KeySecureWrap,
            "wrapKey",
            "secure/securewrapkey",
            secure.clone(),
            400,
        ),
        (
            Of::KeySecureUnwrap,
            "unwrapKey",
            "secure/secureunwrapkey",
            secure,
            400,
        ),
    ] {
        let method = if operation == Of::KeyGetAttestation {
            Method::GET
        } else {
            Method::POST
        };
        let (name, word) = word.split_once('/').unwrap();
        for path in [
            format!("/keys/{name}/{word}"),
            format!("/keys/{name}//{word}"),
            format!("/keys/{name}/VERSION/{word}"),
        ] {
            let asked = (method.clone(), &*path);
            rows.push(Row {
                status,
                ..row(operation, permission, asked, body.clone())
            });
        }
    }
    let rng = (Method::POST, "/rng");
    rows.push(row(Of::KeyGetRandomBytes, "encrypt", rng, json!({"count": 16})));
    rows
}

/// What takes a key away and brings it back.
fn life() -> Vec<Row> {
    use Operation as Of;
    let (post, none) = (|path| (Method::POST, path), Value::Null);
    vec![
        row(Of::KeyBackup, "backup", post("/keys/there/backup"), none.clone()),
        row(
            Of::KeyRestore,
            "restore",
            post("/keys/restore"),
            json!({"value": "BACKUP"}),
        ),
        row(
            Of::KeyRecover,
            "recover",
            post("/deletedkeys/gone/recover"),
            none.clone(),
        ),
        Row {
            status: 204,
            ..row(
                Of::KeyPurge,
                "purge",
                (Method::DELETE, "/deletedkeys/gone"),
                none.clone(),
            )
        },
        row(Of::KeyDelete, "delete", (Method::DELETE, "/keys/there"), none),
    ]
}
