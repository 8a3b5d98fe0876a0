//! What a key does in its vault, and what that came to (Key Vault API, Keys/models.tsp, `KeyOperationsParameters`).

use serde::{Deserialize, Serialize};

use super::{Octets, id::KeyId};

/// What a key is to do with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyWork {
    /// Encrypt data.
    Encrypt,
    /// Decrypt data.
    Decrypt,
    /// Sign a digest, or a message where the algorithm takes one.
    Sign,
    /// Encrypt another key.
    Wrap,
    /// Decrypt another key.
    Unwrap,
}

impl KeyWork {
    /// The last segment of the path.
    pub(super) const fn segment(self) -> &'static str {
        match self {
            Self::Encrypt => "encrypt",
            Self::Decrypt => "decrypt",
            Self::Sign => "sign",
            Self::Wrap => "wrapkey",
            Self::Unwrap => "unwrapkey",
        }
    }
}

/// What a key works on.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KeyInput {
    /// The algorithm.
    #[serde(rename = "alg")]
    pub algorithm: String,
    /// The data, the digest or the other key.
    pub value: Octets,
    /// The initialisation vector of AES-CBC; in a decryption also that of AES-GCM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iv: Option<Octets>,
    /// The tag of AES-GCM, in a decryption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<Octets>,
    /// The additional data of AES-GCM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aad: Option<Octets>,
}

impl KeyInput {
    /// An upper bound of its JSON, in bytes.
    pub(super) fn room(&self) -> usize {
        let parts = [
            Some(&self.value),
            self.iv.as_ref(),
            self.tag.as_ref(),
            self.aad.as_ref(),
        ];
        room(&parts)
    }
}

/// A signature to verify.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// The algorithm.
    #[serde(rename = "alg")]
    pub algorithm: String,
    /// What was signed: a digest, or the message itself where the algorithm takes one.
    pub digest: Octets,
    /// The signature.
    #[serde(rename = "value")]
    pub signature: Octets,
}

impl Verification {
    /// An upper bound of its JSON, in bytes.
    pub(super) fn room(&self) -> usize {
        room(&[Some(&self.digest), Some(&self.signature)])
    }
}

fn room(parts: &[Option<&Octets>]) -> usize {
    let bytes: usize = parts.iter().flatten().map(|part| part.as_bytes().len()).sum();
    2 * bytes + 1024
}

/// What the work of a key came to.
#[derive(Debug, Clone, Deserialize)]
pub struct KeyResult {
    /// The version that was used.
    pub kid: KeyId,
    /// The bytes.
    pub value: Octets,
    /// The initialisation vector that was used, with AES.
    #[serde(default)]
    pub iv: Option<Octets>,
    /// The tag of AES-GCM.
    #[serde(default)]
    pub tag: Option<Octets>,
    /// The additional data that the tag covers.
    #[serde(default)]
    pub aad: Option<Octets>,
}
