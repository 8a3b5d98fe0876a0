//! Policies as the recordings of the service have them, and as they have them not.

use serde_json::{Value, json};
use strongroom_keys::KeyType;

use super::*;
use crate::{alternative_names::AlternativeNames, certificate::Certificate, usage::KeyUsages};

mod any;
mod clients;
mod create;
mod import;
mod issued;
mod patch;
mod refused;
mod stored;

const IDENTITY: PolicyIdentity<'static> = PolicyIdentity {
    id: "https://v.vault.example/certificates/c/policy",
    created: 1,
    updated: 2,
};

fn create(sent: &Value) -> Policy {
    Policy::create(sent).unwrap()
}

/// The sentence with which a new policy is refused.
fn refusal(sent: &Value) -> String {
    Policy::create(sent).unwrap_err().to_string()
}

/// A policy as it is answered.
fn answered(policy: &Policy) -> Value {
    serde_json::to_value(policy.answered(IDENTITY)).unwrap()
}

/// What a new policy answers of `member`, which is a JSON pointer.
fn echo(sent: &Value, member: &str) -> Option<Value> {
    answered(&create(sent)).pointer(member).cloned()
}

/// A policy that says no more than it must, but for the members of `more`.
fn with(more: &Value) -> Value {
    merged(&json!({"x509_props": {"subject": "CN=a"}}), more)
}

/// The one with the members of the other put in, object by object.
fn merged(one: &Value, other: &Value) -> Value {
    let (Value::Object(one), Value::Object(other)) = (one, other) else {
        return other.clone();
    };
    let mut all = one.clone();
    for (name, value) in other {
        let value = one
            .get(name)
            .map_or_else(|| value.clone(), |before| merged(before, value));
        all.insert(name.clone(), value);
    }
    Value::Object(all)
}

#[test]
fn every_member_of_an_answer_has_a_path_of_its_own_name() {
    for (member, name) in [
        (Member::Policy, "policy"),
        (Member::KeySize, "key_size"),
        (Member::IpAddresses, "ipAddresses"),
    ] {
        assert_eq!(member.name(), name);
    }
}
