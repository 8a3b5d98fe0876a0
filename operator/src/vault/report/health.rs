//! Whether a vault does what its spec says, and what is wrong where it does not. Pure.

use strongroom_core::{causes, quoted};
use strongroom_wire::admin::{Rollback, Status};

use super::{
    super::{
        apply::ApplyError,
        contact::audit_log_cut,
        silence::{Circumstances, sealed},
    },
    Found, Obstacle, Surroundings, pause, soft_delete,
};
use crate::{
    conditions::{Health, Reason},
    fleet::NoStatus,
    sentence::sentence,
    settings::Settings,
    target::Target,
};

/// What the condition `Ready` says.
pub(super) fn health(
    found: &Found<'_>,
    surroundings: &Surroundings,
    settings: &Settings,
    target: &Target<'_>,
    circumstances: &Circumstances<'_>,
) -> Health {
    match &found.obstacle {
        Some(Obstacle::SpecUnreadable(problem)) => Health::Stalled(Reason::new(
            "SpecUnreadable",
            format!(
                "This release cannot read the vault's spec: {problem}. The operator changes nothing of the vault until it can; policy stays in force."
            ),
        )),
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
        Some(Obstacle::Failing(error)) => failing(error),
        None if target.vault.spec.is_paused() => pause::health(found.pods),
        None => match &found.status {
            Err(NoStatus::Silent(problem)) => circumstances.silent(problem),
            Err(NoStatus::Unusable(health)) => health.clone(),
            Ok(status) => running_health(target, status, surroundings, circumstances),
        },
    }
}

fn failing(error: &ApplyError) -> Health {
    let word = match error {
        ApplyError::Pki(_) => "CertificateFailing",
        ApplyError::Api { .. } | ApplyError::Refused(_) | ApplyError::Random => "ApplyFailing",
    };
    let message = format!("The operator fails, and tries again: {}.", quoted(&causes(error)));
    Health::Progressing(Reason::new(word, message))
}

fn running_health(
    target: &Target<'_>,
    status: &Status,
    surroundings: &Surroundings,
    circumstances: &Circumstances<'_>,
) -> Health {
    if let Some(Rollback::Detected { anchored }) = &status.rollback {
        let message = rollback_message(*anchored, status.anchor.generation);
        Health::Stalled(Reason::new("RollbackDetected", message))
    } else if !status.seal.unsealed {
        Health::Stalled(sealed(target.name()))
    } else if let Some(problem) = &status.storage_problem {
        Health::Progressing(Reason::new("StorageFailing", sentence(problem)))
    } else if let Some(problem) = &status.audit_problem {
        Health::Progressing(Reason::new("AuditFailing", sentence(problem)))
    } else if let Some(record) = surroundings.missed_record {
        Health::Stalled(Reason::new("AuditLogCut", audit_log_cut(record)))
    } else if let Some(problem) = &surroundings.policy_problem {
        problem.clone()
    } else if let Some(problem) = soft_delete::difference(&target.vault.spec.soft_delete, status.soft_delete)
    {
        problem
    } else if circumstances.pods.ready == 0 {
        circumstances.unready()
    } else {
        Health::Ready
    }
}

/// What is said of a store that was put back.
pub(super) fn rollback_message(anchored: u64, found: u64) -> String {
    format!(
        "The store is at generation {found}, but the operator has seen generation {anchored}: the store was put back to an older state, or replaced. The vault serves no data. To accept this store, annotate the Vault with strongroom.dev/accept-rollback={found}. An annotation that has acted once acts again only after it was removed."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Kind;

    #[test]
    fn an_error_of_the_api_server_is_its_code_and_its_sentence() {
        let answer =
            kube::core::Status::failure("etcdserver: request timed out", "InternalError").with_code(500);
        let error = ApplyError::Api {
            kind: Kind::Secret,
            name: "prod-seal".to_owned(),
            source: kube::Error::Api(answer.boxed()).into(),
        };
        let Health::Progressing(reason) = failing(&error) else {
            panic!("it is tried again");
        };
        assert_eq!(
            reason.message,
            "The operator fails, and tries again: cannot write Secret prod-seal: the API server answered 500: \
             etcdserver: request timed out."
        );
    }
}
