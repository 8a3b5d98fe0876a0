//! Authentication: who presents a vault token, verified offline.
//!
//! ```text
//!   identity peers --/keys over TLS--> KeyRing --+
//!                                                v
//!   token --> TokenCache --miss--> Verifier (ES256, header, claims, times) --> Authenticated
//! ```
//!
//! A token that names a key nobody has served yet asks the peers again, at most every two seconds.

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

/// Whom a verified token was issued to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// Who presents the token.
    pub principal: Arc<Principal>,
    /// When the token expires, in seconds since 1970.
    pub expires: i64,
    /// The token's `jti`.
    pub token_id: String,
    /// The client id the SDK gave; of no authority.
    pub application: Option<String>,
}
