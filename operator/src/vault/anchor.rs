//! The anchor: what the operator remembers of a vault's store, so that a store put back to an older state is noticed.

use strongroom_wire::admin::{Anchor, Rollback, Status};

/// The annotation by which a vault's owner accepts an older store; its value is the generation found.
pub const ACCEPT_ROLLBACK: &str = "strongroom.dev/accept-rollback";

/// What to do after comparing what a vault says with what is anchored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The same: nothing.
    Same,
    /// Newer, or never seen: anchor it.
    Anchor,
    /// Older or different: report the rollback to the vault, which then serves no data.
    Rollback(Rollback),
    /// The owner accepts what is there: report that to the vault, and anchor it.
    Accept(Rollback),
}

/// Compares. Pure.
pub fn compare(anchored: Option<&Anchor>, status: &Status, accepted: Option<&str>) -> Verdict {
    let Some(anchored) = anchored else {
        return Verdict::Anchor;
    };
    let found = &status.anchor;
    let older = found.generation < anchored.generation;
    let different = found.generation == anchored.generation && found.digest != anchored.digest;
    let reported = matches!(status.rollback, Some(Rollback::Detected { .. }));
    if (older || different || reported) && accepted == Some(found.generation.to_string().as_str()) {
        Verdict::Accept(Rollback::Accept {
            generation: found.generation,
        })
    } else if older || different {
        if reported {
            Verdict::Same
        } else {
            Verdict::Rollback(Rollback::Detected {
                anchored: anchored.generation,
            })
        }
    } else if found == anchored || reported {
        Verdict::Same
    } else {
        Verdict::Anchor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_wire::admin::SealStatus;

    fn anchor(generation: u64, digest: &str) -> Anchor {
        Anchor {
            generation,
            digest: digest.to_owned(),
            audit_sequence: 0,
            audit_hash: String::new(),
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
            rollback,
        }
    }

    #[test]
    fn a_store_that_moves_on_is_anchored_and_one_that_stands_still_is_not() {
        assert_eq!(
            compare(None, &status(anchor(3, "a"), None), None),
            Verdict::Anchor
        );
        assert_eq!(
            compare(Some(&anchor(3, "a")), &status(anchor(4, "b"), None), None),
            Verdict::Anchor
        );
        assert_eq!(
            compare(Some(&anchor(3, "a")), &status(anchor(3, "a"), None), None),
            Verdict::Same
        );
    }

    #[test]
    fn an_older_or_a_different_store_is_a_rollback() {
        let detected = Verdict::Rollback(Rollback::Detected { anchored: 3 });
        assert_eq!(
            compare(Some(&anchor(3, "a")), &status(anchor(2, "x"), None), None),
            detected
        );
        assert_eq!(
            compare(Some(&anchor(3, "a")), &status(anchor(3, "b"), None), None),
            detected
        );
    }

    #[test]
    fn only_the_generation_that_was_found_can_be_accepted() {
        let reported = Some(Rollback::Detected { anchored: 3 });
        let accept = Verdict::Accept(Rollback::Accept { generation: 2 });
        assert_eq!(
            compare(
                Some(&anchor(3, "a")),
                &status(anchor(2, "x"), reported.clone()),
                Some("2")
            ),
            accept
        );
        assert_eq!(
            compare(
                Some(&anchor(3, "a")),
                &status(anchor(2, "x"), reported.clone()),
                Some("1")
            ),
            Verdict::Same
        );
        assert_eq!(
            compare(Some(&anchor(3, "a")), &status(anchor(2, "x"), reported), None),
            Verdict::Same
        );
    }

    #[test]
    fn an_acceptance_left_behind_does_nothing_to_a_healthy_store() {
        assert_eq!(
            compare(Some(&anchor(2, "x")), &status(anchor(2, "x"), None), Some("2")),
            Verdict::Same
        );
    }
}
