//! `strongroom policy show`: everything that an account may do.

use std::collections::BTreeSet;

use serde::Serialize;
use strongroom_core::{AccountName, Effect, ObjectKind, ObjectPattern, PermissionSet};

use super::{
    answer::{effect, warning},
    cells::{common, covers, meet, minus},
    read::{PolicyContent, StoredPolicy},
    source::Source,
    whom::{Place, Readable, Whom, of_vault, unreadable, vaults},
};
use crate::{
    Failure,
    arguments::{Global, PolicyShow, VaultPath},
    document::{Document, Items},
    output::AnswerOutput,
    printed::Printed,
    table, terminal,
};

/// What one policy does for an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Grant {
    vault: String,
    objects: Vec<ObjectPattern>,
    permissions: PermissionSet,
    effect: Effect,
    /// The policy.
    via: String,
}

pub(super) async fn run(arguments: PolicyShow, global: &Global) -> Result<Printed, Failure> {
    let output = AnswerOutput::of(global.output())?;
    let PolicyShow {
        service_account: account,
        vault,
        manifests,
    } = arguments;
    if let Some(vault) = &vault {
        global.check(vault)?;
    }
    let named = vault.as_ref().and_then(VaultPath::namespace);
    let mut source = Source::open(named, &manifests, global).await?;
    let vault = vault.map(|vault| vault.in_namespace(&source.namespace));
    if vault.is_none() && global.namespace.is_some() {
        let namespace = source.namespace.as_str();
        source.policies.retain(|policy| policy.namespace == namespace);
    }
    let vaults = match &vault {
        Some(vault) => BTreeSet::from([Place::of(vault)]),
        None => vaults(&source.policies),
    };
    let whom = Whom::Account(account.clone());
    let grants: Vec<_> = vaults
        .iter()
        .flat_map(|vault| grants(&source.policies, vault, &whom))
        .collect();
    match output {
        AnswerOutput::Json => Printed::json(&Document::of(
            "GrantList",
            Items {
                items: grants,
                unreadable: unreadable(&source.policies),
            },
        )),
        AnswerOutput::Text => {
            let unreadable = unreadable(&source.policies);
            Ok(Printed::Text(text(&grants, &account, &unreadable)))
        }
    }
}

fn text(grants: &[Grant], account: &AccountName, unreadable: &[String]) -> String {
    let mut text = if grants.is_empty() {
        format!("Nothing: no AccessPolicy lets {} do anything.\n", account.path())
    } else {
        let row = |grant: &Grant| {
            [
                grant.vault.clone(),
                objects(&grant.objects),
                permissions(grant.permissions),
                effect(grant.effect).to_owned(),
                terminal::field(&grant.via),
            ]
        };
        let rows: Vec<_> = grants.iter().map(row).collect();
        table::render(["VAULT", "OBJECTS", "PERMISSIONS", "EFFECT", "VIA"], &rows)
    };
    text.extend(unreadable.iter().map(|unreadable| warning(unreadable)));
    text
}

fn objects(patterns: &[ObjectPattern]) -> String {
    let patterns: Vec<_> = patterns.iter().map(ToString::to_string).collect();
    patterns.join(",")
}

/// The permissions, of each kind of object together: `secrets/get,list keys/sign`.
pub(super) fn permissions(set: PermissionSet) -> String {
    let kinds = [ObjectKind::Secrets, ObjectKind::Keys, ObjectKind::Certificates];
    let of_kind = |kind: ObjectKind| {
        let names: Vec<_> = set
            .iter()
            .filter(|permission| permission.kind() == kind)
            .map(strongroom_core::Permission::name)
            .collect();
        (!names.is_empty()).then(|| format!("{kind}/{}", names.join(",")))
    };
    let shown: Vec<_> = kinds.into_iter().filter_map(of_kind).collect();
    shown.join(" ")
}

