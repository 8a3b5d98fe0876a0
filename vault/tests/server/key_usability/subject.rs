//! A key that may be used for everything, and what it made while it was usable.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::{Answer, Vault};

use crate::support::attestation::{Attestation, claims, policy, runtime_key};

/// A word of the key's path, and what is sent there.
pub(super) type Work = (&'static str, Value);

/// A method, a path with `VERSION` for the key's first version, a body with `BACKUP` for the key's backup, and the status
/// of the answer.
pub(super) type Life = (Method, &'static str, Value, u16);

/// What the key works on.
pub(super) const PLAIN: &[u8] = &[3; 32];

/// The key `k` of a vault that releases it.
pub(super) struct Subject {
    vault: Vault,
    version: String,
    backup: Value,
    encrypted: Value,
    wrapped: Value,
    signed: Value,
    token: String,
}

pub(super) fn base64(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// What a key protects something with.
pub(super) fn protecting() -> [Work; 3] {
    let plain = json!({"alg": "RSA-OAEP", "value": base64(PLAIN)});
    [
        ("encrypt", plain.clone()),
        ("wrapkey", plain),
        ("sign", json!({"alg": "RS256", "value": base64(PLAIN)})),
    ]
}

impl Subject {
    pub(super) async fn new() -> Self {
        let attestation = Attestation::new();
        let vault = Vault::start_with(&[&attestation.argument()]).await;
        let body = json!({
            "kty": "RSA", "attributes": {"exportable": true}, "release_policy": policy(false),
            "key_ops": [
                "encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey", "secureWrapKey", "secureUnwrapKey",
            ],
        });
        let made = vault.admin(Method::POST, "/keys/k/create", Some(body)).await;
        assert_eq!(made.status, StatusCode::OK, "{made:?}");
        let (_, version) = made.body["key"]["kid"]
            .as_str()
            .unwrap()
            .rsplit_once('/')
            .unwrap();
        let keys = [runtime_key(&vault, "k").await];
        let mut subject = Self {
            version: version.to_owned(),
            token: attestation.token(&claims(vault.files.clock.now(), &keys)),
            vault,
            backup: Value::Null,
            encrypted: Value::Null,
            wrapped: Value::Null,
            signed: Value::Null,
        };
        let mut made = Vec::new();
        for (word, body) in protecting() {
            let mut done = subject.work(word, body).await;
            assert_eq!(done.status, StatusCode::OK, "{word}: {done:?}");
            made.push(done.body["value"].take());
        }
        [subject.encrypted, subject.wrapped, subject.signed] = made.try_into().unwrap();
        subject
    }

    /// Asks for work at this path below that of the key.
    pub(super) async fn work(&self, path: &str, body: Value) -> Answer {
        let path = format!("/keys/k/{path}");
        self.vault.admin(Method::POST, &path, Some(body)).await
    }

    /// The paths of a word: of the current version, of the current version as some clients write it, and of that version
    /// by its name.
    pub(super) fn paths(&self, word: &str) -> [String; 3] {
        [
            word.to_owned(),
            format!("/{word}"),
            format!("{}/{word}", self.version),
        ]
    }

    /// Gives the current version these attributes, if there is one.
    pub(super) async fn become_so(&self, attributes: &Value) {
        let body = json!({ "attributes": attributes });
        self.vault.admin(Method::PATCH, "/keys/k", Some(body)).await;
    }

    /// What undoes what the key did, or asks about it.
    pub(super) fn undoing(&self) -> [Work; 4] {
        let verified = json!({"alg": "RS256", "digest": base64(PLAIN), "value": self.signed});
        [
            ("decrypt", json!({"alg": "RSA-OAEP", "value": self.encrypted})),
            ("unwrapkey", json!({"alg": "RSA-OAEP", "value": self.wrapped})),
            ("verify", verified),
            ("release", json!({"target": self.token})),
        ]
    }

    /// Goes through the life of the key, which gets these attributes before each step.
    pub(super) async fn live_with(&mut self, attributes: &Value, life: Vec<Life>) {
        for (method, path, body, status) in life {
            self.become_so(attributes).await;
            let path = path.replace("VERSION", &self.version);
            let body = if body["value"] == "BACKUP" {
                Some(json!({"value": self.backup}))
            } else {
                Some(body).filter(|body| !body.is_null())
            };
            let answer = self.vault.admin(method.clone(), &path, body).await;
            let case = format!("{method} {path} of a key with {attributes}: {answer:?}");
            assert_eq!(answer.status.as_u16(), status, "{case}");
            if path == "/keys/k/backup" {
                self.backup = answer.body["value"].clone();
            }
            if method == Method::GET && path == "/keys/k" {
                for (name, value) in attributes.as_object().unwrap() {
                    assert_eq!(answer.body["attributes"][name], *value, "{case}");
                }
            }
        }
    }
}
