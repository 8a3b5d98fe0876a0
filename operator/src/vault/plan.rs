//! What to do about a vault's objects, given those that exist. Pure.

use kube::{ResourceExt, api::DynamicObject};
use strongroom_crds::vault::CreateMode;

use super::desired::{VAULT_ID_KEY, key};
use crate::{
    installation,
    object::{Desired, FIELD_MANAGER, Kind, data_field},
    target::Target,
};

/// Why the operator leaves a vault's objects as they are until a person acts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanRefusal {
    /// An object of that name exists and belongs to another owner.
    #[error(
        "{} {name} exists and does not belong to this vault: delete or rename it, or give the vault another name",
        kind.as_str()
    )]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    NameTaken { kind: Kind, name: String },
    /// A `ConfigMap` of the trust bundle's name exists that someone else made.
    #[error(
        "ConfigMap {0} exists and Strongroom did not make it, so that this namespace has no trust bundle: delete or rename it"
    )]
    BundleTaken(&'static str),
    /// An earlier vault left its data, and the spec does not say to adopt it.
    #[error(
        "an earlier vault of this name left its volume or seal key ({found}): set spec.createMode to Recover to adopt them, or delete them for an empty vault"
    )]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    RetainedDataFound { found: String },
    /// The volume exists and the key that opens it does not.
    #[error(
        "the volume {volume} exists but the Secret {seal}, which opens it, does not: restore the Secret, or delete the volume for an empty vault"
    )]
    SealKeyMissing {
        /// The volume claim.
        volume: String,
        /// The name of the Secret that holds the seal key.
        seal: String,
    },
    /// The key has opened a vault whose volume does not exist.
    #[error(
        "the Secret {seal} opened a vault whose volume {volume} does not exist: restore the volume, or delete the Secret for an empty vault"
    )]
    VolumeMissing {
        /// The volume claim.
        volume: String,
        /// The name of the Secret that holds the seal key.
        seal: String,
    },
}

impl PlanRefusal {
    /// The condition's reason.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NameTaken { .. } | Self::BundleTaken(_) => "NameTaken",
            Self::RetainedDataFound { .. } => "RetainedDataFound",
            Self::SealKeyMissing { .. } => "SealKeyMissing",
            Self::VolumeMissing { .. } => "VolumeMissing",
        }
    }
}

/// What to do about the volume and the seal key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retained {
    /// Neither exists: make both, the key first.
    Create,
    /// Both are this vault's.
    Keep,
    /// Both were an earlier vault's: make them this one's.
    Adopt,
    /// The key is there, has opened nothing yet, and the volume is not: an interrupted start. Make the volume.
    CreateVolume,
}

/// Refuses to touch an object that exists and is not controlled by this vault.
pub fn check_owned(
    target: &Target<'_>,
    desired: &Desired,
    existing: Option<&DynamicObject>,
) -> Result<(), PlanRefusal> {
    let Some(existing) = existing else { return Ok(()) };
    let ours = existing
        .owner_references()
        .iter()
        .any(|owner| owner.controller == Some(true) && owner.kind == "Vault" && owner.uid == target.uid);
    if ours {
        Ok(())
    } else {
        Err(PlanRefusal::NameTaken {
            kind: desired.kind,
            name: desired.name.clone(),
        })
    }
}

/// Refuses to write the trust bundle over what someone else keeps under its name. The bundle is of no vault in particular,
/// so that it has a label in place of an owner.
pub fn check_bundle(existing: Option<&DynamicObject>) -> Result<(), PlanRefusal> {
    let is_ours = |object: &DynamicObject| {
        let manager = object.labels().get(installation::MANAGED_BY);
        manager.is_some_and(|manager| manager == FIELD_MANAGER)
    };
    if existing.is_none_or(is_ours) {
        Ok(())
    } else {
        Err(PlanRefusal::BundleTaken(installation::TRUST_BUNDLE))
    }
}

/// The vault that an object without an owner reference belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Absent,
    Ours,
    Earlier,
    Foreign,
}

fn owner_of(target: &Target<'_>, existing: Option<&DynamicObject>) -> Owner {
    let Some(existing) = existing else {
        return Owner::Absent;
    };
    let label = |key: &str| existing.labels().get(key).map(String::as_str);
    match (label(key::VAULT), label(key::VAULT_UID)) {
        (Some(name), Some(uid)) if name == target.name().as_str() && uid == target.uid => Owner::Ours,
        (Some(name), _) if name == target.name().as_str() => Owner::Earlier,
        _ => Owner::Foreign,
    }
}

