//! The two certificate authorities and what they issue.
//!
//! - the *serving* authority issues serverAuth certificates under name constraints, for names inside the cluster;
//! - the *admin* authority issues the operator's one client certificate.
//!
//! Each keeps its successor beside it: a successor is published in the trust bundle for [`PUBLISHED_BEFORE_USE`] before
//! it signs anything, and its predecessor stays there until the last certificate under it has expired.

mod authorities;
mod authority;
mod succession;

pub use authorities::{Authorities, Fingerprint};
pub use authority::{Authority, AuthoritySubject, Leaf, PkiError, needs_renewal};
pub use succession::{Advance, Succession};

use time::Duration;

/// How long a certificate other than an authority's is good for.
pub const LEAF_LIFETIME: Duration = Duration::days(30);

/// How long an authority is good for.
pub const AUTHORITY_LIFETIME: Duration = Duration::days(3650);

/// How long a successor is published before it signs: longer than any reader needs to load a changed bundle.
pub const PUBLISHED_BEFORE_USE: Duration = Duration::days(2);
