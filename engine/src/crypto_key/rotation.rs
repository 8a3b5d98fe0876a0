//! The rotation policy of a key: when it gets a new version by itself, when its end is announced, and when a new version
//! ends.

use strongroom_core::Timestamp;

use super::period::Period;
use crate::format::{
    codec::{CodecError, Decoder, Encoder},
    encoded::Encoded,
};

/// The fewest days between the making of a version and its rotation, and between that and its end (Azure Key Vault,
/// Configure cryptographic key auto-rotation).
const LEAST_DAYS: u64 = 7;

/// The fewest days that a version may live.
const LEAST_LIFE: u64 = 28;

/// How many days before its end a version is announced, unless the policy says otherwise.
const USUAL_NOTICE: u32 = 30;

/// When something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// So long after the version was made.
    AfterCreation(Period),
    /// So long before its `exp`.
    BeforeExpiry(Period),
}

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationRules {
    /// When a new version is made; none is never.
    pub rotate: Option<Trigger>,
    /// How long before its `exp` a version is announced to be near its end.
    pub notify: Period,
    /// How long a new version lives; none is for ever.
    pub life: Option<Period>,
}

/// Why what a policy would say is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// A version would live too short.
    #[error("expiryTime must be at least {LEAST_LIFE} days.")]
    Life,
    /// The version would be rotated too early.
    #[error("A key can be rotated {LEAST_DAYS} days after its creation at the earliest.")]
    TooEarly,
    /// The version would be rotated too late.
    #[error("A key must be rotated at least {LEAST_DAYS} days before its expiry.")]
    TooLate,
}

impl Default for RotationRules {
    fn default() -> Self {
        Self {
            rotate: None,
            notify: Period::of_days(USUAL_NOTICE),
            life: None,
        }
    }
}

impl RotationRules {
    /// Checks what they say.
    ///
    /// # Errors
    /// The rule that they break.
    pub fn check(&self) -> Result<(), RulesError> {
        let life = self.life.as_ref();
        // By the longest that the calendar makes of it: `P1M` is at least 28 days.
        if life.is_some_and(|life| life.most_days() < LEAST_LIFE) {
            return Err(RulesError::Life);
        }
        let lives = |days: u64| life.is_none_or(|life| days + LEAST_DAYS <= life.most_days());
        match &self.rotate {
            Some(Trigger::AfterCreation(period)) if period.most_days() < LEAST_DAYS => {
                Err(RulesError::TooEarly)
            }
            Some(Trigger::AfterCreation(period)) if !lives(period.least_days()) => Err(RulesError::TooLate),
            Some(Trigger::BeforeExpiry(period)) if period.most_days() < LEAST_DAYS => {
                Err(RulesError::TooLate)
            }
            Some(Trigger::BeforeExpiry(period)) if !lives(period.least_days()) => Err(RulesError::TooEarly),
            Some(_) | None => Ok(()),
        }
    }
}

/// A policy that was put, with when that was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationPolicy {
    /// What it says.
    pub rules: RotationRules,
    /// When the key got its first policy.
    pub created: Timestamp,
    /// When this one was put.
    pub updated: Timestamp,
}

/// What the vault notes about a key, whatever the version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyObject {
    /// The policy, where one was put.
    pub rotation: Option<RotationPolicy>,
}

impl KeyObject {
    /// What the policy says; what is usual where none was put.
    pub fn rules(&self) -> RotationRules {
        let put = self.rotation.as_ref();
        put.map_or_else(RotationRules::default, |policy| policy.rules.clone())
    }
}

/// Triggers, as they are stored.
const AFTER_CREATION: u8 = 1;
const BEFORE_EXPIRY: u8 = 2;

impl Encoded for KeyObject {
    fn put(&self, encoder: &mut Encoder) {
        encoder.option(self.rotation.as_ref(), |e, policy| {
            let RotationRules { rotate, notify, life } = &policy.rules;
            e.option(rotate.as_ref(), |e, trigger| {
                match trigger {
                    Trigger::AfterCreation(period) => e.u8(AFTER_CREATION).text(period.as_str()),
                    Trigger::BeforeExpiry(period) => e.u8(BEFORE_EXPIRY).text(period.as_str()),
                };
            });
            e.text(notify.as_str()).option(life.as_ref(), |e, life| {
                e.text(life.as_str());
            });
            e.time(policy.created).time(policy.updated);
        });
    }

    fn take(decoder: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let rotation = decoder.option(|d| {
            let rotate = d.option(|d| match d.u8()? {
                AFTER_CREATION => period(d).map(Trigger::AfterCreation),
                BEFORE_EXPIRY => period(d).map(Trigger::BeforeExpiry),
                _ => Err(CodecError::Field),
            })?;
            let rules = RotationRules {
                rotate,
                notify: period(d)?,
                life: d.option(period)?,
            };
            Ok(RotationPolicy {
                rules,
                created: d.time()?,
                updated: d.time()?,
            })
        })?;
        Ok(Self { rotation })
    }

    fn room(&self) -> usize {
        // Three periods at their longest, and the times.
        192
    }
}

fn period(decoder: &mut Decoder<'_>) -> Result<Period, CodecError> {
    decoder.text()?.parse().map_err(|_| CodecError::Field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(rotate: Option<Trigger>, life: Option<&str>) -> RotationRules {
        RotationRules {
            rotate,
            life: life.map(|life| life.parse().unwrap()),
            ..RotationRules::default()
        }
    }

    fn after(text: &str) -> Trigger {
        Trigger::AfterCreation(text.parse().unwrap())
    }

    fn before(text: &str) -> Trigger {
        Trigger::BeforeExpiry(text.parse().unwrap())
    }

    #[test]
    fn a_version_lives_long_enough_and_is_rotated_within_its_life() {
        for good in [
            rules(None, None),
            rules(None, Some("P28D")),
            rules(None, Some("P1M")),
            rules(Some(after("P7D")), None),
            rules(Some(after("P83D")), Some("P90D")),
            rules(Some(before("P10D")), Some("P90D")),
            rules(Some(before("P30D")), None),
            rules(Some(after("P1M")), Some("P2M")),
        ] {
            assert_eq!(good.check(), Ok(()), "{good:?}");
        }
        for (bad, why) in [
            (rules(None, Some("P27D")), RulesError::Life),
            (rules(Some(after("P6D")), None), RulesError::TooEarly),
            (rules(Some(after("P84D")), Some("P90D")), RulesError::TooLate),
            (rules(Some(before("P6D")), Some("P90D")), RulesError::TooLate),
            (rules(Some(before("P84D")), Some("P90D")), RulesError::TooEarly),
        ] {
            assert_eq!(bad.check(), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn a_policy_is_read_as_it_was_written() {
        for rules in [
            rules(None, None),
            rules(Some(after("P18M")), Some("P2Y")),
            rules(Some(before("P30D")), None),
        ] {
            let written = KeyObject {
                rotation: Some(RotationPolicy {
                    rules,
                    created: Timestamp::from_unix(7),
                    updated: Timestamp::from_unix(8),
                }),
            };
            for object in [written, KeyObject::default()] {
                let mut encoder = Encoder::with_capacity(object.room());
                object.put(&mut encoder);
                assert!(encoder.as_bytes().len() <= object.room());
                let mut decoder = Decoder::new(encoder.as_bytes());
                assert_eq!(KeyObject::take(&mut decoder).unwrap(), object);
                decoder.finish().unwrap();
            }
        }
    }
}
