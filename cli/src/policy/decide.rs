//! The decision, by the same code as the vault's. Pure.

use serde::Serialize;
use strongroom_core::{
    AccountName, Bundle, BundlePolicy, Decision, Effect, Generation, ObjectName, Permission, PolicyIndex,
    Uid, VaultRef,
};

use super::{
    read::StoredPolicy,
    whom::{Place, Readable, Whom, of_vault, unreadable},
};

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct PolicyQuestion {
    pub(super) vault: VaultRef,
    pub(super) account: AccountName,
    pub(super) permission: Permission,
    pub(super) object: Option<ObjectName>,
}

/// What is known of the account. Policies are bound to its UID, which only an account has that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existence {
    /// It exists.
    Exists,
    /// There is no such account.
    Missing,
    /// Nobody could be asked, so that it is taken to exist.
    Assumed,
}

/// Where policies come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// From the cluster, whose operator says how far they are in force.
    Cluster,
    /// From files, of which nobody says that.
    Files,
}

/// The answer, with the policies that it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PolicyAnswer {
    pub(super) allowed: bool,
    /// A sentence.
    pub(super) reason: String,
    /// The policy that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<String>,
    /// The account that the answer is about.
    pub(super) service_account: String,
    /// Whether nobody could be asked if the account exists, and the answer is for the case that it does.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) account_assumed: bool,
    /// Whether the vault decides so already: it has confirmed every policy about the account, knows the account, and none is
    /// unreadable. Of policies in files nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) confirmed: Option<bool>,
    /// The generation of the compiled policies by which every replica of the vault decides, if the Vault says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) enforced_generation: Option<String>,
    /// The policies of the vault that are about the account.
    pub(super) policies: Vec<Part>,
    /// The policies of the namespace that this release cannot read, with the reason. While there is one for the vault,
    /// the operator freezes new grants.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unreadable: Vec<String>,
}

/// One policy about the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) effect: Effect,
    /// What the operator says of it; nothing of one in a file.
    #[serde(flatten)]
    pub(super) standing: Option<Standing>,
}

/// What the operator says of a policy about an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Standing {
    /// Whether the vault has confirmed the policy.
    pub(super) enforced: bool,
    /// Whether the operator has yet to bring the account to the vault, for which the policy does not count till then.
    #[serde(rename = "awaitsAccount")]
    pub(super) awaits_account: bool,
    pub(super) reason: String,
}

/// Decides as the vault would once it has these policies.
pub(super) fn answer(
    request: &PolicyQuestion,
    existence: Existence,
    origin: Origin,
    policies: &[StoredPolicy],
) -> PolicyAnswer {
    let whom = Whom::Account(request.account.clone());
    let about: Vec<_> = of_vault(policies, &Place::of(&request.vault))
        .into_iter()
        .filter(|readable| whom.is_meant_by(readable.content))
        .collect();
    let (allowed, reason, policy) = match existence {
        Existence::Missing => (
            false,
            format!("there is no service account {}", request.account.path()),
            None,
        ),
        Existence::Exists | Existence::Assumed => decide(request, &about),
    };
    let unreadable = unreadable(policies);
    let parts: Vec<_> = about
        .into_iter()
        .map(|readable| part(readable, &whom, existence))
        .collect();
    let is_in_force = |standing: &Standing| standing.enforced && !standing.awaits_account;
    let mut standings = parts.iter().filter_map(|part| part.standing.as_ref());
    PolicyAnswer {
        allowed,
        reason,
        policy,
        service_account: request.account.path(),
        account_assumed: existence == Existence::Assumed,
        confirmed: (origin == Origin::Cluster).then(|| unreadable.is_empty() && standings.all(is_in_force)),
        enforced_generation: None,
        policies: parts,
        unreadable,
    }
}

