//! Everything that reads bytes which a stranger wrote, each as one plain function of those bytes.
//!
//! ```text
//!   store         who writes the volume: records, keys, the keyring's file, backups
//!   keys          who imports a private key
//!   certificates  who imports a certificate, or asks for one: files, certificates, policies
//!   vault         who reaches the data port: requests, tokens, Watch, what keys are released on; and the policy that the
//!                 admin port takes
//!   identity      who reaches the token endpoint: forms and service-account tokens
//!   node          who reaches the node driver: the kubelet, SecretRefs, a vault's messages
//!   answers       a hostile vault's answers to the operator and to clients
//! ```
//!
//! A function drives the real reader, at its outermost edge where that is quick enough, and panics where a property does
//! not hold; that nothing panics is the least of them. The properties of each stand above it. `tests/replay.rs` runs all
//! of them on stable over the corpus and over mutations of it; the programs under `fuzz/` hand them to libFuzzer.
//!
//! Two writings of one thing make a property: what is read is written again and compared, or judged a second time by
//! rules that are written here from the documents and not from the code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a property that does not hold is a panic here, as in a test"
)]

pub mod answers;
pub mod certificates;
pub mod identity;
mod input;
mod kept;
pub mod keys;
pub mod node;
pub mod store;
pub mod target;
pub mod vault;

pub use target::{Seed, Target, Verdict};

/// The targets: for each its function, and its made inputs.
macro_rules! targets {
    ($($name:ident: $room:ident::$file:ident),* $(,)?) => {
        &[$(Target {
            name: stringify!($name),
            body: $room::$file::$name,
            seeds: $room::$file::seeds,
        }),*]
    };
}

/// Every target.
pub const TARGETS: &[Target] = targets! {
    account_token: identity::assertion,
    admin_answer: answers::admin,
    attestation_token: vault::attestation,
    backup_blob: store::backup,
    certificate_content: certificates::content,
    certificate_der: certificates::der,
    certificate_policy: certificates::policy,
    certificate_secret: node::certificate,
    csi_request: node::csi,
    head_record: store::head,
    key_fields: store::key_fields,
    keyring_file: store::keyring,
    open_record: store::record,
    policy_bundle: vault::bundle,
    private_key: keys::private,
    registration: node::registration,
    release_policy: vault::release_policy,
    rest_request: vault::rest,
    secret_ref: node::secret_ref,
    state_record: store::state,
    store_key: store::key,
    token_form: identity::form,
    vault_answer: answers::data,
    vault_token: vault::token,
    version_record: store::version,
    watch_message: node::watch,
    watch_request: vault::watch,
};

/// The target of this name.
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
