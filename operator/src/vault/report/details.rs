//! The conditions of a Vault beside `Ready`: one for each part of it.

use strongroom_crds::condition::{
    AUDIT_HEALTHY, CLOCK_UNCONFIRMED, NEAR_LIMIT, ROLLBACK_DETECTED, SEAL_KEY_IN_CLUSTER, SHARED_NAMESPACE,
    STORAGE_HEALTHY, UNSEALED,
};
use strongroom_wire::admin::{Rollback, Status};

use super::{
    super::{contact::audit_log_cut, neighbour::Neighbour},
    Surroundings,
    health::rollback_message,
    usage,
};
use crate::{
    conditions::{Conditions, Reason},
    sentence::sentence,
};

/// Adds the seal, the store, the audit log, a rollback, limits that are near, and what else runs in the namespace. `status` is none while the
/// vault does not answer; `silence` says why, and then, where it ended because the seal key does not open it, what to say of that.
pub(super) fn add_details(
    conditions: &mut Conditions<'_>,
    status: Option<&Status>,
    (silence, sealed): (&Reason, Option<&Reason>),
    surroundings: &Surroundings,
) {
    conditions.add(
        SEAL_KEY_IN_CLUSTER,
        Some(true),
        &Reason::new(
            "KubernetesSecret",
            "The seal key is in a Secret beside the vault: anyone who can read the Secret and the volume can read every secret of the vault.",
        ),
    );
    let by = |problem: &Option<String>, bad: &'static str, good: &'static str, all_well: &str| match problem {
        Some(problem) => (false, Reason::new(bad, sentence(problem))),
        None => (true, Reason::new(good, all_well)),
    };
    let Some(status) = status else {
        let is_unsealed = sealed.is_some().then_some(false);
        conditions.add(UNSEALED, is_unsealed, sealed.unwrap_or(silence));
        for type_ in [STORAGE_HEALTHY, AUDIT_HEALTHY] {
            conditions.add(type_, None, silence);
        }
        return add_shared_namespace(conditions, surroundings);
    };
    let sealed = (!status.seal.unsealed).then(|| "the seal key does not open the store".to_owned());
    let (ok, reason) = by(&sealed, "Sealed", "Unsealed", "The seal key opened the keyring.");
    conditions.add(UNSEALED, Some(ok), &reason);
    let (ok, reason) = by(
        &status.storage_problem,
        "StorageFailing",
        "Healthy",
        "The store is whole and writable.",
    );
    conditions.add(STORAGE_HEALTHY, Some(ok), &reason);
    let (ok, reason) = match (&status.audit_problem, surroundings.missed_record) {
        (None, Some(record)) => (false, Reason::new("AuditLogCut", audit_log_cut(record))),
        (problem, _) => by(problem, "AuditFailing", "Healthy", "Audit records are written."),
    };
    conditions.add(AUDIT_HEALTHY, Some(ok), &reason);
    if let Some(Rollback::Detected { anchored }) = &status.rollback {
        let message = rollback_message(*anchored, status.anchor.generation);
        conditions.add(
            ROLLBACK_DETECTED,
            Some(true),
            &Reason::new("RollbackDetected", message),
        );
    }
    if let Some(problem) = &status.clock_problem {
        conditions.add(
            CLOCK_UNCONFIRMED,
            Some(true),
            &Reason::new("ClockUnconfirmed", sentence(problem)),
        );
    }
    if let Some(reason) = status.usage.and_then(usage::near) {
        conditions.add(NEAR_LIMIT, Some(true), &reason);
    }
    add_shared_namespace(conditions, surroundings);
}

fn add_shared_namespace(conditions: &mut Conditions<'_>, surroundings: &Surroundings) {
    match &surroundings.neighbour {
        Neighbour::Pod(pod) => {
            let message = format!(
                "Pod {pod} runs in the vault's namespace and belongs to no vault. Anyone who controls it may reach everything in the namespace. Keep vaults in a namespace of their own."
            );
            conditions.add(SHARED_NAMESPACE, Some(true), &Reason::new("OtherPods", message));
        }
        Neighbour::None => {}
        // A leader that is new does not take back what the one before has seen.
        Neighbour::Unknown => conditions.keep(SHARED_NAMESPACE),
    }
}
