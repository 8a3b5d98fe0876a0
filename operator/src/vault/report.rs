//! What a Vault's status says. Pure.

use jiff::Timestamp;
use strongroom_crds::{
    VaultStatus,
    condition::PAUSED,
    vault::{StoredSoftDelete, VaultPolicyStatus, VaultSpecError},
};
use strongroom_wire::admin::Status;

pub(super) use self::pause::is_paused;
use self::{details::add_details, health::health};
use super::{
    apply::ApplyError,
    neighbour::Neighbour,
    plan::PlanRefusal,
    pods::Pods,
    silence::{Circumstances, sealed},
};
use crate::{
    conditions::{Conditions, Health, Reason, ready},
    fleet::{Hindrance, NoStatus, Sighting},
    settings::Settings,
    target::Target,
};

mod details;
mod health;
mod pause;
mod soft_delete;
mod usage;

/// What keeps the vault's objects from being what they should be, until a person acts.
#[derive(Debug)]
pub enum Obstacle {
    /// The spec holds what this release does not know.
    SpecUnreadable(VaultSpecError),
    /// The operator has no rights in the namespace.
    NamespaceNotEnabled,
    /// An object exists that the operator must not touch or complete.
    Refused(PlanRefusal),
    /// The API server refused an object: a quota, an admission rule.
    ObjectRefused(String),
    /// The operator fails to apply the objects, and has for so long that it may not pass by itself.
    Failing(ApplyError),
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
    /// What the cluster shows of its pod, where the vault is silent or not ready.
    pub sighting: Sighting,
    /// The vault's own account of itself, or why there is none.
    pub status: Result<&'a Status, NoStatus>,
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
    pub neighbour: Neighbour,
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
    let circumstances = Circumstances {
        name: target.name(),
        sighting: &found.sighting,
        pods: found.pods,
        before: ready(&previous.conditions),
        now,
    };
    let mut conditions = Conditions::new(&previous.conditions, generation, now);
    conditions.add_health(
        &health(found, surroundings, settings, target, &circumstances),
        &Reason::new("Serving", "The vault serves and enforces policy."),
    );
    if is_paused(target, found.pods) {
        conditions.add(PAUSED, Some(true), &pause::reason());
    }
    let is_sealed = found.status.is_err() && found.sighting.hindrance == Some(Hindrance::Sealed);
    let sealed = is_sealed.then(|| sealed(target.name()));
    add_details(
        &mut conditions,
        answered,
        (&silence, sealed.as_ref()),
        surroundings,
    );
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

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
    use serde_json::json;
    use strongroom_crds::{
        Vault,
        condition::{NEAR_LIMIT, SEAL_KEY_IN_CLUSTER, SHARED_NAMESPACE, UNSEALED},
    };
    use strongroom_wire::admin::{Anchor, Rollback, SealStatus, Usage};

    const RUNNING: Pods = Pods {
        ready: 1,
        are_wanted: true,
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
        decided(found, &Surroundings::default())
    }

    fn decided(found: &Found<'_>, surroundings: &Surroundings) -> Vec<(String, String, String)> {
        let vault = vault();
        let target = Target::parse(&vault).unwrap();
        let now = Timestamp::from_second(1).unwrap();
        let status = report(&target, &Settings::example(), found, surroundings, now);
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
            sighting: Sighting::default(),
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
    fn what_only_a_person_can_mend_stalls() {
        let sealed = Status {
            seal: SealStatus {
                unsealed: false,
                ..status().seal
            },
            ..status()
        };
        let rollback = Status {
            rollback: Some(Rollback::Detected { anchored: 9 }),
            ..status()
        };
        let cut = Surroundings {
            missed_record: Some(7),
            ..Surroundings::default()
        };
        let none = Surroundings::default();
        let well = status();
        for (status, surroundings, reason) in [
            (&sealed, &none, "Sealed"),
            (&rollback, &none, "RollbackDetected"),
            (&well, &cut, "AuditLogCut"),
        ] {
            let conditions = decided(&running(status), surroundings);
            let of = |type_: &str| conditions.iter().find(|(found, _, _)| found == type_).cloned();
            let is =
                |type_: &str, status: &str| Some((type_.to_owned(), status.to_owned(), reason.to_owned()));
            assert_eq!(of("Ready"), is("Ready", "False"));
            assert_eq!(of("Stalled"), is("Stalled", "True"));
            assert_eq!(of("Reconciling"), None, "{reason}");
        }
    }

    #[test]
    fn each_problem_has_its_reason() {
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
        let silent = |pods| Found {
            obstacle: None,
            pods,
            volume_size: None,
            sighting: Sighting::default(),
            status: Err(NoStatus::Silent("it cannot be reached".to_owned())),
        };
        assert_eq!(words(&silent(Pods::default()))[0].2, "NotAnswering");
        let to_come = Pods { ready: 0, ..RUNNING };
        assert_eq!(words(&silent(to_come))[0].2, "Starting");
        let unusable = Health::Stalled(Reason::new("VaultIdChanged", "It is another."));
        let other = Found {
            status: Err(NoStatus::Unusable(unusable)),
            ..silent(to_come)
        };
        assert_eq!(words(&other)[0].2, "VaultIdChanged");
    }

    #[test]
    fn a_vault_near_a_limit_is_ready_and_says_so_while_it_is() {
        let said = |object_bytes| {
            let usage = Usage {
                object_bytes,
                object_bytes_limit: 1_000,
                most_versions: 1,
                versions_limit: 10,
            };
            let status = Status {
                usage: Some(usage),
                ..status()
            };
            let words = words(&running(&status));
            assert_eq!(words[0].2, "Serving");
            let near = words.into_iter().find(|(type_, _, _)| type_ == NEAR_LIMIT);
            near.map(|(_, status, reason)| (status, reason))
        };
        assert_eq!(said(799), None);
        assert_eq!(
            said(800),
            Some(("True".to_owned(), "ObjectsNearLimit".to_owned()))
        );
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
            neighbour: Neighbour::Pod("intruder".to_owned()),
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
    fn pods_beside_a_vault_stay_reported_until_the_api_server_says_that_there_are_none() {
        let mut vault = vault();
        let pass = |vault: &Vault, neighbour| {
            let target = Target::parse(vault).unwrap();
            let surroundings = Surroundings {
                neighbour,
                ..Surroundings::default()
            };
            let status = status();
            let now = Timestamp::from_second(1).unwrap();
            let settings = Settings::example();
            report(&target, &settings, &running(&status), &surroundings, now)
        };
        let is_shared = |status: &VaultStatus| {
            let mut conditions = status.conditions.iter();
            conditions.any(|condition| condition.type_ == SHARED_NAMESPACE && condition.status == "True")
        };
        assert!(!is_shared(&pass(&vault, Neighbour::Unknown)));
        let seen = pass(&vault, Neighbour::Pod("intruder".to_owned()));
        assert!(is_shared(&seen));
        vault.status = Some(seen);
        let kept = pass(&vault, Neighbour::Unknown);
        assert_eq!(Some(&kept), vault.status.as_ref());
        assert!(!is_shared(&pass(&vault, Neighbour::None)));
    }

    #[test]
    fn a_paused_vault_says_when_nothing_of_it_runs_any_more_and_nothing_of_what_it_said_before() {
        let mut vault = vault();
        vault.spec.paused = Some(true);
        let target = Target::parse(&vault).unwrap();
        let report = |are_gone| {
            let status = status();
            let found = Found {
                pods: Pods {
                    are_gone,
                    ..Pods::default()
                },
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
