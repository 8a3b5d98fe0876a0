//! The tests that the Azure SDK for Python has of its own client, run unmodified against a vault.
//!
//! ```text
//!   site     a vault as `strongroom dev` runs it, and what the suites find in their environment
//!   suite    the tests, at one api-version after the other
//!   tables   what docs/conformance.md says of them
//!   tree     copies of directories
//!   python/  what the tests import and nobody publishes, and a plugin of pytest that says what became of each
//! ```
//!
//! Invariants:
//! - the tests are those of the published source archive, by its checksum, and nothing in them is changed;
//! - login, TLS and the client's verification of both are as installed: only names below localhost are answered here;
//! - a test that does not run has a written reason, and a reason that fits no test is an error;
//! - a test that passes has asked the vault at that version, by the vault's audit log; a run in which the vault recorded fewer
//!   requests than tests ran is an error;
//! - where a test fails, the audit log of its vault is kept.

pub mod site;
pub mod suite;
pub mod tables;
mod tree;
