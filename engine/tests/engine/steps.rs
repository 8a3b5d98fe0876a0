//! Random operations on the objects of a vault.

use proptest::prelude::*;
use strongroom_core::Timestamp;
use strongroom_engine::{AttributesPatch, Change, Tags};

use crate::fixture::DAY;

/// `enabled`, `nbf` and `exp` of a request.
pub type Given = (Option<bool>, Option<u64>, Option<u64>);

/// What happens to a vault.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    Set {
        name: u8,
        value: u8,
        attributes: Given,
        tagged: bool,
    },
    Update {
        name: u8,
        version: Option<u8>,
        attributes: Given,
        tagged: Option<bool>,
    },
    /// A new version in place of the current one, or of another, which is refused.
    Replace {
        name: u8,
        is_late: bool,
        value: u8,
        expires: Option<u64>,
    },
    /// Something is said anew of the object.
    Amend(u8, u8),
    Delete(u8),
    Recover(u8),
    Purge(u8),
    Backup(u8),
    Restore(u8),
    Wait(u64),
}

fn attributes() -> impl Strategy<Value = Given> {
    let date = || proptest::option::weighted(0.3, 0..5_u64);
    (proptest::option::weighted(0.3, any::<bool>()), date(), date())
}

pub fn step() -> impl Strategy<Value = Step> {
    let name = 0..3_u8;
    prop_oneof![
        4 => (name.clone(), any::<u8>(), attributes(), any::<bool>())
            .prop_map(|(name, value, attributes, tagged)| Step::Set { name, value, attributes, tagged }),
        3 => (name.clone(), proptest::option::of(0..5_u8), attributes(), any::<Option<bool>>())
            .prop_map(|(name, version, attributes, tagged)| Step::Update { name, version, attributes, tagged }),
        3 => (name.clone(), proptest::bool::weighted(0.2), any::<u8>(), proptest::option::of(1..5_u64))
            .prop_map(|(name, is_late, value, expires)| Step::Replace { name, is_late, value, expires }),
        1 => (name.clone(), any::<u8>()).prop_map(|(name, value)| Step::Amend(name, value)),
        3 => name.clone().prop_map(Step::Delete),
        2 => name.clone().prop_map(Step::Recover),
        1 => name.clone().prop_map(Step::Purge),
        2 => name.clone().prop_map(Step::Backup),
        2 => name.prop_map(Step::Restore),
        2 => (1..10 * DAY).prop_map(Step::Wait),
    ]
}

pub fn text(name: u8) -> &'static str {
    ["a", "a-b", "b"][usize::from(name) % 3]
}

pub fn tags(tagged: bool) -> Tags {
    if tagged {
        Tags::from([("k".into(), "v".into())])
    } else {
        Tags::new()
    }
}

/// The attributes of a request: a date of zero takes the date away.
pub fn patch((enabled, nbf, exp): Given) -> AttributesPatch {
    let change = |date| match date {
        None => Change::Keep,
        Some(0) => Change::Clear,
        Some(seconds) => Change::Set(Timestamp::from_unix(seconds)),
    };
    AttributesPatch {
        enabled,
        not_before: change(nbf),
        expires: change(exp),
    }
}

/// The date that was `before`, after a request with `given`.
pub fn date_after(given: Option<u64>, before: Option<u64>) -> Option<u64> {
    match given {
        None => before,
        Some(0) => None,
        date => date,
    }
}
