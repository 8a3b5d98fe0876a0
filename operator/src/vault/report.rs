//! What a Vault's status says. Pure.

use jiff::Timestamp;
use strongroom_crds::{
    VaultStatus,
    condition::PAUSED,
    vault::{StoredSoftDelete, VaultPolicyStatus},
};
use strongroom_wire::admin::{Rollback, Status};

use self::details::add_details;
pub(super) use self::pause::is_paused;
use super::{plan::PlanRefusal, pods::Pods};
use crate::{
    conditions::{Conditions, Health, Reason},
    sentence::sentence,
    settings::Settings,
    target::Target,
};

mod details;
mod pause;
mod soft_delete;
mod usage;

/// What keeps the vault's objects from being what they should be, until a person acts.
#[derive(Debug)]
pub enum Obstacle {
    /// The operator has no rights in the namespace.
    NamespaceNotEnabled,
    /// An object exists that the operator must not touch or complete.
    Refused(PlanRefusal),
    /// The API server refused an object: a quota, an admission rule.
    ObjectRefused(String),
}

/// What a reconcile found.
#[derive(Debug)]
pub struct Found<'a> {
    /// What is wrong with the objects.
    pub obstacle: Option<Obstacle>,
    /// Its pods.
    pub pods: Pods,
    /// How large the volume is, where that was read.
    pub volume_size: Option<String>,
    /// The vault's own account of itself; or what is to be reported of why there is none.
    pub status: Result<&'a Status, Health>,
}

/// What else is known.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// The policy that is enforced, and from how many objects.
    pub policy: Option<VaultPolicyStatus>,
    /// Why policy could not be brought to the vault.
    pub policy_problem: Option<Health>,
    /// The number of the audit record that the operator has noted, while the vault's log does not hold it.
    pub missed_record: Option<u64>,
    /// A pod in the namespace that is not a vault's.
    pub foreign_pod: Option<String>,
}

/// The status of a vault.
pub fn report(
    target: &Target<'_>,
    settings: &Settings,
    found: &Found<'_>,
    surroundings: &Surroundings,
    now: Timestamp,
) -> VaultStatus {
    let previous = target.vault.status.clone().unwrap_or_default();
    let generation = target.vault.metadata.generation;
    // What a vault said that runs no more is not so any more.
    let answered = found.status.as_ref().ok().copied();
    let answered = answered.filter(|_| !is_paused(target, found.pods));
    let silence = if target.vault.spec.is_paused() {
        pause::reason()
    } else {
        Reason::new("NotAnswering", "The vault does not answer.")
    };
    let mut conditions = Conditions::new(&previous.conditions, generation, now);
    conditions.add_health(
        &health(found, surroundings, settings, target),
        &Reason::new("Serving", "The vault serves and enforces policy."),
    );
    if is_paused(target, found.pods) {
        conditions.add(PAUSED, Some(true), &pause::reason());
    }
    add_details(&mut conditions, answered, &silence, surroundings);
    VaultStatus {
        observed_generation: generation,
        uri: Some(format!(
            "https://{}",
            target.reference.fqdn(&settings.cluster_domain)
        )),
        vault_id: answered
            .map(|status| status.vault_id.to_string())
            .or(previous.vault_id),
        version: answered.map(|status| status.version.clone()).or(previous.version),
        ready_replicas: Some(found.pods.ready),
        policy: surroundings.policy.clone().or(previous.policy),
        usage: answered
            .and_then(|status| status.usage)
            .map(usage::shown)
            .or(previous.usage),
        soft_delete: answered
            .and_then(|status| status.soft_delete)
            .map(|kept| StoredSoftDelete {
                retention_days: kept.retention_days.into(),
                purge_protection: kept.purge_protection,
            })
            .or(previous.soft_delete),
        volume_size: found.volume_size.clone().or(previous.volume_size),
        conditions: conditions.finish(),
    }
}

fn health(
    found: &Found<'_>,
    surroundings: &Surroundings,
    settings: &Settings,
    target: &Target<'_>,
) -> Health {
    match &found.obstacle {
        Some(Obstacle::NamespaceNotEnabled) => Health::Stalled(Reason::new(
            "NamespaceNotEnabled",
            format!(
                "The operator has no rights in this namespace. An administrator of the namespace can grant them: kubectl create rolebinding strongroom-vault-host -n {} --clusterrole=strongroom-vault-host --serviceaccount={}:strongroom-operator",
                target.namespace(),
                settings.release_namespace
            ),
        )),
        Some(Obstacle::Refused(refusal)) => {
            Health::Stalled(Reason::new(refusal.reason(), sentence(&refusal.to_string())))
        }
        Some(Obstacle::ObjectRefused(message)) => {
            Health::Progressing(Reason::new("ObjectRefused", sentence(message)))
        }
        None if target.vault.spec.is_paused() => pause::health(found.pods),
        None => match &found.status {
            Err(problem) => problem.clone(),
            Ok(status) => running_health(target, status, found.pods.ready, surroundings),
        },
    }
}

