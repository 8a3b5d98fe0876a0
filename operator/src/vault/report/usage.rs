//! How much a vault keeps of what it may, as it says. Pure.

use strongroom_crds::vault::VaultUsage;
use strongroom_wire::admin::Usage;

use crate::conditions::Reason;

/// From how many percent of a limit on it is said to be near.
const NEAR_PERCENT: u64 = 80;

/// What the status shows. Bytes change with every write, so it shows no more of them than percents.
pub(super) fn shown(usage: Usage) -> VaultUsage {
    VaultUsage {
        object_percent: i32::try_from(object_percent(usage)).unwrap_or(i32::MAX),
        object_bytes_limit: saturated(usage.object_bytes_limit),
        most_versions: saturated(usage.most_versions),
        versions_limit: usage.versions_limit.into(),
    }
}

/// Which limit is near; the bytes before the versions, because they concern every object.
pub(super) fn near(usage: Usage) -> Option<Reason> {
    let objects = object_percent(usage);
    if objects >= NEAR_PERCENT {
        let message = format!(
            "The objects take {objects} % of what this vault keeps. At 100 % it refuses new values and goes on with everything else. Delete and purge objects, or raise spec.storage.embedded.size, or spec.limits.objectBytes if that is set."
        );
        return Some(Reason::new("ObjectsNearLimit", message));
    }
    let versions = percent(usage.most_versions, usage.versions_limit.into());
    (versions >= NEAR_PERCENT).then(|| {
        let message = format!(
            "One object has {} of the {} versions that it can have. At the limit the vault refuses new values of it. Raise spec.limits.versionsPerObject, or delete and purge the object and set it again.",
            usage.most_versions, usage.versions_limit
        );
        Reason::new("VersionsNearLimit", message)
    })
}

const fn object_percent(usage: Usage) -> u64 {
    percent(usage.object_bytes, usage.object_bytes_limit)
}

/// Of a limit of nothing, everything is taken.
const fn percent(part: u64, limit: u64) -> u64 {
    match part.saturating_mul(100).checked_div(limit) {
        Some(percent) => percent,
        None => 100,
    }
}

fn saturated(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(object_bytes: u64, most_versions: u64) -> Usage {
        Usage {
            object_bytes,
            object_bytes_limit: 1_000,
            most_versions,
            versions_limit: 10,
        }
    }

    #[test]
    fn a_limit_is_near_from_four_fifths_on_and_the_bytes_come_first() {
        let word = |usage| near(usage).map(|reason| reason.word);
        for (bytes, versions, expected) in [
            (0, 0, None),
            (799, 7, None),
            (800, 7, Some("ObjectsNearLimit")),
            (1_001, 10, Some("ObjectsNearLimit")),
            (799, 8, Some("VersionsNearLimit")),
        ] {
            assert_eq!(word(usage(bytes, versions)), expected, "{bytes} {versions}");
        }
        let nothing = Usage {
            object_bytes_limit: 0,
            ..usage(0, 0)
        };
        assert_eq!(word(nothing), Some("ObjectsNearLimit"));
    }

    #[test]
    fn the_status_changes_with_percents_and_not_with_bytes() {
        assert_eq!(shown(usage(120, 3)), shown(usage(129, 3)));
        assert_eq!(shown(usage(120, 3)).object_percent, 12);
        assert_eq!(shown(usage(u64::MAX, 3)).object_percent, i32::MAX);
    }
}
