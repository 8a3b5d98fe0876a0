//! Policies of a bundle.

use strongroom_core::{Bundle, BundlePolicy, Effect, Generation, ObjectKind, Permission};
use strongroom_engine::Objects;

use crate::signing_key::uid;

/// Every permission on secrets.
pub const ALL: &[&str] = &[
    "get", "list", "set", "delete", "backup", "restore", "recover", "purge",
];

/// The account `NAMESPACE/NAME` may do this with the secrets of these patterns.
pub fn allow(name: &str, account: &str, objects: &[&str], secrets: &[&str]) -> BundlePolicy {
    rule(name, Effect::Allow, &[&uid(account)], objects, secrets)
}

/// It may not.
pub fn deny(name: &str, account: &str, objects: &[&str], secrets: &[&str]) -> BundlePolicy {
    rule(name, Effect::Deny, &[&uid(account)], objects, secrets)
}

/// The accounts of these UIDs may, or may not, do this with the secrets of these patterns.
pub fn rule(
    name: &str,
    effect: Effect,
    subjects: &[&str],
    objects: &[&str],
    secrets: &[&str],
) -> BundlePolicy {
    BundlePolicy {
        name: name.into(),
        effect,
        subjects: subjects.iter().map(|uid| uid.parse().unwrap()).collect(),
        objects: objects.iter().map(|pattern| pattern.parse().unwrap()).collect(),
        permissions: secrets
            .iter()
            .map(|permission| Permission::parse(ObjectKind::Secrets, permission).unwrap())
            .collect(),
    }
}

/// The bytes of the bundle of `policies` for the vault of `objects`, at this epoch and number.
pub fn bundle(objects: &Objects, (epoch, n): (u64, u64), policies: Vec<BundlePolicy>) -> Vec<u8> {
    let bundle = Bundle::new(objects.vault_id().to_string(), Generation { epoch, n }, policies);
    serde_json::to_vec(&bundle).unwrap()
}
