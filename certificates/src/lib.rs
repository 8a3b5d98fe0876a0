//! Certificates: what is asked for, what is issued, and what others issued.
//!
//! ```text
//!   policy --> Profile + Key --> request::create ------> PKCS#10, for somebody else to sign
//!                           \-> issue::self_signed ----> a certificate
//!                            \-> issue::by_authority --> a certificate, if the authority permits it
//!
//!   PFX, PEM --> content --> Certificates + Key --> Chain --> policy, linked key and secret
//! ```
//!
//! Pure values and functions of them: no HTTP, no store, no clock and no source of randomness. Times and serial numbers
//! are given; a private key is used through [`strongroom_keys::Key`] and never leaves it, except into a file that holds
//! it.
//!
//! Its rooms, each standing on those before it:
//!
//! | room | what it holds |
//! |---|---|
//! | [`time`], [`serial`] | dates and their calendar months; serial numbers |
//! | [`name`], [`alternative_names`], [`usage`] | subjects, the names beside them, and what a key is for |
//! | [`profile`] | what is issued, beside the key |
//! | [`signer`] | signatures on DER |
//! | [`request`], [`issue`] | requests, and certificates |
//! | [`certificate`], [`chain`] | certificates that exist; which of several is that of a key |
//! | [`authority`], [`revocation`] | who signs for others and what; which certificates are good no more |
//! | [`policy`] | what a user says of the next certificate, in JSON |
//! | `encoding`, [`pem`], [`pkcs12`], [`keystore`], [`trust_store`], [`content`] | the files that hold certificates and keys |
//!
//! Invariants:
//! - a certificate that is issued here is never that of an authority (`cA` is false);
//! - an authority signs only what it was told to permit, within the constraints and the life of its own certificate;
//! - neither signatures nor algorithms of certificates that others made are checked: Azure takes obsolete ones;
//! - what a stranger sends is bounded before it is parsed, and never makes a function panic.
//!
//! This crate must not depend on tokio, axum, tonic or kube.

pub mod alternative_names;
pub mod authority;
pub mod certificate;
pub mod chain;
pub mod content;
mod encoding;
pub mod issue;
pub mod keystore;
pub mod name;
pub mod pem;
pub mod pkcs12;
pub mod policy;
pub mod profile;
pub mod request;
pub mod revocation;
pub mod serial;
pub mod signer;
pub mod time;
pub mod trust_store;
pub mod usage;
