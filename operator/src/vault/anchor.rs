//! The anchor: what the operator remembers of a vault's store and of its audit log, so that a store put back to an older
//! state is noticed, and a log that was cut or rewritten.

use strongroom_wire::admin::{Anchor, Compared, Rollback, Status};

/// The annotation by which a vault's owner accepts an older store; its value is the generation found. It acts once.
pub const ACCEPT_ROLLBACK: &str = "strongroom.dev/accept-rollback";

/// The annotation by which a vault's owner accepts that the audit log does not hold what it held; its value is the number
/// of the record that is missed. It acts once.
pub const ACCEPT_AUDIT_LOG: &str = "strongroom.dev/accept-audit-log";

/// What to do after comparing what a vault says with what is anchored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: the same, or nobody can tell yet.
    Same,
    /// It follows what is anchored, or was never seen: anchor it.
    Anchor,
    /// Older, or it went its own way: report the rollback to the vault, which then serves no data.
    Rollback(Rollback),
    /// The owner accepts what is there: report that to the vault, and anchor it.
    Accept(Rollback),
}

/// Compares the store. `known` is what the vault knows of the anchor; none where it was not asked, or did not answer. Pure.
pub fn compare(
    anchored: Option<&Anchor>,
    status: &Status,
    known: Option<&Compared>,
    accepted: Option<&str>,
) -> Verdict {
    let Some(anchored) = anchored else {
        return Verdict::Anchor;
    };
    let found = &status.anchor;
    let is_older = found.generation < anchored.generation;
    let is_different = found.generation == anchored.generation && found.digest != anchored.digest;
    let is_foreign = known.is_some_and(|known| !follows(anchored, known));
    let is_broken = is_older || is_different || is_foreign;
    if matches!(status.rollback, Some(Rollback::Detected { .. })) {
        // What is accepted was looked at: the vault has said that it is not what was anchored.
        let generation = found.generation;
        if accepted == Some(generation.to_string().as_str()) {
            Verdict::Accept(Rollback::Accept { generation })
        } else {
            Verdict::Same
        }
    } else if is_broken {
        Verdict::Rollback(Rollback::Detected {
            anchored: anchored.generation,
        })
    } else if found == anchored || (anchored.is_chained && known.is_none()) {
        Verdict::Same
    } else {
        Verdict::Anchor
    }
}

/// Whether the store follows the anchored state. A digest of the first release stands for nothing that went before.
fn follows(anchored: &Anchor, known: &Compared) -> bool {
    !anchored.is_chained || known.is_superseded || known.digest.as_ref() == Some(&anchored.digest)
}

