//! `strongroom policy who-can`: everybody who may do something.

use std::collections::BTreeSet;

use serde::Serialize;
use strongroom_core::{Effect, ObjectName, ObjectPattern, Permission};

use super::{
    answer::{effect, warning},
    cells::{Cells, holds},
    read::StoredPolicy,
    source::Source,
    whom::{Place, Readable, Whom, everybody, of_vault, unreadable},
};
use crate::{
    Failure,
    arguments::{Global, WhoCan},
    document::{Document, Items},
    output::ObjectOutput,
    printed::Printed,
    table, terminal,
};

/// What a policy does for an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
struct Holder {
    /// `NAMESPACE/NAME`, or `NAMESPACE/*` for all that are not named by themselves.
    service_account: String,
    /// The policy.
    via: String,
    effect: &'static str,
    /// Whether the vault has confirmed the policy, and knows the account; nothing of a policy in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    enforced: Option<bool>,
}

pub(super) async fn run(arguments: WhoCan, global: &Global) -> Result<Printed, Failure> {
    let output = ObjectOutput::of(global.output())?;
    global.check(&arguments.vault)?;
    let source = Source::open(arguments.vault.namespace(), &arguments.manifests, global).await?;
    let vault = arguments.vault.in_namespace(&source.namespace);
    let holders = who_can(
        &source.policies,
        &Place::of(&vault),
        arguments.permission,
        arguments.object.as_ref(),
    );
    match output {
        ObjectOutput::Json => Printed::json(&Document::of(
            "HolderList",
            Items {
                items: holders,
                unreadable: unreadable(&source.policies),
            },
        )),
        ObjectOutput::Name => {
            let able = holders
                .iter()
                .filter(|holder| holder.effect == effect(Effect::Allow));
            let names: BTreeSet<_> = able.map(|holder| holder.service_account.as_str()).collect();
            let mut text = String::new();
            for name in names {
                text.extend([name, "\n"]);
            }
            Ok(Printed::Text(text))
        }
        ObjectOutput::Text => Ok(Printed::Text(text(&holders, &unreadable(&source.policies)))),
    }
}

fn text(holders: &[Holder], unreadable: &[String]) -> String {
    let mut text = if holders.is_empty() {
        "Nobody: no AccessPolicy allows it.\n".to_owned()
    } else {
        let row = |holder: &Holder| {
            let enforced = match holder.enforced {
                Some(true) => "True",
                Some(false) => "False",
                None => table::UNKNOWN,
            };
            [
                holder.service_account.clone(),
                terminal::field(&holder.via),
                holder.effect.to_owned(),
                enforced.to_owned(),
            ]
        };
        let rows: Vec<_> = holders.iter().map(row).collect();
        table::render(["ACCOUNT", "VIA", "EFFECT", "ENFORCED"], &rows)
    };
    text.extend(unreadable.iter().map(|unreadable| warning(unreadable)));
    text
}

/// Who may do `permission` with `object`, or with any object if there is none, and by which policies; and who might but for a
/// Deny, with that. Of an account that no policy about it names, its namespace speaks.
fn who_can(
    policies: &[StoredPolicy],
    vault: &Place<'_>,
    permission: Permission,
    object: Option<&ObjectName>,
) -> Vec<Holder> {
    let mut relevant = of_vault(policies, vault);
    relevant.retain(|readable| {
        let is_about = |pattern: &ObjectPattern| object.is_none_or(|object| pattern.matches(object));
        readable.content.permissions.contains(permission) && readable.content.objects.iter().any(is_about)
    });
    let mut holders = BTreeSet::new();
    for whom in everybody(relevant.iter().map(|readable| readable.content)) {
        let about: Vec<_> = relevant
            .iter()
            .copied()
            .filter(|readable| whom.is_meant_by(readable.content))
            .collect();
        let cells = match object {
            Some(object) => Cells::of(&[ObjectPattern::Exact(object.clone())]),
            None => Cells::of(about.iter().flat_map(|readable| &readable.content.objects)),
        };
        for cell in cells.patterns() {
            holders.extend(deciding(&about, cell).map(|readable| holder(&whom, readable)));
        }
    }
    holders.into_iter().collect()
}

