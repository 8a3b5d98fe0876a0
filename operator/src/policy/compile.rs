//! From policies by name to policies by UID. Pure.

use std::{collections::BTreeSet, sync::Arc};

use kube::{ResourceExt, core::DeserializeGuard};
use strongroom_core::{AccountName, BundlePolicy, Effect, NamespaceName, Uid};
use strongroom_crds::{
    AccessPolicy,
    access_policy::{AccessPolicySpec, PolicySpecError, SubjectMember, SubjectState},
};

use crate::world::Directory;

/// A policy object as the watch holds it.
#[derive(Debug, Clone)]
pub struct Readable<'a> {
    /// The name of the AccessPolicy, which stands in its vault's namespace.
    pub name: &'a str,
    /// Its spec, or why the object could not be read at all.
    pub spec: Result<&'a AccessPolicySpec, &'a str>,
    /// The namespace UIDs that its subjects were first resolved to, by subject: an edit of anything else leaves a subject
    /// bound as it is.
    pub recorded: Vec<(SubjectMember, Uid)>,
}

/// Why a policy is not compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyProblem {
    /// The object holds something this release does not know.
    #[error(
        "this release cannot read the policy ({0}); no policy of its vault grants anything new until this one is readable"
    )]
    Object(String),
    /// The spec cannot be read.
    #[error("{0}; no policy of its vault grants anything new until this one is readable")]
    Spec(#[from] PolicySpecError),
}

/// What a policy's subject was resolved to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// The accounts that the subject names.
    pub subject: SubjectMember,
    /// The UID of the namespace that the subject names, recorded when the subject was first resolved.
    pub namespace_uid: Option<Uid>,
    /// What exists of it.
    pub state: SubjectState,
}

/// One policy, compiled or not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Compiled {
    pub name: String,
    /// The compiled policy and its subjects, or why there is none.
    pub result: Result<(BundlePolicy, Vec<Resolution>), PolicyProblem>,
}

/// Compiles the policies of a vault.
pub fn compile_all(policies: &[Arc<DeserializeGuard<AccessPolicy>>], directory: &Directory) -> Vec<Compiled> {
    policies
        .iter()
        .map(|policy| compile(&readable(policy, &policy.name_any()), directory))
        .collect()
}

fn readable<'a>(policy: &'a DeserializeGuard<AccessPolicy>, name: &'a str) -> Readable<'a> {
    match &policy.0 {
        Ok(policy) => Readable {
            name,
            spec: Ok(&policy.spec),
            recorded: recorded(policy),
        },
        Err(invalid) => Readable {
            name,
            spec: Err(&invalid.error),
            recorded: Vec::new(),
        },
    }
}

/// The namespace UIDs recorded for the subjects.
fn recorded(policy: &AccessPolicy) -> Vec<(SubjectMember, Uid)> {
    let subjects = policy.status.iter().flat_map(|status| &status.subjects);
    subjects
        .filter_map(|subject| Some((subject.member()?, subject.namespace_uid.as_deref()?.parse().ok()?)))
        .collect()
}

/// Compiles one policy against the accounts that exist.
pub fn compile(policy: &Readable<'_>, directory: &Directory) -> Compiled {
    Compiled {
        name: policy.name.to_owned(),
        result: try_compile(policy, directory),
    }
}

fn try_compile(
    policy: &Readable<'_>,
    directory: &Directory,
) -> Result<(BundlePolicy, Vec<Resolution>), PolicyProblem> {
    let spec = policy
        .spec
        .map_err(|problem| PolicyProblem::Object(problem.to_owned()))?;
    let effect = spec.effect()?;
    let mut uids = BTreeSet::new();
    let mut resolutions = Vec::new();
    for subject in spec.subjects()? {
        let recorded = policy.recorded.iter().find(|(recorded, _)| *recorded == subject);
        let recorded = recorded.map(|(_, uid)| uid.clone());
        let resolution = resolve(subject, recorded, directory);
        // A Deny follows the name into a replaced namespace: refusing more is the safe side of a mistaken identity.
        if effect == Effect::Deny || resolution.state == SubjectState::Resolved {
            uids.extend(members(&resolution.subject, directory).cloned());
        }
        resolutions.push(resolution);
    }
    let compiled = BundlePolicy {
        name: policy.name.to_owned(),
        effect,
        subjects: uids.into_iter().collect(),
        objects: spec.objects()?,
        permissions: spec.permissions()?,
    };
    Ok((compiled, resolutions))
}

