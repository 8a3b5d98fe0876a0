//! Which policy is in force at a vault, and which generation the next bundle gets.
//!
//! Guarantees:
//! - a generation is issued once: two bundles of this leader never share one, whatever became of the first;
//! - the policy recorded as in force moves forward only;
//! - generations of a leader are greater than all that the vault had taken when the leader took it over.
//!
//! The vault in turn takes no bundle whose generation is not greater than the one that it has.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use strongroom_core::{Bundle, BundlePolicy, Generation};
use strongroom_wire::admin::BundleId;

use super::dispute::Dispute;

/// The policies that a vault enforces. A clone is cheap.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct InForce {
    /// The id of the vault that took them.
    pub vault_id: String,
    /// The policies as the vault's bundle carries them.
    pub policies: Arc<Vec<BundlePolicy>>,
    /// The bundle that brought them.
    pub bundle: BundleId,
    pub frozen: bool,
}

impl InForce {
    /// The policies of a bundle that a vault took.
    pub fn new(bundle: Bundle, id: BundleId, frozen: bool) -> Self {
        Self {
            vault_id: bundle.vault_id,
            policies: Arc::new(bundle.policies),
            bundle: id,
            frozen,
        }
    }

    /// Their generation.
    pub const fn generation(&self) -> Generation {
        self.bundle.generation
    }
}

/// How the policy that a vault reports stands to what this leader knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The vault enforces what this leader knows.
    Known,
    /// The vault enforces something else that this leader may have brought, or an earlier one: at the first contact,
    /// after an answer that was lost, and when the vault was put back to an older store.
    Unknown,
    /// The vault claims a generation that this leader has not issued yet. That says nothing of who leads.
    Ahead,
}

/// A vault claims what this leader did not bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict {
    /// Whether it did so too often to be taken over again soon.
    pub is_stalled: bool,
}

/// The policy of one vault as this leader knows it.
#[derive(Debug, Default)]
pub struct PolicyLedger(Mutex<Entry>);

#[derive(Debug, Default)]
struct Entry {
    /// The greatest generation issued; `None` before the vault is taken over.
    issued: Option<Generation>,
    in_force: Option<InForce>,
    /// When the vault last took or confirmed it.
    confirmed: Option<Instant>,
    dispute: Dispute,
}

impl Entry {
    const fn conflict(&self) -> Conflict {
        Conflict {
            is_stalled: self.dispute.is_stalled(),
        }
    }
}

impl PolicyLedger {
    /// What the vault took last, as far as this leader knows.
    pub fn in_force(&self) -> Option<InForce> {
        self.0.lock().in_force.clone()
    }

    /// What follows from the policy that the vault reports.
    pub fn standing(&self, reported: Option<&BundleId>) -> Standing {
        let entry = self.0.lock();
        let Some(issued) = entry.issued else {
            return Standing::Unknown;
        };
        let known = entry.in_force.as_ref().map(|in_force| &in_force.bundle);
        if reported == known {
            Standing::Known
        } else if reported.is_some_and(|reported| reported.generation > issued) {
            Standing::Ahead
        } else {
            Standing::Unknown
        }
    }

    /// Whether a vault of this standing may be taken over now. One that is ahead may be a few times, and is then left
    /// alone for minutes.
    pub fn claim(&self, standing: Standing, now: Instant) -> Result<(), Conflict> {
        let mut entry = self.0.lock();
        if entry.dispute.waits(now) {
            return Err(entry.conflict());
        }
        if standing == Standing::Ahead {
            entry.dispute.count(now);
        }
        Ok(())
    }

    /// Begins after the greatest generation that the vault claims, with what it was found to enforce. Errors: there is no
    /// greater epoch.
    pub fn take_over(&self, greatest: Generation, found: Option<InForce>) -> Result<(), Conflict> {
        let mut entry = self.0.lock();
        let begin = greatest.next_leader().ok_or_else(|| entry.conflict())?;
        entry.issued = Some(begin);
        entry.in_force = found;
        entry.confirmed = None;
        Ok(())
    }

    /// Notes that the vault claims to have what this leader did not bring: it must be taken over again.
    pub fn dispute(&self, now: Instant) -> Conflict {
        let mut entry = self.0.lock();
        entry.issued = None;
        entry.dispute.count(now);
        entry.conflict()
    }

    /// What is in force, with `frozen` noted, if it is `policies` and this leader brought it; else `None`.
    pub fn keep(&self, policies: &[BundlePolicy], frozen: bool) -> Option<InForce> {
        let mut entry = self.0.lock();
        let epoch = entry.issued.map(|issued| issued.epoch);
        let ours = entry.in_force.as_mut().filter(|in_force| {
            in_force.policies.as_slice() == policies && Some(in_force.generation().epoch) == epoch
        });
        ours.map(|in_force| {
            in_force.frozen = frozen;
            in_force.clone()
        })
    }

    /// Issues the generation of the next bundle. Errors: there is none in this epoch.
    pub fn issue(&self) -> Result<Generation, Conflict> {
        let mut entry = self.0.lock();
        let last = entry.issued.unwrap_or(Generation { epoch: 1, n: 0 });
        let next = last.next_bundle().ok_or_else(|| entry.conflict())?;
        entry.issued = Some(next);
        Ok(next)
    }

