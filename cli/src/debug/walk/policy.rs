//! What the policies of a vault say to the account, object by object.

use std::collections::BTreeSet;

use serde_json::json;
use strongroom_core::{AccountName, ObjectName, Permission, PolicyCheck, VaultRef};
use strongroom_crds::condition::AUTHORIZED;

use super::reference;
use crate::debug::{
    facts::{AccountFacts, Facts, Hidden, ReferenceFacts, Seen, VaultFacts},
    step::Step,
};
use crate::{manifest::mark, policy::StoredPolicies};

type Needs = BTreeSet<(ObjectName, Permission)>;

/// The decisions; of a walk about the vault alone, what is wrong with its policies.
pub(super) fn steps(facts: &Facts, vault: &VaultFacts) -> Vec<Step> {
    let Some(account) = &facts.account else {
        return vec![readable(vault)];
    };
    let references: Vec<_> = facts
        .references
        .iter()
        .filter(|facts| matches!(&facts.found, Seen::Found(found) if reference::vault(found).as_ref() == Some(&vault.vault)))
        .collect();
    let needs: Needs = references
        .iter()
        .filter_map(|facts| match &facts.found {
            Seen::Found(found) => Some(reference::needs(found)),
            Seen::Absent | Seen::Hidden(_) => None,
        })
        .flatten()
        .collect();
    match &vault.policies {
        _ if needs.is_empty() && !references.is_empty() => Vec::new(),
        Seen::Found(policies) if needs.is_empty() => vec![any(facts, account, vault, policies)],
        Seen::Found(policies) => decisions(account, vault, policies, &needs),
        Seen::Absent => vec![Step::fails(
            "policy",
            "the kind AccessPolicy is not installed",
            format!("helm status strongroom -n {}", facts.release_namespace),
        )],
        Seen::Hidden(hidden) => vec![by_reference(account, vault, &references, &needs, hidden)],
    }
}

fn readable(vault: &VaultFacts) -> Step {
    let namespace = &vault.vault.namespace;
    match &vault.policies {
        Seen::Found(policies) => match policies.unreadable().as_slice() {
            [] => Step::holds(
                "policies",
                format!("namespace {namespace} has {}, all readable", policies.len()),
            ),
            [first, ..] => Step::fails(
                "policies",
                format!("AccessPolicy {first} cannot be read, so no policy grants anything new"),
                format!("kubectl edit accesspolicies.strongroom.dev {first} -n {namespace}"),
            ),
        },
        Seen::Absent => Step::unknown("policies", "the kind AccessPolicy is not installed"),
        Seen::Hidden(hidden) => Step::hidden("policies", hidden),
    }
}

fn uid(account: &AccountFacts) -> Result<Option<strongroom_core::Uid>, &Hidden> {
    match &account.found {
        Seen::Found(found) => {
            let uid = found.metadata.uid.as_deref();
            Ok(uid.and_then(|uid| uid.parse().ok()))
        }
        Seen::Absent => Ok(None),
        Seen::Hidden(hidden) => Err(hidden),
    }
}

/// Whether a pod that connects itself may read anything at all.
fn any(facts: &Facts, account: &AccountFacts, vault: &VaultFacts, policies: &StoredPolicies) -> Step {
    let uid = match uid(account) {
        Ok(uid) => uid,
        Err(hidden) => return Step::hidden("policy", hidden),
    };
    let mut check = PolicyCheck {
        vault: vault.vault.clone(),
        account: account.account.clone(),
        permission: Permission::SecretGet,
        object: None,
    };
    for permission in [Permission::SecretGet, Permission::KeyGet] {
        check.permission = permission;
        let verdict = policies.decide(&check, uid.as_ref());
        if verdict.allowed {
            let program = facts.program;
            return Step::holds(
                "policy",
                format!(
                    "{permission} is {} for some objects; for one: {program} {check} --object NAME",
                    verdict.reason
                ),
            );
        }
    }
    let name: Option<ObjectName> = "NAME".parse().ok();
    Step::fails(
        "policy",
        format!(
            "no AccessPolicy lets {} read a secret or a key",
            account.account.path()
        ),
        manifest(
            &account.account,
            &vault.vault,
            &name
                .into_iter()
                .map(|name| (name, Permission::SecretGet))
                .collect(),
        ),
    )
}