fn resolve(subject: SubjectMember, recorded: Option<Uid>, directory: &Directory) -> Resolution {
    let present = directory.namespace(namespace_of(&subject));
    let replaced = matches!((&recorded, present), (Some(recorded), Some(present)) if recorded != present);
    let found = match &subject {
        SubjectMember::ServiceAccount(AccountName { namespace, name }) => {
            directory.account(namespace, name).is_some()
        }
        SubjectMember::AllServiceAccounts { .. } => present.is_some(),
    };
    let state = match (replaced, found) {
        (true, _) => SubjectState::NamespaceReplaced,
        (false, true) => SubjectState::Resolved,
        (false, false) => SubjectState::NotFound,
    };
    Resolution {
        subject,
        namespace_uid: recorded.or_else(|| present.cloned()),
        state,
    }
}

fn namespace_of(subject: &SubjectMember) -> &NamespaceName {
    match subject {
        SubjectMember::ServiceAccount(AccountName { namespace, .. })
        | SubjectMember::AllServiceAccounts { namespace } => namespace,
    }
}

fn members<'a>(subject: &SubjectMember, directory: &'a Directory) -> Box<dyn Iterator<Item = &'a Uid> + 'a> {
    match subject {
        SubjectMember::ServiceAccount(AccountName { namespace, name }) => {
            Box::new(directory.account(namespace, name).into_iter())
        }
        SubjectMember::AllServiceAccounts { namespace } => {
            let uids: Vec<_> = directory.accounts(namespace).collect();
            Box::new(uids.into_iter())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(effect: &str, subject: &serde_json::Value) -> AccessPolicySpec {
        serde_json::from_value(serde_json::json!({
            "vaultRef": {"name": "prod"}, "effect": effect, "subjects": [subject],
            "objects": ["db-*"], "permissions": {"secrets": ["get"]},
        }))
        .unwrap()
    }

    fn account() -> serde_json::Value {
        serde_json::json!({"serviceAccount": {"namespace": "shop", "name": "api"}})
    }

    fn compiled(
        spec: &AccessPolicySpec,
        recorded: &[&str],
        directory: &Directory,
    ) -> (BundlePolicy, Vec<Resolution>) {
        let uids = recorded.iter().map(|uid| uid.parse().unwrap());
        let recorded = spec.subjects().unwrap().into_iter().zip(uids).collect();
        compile(
            &Readable {
                name: "p",
                spec: Ok(spec),
                recorded,
            },
            directory,
        )
        .result
        .unwrap()
    }

    #[test]
    fn an_account_is_bound_to_its_uid_and_its_namespaces() {
        let directory = Directory::of(&[("shop", "ns-1", &[("api", "sa-1"), ("web", "sa-2")])]);
        let (policy, subjects) = compiled(&spec("Allow", &account()), &[], &directory);
        assert_eq!(policy.subjects, ["sa-1".parse().unwrap()]);
        assert_eq!(subjects[0].namespace_uid, Some("ns-1".parse().unwrap()));
        assert_eq!(subjects[0].state, SubjectState::Resolved);
    }

    #[test]
    fn a_recreated_account_follows_its_name_but_not_into_a_replaced_namespace() {
        let recreated = Directory::of(&[("shop", "ns-1", &[("api", "sa-9")])]);
        let (policy, _) = compiled(&spec("Allow", &account()), &["ns-1"], &recreated);
        assert_eq!(policy.subjects, ["sa-9".parse().unwrap()]);

        let replaced = Directory::of(&[("shop", "ns-2", &[("api", "sa-9")])]);
        let (policy, subjects) = compiled(&spec("Allow", &account()), &["ns-1"], &replaced);
        assert!(policy.subjects.is_empty());
        assert_eq!(subjects[0].state, SubjectState::NamespaceReplaced);
        assert_eq!(
            subjects[0].namespace_uid,
            Some("ns-1".parse().unwrap()),
            "the record stays until the spec is edited"
        );
    }

    #[test]
    fn an_edit_binds_no_subject_anew_but_the_one_that_it_adds() {
        let policy: AccessPolicy = serde_json::from_value(serde_json::json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "AccessPolicy",
            "metadata": {"name": "p", "namespace": "team-a", "generation": 2},
            "spec": {
                "vaultRef": {"name": "prod"}, "effect": "Allow", "objects": ["other-*"],
                "subjects": [
                    {"serviceAccount": {"namespace": "shop", "name": "new"}},
                    account(),
                ],
                "permissions": {"secrets": ["get"]},
            },
            "status": {
                "observedGeneration": 1, "conditions": [],
                "subjects": [{"serviceAccount": {"namespace": "shop", "name": "api"},
                    "namespaceUID": "ns-1", "state": "Resolved"}],
            },
        }))
        .unwrap();
        let replaced = Directory::of(&[("shop", "ns-2", &[("api", "sa-9"), ("new", "sa-8")])]);
        let policy = DeserializeGuard(Ok(policy));
        let (compiled, subjects) = compile(&readable(&policy, "p"), &replaced).result.unwrap();
        assert_eq!(compiled.subjects, ["sa-8".parse().unwrap()]);
        assert_eq!(subjects[1].state, SubjectState::NamespaceReplaced);
        assert_eq!(subjects[1].namespace_uid, Some("ns-1".parse().unwrap()));
    }

    #[test]
    fn a_deny_follows_the_name_into_a_replaced_namespace() {
        let replaced = Directory::of(&[("shop", "ns-2", &[("api", "sa-9")])]);
        let (policy, subjects) = compiled(&spec("Deny", &account()), &["ns-1"], &replaced);
        assert_eq!(policy.subjects, ["sa-9".parse().unwrap()]);
        assert_eq!(subjects[0].state, SubjectState::NamespaceReplaced);
    }

    #[test]
    fn all_accounts_of_a_namespace_are_those_that_exist_now() {
        let all = serde_json::json!({"allServiceAccounts": {"namespace": "shop"}});
        let directory = Directory::of(&[
            ("shop", "ns-1", &[("api", "sa-1"), ("web", "sa-2")]),
            ("x", "ns-3", &[("api", "sa-3")]),
        ]);
        let (policy, _) = compiled(&spec("Allow", &all), &[], &directory);
        assert_eq!(
            policy.subjects,
            ["sa-1".parse().unwrap(), "sa-2".parse().unwrap()]
        );
    }

    #[test]
    fn an_account_that_does_not_exist_yet_is_reported_and_binds_no_uid() {
        let (policy, subjects) = compiled(
            &spec("Allow", &account()),
            &[],
            &Directory::of(&[("shop", "ns-1", &[])]),
        );
        assert!(policy.subjects.is_empty());
        assert_eq!(subjects[0].state, SubjectState::NotFound);
    }

    #[test]
    fn a_policy_that_cannot_be_read_is_a_problem_and_never_an_empty_policy() {
        let directory = Directory::default();
        let unreadable = compile(
            &Readable {
                name: "p",
                spec: Err("objects: not a list"),
                recorded: vec![],
            },
            &directory,
        );
        let problem = PolicyProblem::Object("objects: not a list".to_owned());
        assert_eq!(unreadable.result, Err(problem));
        let unknown = spec("Perhaps", &account());
        let unknown = compile(
            &Readable {
                name: "p",
                spec: Ok(&unknown),
                recorded: vec![],
            },
            &directory,
        );
        assert!(matches!(unknown.result, Err(PolicyProblem::Spec(_))));
    }
}
