//! Policies of a bundle.

use strongroom_core::{Bundle, BundlePolicy, Effect, Generation, ObjectKind, Permission};
use strongroom_engine::Objects;

use crate::signing_key::uid;

/// Every permission on secrets.
pub const ALL: &[&str] = &[
    "get", "list", "set", "delete", "backup", "restore", "recover", "purge",
];

/// Every permission on keys.
pub const KEYS: &[&str] = &[
    "keys/encrypt",
    "keys/decrypt",
    "keys/wrapKey",
    "keys/unwrapKey",
    "keys/sign",
    "keys/verify",
    "keys/get",
    "keys/list",
    "keys/create",
    "keys/update",
    "keys/import",
    "keys/delete",
    "keys/backup",
    "keys/restore",
    "keys/recover",
    "keys/purge",
    "keys/release",
    "keys/rotate",
    "keys/getrotationpolicy",
    "keys/setrotationpolicy",
];

/// Every permission on certificates that a manager of them has.
pub const CERTIFICATES: &[&str] = &[
    "certificates/get",
    "certificates/list",
    "certificates/delete",
    "certificates/create",
    "certificates/import",
    "certificates/update",
    "certificates/managecontacts",
    "certificates/manageissuers",
    "certificates/recover",
    "certificates/purge",
    "certificates/backup",
    "certificates/restore",
    "certificates/strongroom/revoke",
];

/// The account `NAMESPACE/NAME` may do this with the objects of these patterns.
pub fn allow(name: &str, account: &str, objects: &[&str], permissions: &[&str]) -> BundlePolicy {
    rule(name, Effect::Allow, &[&uid(account)], objects, permissions)
}

/// It may not.
pub fn deny(name: &str, account: &str, objects: &[&str], permissions: &[&str]) -> BundlePolicy {
    rule(name, Effect::Deny, &[&uid(account)], objects, permissions)
}

/// The accounts of these UIDs may, or may not, do this with the objects of these patterns. A permission without a kind
/// is one on secrets.
pub fn rule(
    name: &str,
    effect: Effect,
    subjects: &[&str],
    objects: &[&str],
    permissions: &[&str],
) -> BundlePolicy {
    BundlePolicy {
        name: name.into(),
        effect,
        subjects: subjects.iter().map(|uid| uid.parse().unwrap()).collect(),
        objects: objects.iter().map(|pattern| pattern.parse().unwrap()).collect(),
        permissions: permissions
            .iter()
            .map(|permission| {
                let of_secrets = || Permission::parse(ObjectKind::Secrets, permission);
                permission.parse().or_else(|_| of_secrets()).unwrap()
            })
            .collect(),
    }
}

/// The bytes of the bundle of `policies` for the vault of `objects`, at this epoch and number.
pub fn bundle(objects: &Objects, (epoch, n): (u64, u64), policies: Vec<BundlePolicy>) -> Vec<u8> {
    let bundle = Bundle::new(objects.vault_id().to_string(), Generation { epoch, n }, policies);
    serde_json::to_vec(&bundle).unwrap()
}