fn running_health(
    target: &Target<'_>,
    status: &Status,
    ready_replicas: i32,
    surroundings: &Surroundings,
) -> Health {
    let problem = if let Some(Rollback::Detected { anchored }) = &status.rollback {
        Some(Reason::new(
            "RollbackDetected",
            rollback_message(*anchored, status.anchor.generation),
        ))
    } else if !status.seal.unsealed {
        Some(Reason::new("Sealed", "The vault is sealed."))
    } else if let Some(problem) = &status.storage_problem {
        Some(Reason::new("StorageFailing", sentence(problem)))
    } else if let Some(problem) = &status.audit_problem {
        Some(Reason::new("AuditFailing", sentence(problem)))
    } else if let Some(problem) = &surroundings.policy_problem {
        return problem.clone();
    } else if let Some(problem) = soft_delete::difference(&target.vault.spec.soft_delete, status.soft_delete)
    {
        return problem;
    } else if ready_replicas == 0 {
        Some(Reason::new(
            "NotReady",
            "The vault answers the operator, but no pod of it is ready yet.",
        ))
    } else {
        None
    };
    problem.map_or(Health::Ready, Health::Progressing)
}

fn rollback_message(anchored: u64, found: u64) -> String {
    format!(
        "The store is at generation {found}, but the operator has seen generation {anchored}: the store was put back to an older state, or replaced. The vault serves no data. To accept this store, annotate the Vault with strongroom.dev/accept-rollback={found}. An annotation that has acted once acts again only after it was removed."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
    use serde_json::json;
    use strongroom_crds::{
        Vault,
        condition::{SEAL_KEY_IN_CLUSTER, SHARED_NAMESPACE, UNSEALED},
    };
    use strongroom_wire::admin::{Anchor, SealStatus};

    const RUNNING: Pods = Pods {
        ready: 1,
        are_gone: false,
    };

    fn vault() -> Vault {
        serde_json::from_value(json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
            "metadata": {"name": "prod", "namespace": "team-a", "uid": "u", "generation": 2}, "spec": {},
        }))
        .unwrap()
    }

    fn status() -> Status {
        Status {
            vault_id: uuid::Uuid::nil(),
            version: "0.1.0".to_owned(),
            anchor: Anchor {
                generation: 7,
                digest: String::new(),
                is_chained: false,
                audit_sequence: 0,
                audit_hash: String::new(),
            },
            policy: None,
            fence: None,
            seal: SealStatus {
                kind: "KubernetesSecret".to_owned(),
                key_id: "k".to_owned(),
                unsealed: true,
            },
            storage_problem: None,
            audit_problem: None,
            clock_problem: None,
            usage: None,
            soft_delete: None,
            rollback: None,
        }
    }

    fn words(found: &Found<'_>) -> Vec<(String, String, String)> {
        let vault = vault();
        let target = Target::parse(&vault).unwrap();
        let now = Timestamp::from_second(1).unwrap();
        let status = report(
            &target,
            &Settings::example(),
            found,
            &Surroundings::default(),
            now,
        );
        status
            .conditions
            .into_iter()
            .map(|c| (c.type_, c.status, c.reason))
            .collect()
    }

    fn running(status: &Status) -> Found<'_> {
        Found {
            obstacle: None,
            pods: RUNNING,
            volume_size: None,
            status: Ok(status),
        }
    }

    #[test]
    fn a_serving_vault_is_ready_and_says_where_its_seal_key_lies() {
        let words = words(&running(&status()));
        assert_eq!(
            words[0],
            ("Ready".to_owned(), "True".to_owned(), "Serving".to_owned())
        );
        assert_eq!(words[1].0, SEAL_KEY_IN_CLUSTER);
        assert!(words.iter().all(|(_, status, _)| status == "True"));
    }

    #[test]
    fn each_problem_has_its_reason() {
        let sealed = Status {
            seal: SealStatus {
                unsealed: false,
                ..status().seal
            },
            ..status()
        };
        assert_eq!(words(&running(&sealed))[0].2, "Sealed");
        let storage = Status {
            storage_problem: Some("full".to_owned()),
            ..status()
        };
        assert_eq!(words(&running(&storage))[0].2, "StorageFailing");
        let audit = Status {
            audit_problem: Some("gone".to_owned()),
            ..status()
        };
        assert_eq!(words(&running(&audit))[0].2, "AuditFailing");
        let rollback = Status {
            rollback: Some(Rollback::Detected { anchored: 9 }),
            ..status()
        };
        assert_eq!(words(&running(&rollback))[0].2, "RollbackDetected");
        let starting = Found {
            obstacle: None,
            pods: Pods::default(),
            volume_size: None,
            status: Err(Health::Progressing(Reason::new("NotAnswering", "It is silent."))),
        };
        assert_eq!(words(&starting)[0].2, "NotAnswering");
    }

    #[test]
    fn what_surrounds_a_vault_that_answers_has_its_reason_too() {
        let vault = vault();
        let target = Target::parse(&vault).unwrap();
        let conditions = |ready, surroundings: &Surroundings| {
            let status = status();
            let found = Found {
                pods: Pods { ready, ..RUNNING },
                ..running(&status)
            };
            let now = Timestamp::from_second(1).unwrap();
            report(&target, &Settings::example(), &found, surroundings, now).conditions
        };
        let reason = |conditions: &[Condition], type_: &str| {
            let found = conditions.iter().find(|condition| condition.type_ == type_);
            found.map(|condition| condition.reason.clone())
        };
        let starting = conditions(0, &Surroundings::default());
        assert_eq!(reason(&starting, "Ready").as_deref(), Some("NotReady"));
        assert_eq!(reason(&starting, UNSEALED).as_deref(), Some("Unsealed"));
        let surroundings = Surroundings {
            policy_problem: Some(Health::Progressing(Reason::new(
                "PolicyNotConfirmed",
                "It refuses.",
            ))),
            foreign_pod: Some("intruder".to_owned()),
            ..Surroundings::default()
        };
        let unconfirmed = conditions(1, &surroundings);
        assert_eq!(
            reason(&unconfirmed, "Ready").as_deref(),
            Some("PolicyNotConfirmed")
        );
        assert_eq!(
            reason(&unconfirmed, SHARED_NAMESPACE).as_deref(),
            Some("OtherPods")
        );
    }

    #[test]
    fn a_paused_vault_says_when_nothing_of_it_runs_any_more_and_nothing_of_what_it_said_before() {
        let mut vault = vault();
        vault.spec.paused = Some(true);
        let target = Target::parse(&vault).unwrap();
        let report = |are_gone| {
            let status = status();
            let found = Found {
                pods: Pods { ready: 0, are_gone },
                ..running(&status)
            };
            let now = Timestamp::from_second(1).unwrap();
            let surroundings = Surroundings::default();
            report(&target, &Settings::example(), &found, &surroundings, now).conditions
        };
        let word = |conditions: &[Condition], type_: &str| {
            let found = conditions.iter().find(|condition| condition.type_ == type_);
            found.map(|condition| (condition.status.clone(), condition.reason.clone()))
        };
        let of = |status: &str, reason: &str| Some((status.to_owned(), reason.to_owned()));
        let pausing = report(false);
        assert_eq!(word(&pausing, "Ready"), of("False", "Pausing"));
        assert_eq!(word(&pausing, "Reconciling"), of("True", "Pausing"));
        assert_eq!(word(&pausing, PAUSED), None);
        let paused = report(true);
        assert_eq!(word(&paused, "Ready"), of("False", "Paused"));
        assert_eq!(word(&paused, "Stalled"), of("True", "Paused"));
        assert_eq!(word(&paused, PAUSED), of("True", "Paused"));
        assert_eq!(word(&paused, UNSEALED), of("Unknown", "Paused"));
    }

    #[test]
    fn a_namespace_that_is_not_enabled_stalls_with_the_command_that_enables_it() {
        let vault = vault();
        let target = Target::parse(&vault).unwrap();
        let now = Timestamp::from_second(1).unwrap();
        let status = report(
            &target,
            &Settings::example(),
            &Found {
                obstacle: Some(Obstacle::NamespaceNotEnabled),
                ..running(&status())
            },
            &Surroundings::default(),
            now,
        );
        assert_eq!(status.conditions[1].type_, "Stalled");
        assert!(status.conditions[0].message.contains(
            "kubectl create rolebinding strongroom-vault-host -n team-a --clusterrole=strongroom-vault-host --serviceaccount=strongroom-system:strongroom-operator"
        ));
    }
}
