//! Whether a vault keeps deleted objects as its spec says. Pure.

use strongroom_crds::vault::SoftDelete;
use strongroom_wire::admin;

use crate::conditions::{Health, Reason};

/// What is to be reported where the vault keeps deleted objects otherwise than its spec says. A vault of an earlier release
/// does not say how it does.
pub(super) fn difference(spec: &SoftDelete, kept: Option<admin::SoftDelete>) -> Option<Health> {
    let kept = kept?;
    if i32::from(kept.retention_days) != spec.retention_days
        || kept.purge_protection && !spec.purge_protection
    {
        let message = format!(
            "The vault keeps deleted objects {}, and will for life: its store says so. spec.softDelete says {}. The vault serves, by what its store says. Set spec.softDelete to {{retentionDays: {}, purgeProtection: {}}}.",
            described(kept.retention_days.into(), kept.purge_protection),
            described(spec.retention_days, spec.purge_protection),
            kept.retention_days,
            kept.purge_protection,
        );
        return Some(Health::Stalled(Reason::new("SoftDeleteDiffers", message)));
    }
    (kept.purge_protection != spec.purge_protection).then(|| {
        let message = "The vault has not stored yet that its deleted objects are protected from being purged. It does when its pod has started again.";
        Health::Progressing(Reason::new("SoftDeletePending", message))
    })
}

fn described(days: i32, is_protected: bool) -> String {
    let protection = if is_protected { "with" } else { "without" };
    format!("for {days} days {protection} purge protection")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_that_says_less_or_another_retention_stalls_and_one_that_says_more_waits() {
        let spec = |retention_days, purge_protection| SoftDelete {
            retention_days,
            purge_protection,
        };
        let kept = |retention_days, purge_protection| {
            Some(admin::SoftDelete {
                retention_days,
                purge_protection,
            })
        };
        let word = |health: Option<Health>| match health? {
            Health::Ready => None,
            Health::Progressing(reason) | Health::Stalled(reason) => Some(reason.word),
        };
        for (spec, kept, expected) in [
            (spec(90, false), None, None),
            (spec(30, true), kept(30, true), None),
            (spec(90, false), kept(30, false), Some("SoftDeleteDiffers")),
            (spec(30, false), kept(30, true), Some("SoftDeleteDiffers")),
            (spec(90, true), kept(30, false), Some("SoftDeleteDiffers")),
            (spec(30, true), kept(30, false), Some("SoftDeletePending")),
        ] {
            assert_eq!(word(difference(&spec, kept)), expected, "{spec:?} {kept:?}");
        }
        let Some(Health::Stalled(reason)) = difference(&spec(90, false), kept(30, true)) else {
            panic!("it does not stall");
        };
        assert!(
            reason
                .message
                .contains("{retentionDays: 30, purgeProtection: true}"),
            "{}",
            reason.message
        );
    }
}
