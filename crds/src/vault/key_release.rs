//! Whose word counts when a key is released.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// Whose word counts when a key is released to an attested environment.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRelease {
    /// The authorities that a release policy may name. The vault verifies their tokens with the keys given here, and
    /// fetches none.
    #[schemars(length(min = 1, max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["url".to_owned()]))]
    pub authorities: Vec<AttestationAuthority>,
}

/// An attestation authority.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttestationAuthority {
    /// The authority as release policies and its tokens (iss) name it: an https URL, with or without a slash at its end.
    #[schemars(length(min = 9, max = 512))]
    #[x_kube(validation = Rule::new("self.matches('^https://[!-~]+$')").message("url is an https URL."))]
    pub url: String,
    /// The public keys that it signs with, as its key set (jwks_uri) has them. When the authority changes its keys, change
    /// them here: the vault starts again with them, within seconds.
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub keys: Vec<AuthorityKey>,
}

/// A public key of an attestation authority, as a JSON Web Key (RFC 7517).
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[x_kube(validation = Rule::new("has(self.x5c) || (self.kty == 'RSA' ? has(self.n) && has(self.e) : has(self.crv) && has(self.x) && has(self.y))").message("A key has n and e (RSA), or crv, x and y (EC), or x5c."))]
pub struct AuthorityKey {
    /// The type of the key: RSA or EC.
    #[schemars(length(max = 3))]
    #[x_kube(validation = Rule::new("self in ['RSA', 'EC']").message("kty is RSA or EC."))]
    pub kty: String,
    /// The id by which tokens name it.
    #[schemars(length(min = 1, max = 512))]
    pub kid: String,
    /// The modulus of an RSA key, in base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub n: Option<String>,
    /// The public exponent of an RSA key, in base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub e: Option<String>,
    /// The curve of an EC key: P-256 or P-384.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub crv: Option<String>,
    /// The first coordinate of an EC key, in base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub x: Option<String>,
    /// The second coordinate of an EC key, in base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub y: Option<String>,
    /// Certificates in base64, that of the key first: read where the members of the key are not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8), inner(length(max = 8192)))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub x5c: Option<Vec<String>>,
    /// What the key is for, as key sets say it. Not read.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub usage: Option<String>,
    /// The algorithm that it is for, as key sets say it. Not read: a token says which it is signed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub alg: Option<String>,
    /// The digest of the certificate, as key sets say it. Not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub x5t: Option<String>,
}

impl AuthorityKey {
    /// The key as the vault needs it: its own members, or the one certificate that they stand in.
    #[must_use]
    pub fn needed(&self) -> Self {
        let mut needed = Self {
            usage: None,
            alg: None,
            x5t: None,
            ..self.clone()
        };
        if needed.n.is_some() || needed.x.is_some() {
            needed.x5c = None;
        } else if let Some(chain) = &mut needed.x5c {
            chain.truncate(1);
        }
        needed
    }
}