fn decisions(
    account: &AccountFacts,
    vault: &VaultFacts,
    policies: &StoredPolicies,
    needs: &Needs,
) -> Vec<Step> {
    let uid = match uid(account) {
        Ok(uid) => uid,
        Err(hidden) => return vec![Step::hidden("policy", hidden)],
    };
    let verdicts: Vec<_> = needs
        .iter()
        .map(|(name, permission)| {
            let check = PolicyCheck {
                vault: vault.vault.clone(),
                account: account.account.clone(),
                permission: *permission,
                object: Some(name.clone()),
            };
            (name, *permission, policies.decide(&check, uid.as_ref()))
        })
        .collect();
    let missing: Needs = verdicts
        .iter()
        .filter(|(_, _, verdict)| !verdict.allowed && verdict.policy.is_none())
        .map(|(name, permission, _)| ((*name).clone(), *permission))
        .collect();
    verdicts
        .into_iter()
        .map(|(name, permission, verdict)| {
            let step = format!("policy {name}");
            let says = format!("{permission} of {name} is {}", verdict.reason);
            match (verdict.allowed, verdict.policy) {
                (true, _) if verdict.confirmed => Step::holds(step, says),
                (true, _) => Step::unknown(
                    step,
                    format!("{says}, but the vault has not confirmed every policy about the account yet"),
                ),
                (false, Some(deny)) => Step::fails(
                    step,
                    says,
                    format!(
                        "A Deny wins over every Allow. Take the account or the object out of it:\nkubectl edit accesspolicies.strongroom.dev {deny} -n {}",
                        vault.vault.namespace
                    ),
                ),
                (false, None) => Step::fails(
                    step,
                    format!("{permission} of {name}: {}", verdict.reason),
                    manifest(&account.account, &vault.vault, &missing),
                ),
            }
        })
        .collect()
}

/// What the SecretRef tells those who may not see the policies.
fn by_reference(
    account: &AccountFacts,
    vault: &VaultFacts,
    references: &[&ReferenceFacts],
    needs: &Needs,
    hidden: &Hidden,
) -> Step {
    let conditions: Vec<_> = references
        .iter()
        .map(|facts| {
            (
                facts,
                reference::condition_for(facts, &account.account, AUTHORIZED),
            )
        })
        .collect();
    let refused = conditions.iter().find_map(|(facts, condition)| {
        let condition = condition.filter(|condition| condition.status == "False")?;
        Some((facts, condition))
    });
    if let Some((facts, condition)) = refused {
        return Step::fails(
            "policy",
            format!(
                "{}: {} (as SecretRef {} says)",
                condition.reason, condition.message, facts.reference
            ),
            manifest(&account.account, &vault.vault, needs),
        );
    }
    let is_permitted = !conditions.is_empty()
        && conditions
            .iter()
            .all(|(_, condition)| condition.is_some_and(|condition| condition.status == "True"));
    if is_permitted {
        Step::holds(
            "policy",
            format!(
                "{} may read every object, as the SecretRef says",
                account.account.path()
            ),
        )
    } else {
        Step::hidden("policy", hidden)
    }
}

/// The narrowest policy that allows what is missing.
fn manifest(account: &AccountName, vault: &VaultRef, missing: &Needs) -> String {
    let kinds = [Permission::SecretGet, Permission::KeyGet];
    let manifests = kinds.into_iter().filter_map(|permission| {
        let objects: Vec<_> = missing
            .iter()
            .filter(|(_, needed)| *needed == permission)
            .map(|(name, _)| name.to_string())
            .collect();
        if objects.is_empty() {
            return None;
        }
        let kind = if permission == Permission::KeyGet {
            "keys"
        } else {
            "secrets"
        };
        Some(format!(
            "apiVersion: strongroom.dev/v1alpha1\nkind: AccessPolicy\nmetadata: {{name: {}-{}-reads-{kind}-{}, namespace: {}}}\nspec:\n  vaultRef: {{name: {}}}\n  effect: Allow\n  subjects:\n  - serviceAccount: {{namespace: {}, name: {}}}\n  objects: {}\n  permissions: {{{kind}: [get]}}",
            account.namespace,
            account.name,
            mark(&[&account.path(), vault.name.as_str()], &objects),
            vault.namespace,
            vault.name,
            account.namespace,
            account.name,
            json!(objects),
        ))
    });
    let manifests: Vec<_> = manifests.collect();
    format!(
        "The owner of vault {vault} applies this, if {} is to read them:\n{}",
        account.path(),
        manifests.join("\n---\n")
    )
}