    /// Records what the vault took just now, unless it has taken something later.
    pub fn record(&self, taken: InForce) {
        let mut entry = self.0.lock();
        let known = entry.in_force.as_ref().map(InForce::generation);
        if known < Some(taken.generation()) {
            entry.in_force = Some(taken);
            entry.confirmed = Some(Instant::now());
        }
    }

    /// Records that the vault confirmed just now what it enforces.
    pub fn confirm(&self) {
        self.0.lock().confirmed = Some(Instant::now());
    }

    /// How long ago the vault last took or confirmed its policy; `None` if it did not since it was taken over.
    pub fn confirmed_since(&self) -> Option<Duration> {
        let entry = self.0.lock();
        entry.issued?;
        entry.confirmed.map(|when| when.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_force(epoch: u64, n: u64) -> InForce {
        let generation = Generation { epoch, n };
        let id = BundleId {
            generation,
            hash: format!("{epoch}-{n}"),
        };
        InForce::new(Bundle::new("vault".to_owned(), generation, Vec::new()), id, false)
    }

    #[test]
    fn each_generation_is_issued_once_and_the_policy_in_force_moves_forward_only() {
        let ledger = PolicyLedger::default();
        ledger
            .take_over(Generation { epoch: 2, n: 9 }, Some(in_force(2, 9)))
            .unwrap();
        let (first, second) = (ledger.issue().unwrap(), ledger.issue().unwrap());
        assert_eq!(
            (first, second),
            (Generation { epoch: 3, n: 1 }, Generation { epoch: 3, n: 2 })
        );
        ledger.record(in_force(3, 2));
        ledger.record(in_force(3, 1));
        assert_eq!(
            ledger.in_force().map(|in_force| in_force.generation()),
            Some(second)
        );
        assert_eq!(ledger.issue(), Ok(Generation { epoch: 3, n: 3 }));
    }

    #[test]
    fn a_lost_answer_leaves_a_vault_unknown_and_a_generation_that_was_not_issued_is_ahead() {
        let ledger = PolicyLedger::default();
        assert_eq!(ledger.standing(None), Standing::Unknown, "the first contact");
        ledger.take_over(Generation { epoch: 2, n: 9 }, None).unwrap();
        assert_eq!(ledger.standing(None), Standing::Known);
        ledger.issue().unwrap();
        assert_eq!(ledger.standing(Some(&in_force(3, 1).bundle)), Standing::Unknown);
        ledger.record(in_force(3, 1));
        assert_eq!(ledger.standing(Some(&in_force(3, 1).bundle)), Standing::Known);
        // The vault took the second, and the answer was lost.
        ledger.issue().unwrap();
        assert_eq!(ledger.standing(Some(&in_force(3, 2).bundle)), Standing::Unknown);
        assert_eq!(ledger.standing(Some(&in_force(3, 3).bundle)), Standing::Ahead);
        assert_eq!(ledger.standing(Some(&in_force(4, 1).bundle)), Standing::Ahead);
        // A store that was put back.
        assert_eq!(ledger.standing(Some(&in_force(2, 9).bundle)), Standing::Unknown);
        assert_eq!(ledger.standing(None), Standing::Unknown);
    }

    #[test]
    fn a_generation_at_the_end_is_a_conflict_and_never_wraps() {
        let ledger = PolicyLedger::default();
        let last = Generation {
            epoch: Generation::MOST,
            n: 1,
        };
        assert!(ledger.take_over(last, None).is_err());
        let before = Generation {
            epoch: Generation::MOST - 1,
            n: Generation::MOST,
        };
        ledger.take_over(before, None).unwrap();
        assert_eq!(ledger.issue(), Ok(last));
    }

    #[test]
    fn a_vault_that_is_disputed_waits_and_is_then_taken_over_again() {
        let (ledger, now) = (PolicyLedger::default(), Instant::now());
        ledger.take_over(Generation { epoch: 2, n: 9 }, None).unwrap();
        ledger.claim(Standing::Ahead, now).unwrap();
        assert!(ledger.claim(Standing::Ahead, now).is_err());
        let later = now + Duration::from_secs(1);
        ledger.claim(Standing::Ahead, later).unwrap();
        let later = later + Duration::from_secs(2);
        assert_eq!(ledger.dispute(later), Conflict { is_stalled: false });
        assert_eq!(ledger.standing(None), Standing::Unknown);
        assert!(ledger.claim(Standing::Unknown, later).is_err());
    }

    #[test]
    fn the_same_policies_of_an_earlier_leader_are_brought_again() {
        let ledger = PolicyLedger::default();
        ledger
            .take_over(Generation { epoch: 2, n: 9 }, Some(in_force(2, 9)))
            .unwrap();
        assert!(ledger.keep(&[], false).is_none());
        ledger.issue().unwrap();
        ledger.record(in_force(3, 1));
        assert!(ledger.keep(&[], true).is_some_and(|in_force| in_force.frozen));
        assert!(ledger.in_force().is_some_and(|in_force| in_force.frozen));
    }
}
