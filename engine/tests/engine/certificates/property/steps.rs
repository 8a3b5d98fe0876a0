//! Random operations on certificates, keys and secrets of a few names.

use proptest::prelude::*;

use crate::{certificates::model::Which, fixture::DAY};

/// What happens to one name.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// Whether it renews, and what is the current version; its tags, and whether it is enabled.
    Begin(Option<bool>, bool, bool),
    /// Of the operation that there is, or of another.
    Complete(bool, Option<bool>, Option<bool>),
    End(bool, bool),
    Cancel,
    Forget,
    Import(bool, bool),
    /// The version, whether the policy is as it was read, and what is said anew.
    Update(Option<u8>, Option<bool>, Option<bool>, Option<bool>),
    Delete,
    Recover,
    Purge,
    Backup,
    Restore,
    SetPlain(Which),
    DeletePlain(Which),
    RecoverPlain(Which),
    PurgePlain(Which),
    Wait(u64),
}

pub(super) fn step() -> impl Strategy<Value = (u8, Step)> {
    let which = || prop_oneof![Just(Which::Key), Just(Which::Secret)];
    let said = any::<Option<bool>>;
    let right = || proptest::bool::weighted(0.9);
    let renews = proptest::option::weighted(0.3, right());
    let version = proptest::option::of(0..4_u8);
    let read = proptest::option::of(right());
    let step = prop_oneof![
        6 => (renews, any::<bool>(), any::<bool>()).prop_map(|(r, t, e)| Step::Begin(r, t, e)),
        6 => (right(), said(), said()).prop_map(|(r, t, e)| Step::Complete(r, t, e)),
        2 => (right(), any::<bool>()).prop_map(|(right, fails)| Step::End(right, fails)),
        1 => Just(Step::Cancel),
        1 => Just(Step::Forget),
        3 => (any::<bool>(), any::<bool>()).prop_map(|(t, e)| Step::Import(t, e)),
        3 => (version, read, said(), said()).prop_map(|(v, p, e, t)| Step::Update(v, p, e, t)),
        4 => Just(Step::Delete),
        3 => Just(Step::Recover),
        2 => Just(Step::Purge),
        2 => Just(Step::Backup),
        2 => Just(Step::Restore),
        2 => which().prop_map(Step::SetPlain),
        2 => which().prop_map(Step::DeletePlain),
        1 => which().prop_map(Step::RecoverPlain),
        1 => which().prop_map(Step::PurgePlain),
        2 => (1..10 * DAY).prop_map(Step::Wait),
    ];
    (0..3_u8, step)
}