fn decide(request: &PolicyQuestion, about: &[Readable<'_>]) -> (bool, String, Option<String>) {
    // Who the policies mean was told by names already, so one UID stands for the account.
    let Ok(uid) = "account".parse::<Uid>() else {
        return (false, String::new(), None);
    };
    let policies = about.iter().map(|Readable { policy, content }| BundlePolicy {
        name: policy.name.clone(),
        effect: content.effect,
        subjects: vec![uid.clone()],
        objects: content.objects.clone(),
        permissions: content.permissions,
    });
    let bundle = Bundle::new(String::new(), Generation::default(), policies.collect());
    let index = PolicyIndex::compile(&bundle);
    let decision = match &request.object {
        Some(object) => index.decide(&uid, request.permission, object),
        None => index.decide_any(&uid, request.permission),
    };
    match decision {
        Decision::Allow { policy } => (
            true,
            format!("allowed by AccessPolicy {policy}"),
            Some(policy.to_owned()),
        ),
        Decision::Deny { policy } => (
            false,
            format!("denied by AccessPolicy {policy}"),
            Some(policy.to_owned()),
        ),
        Decision::NoPolicy => (false, "no AccessPolicy allows it".to_owned(), None),
    }
}

/// The account is awaited where it exists and the operator has not found any of the subjects that mean it.
fn part(readable: Readable<'_>, whom: &Whom, existence: Existence) -> Part {
    let awaits_account = existence != Existence::Missing && whom.is_awaited_by(readable.content);
    let standing = readable.policy.enforced.as_ref().map(|enforced| Standing {
        enforced: enforced.confirmed,
        awaits_account,
        reason: if awaits_account && enforced.confirmed {
            "SubjectNotFound".to_owned()
        } else {
            enforced.reason.clone()
        },
    });
    Part {
        name: readable.policy.name.clone(),
        effect: readable.content.effect,
        standing,
    }
}

#[cfg(test)]
mod tests {
    use kube::api::DynamicObject;
    use serde_json::{Value, json};

    use super::*;
    use crate::policy::read::policies;

    fn policy(name: &str, effect: &str, subject: &Value, objects: &[&str]) -> DynamicObject {
        serde_json::from_value(json!({
            "apiVersion": "strongroom.dev/v1alpha1",
            "kind": "AccessPolicy",
            "metadata": { "name": name, "namespace": "team-a", "generation": 2 },
            "spec": {
                "vaultRef": { "name": "prod" },
                "effect": effect,
                "subjects": [subject],
                "objects": objects,
                "permissions": { "secrets": ["get"] },
            },
            "status": {
                "observedGeneration": 2,
                "conditions": [{
                    "type": "Enforced", "status": "True", "reason": "Confirmed", "message": "",
                    "observedGeneration": 2, "lastTransitionTime": "2026-11-22T00:00:00Z",
                }],
            },
        }))
        .unwrap()
    }

    fn api() -> &'static Value {
        static API: std::sync::LazyLock<Value> =
            std::sync::LazyLock::new(|| json!({ "serviceAccount": { "namespace": "shop", "name": "api" } }));
        &API
    }

    fn ask(objects: &[DynamicObject], vault: &str, object: Option<&str>) -> PolicyAnswer {
        let request = PolicyQuestion {
            vault: vault_ref(vault),
            account: "shop:api".parse().unwrap(),
            permission: Permission::SecretGet,
            object: object.map(|object| object.parse().unwrap()),
        };
        answer(&request, Existence::Exists, Origin::Cluster, &policies(objects))
    }

    fn vault_ref(name: &str) -> VaultRef {
        VaultRef::new("team-a".parse().unwrap(), name.parse().unwrap())
    }

    fn standing(answer: &PolicyAnswer) -> &Standing {
        answer.policies[0].standing.as_ref().unwrap()
    }

    #[test]
    fn the_policy_that_decided_is_named() {
        let allow = policy("reads-db", "Allow", api(), &["db-*"]);
        let answer = ask(std::slice::from_ref(&allow), "prod", Some("db-password"));
        assert_eq!(
            (answer.allowed, answer.policy.as_deref(), answer.confirmed),
            (true, Some("reads-db"), Some(true))
        );
        assert!(!ask(std::slice::from_ref(&allow), "prod", Some("other")).allowed);
        assert!(!ask(std::slice::from_ref(&allow), "dev", Some("db-password")).allowed);
        assert!(ask(&[allow], "prod", None).allowed);
    }

    #[test]
    fn a_deny_of_the_whole_namespace_wins() {
        let all = json!({ "allServiceAccounts": { "namespace": "shop" } });
        let both = [
            policy("reads-db", "Allow", api(), &["db-password"]),
            policy("none", "Deny", &all, &["*"]),
        ];
        let answer = ask(&both, "prod", Some("db-password"));
        assert_eq!((answer.allowed, answer.policy.as_deref()), (false, Some("none")));
        assert_eq!(answer.policies.len(), 2);
    }

    #[test]
    fn without_a_policy_the_answer_is_no() {
        let other = json!({ "serviceAccount": { "namespace": "shop", "name": "web" } });
        let answer = ask(&[policy("web", "Allow", &other, &["*"])], "prod", Some("db"));
        assert_eq!(
            (answer.allowed, answer.reason.as_str()),
            (false, "no AccessPolicy allows it")
        );
        assert!(answer.policies.is_empty());
    }

    #[test]
    fn an_account_that_does_not_exist_may_do_nothing() {
        let request = PolicyQuestion {
            vault: vault_ref("prod"),
            account: "shop:api".parse().unwrap(),
            permission: Permission::SecretGet,
            object: None,
        };
        let answer = answer(
            &request,
            Existence::Missing,
            Origin::Cluster,
            &policies(&[policy("reads-db", "Allow", api(), &["*"])]),
        );
        assert!(!answer.allowed && answer.reason.contains("no service account"));
    }

    #[test]
    fn an_account_that_nobody_could_ask_for_is_decided_as_if_it_existed_and_that_is_said() {
        let request = PolicyQuestion {
            vault: vault_ref("prod"),
            account: "shop:api".parse().unwrap(),
            permission: Permission::SecretGet,
            object: None,
        };
        let policies = policies(&[policy("reads-db", "Allow", api(), &["*"])]);
        let assumed = answer(&request, Existence::Assumed, Origin::Cluster, &policies);
        assert!(assumed.allowed && assumed.account_assumed);
        let exists = answer(&request, Existence::Exists, Origin::Cluster, &policies);
        assert!(!exists.account_assumed);
        let same = PolicyAnswer {
            account_assumed: false,
            ..assumed
        };
        assert_eq!(same, exists);
    }

    #[test]
    fn of_policies_in_files_nothing_is_said_of_what_the_vault_confirmed() {
        let object = policy("reads-db", "Allow", api(), &["*"]);
        let object: strongroom_crds::AccessPolicy =
            serde_json::from_value(serde_json::to_value(object).unwrap()).unwrap();
        let request = PolicyQuestion {
            vault: vault_ref("prod"),
            account: "shop:api".parse().unwrap(),
            permission: Permission::SecretGet,
            object: None,
        };
        let answer = answer(
            &request,
            Existence::Assumed,
            Origin::Files,
            &[StoredPolicy::of_file(&object).unwrap()],
        );
        assert!(answer.allowed);
        assert_eq!((answer.confirmed, &answer.policies[0].standing), (None, &None));
    }

    #[test]
    fn what_the_vault_has_not_confirmed_is_said() {
        let mut changed = policy("reads-db", "Allow", api(), &["*"]);
        changed.metadata.generation = Some(3);
        let answer = ask(&[changed], "prod", Some("db"));
        assert_eq!((answer.allowed, answer.confirmed), (true, Some(false)));
        assert_eq!(standing(&answer).reason, "SpecChanged");
    }

    #[test]
    fn a_confirmed_policy_does_not_count_yet_for_an_account_that_the_operator_has_not_found() {
        let with = |states: &[&str]| {
            let mut policy = policy("reads-db", "Allow", api(), &["*"]);
            let subject = api()["serviceAccount"].clone();
            let found = |state: &&str| json!({ "serviceAccount": subject, "state": state });
            policy.data["spec"]["subjects"] = json!(vec![api(); states.len()]);
            policy.data["status"]["subjects"] = states.iter().map(found).collect();
            policy
        };
        let waits = ask(&[with(&["NotFound"])], "prod", Some("db"));
        assert_eq!((waits.allowed, waits.confirmed), (true, Some(false)));
        let part = standing(&waits);
        assert_eq!(
            (part.enforced, part.awaits_account, part.reason.as_str()),
            (true, true, "SubjectNotFound")
        );
        for states in [&["Resolved"][..], &["NotFound", "Resolved"]] {
            let known = ask(&[with(states)], "prod", Some("db"));
            assert_eq!((known.allowed, known.confirmed), (true, Some(true)), "{states:?}");
        }
        // Of an account that does not exist the vault has nothing to learn.
        let request = PolicyQuestion {
            vault: vault_ref("prod"),
            account: "shop:api".parse().unwrap(),
            permission: Permission::SecretGet,
            object: None,
        };
        let nobody = answer(
            &request,
            Existence::Missing,
            Origin::Cluster,
            &policies(&[with(&["NotFound"])]),
        );
        assert_eq!((nobody.allowed, nobody.confirmed), (false, Some(true)));
    }

    #[test]
    fn a_policy_of_a_later_release_is_named_and_hides_no_other() {
        let mut unknown = policy("later", "Allow", api(), &["*"]);
        unknown.data["spec"]["unless"] = json!(true);
        let answer = ask(
            &[unknown, policy("reads-db", "Allow", api(), &["*"])],
            "prod",
            Some("db"),
        );
        assert_eq!((answer.allowed, answer.confirmed), (true, Some(false)));
        assert!(
            answer.unreadable[0].starts_with("later: "),
            "{:?}",
            answer.unreadable
        );
    }

    #[test]
    fn a_grant_does_not_follow_a_name_into_a_replaced_namespace_and_a_refusal_does() {
        let replaced = |effect: &str| {
            let mut policy = policy("p", effect, api(), &["*"]);
            policy.data["status"]["subjects"] = json!([{
                "serviceAccount": { "namespace": "shop", "name": "api" },
                "namespaceUID": "old", "state": "NamespaceReplaced",
            }]);
            policy
        };
        assert_eq!(
            ask(&[replaced("Allow")], "prod", Some("db")).reason,
            "no AccessPolicy allows it"
        );
        assert_eq!(
            ask(&[replaced("Deny")], "prod", Some("db")).reason,
            "denied by AccessPolicy p"
        );
    }
}
