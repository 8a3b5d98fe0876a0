//! The two REST APIs for the same requests.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use http::Method;
use serde_json::json;

use crate::load::Call;

/// How many bytes a value has.
pub const VALUE_BYTES: usize = 512;

/// A REST API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// Azure Key Vault's, for secrets.
    KeyVault,
    /// OpenBao's, for a KV engine of version 2 at `secret/`.
    OpenBao,
}

/// A key that signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningKey {
    /// RSA of 2048 bits, PKCS#1 v1.5 with SHA-256.
    Rsa2048,
    /// ECDSA on P-256 with SHA-256.
    P256,
}

impl SigningKey {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Rsa2048, Self::P256];

    /// How tables call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Rsa2048 => "RSA-2048, RS256",
            Self::P256 => "P-256, ES256",
        }
    }

    /// What it is, in a word.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Rsa2048 => "RSA-2048",
            Self::P256 => "P-256",
        }
    }

    /// Its name in both servers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa2048 => "sign-rsa",
            Self::P256 => "sign-p256",
        }
    }

    /// What OpenBao calls its type.
    pub const fn openbao_type(self) -> &'static str {
        match self {
            Self::Rsa2048 => "rsa-2048",
            Self::P256 => "ecdsa-p256",
        }
    }

    /// What OpenBao calls its type and size in its PKI engine.
    pub const fn openbao_certificate_key(self) -> (&'static str, u32) {
        match self {
            Self::Rsa2048 => ("rsa", 2048),
            Self::P256 => ("ec", 256),
        }
    }

    /// Has the vault make it.
    pub fn create(self) -> Call {
        Api::KeyVault.create_key(self, self.name())
    }
}

impl Api {
    /// Makes a key like `key` that is called `name`.
    pub fn create_key(self, key: SigningKey, name: &str) -> Call {
        let (path, body) = match self {
            Self::KeyVault => {
                let body = match key {
                    SigningKey::Rsa2048 => json!({"kty": "RSA", "key_size": 2048}),
                    SigningKey::P256 => json!({"kty": "EC", "crv": "P-256"}),
                };
                (format!("/keys/{name}/create?api-version=2026-04-01"), body)
            }
            Self::OpenBao => (
                format!("/v1/transit/keys/{name}"),
                json!({"type": key.openbao_type()}),
            ),
        };
        Call {
            method: Method::POST,
            path,
            body: body.to_string().into(),
        }
    }

    /// Reads the public part of the key `name`.
    pub fn get_key(self, name: &str) -> Call {
        Call::get(match self {
            Self::KeyVault => format!("/keys/{name}?api-version=2026-04-01"),
            Self::OpenBao => format!("/v1/transit/keys/{name}"),
        })
    }

    /// Signs a digest with the key that has the name of `key`; `number` makes it another digest each time.
    pub fn sign(self, key: SigningKey, number: u64) -> Call {
        self.sign_with(key, key.name(), number)
    }

    /// Signs a digest with the key `name`, which is like `key`. The vault takes a version behind the name and a slash.
    pub fn sign_with(self, key: SigningKey, name: &str, number: u64) -> Call {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_be_bytes());
        let (path, body) = match self {
            Self::KeyVault => {
                let algorithm = match key {
                    SigningKey::Rsa2048 => "RS256",
                    SigningKey::P256 => "ES256",
                };
                let body = json!({"alg": algorithm, "value": BASE64_URL_SAFE_NO_PAD.encode(digest)});
                (format!("/keys/{name}/sign?api-version=2026-04-01"), body)
            }
            Self::OpenBao => {
                let body = json!({
                    "input": BASE64_STANDARD.encode(digest), "prehashed": true,
                    "signature_algorithm": "pkcs1v15", "marshaling_algorithm": "jws",
                });
                (format!("/v1/transit/sign/{name}/sha2-256"), body)
            }
        };
        Call {
            method: Method::POST,
            path,
            body: body.to_string().into(),
        }
    }

    /// Reads the newest version of a secret.
    pub fn get(self, index: u64) -> Call {
        Call::get(self.path(index))
    }

    /// Writes a new version of a secret; `number` makes the value another one each time.
    pub fn set(self, index: u64, number: u64) -> Call {
        let value = format!("{number:0>VALUE_BYTES$}");
        let (method, body) = match self {
            Self::KeyVault => (Method::PUT, json!({"value": value})),
            Self::OpenBao => (Method::POST, json!({"data": {"value": value}})),
        };
        Call {
            method,
            path: self.path(index),
            body: body.to_string().into(),
        }
    }

    fn path(self, index: u64) -> String {
        let name = name(index);
        match self {
            Self::KeyVault => format!("/secrets/{name}?api-version=2026-04-01"),
            Self::OpenBao => format!("/v1/secret/data/{name}"),
        }
    }
}

/// The name of a secret.
pub fn name(index: u64) -> String {
    format!("secret-{index}")
}
