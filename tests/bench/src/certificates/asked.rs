//! What is asked of both servers: a certificate with a key of its own.

use http::Method;
use serde_json::{Value, json};

use crate::{api::SigningKey, load::Call};

/// The issuer of the vault that signs with the authority of the key.
pub fn issuer(key: SigningKey) -> String {
    format!("authority-{}", key.name())
}

/// Who signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signer {
    /// The certificate's own key.
    Own,
    /// The key of an authority, of the same type.
    Authority,
}

impl Signer {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Own, Self::Authority];

    /// How tables call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Own => "its own key",
            Self::Authority => "an authority",
        }
    }
}

/// A certificate that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Its key.
    pub key: SigningKey,
    /// Who signs it.
    pub signer: Signer,
}

impl Asked {
    /// Has the vault begin a version of the certificate `name`.
    pub fn of_the_vault(self, name: &str) -> Call {
        let issuer = match self.signer {
            Signer::Own => "Self".to_owned(),
            Signer::Authority => issuer(self.key),
        };
        let key = match self.key {
            SigningKey::Rsa2048 => json!({"kty": "RSA", "key_size": 2048}),
            SigningKey::P256 => json!({"kty": "EC", "crv": "P-256"}),
        };
        let policy = json!({
            "key_props": key,
            "x509_props": {
                "subject": format!("CN={name}.bench.example"),
                "sans": {"dns_names": [format!("{name}.bench.example")]},
            },
            "issuer": {"name": issuer},
        });
        post(
            format!("/certificates/{name}/create?api-version=2026-04-01"),
            &json!({"policy": policy}),
        )
    }

    /// Has OpenBao issue a certificate, and wait for it. What its own key signs is a root: it signs no other so.
    pub fn of_openbao(self, name: &str) -> Call {
        let (name, ttl) = (format!("{name}.bench.example"), "8760h");
        let key = self.key.name();
        match self.signer {
            Signer::Own => {
                let (kind, bits) = self.key.openbao_certificate_key();
                let body = json!({"common_name": name, "ttl": ttl, "key_type": kind, "key_bits": bits});
                post(format!("/v1/pki/roots-{key}/root/generate/internal"), &body)
            }
            // The role says what the key is.
            Signer::Authority => {
                let body = json!({"common_name": name, "ttl": ttl});
                post(format!("/v1/pki/{key}/issue/bench"), &body)
            }
        }
    }
}

/// The state of the vault's operation on the certificate `name`.
pub fn pending(name: &str) -> Call {
    Call::get(format!("/certificates/{name}/pending?api-version=2026-04-01"))
}

/// A POST of JSON.
pub fn post(path: String, body: &Value) -> Call {
    Call {
        method: Method::POST,
        path,
        body: body.to_string().into(),
    }
}
