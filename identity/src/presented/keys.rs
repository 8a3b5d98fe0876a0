//! The cluster's public keys (RFC 7517), each with the algorithms it may be used for.

use std::collections::HashMap;

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse},
};
use serde::Deserialize;

use super::{PresentedError, TokenHeader};

/// The answer is not a key set.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    /// Not the JSON of RFC 7517, section 5.
    #[error("the API server's key set is malformed: {0}")]
    Form(serde_json::Error),
    /// No key that a token could be verified with.
    #[error("the API server's key set holds no key that is supported")]
    Empty,
}

/// The keys by their id.
#[derive(Default)]
pub(crate) struct KeySet(HashMap<String, Key>);

struct Key {
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

impl KeySet {
    /// Reads a key set. Keys of a kind this release does not know are left out: tokens under them are then refused.
    pub(crate) fn parse(json: &str) -> Result<Self, KeySetError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }
        let set: Set = serde_json::from_str(json).map_err(KeySetError::Form)?;
        let keys: HashMap<_, _> = set
            .keys
            .into_iter()
            .filter_map(|value| serde_json::from_value::<Jwk>(value).ok())
            .filter_map(read)
            .collect();
        if keys.is_empty() {
            Err(KeySetError::Empty)
        } else {
            Ok(Self(keys))
        }
    }

    /// Whether there is a key of this id.
    pub(crate) fn contains(&self, key_id: &str) -> bool {
        self.0.contains_key(key_id)
    }

    /// The key that `header` names, if it may be used with the algorithm that `header` names.
    pub(crate) fn find(&self, header: &TokenHeader) -> Result<&DecodingKey, PresentedError> {
        let key = self.0.get(&header.key_id).ok_or(PresentedError::UnknownKey)?;
        if key.algorithms.contains(&header.algorithm) {
            Ok(&key.key)
        } else {
            Err(PresentedError::Algorithm)
        }
    }
}

fn read(jwk: Jwk) -> Option<(String, Key)> {
    if jwk
        .common
        .public_key_use
        .as_ref()
        .is_some_and(|usage| *usage != PublicKeyUse::Signature)
    {
        return None;
    }
    let possible = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => vec![Algorithm::RS256, Algorithm::RS384, Algorithm::RS512],
        AlgorithmParameters::EllipticCurve(parameters) => match parameters.curve {
            EllipticCurve::P256 => vec![Algorithm::ES256],
            EllipticCurve::P384 => vec![Algorithm::ES384],
            _ => return None,
        },
        _ => return None,
    };
    let named = jwk.common.key_algorithm.map(|algorithm| algorithm.to_string());
    let algorithms: Vec<_> = possible
        .into_iter()
        .filter(|a| named.as_ref().is_none_or(|named| *named == format!("{a:?}")))
        .collect();
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    let usable = !algorithms.is_empty();
    jwk.common
        .key_id
        .filter(|_| usable)
        .map(|id| (id, Key { algorithms, key }))
}