/// What each policy does for somebody: what it allows, without what is denied for every name of a pattern, and what it denies of
/// what others allow. So a permission is given for a name if a row allows it and no row denies it.
fn grants(policies: &[StoredPolicy], vault: &Place<'_>, whom: &Whom) -> Vec<Grant> {
    let mut about = of_vault(policies, vault);
    about.retain(|readable| whom.is_meant_by(readable.content));
    let of = |effect: Effect| -> Vec<&PolicyContent> {
        let contents = about.iter().map(|readable| readable.content);
        contents.filter(|content| content.effect == effect).collect()
    };
    let (allows, denies) = (of(Effect::Allow), of(Effect::Deny));
    let of_policy = |readable: &Readable<'_>| {
        let content = readable.content;
        let counts = |pattern: &ObjectPattern| match content.effect {
            Effect::Allow => {
                let refused = union_of(&denies, |deny| covers(deny, pattern));
                minus(content.permissions, refused)
            }
            Effect::Deny => {
                let allowed = union_of(&allows, |allow| meet(allow, pattern));
                common(content.permissions, allowed)
            }
        };
        let mut rows: Vec<Grant> = Vec::new();
        for pattern in &content.objects {
            let permissions = counts(pattern);
            match rows.iter_mut().find(|row| row.permissions == permissions) {
                _ if permissions.is_empty() => {}
                Some(row) => row.objects.push(pattern.clone()),
                None => rows.push(Grant {
                    vault: vault.to_string(),
                    objects: vec![pattern.clone()],
                    permissions,
                    effect: content.effect,
                    via: readable.policy.name.clone(),
                }),
            }
        }
        rows
    };
    about.iter().flat_map(of_policy).collect()
}

/// The permissions of the policies with a pattern of which `is_meant` says so.
fn union_of(contents: &[&PolicyContent], is_meant: impl Fn(&ObjectPattern) -> bool) -> PermissionSet {
    contents
        .iter()
        .filter(|content| content.objects.iter().any(&is_meant))
        .fold(PermissionSet::EMPTY, |set, content| {
            set.union(content.permissions)
        })
}

#[cfg(test)]
mod tests {
    use strongroom_core::Permission;

    use super::*;
    use crate::policy::tests::{Sample, allow, deny, matches, policy, prod, samples};

    fn ask(policies: &[StoredPolicy], account: &str) -> Vec<String> {
        let whom = Whom::Account(account.parse().unwrap());
        let line = |grant: &Grant| {
            let (objects, permissions) = (objects(&grant.objects), permissions(grant.permissions));
            format!("{objects} {permissions} {} {}", effect(grant.effect), grant.via)
        };
        grants(policies, &Place::of(&prod()), &whom)
            .iter()
            .map(line)
            .collect()
    }

    #[test]
    fn an_account_has_what_names_it_and_what_names_its_namespace() {
        let policies = [
            allow("own", &["shop/api"], &["db-*", "web"]),
            policy(
                "all",
                Effect::Allow,
                &["shop/*"],
                &["*"],
                &[Permission::SecretList, Permission::KeySign, Permission::KeyGet],
            ),
            allow("other", &["shop/web"], &["*"]),
        ];
        assert_eq!(
            ask(&policies, "shop:api"),
            [
                "db-*,web secrets/get Allow own",
                "* secrets/list keys/sign,get Allow all"
            ]
        );
        assert_eq!(ask(&policies, "x:y"), Vec::<String>::new());
    }

    #[test]
    fn what_is_denied_altogether_is_no_grant_and_a_deny_that_takes_nothing_away_is_not_shown() {
        let policies = [
            allow("own", &["shop/api"], &["db-*", "web"]),
            deny("not-db", &["shop/*"], &["db-*", "x"]),
            deny("not-web-1", &["shop/api"], &["web-1"]),
        ];
        assert_eq!(
            ask(&policies, "shop:api"),
            ["web secrets/get Allow own", "db-* secrets/get Deny not-db"]
        );
    }

    #[test]
    fn a_permission_is_given_where_a_row_allows_it_and_none_denies_it() {
        for Sample {
            policies,
            index,
            accounts,
            objects,
        } in samples(60)
        {
            for (account, uid) in &accounts {
                let grants = grants(&policies, &Place::of(&prod()), &Whom::Account(account.clone()));
                for object in &objects {
                    for permission in Permission::ALL.iter().copied() {
                        let has = |effect| {
                            grants.iter().any(|grant| {
                                grant.effect == effect
                                    && grant.permissions.contains(permission)
                                    && matches(&grant.objects, object)
                            })
                        };
                        let says = has(Effect::Allow) && !has(Effect::Deny);
                        let is_allowed = index.decide(uid, permission, object).is_allowed();
                        assert_eq!(says, is_allowed, "{} {permission} {object}", account.path());
                    }
                }
            }
        }
    }
}