/// Decides about the volume and the seal key.
pub fn plan_retained(
    target: &Target<'_>,
    volume: Option<&DynamicObject>,
    seal: Option<&DynamicObject>,
) -> Result<Retained, PlanRefusal> {
    let volume_name = format!("data-{}-0", target.name());
    let seal_name = format!("{}-seal", target.name());
    let taken = |kind, name: &str| PlanRefusal::NameTaken {
        kind,
        name: name.to_owned(),
    };
    let opened = seal.is_some_and(has_opened_a_vault);
    let recover = matches!(target.vault.spec.create_mode(), Ok(CreateMode::Recover));
    match (owner_of(target, volume), owner_of(target, seal)) {
        (Owner::Foreign, _) => Err(taken(Kind::PersistentVolumeClaim, &volume_name)),
        (_, Owner::Foreign) => Err(taken(Kind::Secret, &seal_name)),
        (Owner::Absent, Owner::Absent) => Ok(Retained::Create),
        (Owner::Ours, Owner::Ours) => Ok(Retained::Keep),
        (Owner::Ours | Owner::Earlier, Owner::Absent) => Err(PlanRefusal::SealKeyMissing {
            volume: volume_name,
            seal: seal_name,
        }),
        (Owner::Absent, Owner::Ours) if !opened => Ok(Retained::CreateVolume),
        (Owner::Absent, Owner::Ours | Owner::Earlier) if opened => Err(PlanRefusal::VolumeMissing {
            volume: volume_name,
            seal: seal_name,
        }),
        _ if recover => Ok(Retained::Adopt),
        (volume, seal) => {
            let name = |owner, text: String| (owner == Owner::Earlier).then_some(text);
            let found = [
                name(volume, format!("PersistentVolumeClaim {volume_name}")),
                name(seal, format!("Secret {seal_name}")),
            ];
            Err(PlanRefusal::RetainedDataFound {
                found: found.into_iter().flatten().collect::<Vec<_>>().join(", "),
            })
        }
    }
}

fn has_opened_a_vault(seal: &DynamicObject) -> bool {
    data_field(seal, VAULT_ID_KEY).is_some_and(|id| !id.is_empty())
}

#[cfg(test)]
#[allow(clippy::needless_pass_by_value, reason = "fixtures are written in place")]
mod tests {
    use super::*;
    use serde_json::json;
    use strongroom_crds::Vault;

    fn vault(mode: &str) -> Vault {
        serde_json::from_value(json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
            "metadata": {"name": "prod", "namespace": "team-a", "uid": "new"}, "spec": {"createMode": mode},
        }))
        .unwrap()
    }

    fn labelled(uid: &str, data: serde_json::Value) -> DynamicObject {
        serde_json::from_value(json!({
            "apiVersion": "v1", "kind": "Secret", "data": data,
            "metadata": {"name": "x", "labels": {key::VAULT: "prod", key::VAULT_UID: uid}},
        }))
        .unwrap()
    }

    fn foreign() -> DynamicObject {
        serde_json::from_value(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}))
            .unwrap()
    }

    fn plan(
        mode: &str,
        volume: Option<DynamicObject>,
        seal: Option<DynamicObject>,
    ) -> Result<Retained, &'static str> {
        let vault = vault(mode);
        plan_retained(&Target::parse(&vault).unwrap(), volume.as_ref(), seal.as_ref())
            .map_err(|refusal| refusal.reason())
    }

    #[test]
    fn a_first_start_makes_both_and_an_interrupted_one_goes_on() {
        assert_eq!(plan("Default", None, None), Ok(Retained::Create));
        assert_eq!(
            plan("Default", None, Some(labelled("new", json!({})))),
            Ok(Retained::CreateVolume)
        );
        let seal = labelled("new", json!({}));
        assert_eq!(
            plan("Default", Some(labelled("new", json!({}))), Some(seal)),
            Ok(Retained::Keep)
        );
    }

    #[test]
    fn retained_data_is_adopted_only_when_the_spec_says_so() {
        let both = || {
            (
                Some(labelled("old", json!({}))),
                Some(labelled("old", json!({VAULT_ID_KEY: "aWQ="}))),
            )
        };
        let (volume, seal) = both();
        assert_eq!(plan("Default", volume, seal), Err("RetainedDataFound"));
        let (volume, seal) = both();
        assert_eq!(plan("Recover", volume, seal), Ok(Retained::Adopt));
    }

    #[test]
    fn an_interrupted_adoption_goes_on() {
        let volume = Some(labelled("new", json!({})));
        let seal = Some(labelled("old", json!({VAULT_ID_KEY: "aWQ="})));
        assert_eq!(plan("Recover", volume, seal), Ok(Retained::Adopt));
    }

    #[test]
    fn half_of_a_vault_is_never_completed_with_something_new() {
        for mode in ["Default", "Recover"] {
            for uid in ["new", "old"] {
                assert_eq!(
                    plan(mode, Some(labelled(uid, json!({}))), None),
                    Err("SealKeyMissing")
                );
                let used = labelled(uid, json!({VAULT_ID_KEY: "aWQ="}));
                assert_eq!(plan(mode, None, Some(used)), Err("VolumeMissing"));
            }
        }
    }

    #[test]
    fn what_is_not_ours_is_never_touched() {
        assert_eq!(plan("Recover", Some(foreign()), None), Err("NameTaken"));
        assert_eq!(plan("Recover", None, Some(foreign())), Err("NameTaken"));
        let vault = vault("Default");
        let target = Target::parse(&vault).unwrap();
        let desired = Desired {
            kind: Kind::Service,
            name: "prod".to_owned(),
            object: json!({}),
        };
        assert!(check_owned(&target, &desired, Some(&foreign())).is_err());
        assert!(check_owned(&target, &desired, None).is_ok());
    }
}
