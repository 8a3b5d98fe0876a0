//! What a key made, with everything that the opposite operation needs.

use serde::{Deserialize, Serialize};
use strongroom_client::vault::{KeyId, KeyResult, Octets};
use strongroom_keys::Algorithm;

use crate::arguments::KeyVersion;
use crate::failure::KeyFailure;

/// What a key made, as one JSON document. Bytes are base64url, and members are named as in the vault's API.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Document {
    /// The key and the version that was used.
    kid: KeyId,
    alg: String,
    pub(super) value: Octets,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) iv: Option<Octets>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tag: Option<Octets>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) aad: Option<Octets>,
}

impl Document {
    /// The document of `result`.
    pub(super) fn of(result: KeyResult, algorithm: Algorithm) -> Self {
        Self {
            kid: result.kid,
            alg: algorithm.name().to_owned(),
            value: result.value,
            iv: result.iv,
            tag: result.tag,
            aad: result.aad,
        }
    }

    /// Reads a document, if `bytes` are one. Encrypted data is none by chance: that would need the names of the members.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// The version of `key` that the document is of, and the algorithm. Refuses where the command says otherwise.
    pub(super) fn settle(
        &self,
        key: KeyVersion,
        given: Option<Algorithm>,
    ) -> Result<(KeyVersion, Algorithm), KeyFailure> {
        if self.kid.name != key.name {
            return Err(KeyFailure::OtherKey {
                document: self.kid.name.clone(),
                given: key.name,
            });
        }
        if let (Some(document), Some(given)) = (self.kid.version, key.version)
            && document != given
        {
            return Err(KeyFailure::OtherVersion { document, given });
        }
        let document: Algorithm = self.alg.parse().map_err(|_| KeyFailure::UnknownAlgorithm)?;
        if let Some(given) = given
            && document != given
        {
            return Err(KeyFailure::OtherAlgorithm { document, given });
        }
        let key = KeyVersion {
            name: key.name,
            version: key.version.or(self.kid.version),
        };
        Ok((key, document))
    }
}
