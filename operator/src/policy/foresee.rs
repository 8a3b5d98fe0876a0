//! What the policies of a vault will allow, by what is declared: for a vault that has confirmed nothing yet.

use kube::runtime::reflector::ObjectRef;
use strongroom_core::{AccountName, ObjectName, Permission, Uid, allows};
use strongroom_crds::{Vault, access_policy::PolicySubject};

use super::compile_all;
use crate::world::Stores;

/// Whether the policies of a vault let an account do all of this, each with the object of that name. A policy that cannot
/// be read may be a Deny: beside it nothing is foreseen.
pub fn will_allow<'a>(
    stores: &Stores,
    vault: &ObjectRef<Vault>,
    (account, uid): (&AccountName, &Uid),
    mut wanted: impl Iterator<Item = (Permission, &'a ObjectName)>,
) -> bool {
    let mut policies = stores.policies_of(vault);
    // Only these are compiled: a vault may have many, and is asked about by many.
    policies.retain(|policy| match &policy.0 {
        Ok(policy) => policy.spec.subjects.iter().any(|subject| names(subject, account)),
        Err(_) => true,
    });
    let compiled = compile_all(&policies, &stores.directory());
    let compiled = compiled.into_iter().map(|compiled| compiled.result);
    let Ok(policies) = compiled
        .map(|result| result.map(|(policy, _)| policy))
        .collect::<Result<Vec<_>, _>>()
    else {
        return false;
    };
    wanted.all(|(permission, object)| allows(&policies, uid, permission, object))
}

fn names(subject: &PolicySubject, account: &AccountName) -> bool {
    let namespace = account.namespace.as_str();
    let one = subject.service_account.as_ref();
    let all = subject.all_service_accounts.as_ref();
    one.is_some_and(|one| one.namespace == namespace && one.name == account.name.as_str())
        || all.is_some_and(|all| all.namespace == namespace)
}
