//! What an `AccessPolicy`'s status says.

use jiff::Timestamp;
use strongroom_core::AccountName;
use strongroom_crds::{
    AccessPolicyStatus,
    access_policy::{AllServiceAccounts, NamedServiceAccount, SubjectMember, SubjectState, SubjectStatus},
    condition::{ENFORCED, SUBJECTS_RESOLVED},
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
///
/// `Enforced` says what the vault has confirmed and nothing else, `SubjectsResolved` whether everyone is there whom the
/// policy names. One that waits for an account is ready: who makes the account may wait for the policy.
pub fn report(
    previous: AccessPolicyStatus,
    generation: Option<i64>,
    result: &Result<Vec<Resolution>, PolicyProblem>,
    enforcement: &Enforcement,
    now: Timestamp,
) -> AccessPolicyStatus {
    let mut conditions = Conditions::new(&previous.conditions, generation, now);
    let (enforced, how) = enforced(result, enforcement);
    let (resolved, whom) = resolved(result, enforcement);
    let ready = match &whom {
        Some(missing) if resolved == Some(false) => Reason::new(
            "AwaitingSubjects",
            format!("The vault decides by this policy. {}", missing.message),
        ),
        Some(_) | None => how.clone(),
    };
    conditions.add_health(&health(result, enforcement, &how), &ready);
    conditions.add(ENFORCED, enforced, &how);
    let everyone = || Reason::new("Resolved", "Everyone whom this policy names is there.");
    conditions.add(SUBJECTS_RESOLVED, resolved, &whom.unwrap_or_else(everyone));
    AccessPolicyStatus {
        observed_generation: generation,
        enforced_generation: match (result, enforcement) {
            (Ok(_), Enforcement::Enforced(generation) | Enforcement::Frozen(generation)) => {
                Some(generation.clone())
            }
            (Ok(_), Enforcement::TooLarge | Enforcement::NotConfirmed | Enforcement::VaultNotFound)
            | (Err(_), _) => previous.enforced_generation,
        },
        summary: previous.summary,
        // Of a policy that is not compiled now, subjects stay bound to the namespaces that they were written for.
        subjects: match (result, enforcement) {
            (Err(_), _) | (_, Enforcement::VaultNotFound) => previous.subjects,
            (Ok(resolutions), _) => resolutions.iter().map(subject_status).collect(),
        },
        conditions: conditions.finish(),
    }
}

/// What the vault has confirmed.
fn enforced(
    result: &Result<Vec<Resolution>, PolicyProblem>,
    enforcement: &Enforcement,
) -> (Option<bool>, Reason) {
    if let Err(problem) = result {
        return (Some(false), unreadable(problem));
    }
    match enforcement {
        Enforcement::Enforced(_) => (
            Some(true),
            Reason::new("Enforced", "The vault decides by this policy."),
        ),
        Enforcement::NotConfirmed => (
            None,
            Reason::new("NotConfirmed", "The vault has not confirmed this policy yet."),
        ),
        Enforcement::VaultNotFound => (
            Some(false),
            Reason::new("VaultNotFound", "No vault of this name exists in the namespace."),
        ),
        Enforcement::TooLarge => (
            Some(false),
            Reason::new(
                "PolicyTooLarge",
                "The vault cannot hold this policy, so it allows nothing: it names too many service accounts and objects, by itself or together with the other policies of the vault. Name single service accounts in place of a whole namespace, or fewer objects, or let another vault hold a part of the secrets. Policies that deny stay in force.",
            ),
        ),
        Enforcement::Frozen(_) => (
            Some(false),
            Reason::new(
                "GrantsFrozen",
                "Another policy of this vault cannot be read. Until it is readable, no policy grants anything new.",
            ),
        ),
    }
}

/// Whether everyone is there whom the policy names, and who is not.
fn resolved(
    result: &Result<Vec<Resolution>, PolicyProblem>,
    enforcement: &Enforcement,
) -> (Option<bool>, Option<Reason>) {
    let resolutions = match (result, enforcement) {
        (Err(problem), _) => return (None, Some(unreadable(problem))),
        // Nobody has looked for them.
        (Ok(_), Enforcement::VaultNotFound) => {
            let message = "No vault of this name exists in the namespace.";
            return (None, Some(Reason::new("VaultNotFound", message)));
        }
        (Ok(resolutions), _) => resolutions,
    };
    let in_state = |state| resolutions.iter().find(|resolution| resolution.state == state);
    if let Some(replaced) = in_state(SubjectState::NamespaceReplaced) {
        (Some(false), Some(namespace_replaced(replaced)))
    } else if let Some(missing) = in_state(SubjectState::NotFound) {
        let message = format!(
            "{} does not exist. The policy applies to it as soon as it exists.",
            describe(&missing.subject)
        );
        (Some(false), Some(Reason::new("SubjectNotFound", message)))
    } else {
        (Some(true), None)
    }
}

/// `how` is the reason of `Enforced`.
fn health(
    result: &Result<Vec<Resolution>, PolicyProblem>,
    enforcement: &Enforcement,
    how: &Reason,
) -> Health {
    let Ok(resolutions) = result else {
        return Health::Stalled(how.clone());
    };
    let mut resolutions = resolutions.iter();
    if let Some(replaced) = resolutions.find(|resolution| resolution.state == SubjectState::NamespaceReplaced)
    {
        return Health::Stalled(namespace_replaced(replaced));
    }
    match enforcement {
        Enforcement::Enforced(_) => Health::Ready,
        Enforcement::TooLarge => Health::Stalled(how.clone()),
        Enforcement::NotConfirmed | Enforcement::VaultNotFound | Enforcement::Frozen(_) => {
            Health::Progressing(how.clone())
        }
    }
}

fn unreadable(problem: &PolicyProblem) -> Reason {
    Reason::new("PolicyUnreadable", sentence(&problem.to_string()))
}

fn namespace_replaced(replaced: &Resolution) -> Reason {
    let message = format!(
        "Namespace {} was deleted and created again since this policy was written. If the policy is to apply to the new one, remove that subject and add it again, or delete the policy and create it again.",
        namespace(&replaced.subject)
    );
    Reason::new("NamespaceReplaced", message)
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
    use crate::conditions::find;

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
                ("SubjectsResolved", "Unknown", "PolicyUnreadable"),
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
            let enforced = find(&status.conditions, ENFORCED).unwrap();
            assert_eq!(enforced.reason, status.conditions[0].reason);
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

    fn subject(name: &str, state: SubjectState) -> Resolution {
        Resolution {
            subject: SubjectMember::AllServiceAccounts {
                namespace: name.parse().unwrap(),
            },
            namespace_uid: None,
            state,
        }
    }

    #[test]
    fn a_policy_that_waits_for_a_subject_is_enforced_and_ready_and_names_it() {
        let subjects = Ok(vec![
            subject("there", SubjectState::Resolved),
            subject("shop", SubjectState::NotFound),
        ]);
        let waits = reported(&subjects, &Enforcement::Enforced("3-4".to_owned()));
        assert_eq!(
            words(&waits),
            [
                ("Ready", "True", "AwaitingSubjects"),
                ("Enforced", "True", "Enforced"),
                ("SubjectsResolved", "False", "SubjectNotFound"),
            ]
        );
        for condition in [&waits.conditions[0], &waits.conditions[2]] {
            assert!(
                condition.message.contains("Namespace shop"),
                "{}",
                condition.message
            );
        }
        let unconfirmed = reported(&subjects, &Enforcement::NotConfirmed);
        assert_eq!(
            words(&unconfirmed),
            [
                ("Ready", "False", "NotConfirmed"),
                ("Reconciling", "True", "NotConfirmed"),
                ("Enforced", "Unknown", "NotConfirmed"),
                ("SubjectsResolved", "False", "SubjectNotFound"),
            ]
        );
    }

    #[test]
    fn a_policy_of_a_replaced_namespace_stalls_while_the_vault_decides_by_the_rest_of_it() {
        let subjects = Ok(vec![
            subject("later", SubjectState::NotFound),
            subject("shop", SubjectState::NamespaceReplaced),
        ]);
        let replaced = reported(&subjects, &Enforcement::Enforced("3-4".to_owned()));
        assert_eq!(
            words(&replaced),
            [
                ("Ready", "False", "NamespaceReplaced"),
                ("Stalled", "True", "NamespaceReplaced"),
                ("Enforced", "True", "Enforced"),
                ("SubjectsResolved", "False", "NamespaceReplaced"),
            ]
        );
        assert!(replaced.conditions[0].message.contains("Namespace shop"));
    }

    #[test]
    fn a_policy_whose_subjects_are_all_there_says_so() {
        let subjects = Ok(vec![subject("shop", SubjectState::Resolved)]);
        let ready = reported(&subjects, &Enforcement::Enforced("3-4".to_owned()));
        assert_eq!(
            words(&ready),
            [
                ("Ready", "True", "Enforced"),
                ("Enforced", "True", "Enforced"),
                ("SubjectsResolved", "True", "Resolved"),
            ]
        );
    }
}
