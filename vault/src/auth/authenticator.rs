//! Verifies tokens, remembers them, and asks for keys it does not know.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, errors::ErrorKind};
use strongroom_wire::token::Claims;

use super::{
    AuthError, Authenticated, Expected, KeyRing, Peers,
    cache::{TokenCache, TokenHash, Verified},
    header,
};
use crate::clock::Clock;

/// The longest token, in bytes.
const MAX_TOKEN: usize = 8 * 1024;

/// Verifies vault tokens for one vault.
#[derive(Debug)]
pub struct Authenticator {
    expected: Expected,
    keys: Arc<KeyRing>,
    peers: Arc<Peers>,
    cache: TokenCache,
    clock: Clock,
}

impl Authenticator {
    /// An authenticator that takes its keys from `peers`.
    pub fn new(expected: Expected, peers: Arc<Peers>, clock: Clock) -> Self {
        Self {
            expected,
            keys: peers.keys(),
            peers,
            cache: TokenCache::default(),
            clock,
        }
    }

    /// Whether any key is known: without one every token is refused.
    pub fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// How many keys are known.
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// The holder of `token`, if it was verified before and its key is still known. Costs no signature.
    pub fn recall(&self, token: &str) -> Option<Arc<Authenticated>> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let (hash, now) = (TokenHash::of(token), self.clock.now());
        let known = self.cache.get(&hash, now)?;
        self.keys.knows(&known.key_id, now).then_some(known.holder)
    }

    /// Verifies `token`, and returns its holder.
    pub async fn authenticate(&self, token: &str) -> Result<Arc<Authenticated>, AuthError> {
        if token.len() > MAX_TOKEN {
            return Err(AuthError::TooLong);
        }
        if let Some(known) = self.recall(token) {
            return Ok(known);
        }
        let key_id = header::key_id(token)?;
        let key = self.key(&key_id).await?;
        let holder = Arc::new(self.verify(token, &key)?);
        let verified = Verified {
            holder: Arc::clone(&holder),
            key_id: key_id.into(),
        };
        self.cache.insert(TokenHash::of(token), verified);
        Ok(holder)
    }

    async fn key(&self, id: &str) -> Result<DecodingKey, AuthError> {
        if let Some(key) = self.keys.get(id, self.clock.now()) {
            return Ok(key);
        }
        self.peers.refresh_for(id).await;
        self.keys.get(id, self.clock.now()).ok_or(AuthError::UnknownKey)
    }

    fn verify(&self, token: &str, key: &DecodingKey) -> Result<Authenticated, AuthError> {
        let claims = decode::<Claims>(token, key, &signature_only()).map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => AuthError::Signature,
            ErrorKind::InvalidAlgorithm => AuthError::Header,
            _ => AuthError::Malformed,
        })?;
        let principal = Arc::new(self.expected.check(&claims.claims, self.clock.now())?);
        let Claims { exp, jti, appid, .. } = claims.claims;
        Ok(Authenticated {
            principal,
            expires: exp,
            token_id: jti,
            application: appid,
        })
    }
}

/// ES256 and nothing else. The claims are checked by [`Expected`], which has the vault's clock.
fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::ES256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}
