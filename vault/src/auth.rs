//! Authentication: who presents a vault token, verified offline.

mod error;

use strongroom_core::Identity;

pub use error::AuthError;

/// Whom a verified token was issued to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// The account.
    pub identity: Identity,
    /// When the token expires, in seconds since 1970.
    pub expires: i64,
    /// The token's `jti`.
    pub token_id: String,
    /// The client id the SDK gave; of no authority.
    pub application: Option<String>,
}
