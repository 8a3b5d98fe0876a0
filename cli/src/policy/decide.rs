//! The decision, by the same code as the vault's. Pure.

use serde::Serialize;
use strongroom_core::{
    AccountName, Bundle, BundlePolicy, Decision, Effect, Generation, ObjectName, Permission, PolicyIndex,
    Uid, VaultName,
};
use strongroom_crds::access_policy::{SubjectMember, SubjectState};

use super::read::{PolicyContent, StoredPolicy};

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct PolicyQuestion {
    pub(super) vault: VaultName,
    pub(super) account: AccountName,
    pub(super) permission: Permission,
    pub(super) object: Option<ObjectName>,
}

/// The answer, with the policies that it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct PolicyAnswer {
    pub(super) allowed: bool,
    /// A sentence.
    pub(super) reason: String,
    /// The policy that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<String>,
    /// Whether the vault decides so already: it has confirmed every policy about the account, knows the account, and none is
    /// unreadable.
    pub(super) confirmed: bool,
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
    /// Whether the vault has confirmed the policy.
    pub(super) enforced: bool,
    /// Whether the operator has yet to bring the account to the vault, for which the policy does not count till then.
    #[serde(rename = "awaitsAccount")]
    pub(super) awaits_account: bool,
    pub(super) reason: String,
}

/// Decides as the vault would once it has these policies. `uid` is the account's, if it exists.
pub(super) fn answer(request: &PolicyQuestion, uid: Option<&Uid>, policies: &[StoredPolicy]) -> PolicyAnswer {
    let about: Vec<_> = policies
        .iter()
        .filter_map(|policy| about(policy, request))
        .collect();
    let unreadable: Vec<_> = policies
        .iter()
        .filter_map(|policy| {
            policy
                .content
                .as_ref()
                .err()
                .map(|error| format!("{}: {error}", policy.name))
        })
        .collect();
    let (allowed, reason, policy) = match uid {
        Some(uid) => decide(request, uid, &about),
        None => (
            false,
            format!("there is no service account {}", request.account.path()),
            None,
        ),
    };
    let part = |(policy, content)| part(policy, content, request, uid);
    let policies: Vec<_> = about.into_iter().map(part).collect();
    let is_in_force = |part: &Part| part.enforced && !part.awaits_account;
    let confirmed = unreadable.is_empty() && policies.iter().all(is_in_force);
    PolicyAnswer {
        allowed,
        reason,
        policy,
        confirmed,
        policies,
        unreadable,
    }
}

fn decide(
    request: &PolicyQuestion,
    uid: &Uid,
    about: &[(&StoredPolicy, &PolicyContent)],
) -> (bool, String, Option<String>) {
    let policies = about.iter().map(|(policy, content)| BundlePolicy {
        name: policy.name.clone(),
        effect: content.effect,
        subjects: vec![uid.clone()],
        objects: content.objects.clone(),
        permissions: content.permissions,
    });
    let bundle = Bundle::new(String::new(), Generation::default(), policies.collect());
    let index = PolicyIndex::compile(&bundle);
    let decision = match &request.object {
        Some(object) => index.decide(uid, request.permission, object),
        None => index.decide_any(uid, request.permission),
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

/// `policy`, if it is about the vault and the account. A grant does not follow the account's name into a namespace that
/// was replaced; a refusal does.
fn about<'a>(
    policy: &'a StoredPolicy,
    request: &PolicyQuestion,
) -> Option<(&'a StoredPolicy, &'a PolicyContent)> {
    let content = policy
        .content
        .as_ref()
        .ok()
        .filter(|content| content.vault == request.vault.as_str())?;
    let is_about = names(content, &request.account).next().is_some();
    is_about.then_some((policy, content))
}

/// What the operator found of the subjects by which a policy is about an account.
fn names(content: &PolicyContent, account: &AccountName) -> impl Iterator<Item = Option<SubjectState>> {
    content.subjects.iter().filter_map(move |(subject, state)| {
        let same = match subject {
            SubjectMember::ServiceAccount(subject) => subject == account,
            SubjectMember::AllServiceAccounts { namespace } => *namespace == account.namespace,
        };
        let is_replaced = *state == Some(SubjectState::NamespaceReplaced);
        (same && (!is_replaced || content.effect == Effect::Deny)).then_some(*state)
    })
}

/// The account is awaited where it exists and the operator has not found any of the subjects that mean it.
fn part(policy: &StoredPolicy, content: &PolicyContent, request: &PolicyQuestion, uid: Option<&Uid>) -> Part {
    let missing = |state| state == Some(SubjectState::NotFound);
    let awaits_account = uid.is_some() && names(content, &request.account).all(missing);
    Part {
        name: policy.name.clone(),
        effect: content.effect,
        enforced: policy.enforced.confirmed,
        awaits_account,
        reason: if awaits_account && policy.enforced.confirmed {
            "SubjectNotFound".to_owned()
        } else {
            policy.enforced.reason.clone()
        },
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
            vault: vault.parse().unwrap(),
            account: "shop:api".parse().unwrap(),
            permission: Permission::SecretGet,
            object: object.map(|object| object.parse().unwrap()),
        };
        answer(&request, Some(&"uid".parse().unwrap()), &policies(objects))
    }

    #[test]
    fn the_policy_that_decided_is_named() {
        let allow = policy("reads-db", "Allow", api(), &["db-*"]);
        let answer = ask(std::slice::from_ref(&allow), "prod", Some("db-password"));
        assert_eq!(
            (answer.allowed, answer.policy.as_deref(), answer.confirmed),
            (true, Some("reads-db"), true)
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
            vault: "prod".parse().unwrap(),
            account: "shop:api".parse().unwrap(),
            permission: Permission::SecretGet,
            object: None,
        };
        let answer = answer(
            &request,
            None,
            &policies(&[policy("reads-db", "Allow", api(), &["*"])]),
        );
        assert!(!answer.allowed && answer.reason.contains("no service account"));
    }

    #[test]
    fn what_the_vault_has_not_confirmed_is_said() {
        let mut changed = policy("reads-db", "Allow", api(), &["*"]);
        changed.metadata.generation = Some(3);
        let answer = ask(&[changed], "prod", Some("db"));
        assert!(answer.allowed && !answer.confirmed);
        assert_eq!(answer.policies[0].reason, "SpecChanged");
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
        assert!(waits.allowed && !waits.confirmed);
        let part = &waits.policies[0];
        assert_eq!(
            (part.enforced, part.awaits_account, part.reason.as_str()),
            (true, true, "SubjectNotFound")
        );
        for states in [&["Resolved"][..], &["NotFound", "Resolved"]] {
            let known = ask(&[with(states)], "prod", Some("db"));
            assert!(known.allowed && known.confirmed, "{states:?}");
        }
        // Of an account that does not exist the vault has nothing to learn.
        let request = PolicyQuestion {
            vault: "prod".parse().unwrap(),
            account: "shop:api".parse().unwrap(),
            permission: Permission::SecretGet,
            object: None,
        };
        let nobody = answer(&request, None, &policies(&[with(&["NotFound"])]));
        assert!(!nobody.allowed && nobody.confirmed);
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
        assert!(answer.allowed && !answer.confirmed);
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
