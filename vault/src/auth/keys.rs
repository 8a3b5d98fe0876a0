//! The public keys that vault tokens are signed with.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use parking_lot::RwLock;
use serde::Deserialize;
use strongroom_wire::token::MAX_LIFETIME_SECONDS;

use super::header::MAX_KEY_ID;

/// The most keys one peer may serve.
const MAX_SERVED: usize = 16;

/// The most keys kept: an hour of restarts of every replica. The longest unseen go first.
const MAX_KEPT: usize = 256;

/// How long a key is kept after a peer last served it, in seconds: as long as a token lives, and five rounds of asking more.
/// A replica signs until it ends, and a vault may miss its last rounds.
const KEPT_SECONDS: i64 = MAX_LIFETIME_SECONDS + 5 * 60;

/// Why an answer of a peer is no key set.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    /// Not JSON of the form of RFC 7517.
    #[error("the key set is not a JSON Web Key Set")]
    Form(#[source] serde_json::Error),
    /// More keys than a replica has.
    #[error("the key set holds {0} keys, more than {MAX_SERVED}")]
    TooMany(usize),
    /// A key that is no P-256 key with an id.
    #[error("the key set holds a key that is not a P-256 key with a key id of 1 to {MAX_KEY_ID} bytes")]
    Key,
}

/// The members of RFC 7517 and RFC 7518 that a P-256 public key needs.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: String,
    kid: String,
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Jwk>,
}

/// One key, and until when a token under it can live.
struct Kept {
    key: DecodingKey,
    until: i64,
}

/// The keys served by the identity peers, each kept until the last token under it has expired, unless it is refused.
#[derive(Default)]
pub struct KeyRing {
    keys: RwLock<BTreeMap<String, Kept>>,
    refused: RwLock<BTreeSet<String>>,
}

impl KeyRing {
    /// Learns the keys of a set (RFC 7517) that a peer served at `now`. A set with any malformed key teaches none.
    pub fn learn(&self, key_set: &[u8], now: i64) -> Result<(), KeySetError> {
        let set: JwkSet = serde_json::from_slice(key_set).map_err(KeySetError::Form)?;
        if set.keys.len() > MAX_SERVED {
            return Err(KeySetError::TooMany(set.keys.len()));
        }
        let served: Vec<(String, DecodingKey)> = set
            .keys
            .into_iter()
            .map(parse)
            .collect::<Option<_>>()
            .ok_or(KeySetError::Key)?;
        let until = now.saturating_add(KEPT_SECONDS);
        let refused = self.refused.read();
        let mut keys = self.keys.write();
        keys.retain(|_, kept| kept.until > now);
        for (id, key) in served.into_iter().filter(|(id, _)| !refused.contains(id)) {
            keys.insert(id, Kept { key, until });
        }
        while keys.len() > MAX_KEPT {
            let oldest = keys
                .iter()
                .min_by_key(|(_, kept)| kept.until)
                .map(|(id, _)| id.clone());
            oldest.and_then(|id| keys.remove(&id));
        }
        Ok(())
    }

    /// Refuses the keys named `ids` from now on, whichever replica serves them, and no others.
    pub fn refuse(&self, ids: BTreeSet<String>) {
        let mut refused = self.refused.write();
        self.keys.write().retain(|id, _| !ids.contains(id));
        *refused = ids;
    }

    /// Whether [`get`](Self::get) finds the key named `id`.
    pub fn knows(&self, id: &str, now: i64) -> bool {
        self.keys.read().get(id).is_some_and(|kept| kept.until > now)
    }

    /// The key named `id`, if a token under it can still live at `now`.
    pub fn get(&self, id: &str, now: i64) -> Option<DecodingKey> {
        let keys = self.keys.read();
        keys.get(id)
            .filter(|kept| kept.until > now)
            .map(|kept| kept.key.clone())
    }

    /// How many keys are known.
    pub fn len(&self) -> usize {
        self.keys.read().len()
    }

    /// Whether no key is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("keys", &self.len())
            .finish_non_exhaustive()
    }
}

