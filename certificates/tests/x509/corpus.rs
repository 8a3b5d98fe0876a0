//! What a vault issues: a certificate of every kind that a policy can ask for, with what each is good for.
//!
//! Each is made as a vault makes it, from the JSON of a policy.

mod chains;
mod house;
mod keys;
mod names;
mod revoked;
mod times;
mod usages;

use serde_json::{Value, json};
use strongroom_certificates::{issue, policy::Policy, profile::Profile, serial::Serial};
use strongroom_keys::Key;

pub use self::{
    chains::{broken, chains},
    house::{House, Root, authority},
    keys::{keys, keys_of_authorities},
    names::{names, subjects},
    revoked::revoked,
    times::{serials, times},
    usages::{extended_key_usages, key_usages},
};
use crate::{
    judges::{Case, Question},
    support::{now, serial},
};

/// Everything.
pub fn everything() -> Vec<Case> {
    [
        keys(),
        keys_of_authorities(),
        names(),
        subjects(),
        key_usages(),
        extended_key_usages(),
        times(),
        serials(),
        chains(),
    ]
    .concat()
}

/// When the questions are about: after the authorities begin that openssl makes meanwhile.
pub fn soon() -> i64 {
    now() + 60
}

/// The profile that a vault issues by a policy.
pub fn profile_of(policy: &Value, now: i64) -> Profile {
    Policy::create(policy).unwrap().profile(now).unwrap()
}

/// The policy of a certificate with these members of `x509_props`.
pub fn policy(x509: &Value) -> Value {
    json!({"x509_props": x509, "issuer": {"name": "Self"}})
}

/// The certificate that a key signs for itself.
pub fn self_signed(name: &str, key: &Key, profile: &Profile, questions: Vec<Question>) -> Case {
    self_signed_as(serial(), name, key, profile, questions)
}

/// The same with a serial number of its own.
pub fn self_signed_as(
    serial: Serial,
    name: &str,
    key: &Key,
    profile: &Profile,
    questions: Vec<Question>,
) -> Case {
    let leaf = issue::self_signed(key, profile, serial).unwrap();
    Case {
        name: format!("{name}, signed by itself"),
        root: leaf.clone(),
        leaf,
        intermediates: Vec::new(),
        questions,
        list: None,
        refused_by: Vec::new(),
    }
}
