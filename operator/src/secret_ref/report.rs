//! What a SecretRef's status says. Pure.

use jiff::Timestamp;
use strongroom_core::ObjectState;
use strongroom_crds::{
    SecretRef, SecretRefStatus,
    condition::AUTHORIZED,
    secret_ref::{FileStatus, VolumeCounts},
};

use crate::conditions::{Conditions, Health, Reason};

/// What is known of the SecretRef's vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The spec holds what this release does not know.
    Unreadable(String),
    /// The service account does not exist.
    AccountNotFound,
    /// No policy lets the account read anything here, or the vault does not exist. The account must not learn which of
    /// the two.
    NotPermitted,
    /// The vault does not exist, in the SecretRef's own namespace.
    VaultNotFound,
    /// The account is allowed, and the vault starts.
    VaultStarting,
    /// The account is allowed, and the vault does not answer; why, in words that no vault chose: its owner is another than
    /// this status's readers.
    VaultNotReady(&'static str),
    /// What the vault said of each file, in the order of the spec.
    Resolved(Vec<(String, ObjectState)>),
}

/// The status. `announced` says that this spec was announced to the vault that it names.
pub fn report(
    secret_ref: &SecretRef,
    finding: &Finding,
    volumes: Option<VolumeCounts>,
    announced: bool,
    now: Timestamp,
) -> SecretRefStatus {
    let previous = secret_ref.status.clone().unwrap_or_default();
    let generation = secret_ref.metadata.generation;
    let mut conditions = Conditions::new(&previous.conditions, generation, now);
    conditions.add_health(
        &health(secret_ref, finding),
        &Reason::new("Available", "Every file can be mounted."),
    );
    let (authorized, reason) = authorization(secret_ref, finding);
    conditions.add(AUTHORIZED, authorized, &reason);
    SecretRefStatus {
        observed_generation: generation,
        announced_generation: if announced {
            generation
        } else {
            previous.announced_generation
        },
        files: match finding {
            Finding::Resolved(files) => files
                .iter()
                .map(|(path, state)| file_status(path, *state))
                .collect(),
            Finding::VaultStarting | Finding::VaultNotReady(_) => previous.files,
            _ => Vec::new(),
        },
        volumes: volumes.or(previous.volumes),
        conditions: conditions.finish(),
    }
}

fn vault(secret_ref: &SecretRef) -> String {
    let reference = &secret_ref.spec.vault_ref;
    format!("{}/{}", reference.namespace, reference.name)
}

fn account(secret_ref: &SecretRef) -> String {
    let namespace = secret_ref.metadata.namespace.as_deref().unwrap_or_default();
    format!("{namespace}/{}", secret_ref.spec.service_account_name)
}

fn not_permitted(secret_ref: &SecretRef) -> Reason {
    Reason::new(
        "NotPermitted",
        format!(
            "Vault {} does not exist, or no policy there lets service account {} read these objects.",
            vault(secret_ref),
            account(secret_ref)
        ),
    )
}

fn health(secret_ref: &SecretRef, finding: &Finding) -> Health {
    match finding {
        Finding::Unreadable(problem) => Health::Stalled(Reason::new("SpecUnreadable", problem.clone())),
        Finding::AccountNotFound => Health::Progressing(Reason::new(
            "ServiceAccountNotFound",
            format!("Service account {} does not exist yet.", account(secret_ref)),
        )),
        Finding::NotPermitted => Health::Progressing(not_permitted(secret_ref)),
        Finding::VaultNotFound => Health::Progressing(Reason::new(
            "VaultNotFound",
            format!("Vault {} does not exist.", vault(secret_ref)),
        )),
        Finding::VaultStarting => Health::Progressing(Reason::new(
            "VaultStarting",
            format!("Vault {} starts, and does not answer yet.", vault(secret_ref)),
        )),
        Finding::VaultNotReady(problem) => Health::Progressing(Reason::new(
            "VaultNotReady",
            format!("Vault {} does not answer: {problem}.", vault(secret_ref)),
        )),
        Finding::Resolved(files) => files_health(secret_ref, files),
    }
}

