//! Authentication: the holder of a vault token, verified offline.
//!
//! ```text
//!   identity peers --/keys over TLS--> KeyRing --+
//!                                                v
//!   token --> TokenCache --miss--> Verifier (ES256, header, claims, times) --> Authenticated
//! ```
//!
//! A token that names an unknown key makes the vault ask the peers again, at most every two seconds.

mod authenticator;
mod cache;
mod claims;
mod error;
mod header;
mod keys;
mod peers;

use std::sync::Arc;

use strongroom_core::Principal;

pub use authenticator::Authenticator;
pub use claims::Expected;
pub use error::AuthError;
pub use keys::{KeyRing, KeySetError};
pub use peers::{PeerError, Peers};

/// The holder of a verified token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// The principal that the token was issued to.
    pub principal: Arc<Principal>,
    /// When the token expires, in seconds since 1970.
    pub expires: i64,
    /// The token's `jti`.
    pub token_id: String,
    /// The client id the SDK gave; of no authority.
    pub application: Option<String>,
}