/// The policies that decide a cell: those that deny it, where others allow it, or else those that do.
fn deciding<'a>(
    about: &'a [Readable<'a>],
    cell: &'a ObjectPattern,
) -> impl Iterator<Item = &'a Readable<'a>> {
    let of = move |effect: Effect| {
        about
            .iter()
            .filter(move |readable| readable.content.effect == effect && holds(readable.content, cell))
    };
    let is_allowed = of(Effect::Allow).next().is_some();
    let is_denied = of(Effect::Deny).next().is_some();
    let deciding = if is_denied { Effect::Deny } else { Effect::Allow };
    of(deciding).filter(move |_| is_allowed)
}

fn holder(whom: &Whom, readable: &Readable<'_>) -> Holder {
    let awaits_account = whom.is_awaited_by(readable.content);
    let enforced = readable.policy.enforced.as_ref();
    Holder {
        service_account: whom.path(),
        via: readable.policy.name.clone(),
        effect: effect(readable.content.effect),
        enforced: enforced.map(|enforced| enforced.confirmed && !awaits_account),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::tests::{Sample, allow, deny, prod, samples};

    fn ask(policies: &[StoredPolicy], object: Option<&str>) -> Vec<String> {
        let object = object.map(|object| object.parse().unwrap());
        let holders = who_can(
            policies,
            &Place::of(&prod()),
            Permission::SecretGet,
            object.as_ref(),
        );
        let line = |holder: &Holder| format!("{} {} {}", holder.service_account, holder.via, holder.effect);
        holders.iter().map(line).collect()
    }

    #[test]
    fn everybody_is_listed_by_each_policy_that_lets_them() {
        let policies = [
            allow("one", &["shop/api", "shop/web"], &["db-*"]),
            allow("all", &["shop/*"], &["*"]),
            allow("other", &["x/y"], &["web"]),
        ];
        assert_eq!(
            ask(&policies, Some("db-1")),
            [
                "shop/* all Allow",
                "shop/api all Allow",
                "shop/api one Allow",
                "shop/web all Allow",
                "shop/web one Allow",
            ]
        );
        assert_eq!(
            ask(&policies, Some("web")),
            ["shop/* all Allow", "x/y other Allow"]
        );
        assert_eq!(ask(&policies, None).len(), 6);
    }

    #[test]
    fn a_deny_is_listed_where_it_takes_something_away_and_nowhere_else() {
        let policies = [
            allow("all", &["shop/*"], &["db-*"]),
            deny("not-web", &["shop/web"], &["db-admin"]),
            deny("nobody", &["x/y"], &["*"]),
        ];
        assert_eq!(
            ask(&policies, Some("db-admin")),
            ["shop/* all Allow", "shop/web not-web Deny"]
        );
        assert_eq!(ask(&policies, Some("db-1")), ["shop/* all Allow"]);
        assert_eq!(
            ask(&policies, None),
            ["shop/* all Allow", "shop/web all Allow", "shop/web not-web Deny"]
        );
    }

    #[test]
    fn who_can_says_what_the_vault_decides() {
        for Sample {
            policies,
            index,
            accounts,
            objects,
        } in samples(60)
        {
            for object in &objects {
                let holders = who_can(
                    &policies,
                    &Place::of(&prod()),
                    Permission::SecretGet,
                    Some(object),
                );
                let of = |path: &str| -> Vec<&Holder> {
                    holders
                        .iter()
                        .filter(|holder| holder.service_account == path)
                        .collect()
                };
                for (account, uid) in &accounts {
                    let own = of(&account.path());
                    let rest = of(&format!("{}/*", account.namespace));
                    let rows = if own.is_empty() { rest } else { own };
                    let says = rows.iter().any(|holder| holder.effect == "Allow");
                    let is_allowed = index.decide(uid, Permission::SecretGet, object).is_allowed();
                    assert_eq!(says, is_allowed, "{} {object} {policies:#?}", account.path());
                }
            }
        }
    }
}