/// The files that cannot be mounted, all of them, under the reason of the worst.
fn files_health(secret_ref: &SecretRef, files: &[(String, ObjectState)]) -> Health {
    let paths = |wanted: &dyn Fn(&ObjectState) -> bool| {
        files
            .iter()
            .filter(|(_, state)| wanted(state))
            .map(|(path, _)| path.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let groups = [
        (
            "NotPermitted",
            "not permitted, or there is no such object",
            paths(&|s| *s == ObjectState::Forbidden),
        ),
        (
            "ObjectNotFound",
            "no such object or version",
            paths(&|s| *s == ObjectState::NotFound),
        ),
        ("ObjectDeleted", "deleted", paths(&|s| *s == ObjectState::Deleted)),
        (
            "ObjectDisabled",
            "disabled",
            paths(&|s| *s == ObjectState::Disabled),
        ),
    ];
    let missing: Vec<_> = groups.iter().filter(|(_, _, paths)| !paths.is_empty()).collect();
    let Some((word, _, _)) = missing.first() else {
        return Health::Ready;
    };
    let list: Vec<String> = missing
        .iter()
        .map(|(_, what, paths)| format!("{paths} ({what})"))
        .collect();
    let message = format!("Vault {} cannot give: {}.", vault(secret_ref), list.join("; "));
    Health::Progressing(Reason::new(word, message))
}

fn authorization(secret_ref: &SecretRef, finding: &Finding) -> (Option<bool>, Reason) {
    let unknown = |word, message: &str| (None, Reason::new(word, message));
    match finding {
        Finding::Resolved(files) if files.iter().any(|(_, state)| *state == ObjectState::Forbidden) => {
            (Some(false), not_permitted(secret_ref))
        }
        Finding::Resolved(_) | Finding::VaultStarting | Finding::VaultNotReady(_) => (
            Some(true),
            Reason::new(
                "Permitted",
                format!(
                    "Policy lets service account {} read every object.",
                    account(secret_ref)
                ),
            ),
        ),
        Finding::NotPermitted => (Some(false), not_permitted(secret_ref)),
        Finding::AccountNotFound => unknown(
            "ServiceAccountNotFound",
            "The service account does not exist yet.",
        ),
        Finding::VaultNotFound => unknown("VaultNotFound", "The vault does not exist."),
        Finding::Unreadable(_) => unknown("SpecUnreadable", "This release cannot read the spec."),
    }
}

fn file_status(path: &str, state: ObjectState) -> FileStatus {
    FileStatus {
        path: path.to_owned(),
        state: state.into(),
        version: state.version().map(|version| version.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn secret_ref() -> SecretRef {
        serde_json::from_value(json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef",
            "metadata": {"name": "db", "namespace": "shop", "generation": 1},
            "spec": {
                "vaultRef": {"name": "prod", "namespace": "team-a"}, "serviceAccountName": "api",
                "files": [{"path": "a", "secret": {"name": "a"}}],
            },
        }))
        .unwrap()
    }

    fn conditions(finding: &Finding) -> Vec<(String, String, String, String)> {
        let status = report(
            &secret_ref(),
            finding,
            None,
            true,
            Timestamp::from_second(1).unwrap(),
        );
        status
            .conditions
            .into_iter()
            .map(|c| (c.type_, c.status, c.reason, c.message))
            .collect()
    }

    #[test]
    fn every_file_that_cannot_be_mounted_is_named_at_once() {
        let finding = Finding::Resolved(vec![
            ("a".to_owned(), ObjectState::Forbidden),
            ("b".to_owned(), ObjectState::NotFound),
            ("c".to_owned(), ObjectState::Disabled),
        ]);
        let ready = &conditions(&finding)[0];
        assert_eq!(ready.2, "NotPermitted");
        for path in ["a (", "b (", "c ("] {
            assert!(ready.3.contains(path), "{}", ready.3);
        }
    }

    #[test]
    fn each_finding_has_its_reason() {
        let version = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let resolved = |state| Finding::Resolved(vec![("a".to_owned(), state)]);
        for (finding, ready, authorized) in [
            (
                Finding::Unreadable("a mode".to_owned()),
                "SpecUnreadable",
                "Unknown",
            ),
            (Finding::AccountNotFound, "ServiceAccountNotFound", "Unknown"),
            (Finding::NotPermitted, "NotPermitted", "False"),
            (Finding::VaultNotFound, "VaultNotFound", "Unknown"),
            (Finding::VaultStarting, "VaultStarting", "True"),
            (
                Finding::VaultNotReady("it refuses to answer"),
                "VaultNotReady",
                "True",
            ),
            (resolved(ObjectState::Available(version)), "Available", "True"),
            (resolved(ObjectState::Forbidden), "NotPermitted", "False"),
            (resolved(ObjectState::NotFound), "ObjectNotFound", "True"),
            (resolved(ObjectState::Deleted), "ObjectDeleted", "True"),
            (resolved(ObjectState::Disabled), "ObjectDisabled", "True"),
        ] {
            let said = conditions(&finding);
            let last = said.last().unwrap();
            assert_eq!(
                (said[0].2.as_str(), last.0.as_str()),
                (ready, AUTHORIZED),
                "{finding:?}"
            );
            assert_eq!(last.1, authorized, "{finding:?}");
            let stalled = said.iter().any(|condition| condition.0 == "Stalled");
            assert_eq!(stalled, ready == "SpecUnreadable", "{finding:?}");
        }
    }

    #[test]
    fn a_missing_vault_elsewhere_and_a_denied_one_are_reported_in_the_same_words() {
        // Both lead to the one finding: there is no other that the reconciler could choose.
        let said = conditions(&Finding::NotPermitted);
        assert!(
            said[0].3.contains("does not exist, or no policy"),
            "{}",
            said[0].3
        );
    }

    #[test]
    fn a_vault_that_does_not_answer_keeps_the_files_last_known() {
        let mut known = secret_ref();
        let version = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let finding = Finding::Resolved(vec![("a".to_owned(), ObjectState::Available(version))]);
        let now = Timestamp::from_second(1).unwrap();
        let before = report(&known, &finding, None, true, now);
        known.status = Some(before.clone());
        let after = report(
            &known,
            &Finding::VaultNotReady("it refuses to answer"),
            None,
            false,
            now,
        );
        assert_eq!(after.files, before.files);
        assert_eq!(after.announced_generation, before.announced_generation);
    }
}