fn parse(jwk: Jwk) -> Option<(String, DecodingKey)> {
    let is_coordinate = |text: &str| {
        BASE64_URL_SAFE_NO_PAD
            .decode(text)
            .is_ok_and(|bytes| bytes.len() == 32)
    };
    let ours = jwk.kty == "EC"
        && jwk.crv == "P-256"
        && is_coordinate(&jwk.x)
        && is_coordinate(&jwk.y)
        && (1..=MAX_KEY_ID).contains(&jwk.kid.len());
    let key = ours
        .then(|| DecodingKey::from_ec_components(&jwk.x, &jwk.y).ok())
        .flatten()?;
    Some((jwk.kid, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ids: &[&str]) -> Vec<u8> {
        let x = BASE64_URL_SAFE_NO_PAD.encode([7; 32]);
        let keys: Vec<_> = ids
            .iter()
            .map(|kid| serde_json::json!({"kty": "EC", "crv": "P-256", "x": x, "y": x, "kid": kid, "use": "sig"}))
            .collect();
        serde_json::to_vec(&serde_json::json!({ "keys": keys })).unwrap()
    }

    #[test]
    fn a_key_is_kept_until_the_last_token_under_it_has_expired() {
        let ring = KeyRing::default();
        ring.learn(&set(&["a"]), 0).unwrap();
        ring.learn(&set(&["b"]), 1000).unwrap();
        assert!(ring.get("a", KEPT_SECONDS - 1).is_some());
        assert!(ring.get("a", KEPT_SECONDS).is_none());
        assert!(ring.get("b", KEPT_SECONDS).is_some());
        ring.learn(&set(&[]), KEPT_SECONDS).unwrap();
        assert_eq!(ring.len(), 1);
    }

    #[test]
    fn a_key_is_kept_for_little_more_than_an_hour_after_the_last_replica_served_it() {
        let ring = KeyRing::default();
        ring.learn(&set(&["stolen"]), 0).unwrap();
        ring.learn(&set(&["other"]), 3600).unwrap();
        assert!(ring.knows("stolen", 3600));
        assert!(!ring.knows("stolen", 3900));
    }

    #[test]
    fn a_refused_key_is_forgotten_at_once_and_not_learned_again() {
        let ring = KeyRing::default();
        ring.learn(&set(&["a", "b"]), 0).unwrap();
        ring.refuse(BTreeSet::from(["a".to_owned()]));
        assert!(!ring.knows("a", 1) && ring.get("a", 1).is_none() && ring.knows("b", 1));
        ring.learn(&set(&["a", "b"]), 2).unwrap();
        assert!(!ring.knows("a", 3));
        ring.refuse(BTreeSet::new());
        ring.learn(&set(&["a", "b"]), 4).unwrap();
        assert!(ring.knows("a", 5));
    }

    #[test]
    fn a_set_that_holds_anything_wrong_changes_nothing() {
        let ring = KeyRing::default();
        let many: Vec<String> = (0..=MAX_SERVED).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(matches!(ring.learn(&set(&many), 0), Err(KeySetError::TooMany(_))));
        assert!(matches!(
            ring.learn(&set(&["good", ""]), 0),
            Err(KeySetError::Key)
        ));
        assert!(matches!(ring.learn(b"<html>", 0), Err(KeySetError::Form(_))));
        let rsa = br#"{"keys":[{"kty":"RSA","crv":"P-256","x":"","y":"","kid":"r"}]}"#;
        assert!(matches!(ring.learn(rsa, 0), Err(KeySetError::Key)));
        assert!(ring.is_empty());
    }

    #[test]
    fn the_keys_kept_are_bounded() {
        let ring = KeyRing::default();
        for n in 0..MAX_KEPT + 10 {
            ring.learn(&set(&[&n.to_string()]), i64::try_from(n).unwrap())
                .unwrap();
        }
        assert_eq!(ring.len(), MAX_KEPT);
        assert!(ring.get("0", 1).is_none());
    }
}
