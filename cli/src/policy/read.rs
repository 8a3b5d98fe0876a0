//! Policies as they are stored, read one by one.

use kube::{ResourceExt, api::DynamicObject};
use strongroom_core::{Effect, ObjectPattern, PermissionSet};
use strongroom_crds::{
    AccessPolicy,
    access_policy::{PolicySpecError, SubjectMember, SubjectState},
    condition::ENFORCED,
};

/// One policy.
#[derive(Debug, Clone)]
pub(super) struct StoredPolicy {
    pub(super) name: String,
    pub(super) content: Result<PolicyContent, String>,
    pub(super) enforced: Enforced,
}

/// What a policy says.
#[derive(Debug, Clone)]
pub(super) struct PolicyContent {
    pub(super) vault: String,
    pub(super) effect: Effect,
    /// The subjects, each with what the operator found of it; `None` before it has looked.
    pub(super) subjects: Vec<(SubjectMember, Option<SubjectState>)>,
    pub(super) objects: Vec<ObjectPattern>,
    pub(super) permissions: PermissionSet,
}

/// Whether every replica of the vault confirmed the policy as it is now. The vault may not know all of its subjects yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Enforced {
    pub(super) confirmed: bool,
    /// The condition's reason, or what is known without it.
    pub(super) reason: String,
}

/// Reads the policies. One that cannot be read is in the result with the reason.
pub(super) fn policies(objects: &[DynamicObject]) -> Vec<StoredPolicy> {
    objects.iter().map(policy).collect()
}

fn policy(object: &DynamicObject) -> StoredPolicy {
    let name = object.name_any();
    // Through JSON: the types are read strictly, and a field that this release does not know is an error.
    let parsed = serde_json::to_value(object).and_then(serde_json::from_value::<AccessPolicy>);
    match parsed {
        Ok(policy) => StoredPolicy {
            content: content(&policy).map_err(|error| error.to_string()),
            enforced: enforced(&policy),
            name,
        },
        Err(error) => StoredPolicy {
            name,
            content: Err(error.to_string()),
            enforced: Enforced {
                confirmed: false,
                reason: "Unreadable".to_owned(),
            },
        },
    }
}

fn content(policy: &AccessPolicy) -> Result<PolicyContent, PolicySpecError> {
    let spec = &policy.spec;
    let status = policy.status.as_ref();
    // What the operator found belongs to the spec it saw.
    let is_current = status.is_some_and(|status| status.observed_generation == policy.metadata.generation);
    let found = status
        .filter(|_| is_current)
        .map(|status| status.subjects.as_slice())
        .unwrap_or_default();
    let state = |index: usize| found.get(index).map(|subject| subject.state);
    Ok(PolicyContent {
        vault: spec.vault()?.to_string(),
        effect: spec.effect()?,
        subjects: spec
            .subjects()?
            .into_iter()
            .enumerate()
            .map(|(index, subject)| (subject, state(index)))
            .collect(),
        objects: spec.objects()?,
        permissions: spec.permissions()?,
    })
}

fn enforced(policy: &AccessPolicy) -> Enforced {
    let conditions = policy
        .status
        .as_ref()
        .map(|status| status.conditions.as_slice())
        .unwrap_or_default();
    let Some(condition) = conditions.iter().find(|condition| condition.type_ == ENFORCED) else {
        return Enforced {
            confirmed: false,
            reason: "NotSeenYet".to_owned(),
        };
    };
    let is_current = condition.observed_generation == policy.metadata.generation;
    if is_current {
        Enforced {
            confirmed: condition.status == "True",
            reason: condition.reason.clone(),
        }
    } else {
        Enforced {
            confirmed: false,
            reason: "SpecChanged".to_owned(),
        }
    }
}
