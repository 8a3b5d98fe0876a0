//! A `SecretRef`: whether it can be used, and what its status says of its objects.

use std::collections::BTreeSet;

use strongroom_core::{AccountName, ObjectName, Permission, VaultRef};
use strongroom_crds::{
    SecretRef,
    condition::{AUTHORIZED, Condition, READY},
    secret_ref::{CertificateStore, FileSource, FileState, FileStatus, StoreFormat},
};

use super::condition;
use crate::debug::{
    facts::{Facts, ReferenceFacts, Seen},
    step::Step,
};

/// The most files of one volume.
const MAX_FILES: usize = 64;
/// The most of them that are stores of PKCS#12.
const MAX_PKCS12: usize = 8;

/// The reasons of `Ready` that are about the SecretRef itself, and not about what it names.
const OF_ITSELF: [&str; 1] = ["SpecUnreadable"];

/// The objects that the files are made of, each with the permission that reads it. What cannot be read is left out: the
/// step of the SecretRef says so.
pub(super) fn needs(reference: &SecretRef) -> BTreeSet<(ObjectName, Permission)> {
    let sources = reference.spec.files.iter().filter_map(|file| file.source().ok());
    let objects = sources.flat_map(|source| match source {
        FileSource::Secret { name, .. } | FileSource::Certificate { name, .. } => {
            vec![(name, Permission::SecretGet)]
        }
        FileSource::Store { name, password, .. } => {
            vec![
                (name, Permission::SecretGet),
                (password.name, Permission::SecretGet),
            ]
        }
        FileSource::Key { name, .. } => vec![(name, Permission::KeyGet)],
        FileSource::TrustBundle(_) => Vec::new(),
    });
    objects.collect()
}

/// The vault that it names.
pub(in crate::debug) fn vault(reference: &SecretRef) -> Option<VaultRef> {
    reference.spec.vault_ref.parsed().ok()
}

/// The condition of the SecretRef of this type, if it is about `account`.
pub(super) fn condition_for<'a>(
    facts: &'a ReferenceFacts,
    account: &AccountName,
    type_: &str,
) -> Option<&'a Condition> {
    let Seen::Found(found) = &facts.found else {
        return None;
    };
    is_for(found, facts, account).then_some(())?;
    let status = found.status.as_ref()?;
    condition(&status.conditions, type_, found.metadata.generation)
}

fn is_for(found: &SecretRef, facts: &ReferenceFacts, account: &AccountName) -> bool {
    found.spec.service_account_name == account.name.as_str() && facts.reference.namespace == account.namespace
}

/// The SecretRef and its limits.
pub(super) fn steps(facts: &Facts, reference: &ReferenceFacts) -> Vec<Step> {
    let name = &reference.reference;
    let step = format!("SecretRef {}", name.name);
    let found = match &reference.found {
        Seen::Found(found) => found,
        Seen::Absent => {
            return vec![Step::fails(
                step,
                format!("there is no SecretRef {name}"),
                format!("kubectl get secretrefs.strongroom.dev -n {}", name.namespace),
            )];
        }
        Seen::Hidden(hidden) => return vec![Step::hidden(step, hidden)],
    };
    vec![itself(facts, reference, found, step), limits(found, reference)]
}

fn itself(facts: &Facts, reference: &ReferenceFacts, found: &SecretRef, step: String) -> Step {
    let name = &reference.reference;
    let edit = format!(
        "kubectl edit secretrefs.strongroom.dev {} -n {}",
        name.name, name.namespace
    );
    if let Some((path, error)) = found
        .spec
        .files
        .iter()
        .find_map(|file| file.source().err().map(|error| (&file.path, error)))
    {
        return Step::fails(step, format!("its file {path}: {error}"), edit);
    }
    if let Err(error) = found.spec.vault_ref.parsed() {
        return Step::fails(step, format!("its vaultRef: {error}"), edit);
    }
    let conditions = found.status.as_ref().map(|status| status.conditions.as_slice());
    let ready = condition(conditions.unwrap_or_default(), READY, found.metadata.generation);
    if let Some(ready) = ready.filter(|ready| OF_ITSELF.contains(&ready.reason.as_str())) {
        return Step::fails(step, format!("{}: {}", ready.reason, ready.message), edit);
    }
    let checked_for = &found.spec.service_account_name;
    let other = facts
        .account
        .as_ref()
        .filter(|account| !is_for(found, reference, &account.account));
    let says = match (other, ready) {
        (Some(other), _) => format!(
            "it is there; its conditions are about service account {}/{checked_for}, and say nothing of {}",
            name.namespace,
            other.account.path()
        ),
        (None, Some(ready)) => format!(
            "it is there, for service account {}/{checked_for}: Ready is {}, {}",
            name.namespace, ready.status, ready.reason
        ),
        (None, None) => format!(
            "it is there, for service account {}/{checked_for}; the operator has not looked at it yet",
            name.namespace
        ),
    };
    Step::holds(step, says)
}

