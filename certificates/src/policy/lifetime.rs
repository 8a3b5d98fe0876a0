//! What happens in the life of a certificate: the member `lifetime_actions`.

use serde_json::Value;

use super::{error::PolicyError, member::Member, object::Object};

/// The most actions of one policy.
const MOST_ACTIONS: usize = 4;

/// The most days before the end of a certificate that something happens, for each month that it is valid
/// (Certificates/models.tsp, `Trigger`).
const MOST_DAYS_OF_A_MONTH: u32 = 27;

/// When something happens if the policy does not say, as a part of a certificate's life in percent.
const USUAL_PERCENTAGE: u32 = 80;

/// Something that happens in the life of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LifetimeAction {
    /// When.
    pub trigger: Trigger,
    /// What.
    pub action: ActionType,
}

/// When something happens in the life of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// `lifetime_percentage`: after so many percent of it, from 1 to 99.
    LifetimePercentage(u32),
    /// `days_before_expiry`: so many days before its end.
    DaysBeforeExpiry(u32),
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionType {
    /// `EmailContacts`: the contacts of the vault are told.
    EmailContacts,
    /// `AutoRenew`: a new version is made.
    AutoRenew,
}

impl ActionType {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EmailContacts => "EmailContacts",
            Self::AutoRenew => "AutoRenew",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::EmailContacts, Self::AutoRenew]
            .into_iter()
            .find(|action| action.name().eq_ignore_ascii_case(name))
    }
}

impl LifetimeAction {
    /// Does `action` when most of the life is over.
    pub(super) const fn usual(action: ActionType) -> Self {
        Self {
            trigger: Trigger::LifetimePercentage(USUAL_PERCENTAGE),
            action,
        }
    }

    fn read(value: &Value) -> Result<Self, PolicyError> {
        let object = Object::of(value, Member::LifetimeActions)?;
        let trigger = object.object(Member::Trigger)?;
        let percentage = trigger.number(Member::LifetimePercentage, 1, 99)?;
        let days = trigger.number(Member::DaysBeforeExpiry, 1, u32::MAX)?;
        let trigger = match (percentage, days) {
            (Some(percent), None) => Trigger::LifetimePercentage(percent),
            (None, Some(days)) => Trigger::DaysBeforeExpiry(days),
            (Some(_), Some(_)) | (None, None) => return Err(PolicyError::Member(Member::Trigger)),
        };
        let action = object
            .object(Member::Action)?
            .named(Member::ActionType, ActionType::from_name)?
            .ok_or(PolicyError::Member(Member::ActionType))?;
        Ok(Self { trigger, action })
    }
}

/// The actions that a request sends, where it does.
pub(super) fn read(policy: Object<'_>) -> Result<Option<Vec<LifetimeAction>>, PolicyError> {
    let actions = policy.read(Member::LifetimeActions, |value| {
        value.as_array().filter(|actions| actions.len() <= MOST_ACTIONS)
    })?;
    actions
        .map(|actions| actions.iter().map(LifetimeAction::read).collect())
        .transpose()
}

/// Checks that nothing happens before a certificate is valid for so many months.
pub(super) fn check(actions: &[LifetimeAction], validity_months: u32) -> Result<(), PolicyError> {
    let most = validity_months.saturating_mul(MOST_DAYS_OF_A_MONTH);
    let is_late_enough = |action: &LifetimeAction| match action.trigger {
        Trigger::LifetimePercentage(_) => true,
        Trigger::DaysBeforeExpiry(days) => days <= most,
    };
    if actions.iter().all(is_late_enough) {
        Ok(())
    } else {
        Err(PolicyError::DaysBeforeExpiry { most })
    }
}
