//! Policies as they are stored, read one by one.

use kube::{ResourceExt, api::DynamicObject};
use strongroom_core::{Effect, ObjectPattern, PermissionSet, VaultName};
use strongroom_crds::{
    AccessPolicy,
    access_policy::{PolicySpecError, SubjectMember, SubjectState},
    condition::ENFORCED,
};

/// One policy.
#[derive(Debug, Clone)]
pub(super) struct StoredPolicy {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) content: Result<PolicyContent, String>,
    /// What the operator says of it; `None` of one in a file.
    pub(super) enforced: Option<Enforced>,
}

impl StoredPolicy {
    /// A policy in a file. Errors: this release cannot read it.
    pub(super) fn of_file(policy: &AccessPolicy) -> Result<Self, PolicySpecError> {
        Ok(Self {
            namespace: policy.namespace().unwrap_or_default(),
            name: policy.name_any(),
            content: Ok(content(policy)?),
            enforced: None,
        })
    }

    /// Whether it is the same object as another.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (&self.namespace, &self.name) == (&other.namespace, &other.name)
    }
}

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PolicyContent {
    pub(super) vault: VaultName,
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
    // Through JSON: the types are read strictly, and a field that this release does not know is an error.
    let parsed = serde_json::to_value(object).and_then(serde_json::from_value::<AccessPolicy>);
    let (content, enforced) = match parsed {
        Ok(policy) => (
            content(&policy).map_err(|error| error.to_string()),
            enforced(&policy),
        ),
        Err(error) => {
            let enforced = Enforced {
                confirmed: false,
                reason: "Unreadable".to_owned(),
            };
            (Err(error.to_string()), enforced)
        }
    };
    StoredPolicy {
        namespace: object.namespace().unwrap_or_default(),
        name: object.name_any(),
        content,
        enforced: Some(enforced),
    }
}

fn content(policy: &AccessPolicy) -> Result<PolicyContent, PolicySpecError> {
    let spec = &policy.spec;
    let subjects = spec.subjects()?;
    let states = states(policy, &subjects);
    Ok(PolicyContent {
        vault: spec.vault()?,
        effect: spec.effect()?,
        subjects: subjects.into_iter().zip(states).collect(),
        objects: spec.objects()?,
        permissions: spec.permissions()?,
    })
}

/// What the operator found of each subject.
fn states(policy: &AccessPolicy, subjects: &[SubjectMember]) -> Vec<Option<SubjectState>> {
    let Some(status) = &policy.status else {
        return vec![None; subjects.len()];
    };
    // What it found belongs to the spec that it saw. But a subject stays bound to a namespace that was replaced, whatever else
    // of the policy changes.
    let is_current = status.observed_generation == policy.metadata.generation;
    let of = |(index, subject): (usize, &SubjectMember)| {
        if is_current {
            return status.subjects.get(index).map(|found| found.state);
        }
        let mut found = status.subjects.iter();
        let found = found.find(|found| found.member().as_ref() == Some(subject));
        let replaced = |state: &SubjectState| *state == SubjectState::NamespaceReplaced;
        found.map(|found| found.state).filter(replaced)
    };
    subjects.iter().enumerate().map(of).collect()
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