fn limits(found: &SecretRef, reference: &ReferenceFacts) -> Step {
    let files = &found.spec.files;
    let is_pkcs12 = |source: &FileSource| {
        matches!(
            source,
            FileSource::Store {
                store: CertificateStore {
                    format: StoreFormat::Pkcs12,
                    ..
                },
                ..
            }
        )
    };
    let stores = files
        .iter()
        .filter(|file| file.source().is_ok_and(|source| is_pkcs12(&source)))
        .count();
    let says = format!(
        "{} of {MAX_FILES} files, {stores} of {MAX_PKCS12} PKCS12 stores",
        files.len()
    );
    if (1..=MAX_FILES).contains(&files.len()) && stores <= MAX_PKCS12 {
        Step::holds("limits", says)
    } else {
        let name = &reference.reference;
        Step::fails(
            "limits",
            says,
            format!(
                "Divide it into several SecretRefs and volumes:\nkubectl edit secretrefs.strongroom.dev {} -n {}",
                name.name, name.namespace
            ),
        )
    }
}

/// The state of the objects, as the vault lets the status show it.
pub(super) fn objects(facts: &Facts, reference: &ReferenceFacts) -> Vec<Step> {
    let (Seen::Found(found), Some(account)) = (&reference.found, &facts.account) else {
        return Vec::new();
    };
    if needs(found).is_empty() {
        return Vec::new();
    }
    if !is_for(found, reference, &account.account) {
        return vec![Step::unknown(
            "objects",
            format!(
                "the status of SecretRef {} shows them for another service account",
                reference.reference
            ),
        )];
    }
    let Some(status) = found
        .status
        .as_ref()
        .filter(|status| status.observed_generation == found.metadata.generation)
    else {
        return vec![Step::unknown(
            "objects",
            "the operator has not looked at them yet",
        )];
    };
    let wrong: Vec<_> = status
        .files
        .iter()
        .filter_map(|file| object(facts, found, file))
        .collect();
    if !wrong.is_empty() {
        return wrong;
    }
    let ready = condition_for(reference, &account.account, READY);
    let authorized = condition_for(reference, &account.account, AUTHORIZED);
    match (ready, authorized) {
        (Some(ready), _) if ready.status == "True" => {
            vec![Step::holds("objects", "every file can be mounted")]
        }
        (_, Some(authorized)) if authorized.status == "False" => vec![Step::unknown(
            "objects",
            format!("{}: {}", authorized.reason, authorized.message),
        )],
        (Some(ready), _) => vec![Step::unknown(
            "objects",
            format!("{}: {}", ready.reason, ready.message),
        )],
        (None, _) => vec![Step::unknown(
            "objects",
            "the operator has not looked at them yet",
        )],
    }
}

fn object(facts: &Facts, found: &SecretRef, status: &FileStatus) -> Option<Step> {
    let file = found.spec.files.iter().find(|file| file.path == status.path)?;
    let (noun, name) = match file.source().ok()? {
        FileSource::Secret { name, .. } => ("secret", name),
        FileSource::Certificate { name, .. } | FileSource::Store { name, .. } => ("cert", name),
        FileSource::Key { name, .. } => ("key", name),
        FileSource::TrustBundle(_) => return None,
    };
    let vault = vault(found)?;
    let program = facts.program;
    let command = |verb: &str| format!("{program} {noun} {verb} {name} --vault {vault}");
    let (says, fix) = match status.state {
        FileState::Available | FileState::Forbidden | FileState::Unknown => return None,
        FileState::NotFound => (
            "is not in the vault, or not in this version",
            match noun {
                "secret" => command("set"),
                _ => command("create"),
            },
        ),
        FileState::Deleted => ("is deleted, and can be recovered", command("recover")),
        FileState::Disabled => ("is disabled", format!("{} --enabled", command("update"))),
    };
    Some(Step::fails(
        format!("object {name}"),
        format!("file {}: the {noun} {name} {says}", status.path),
        fix,
    ))
}
