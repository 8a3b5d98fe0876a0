//! What an `AccessPolicy`'s status says.

use jiff::Timestamp;
use strongroom_core::AccountName;
use strongroom_crds::{
    AccessPolicyStatus,
    access_policy::{AllServiceAccounts, NamedServiceAccount, SubjectMember, SubjectState, SubjectStatus},
    condition::ENFORCED,
};

use super::compile::{PolicyProblem, Resolution};
use crate::{
    conditions::{Conditions, Health, Reason},
    sentence::sentence,
};

/// Whether and how a policy is enforced at its vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enforcement {
    /// The vault confirmed a bundle that holds it, of this generation.
    Enforced(String),
    /// The vault confirmed a bundle, but grants are frozen by a policy that cannot be read.
    Frozen(String),
    /// It allows, and is left out of the bundle, because the vault cannot hold it.
    TooLarge,
    /// The vault does not answer or has not confirmed.
    NotConfirmed,
    /// The vault does not exist.
    VaultNotFound,
}

/// The status of one policy. Pure.
pub fn report(
    previous: AccessPolicyStatus,
    generation: Option<i64>,
    result: &Result<Vec<Resolution>, PolicyProblem>,
    enforcement: &Enforcement,
    now: Timestamp,
) -> AccessPolicyStatus {
    let mut conditions = Conditions::new(&previous.conditions, generation, now);
    let health = health(result, enforcement);
    conditions.add_health(
        &health,
        &Reason::new("Enforced", "The vault decides by this policy."),
    );
    let (enforced, reason) = match (&health, enforcement) {
        (Health::Ready, _) => (
            Some(true),
            Reason::new("Enforced", "The vault decides by this policy."),
        ),
        (Health::Progressing(reason) | Health::Stalled(reason), Enforcement::NotConfirmed)
            if result.is_ok() =>
        {
            (None, reason.clone())
        }
        (Health::Progressing(reason) | Health::Stalled(reason), _) => (Some(false), reason.clone()),
    };
    conditions.add(ENFORCED, enforced, &reason);
    AccessPolicyStatus {
        observed_generation: generation,
        enforced_generation: match (result, enforcement) {
            (Ok(_), Enforcement::Enforced(generation) | Enforcement::Frozen(generation)) => {
                Some(generation.clone())
            }
            (Ok(_), Enforcement::TooLarge | Enforcement::NotConfirmed | Enforcement::VaultNotFound)
            | (Err(_), _) => previous.enforced_generation,
        },
        // Of a policy that is not compiled now, subjects stay bound to the namespaces that they were written for.
        subjects: match (result, enforcement) {
            (Err(_), _) | (_, Enforcement::VaultNotFound) => previous.subjects,
            (Ok(resolutions), _) => resolutions.iter().map(subject_status).collect(),
        },
        conditions: conditions.finish(),
    }
}

fn health(result: &Result<Vec<Resolution>, PolicyProblem>, enforcement: &Enforcement) -> Health {
    let resolutions = match result {
        Err(problem) => {
            return Health::Stalled(Reason::new("PolicyUnreadable", sentence(&problem.to_string())));
        }
        Ok(resolutions) => resolutions,
    };
    if let Some(replaced) = resolutions
        .iter()
        .find(|r| r.state == SubjectState::NamespaceReplaced)
    {
        return Health::Stalled(Reason::new(
            "NamespaceReplaced",
            format!(
                "Namespace {} was deleted and created again since this policy was written. If the policy is to apply to the new one, remove that subject and add it again, or delete the policy and create it again.",
                namespace(&replaced.subject)
            ),
        ));
    }
    match enforcement {
        Enforcement::VaultNotFound => Health::Progressing(Reason::new(
            "VaultNotFound",
            "No vault of this name exists in the namespace.",
        )),
        Enforcement::NotConfirmed => Health::Progressing(Reason::new(
            "NotConfirmed",
            "The vault has not confirmed this policy yet.",
        )),
        Enforcement::TooLarge => Health::Stalled(Reason::new(
            "PolicyTooLarge",
            "The vault cannot hold this policy, so it allows nothing: it names too many service accounts and objects, by itself or together with the other policies of the vault. Name single service accounts in place of a whole namespace, or fewer objects, or let another vault hold a part of the secrets. Policies that deny stay in force.",
        )),
        Enforcement::Frozen(_) => Health::Progressing(Reason::new(
            "GrantsFrozen",
            "Another policy of this vault cannot be read. Until it is readable, no policy grants anything new.",
        )),
        Enforcement::Enforced(_) => match resolutions.iter().find(|r| r.state == SubjectState::NotFound) {
            Some(missing) => Health::Progressing(Reason::new(
                "SubjectNotFound",
                format!(
                    "{} does not exist. The policy applies to it as soon as it exists.",
                    describe(&missing.subject)
                ),
            )),
            None => Health::Ready,
        },
    }
}

