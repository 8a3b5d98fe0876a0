//! Certificates: begun, issued, imported and renewed, as their policies say.
//!
//! | room | what it holds |
//! |---|---|
//! | [`error`] | why a certificate was not made |
//! | [`begin`] | the key, the request for a certificate and the operation that a request asks for |
//! | [`issued`] | a certificate with its chain and key, in the forms that the store keeps |
//! | [`lifetime`] | what the schedule needs of a policy |
//! | [`issue`] | the end of an operation: what the vault itself issues |
//! | [`import`], [`merge`] | what was issued elsewhere |
//! | [`contacts`], [`issuers`] | the settings of all certificates of a vault |
//! | [`settings`] | how these are stored, and one change of them at a time |
//! | [`authority`], [`signer`] | what an issuer of the provider `Strongroom` signs with and permits |
//! | [`chosen`] | the issuer that a policy chooses, and what it does |
//! | [`revoke`], [`revoked`], [`revocation_list`] | a revocation, what is revoked, and the lists that say so to everybody |
//! | [`converted`] | the secret of a certificate in another form |
//!
//! Nothing here decides who may do what, or knows a protocol: [`crate::access`] calls it, once policy allows.

pub mod authority;
pub mod begin;
pub mod chosen;
pub mod contacts;
pub mod converted;
pub mod error;
pub mod import;
pub mod issue;
pub mod issued;
pub mod issuers;
pub mod lifetime;
pub mod merge;
pub mod revocation_list;
pub mod revoke;
pub mod revoked;
pub mod settings;
pub mod signer;

use strongroom_core::Timestamp;

/// A time of a certificate as the store has it. What lies before 1970 is as if it were then.
pub(crate) fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::from_unix(u64::try_from(seconds).unwrap_or_default())
}

/// A time of the store in a certificate's seconds.
pub(crate) fn seconds(time: Timestamp) -> i64 {
    i64::try_from(time.unix()).unwrap_or(i64::MAX)
}