/// The number of the anchored audit record, if the log does not hold it any more and did not remove it in its time.
pub fn missed_record(anchored: &Anchor, known: &Compared) -> Option<u64> {
    let is_there = known.audit_hash.as_ref() == Some(&anchored.audit_hash);
    let record = anchored.audit_sequence;
    (record > known.audit_removed_through && !is_there).then_some(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_wire::admin::SealStatus;

    const DETECTED: Verdict = Verdict::Rollback(Rollback::Detected { anchored: 3 });

    fn anchor(generation: u64, digest: &str) -> Anchor {
        Anchor {
            generation,
            digest: digest.to_owned(),
            is_chained: true,
            audit_sequence: 9,
            audit_hash: "c".to_owned(),
        }
    }

    fn known(digest: Option<&str>) -> Compared {
        Compared {
            digest: digest.map(str::to_owned),
            is_superseded: false,
            audit_hash: Some("c".to_owned()),
            audit_removed_through: 0,
        }
    }

    fn status(anchor: Anchor, rollback: Option<Rollback>) -> Status {
        Status {
            vault_id: uuid::Uuid::nil(),
            version: String::new(),
            anchor,
            policy: None,
            fence: None,
            seal: SealStatus {
                kind: String::new(),
                key_id: String::new(),
                unsealed: true,
            },
            storage_problem: None,
            audit_problem: None,
            clock_problem: None,
            usage: None,
            soft_delete: None,
            rollback,
        }
    }

    /// What comes of a store at `found` where generation 3 with digest `a` is anchored.
    fn compared(found: Anchor, known: Option<&Compared>) -> Verdict {
        compare(Some(&anchor(3, "a")), &status(found, None), known, None)
    }

    #[test]
    fn a_store_that_moves_on_is_anchored_and_one_that_stands_still_is_not() {
        let first = compare(None, &status(anchor(3, "a"), None), None, None);
        assert_eq!(first, Verdict::Anchor);
        let a = known(Some("a"));
        assert_eq!(compared(anchor(4, "b"), Some(&a)), Verdict::Anchor);
        assert_eq!(compared(anchor(3, "a"), Some(&a)), Verdict::Same);
    }

    #[test]
    fn an_older_or_a_different_store_is_a_rollback_whether_it_was_asked_or_not() {
        for known in [None, Some(&known(Some("a"))), Some(&known(None))] {
            assert_eq!(compared(anchor(2, "x"), known), DETECTED);
            assert_eq!(compared(anchor(3, "b"), known), DETECTED);
        }
    }

    #[test]
    fn a_later_store_that_does_not_know_what_is_anchored_is_a_rollback() {
        for digest in [None, Some("x")] {
            assert_eq!(
                compared(anchor(1000, "y"), Some(&known(digest))),
                DETECTED,
                "{digest:?}"
            );
        }
    }

    #[test]
    fn a_later_store_is_anchored_only_once_it_has_proved_that_it_follows() {
        assert_eq!(compared(anchor(4, "b"), None), Verdict::Same);
        let superseded = Compared {
            is_superseded: true,
            ..known(None)
        };
        assert_eq!(compared(anchor(4, "b"), Some(&superseded)), Verdict::Anchor);
    }

    #[test]
    fn of_an_anchor_of_the_first_release_nothing_is_proved() {
        let earlier = Anchor {
            is_chained: false,
            ..anchor(3, "a")
        };
        let after = |found: Anchor| compare(Some(&earlier), &status(found, None), Some(&known(None)), None);
        assert_eq!(after(anchor(4, "b")), Verdict::Anchor);
        assert_eq!(after(anchor(2, "b")), DETECTED);
    }

    #[test]
    fn only_the_generation_that_was_found_can_be_accepted() {
        let reported = Some(Rollback::Detected { anchored: 3 });
        let found = |accepted| {
            let status = status(anchor(2, "x"), reported.clone());
            compare(Some(&anchor(3, "a")), &status, None, accepted)
        };
        let accept = Verdict::Accept(Rollback::Accept { generation: 2 });
        assert_eq!(found(Some("2")), accept);
        assert_eq!(found(Some("1")), Verdict::Same);
        assert_eq!(found(None), Verdict::Same);
    }

    #[test]
    fn what_the_vault_has_not_reported_cannot_be_accepted() {
        let found = status(anchor(2, "x"), None);
        assert_eq!(compare(Some(&anchor(3, "a")), &found, None, Some("2")), DETECTED);
    }

    #[test]
    fn an_acceptance_left_behind_does_nothing_to_a_healthy_store() {
        let status = status(anchor(2, "x"), None);
        let a = known(Some("x"));
        assert_eq!(
            compare(Some(&anchor(2, "x")), &status, Some(&a), Some("2")),
            Verdict::Same
        );
    }

    #[test]
    fn an_audit_record_is_missed_unless_it_is_there_or_the_vault_removed_it() {
        let log = |hash: Option<&str>, removed| Compared {
            audit_hash: hash.map(str::to_owned),
            audit_removed_through: removed,
            ..known(None)
        };
        for (log, missed) in [
            (log(Some("c"), 0), None),
            (log(Some("d"), 0), Some(9)),
            (log(None, 8), Some(9)),
            (log(None, 9), None),
        ] {
            assert_eq!(missed_record(&anchor(3, "a"), &log), missed, "{log:?}");
        }
    }
}