fn namespace(subject: &SubjectMember) -> &str {
    match subject {
        SubjectMember::ServiceAccount(AccountName { namespace, .. })
        | SubjectMember::AllServiceAccounts { namespace } => namespace.as_str(),
    }
}

fn describe(subject: &SubjectMember) -> String {
    match subject {
        SubjectMember::ServiceAccount(AccountName { namespace, name }) => {
            format!("Service account {namespace}/{name}")
        }
        SubjectMember::AllServiceAccounts { namespace } => format!("Namespace {namespace}"),
    }
}

fn subject_status(resolution: &Resolution) -> SubjectStatus {
    let (service_account, all_service_accounts) = match &resolution.subject {
        SubjectMember::ServiceAccount(AccountName { namespace, name }) => (
            Some(NamedServiceAccount {
                namespace: namespace.to_string(),
                name: name.to_string(),
            }),
            None,
        ),
        SubjectMember::AllServiceAccounts { namespace } => (
            None,
            Some(AllServiceAccounts {
                namespace: namespace.to_string(),
            }),
        ),
    };
    SubjectStatus {
        service_account,
        all_service_accounts,
        namespace_uid: resolution.namespace_uid.as_ref().map(ToString::to_string),
        state: resolution.state,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(status: &AccessPolicyStatus) -> Vec<(&str, &str, &str)> {
        status
            .conditions
            .iter()
            .map(|c| (c.type_.as_str(), c.status.as_str(), c.reason.as_str()))
            .collect()
    }

    fn reported(
        result: &Result<Vec<Resolution>, PolicyProblem>,
        enforcement: &Enforcement,
    ) -> AccessPolicyStatus {
        let previous = AccessPolicyStatus {
            enforced_generation: Some("1-1".to_owned()),
            ..AccessPolicyStatus::default()
        };
        let now = Timestamp::from_second(1).unwrap();
        report(previous, Some(2), result, enforcement, now)
    }

    #[test]
    fn a_policy_that_cannot_be_read_is_stalled_whatever_its_vaults_say() {
        let problem = Err(PolicyProblem::Object("objects: not a list".to_owned()));
        let frozen = reported(&problem, &Enforcement::Frozen("3-4".to_owned()));
        assert_eq!(
            words(&frozen),
            [
                ("Ready", "False", "PolicyUnreadable"),
                ("Stalled", "True", "PolicyUnreadable"),
                ("Enforced", "False", "PolicyUnreadable"),
            ]
        );
        assert!(frozen.conditions[0].message.contains("objects: not a list"));
        assert_eq!(frozen.enforced_generation.as_deref(), Some("1-1"));
        // Two vaults of the namespace say the same, so that neither has anything to correct.
        assert_eq!(reported(&problem, &Enforcement::NotConfirmed), frozen);
        assert_eq!(reported(&problem, &Enforcement::VaultNotFound), frozen);
    }

    #[test]
    fn each_state_of_a_policy_has_its_reason() {
        let ready = |enforcement: &Enforcement| {
            let status = reported(&Ok(Vec::new()), enforcement);
            let enforced = status.conditions.last().unwrap();
            (status.conditions[0].reason.clone(), enforced.status.clone())
        };
        let generation = || "3-4".to_owned();
        let cases = [
            (Enforcement::Enforced(generation()), "Enforced", "True"),
            (Enforcement::Frozen(generation()), "GrantsFrozen", "False"),
            (Enforcement::TooLarge, "PolicyTooLarge", "False"),
            (Enforcement::NotConfirmed, "NotConfirmed", "Unknown"),
            (Enforcement::VaultNotFound, "VaultNotFound", "False"),
        ];
        for (enforcement, reason, enforced) in cases {
            assert_eq!(ready(&enforcement), (reason.to_owned(), enforced.to_owned()));
        }
    }

    #[test]
    fn a_subject_that_is_missing_or_replaced_is_named() {
        let resolution = |state| {
            Ok(vec![Resolution {
                subject: SubjectMember::AllServiceAccounts {
                    namespace: "shop".parse().unwrap(),
                },
                namespace_uid: None,
                state,
            }])
        };
        let enforced = Enforcement::Enforced("3-4".to_owned());
        let missing = reported(&resolution(SubjectState::NotFound), &enforced);
        assert_eq!(words(&missing)[0], ("Ready", "False", "SubjectNotFound"));
        let replaced = reported(&resolution(SubjectState::NamespaceReplaced), &enforced);
        assert_eq!(words(&replaced)[1], ("Stalled", "True", "NamespaceReplaced"));
        for status in [missing, replaced] {
            assert!(status.conditions[0].message.contains("amespace shop"));
        }
    }
}
