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
use strongroom_client::admin::bundle_hash;
use strongroom_core::{Bundle, BundlePolicy, Generation};
use strongroom_wire::admin::BundleId;
use uuid::Uuid;

use super::dispute::Dispute;

/// The policies that a vault enforces. A clone is cheap.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct InForce {
    /// The id of the vault that they are for.
    pub vault_id: Uuid,
    /// The policies as the vault's bundle carries them.
    pub policies: Arc<Vec<BundlePolicy>>,
    /// The bundle that brought them.
    pub bundle: BundleId,
    /// How many bytes that bundle has.
    pub bytes: usize,
    pub frozen: bool,
}

impl InForce {
    /// The bundle of these policies, and the bytes to bring it as. Only what an operator compiled becomes one: nothing that
    /// came from a vault does.
    pub fn write(
        vault_id: Uuid,
        generation: Generation,
        policies: Vec<BundlePolicy>,
        frozen: bool,
    ) -> Result<(Self, Vec<u8>), serde_json::Error> {
        let bundle = Bundle::new(vault_id.to_string(), generation, policies);
        let bytes = serde_json::to_vec(&bundle)?;
        let in_force = Self {
            vault_id,
            policies: Arc::new(bundle.policies),
            bundle: BundleId {
                generation,
                hash: bundle_hash(&bytes),
            },
            bytes: bytes.len(),
            frozen,
        };
        Ok((in_force, bytes))
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
    /// The bundle that the vault is known to enforce. This leader or an earlier one brought it.
    known: Option<BundleId>,
    /// That, if this leader brought it.
    in_force: Option<InForce>,
    /// What this leader brought last, whether the vault took it or not.
    offered: Option<InForce>,
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
        if reported == entry.known.as_ref() {
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

    /// Begins after the greatest generation that the vault claims, with what it reports to enforce. Errors: there is no
    /// greater epoch.
    pub fn take_over(&self, greatest: Generation, reported: Option<&BundleId>) -> Result<(), Conflict> {
        let mut entry = self.0.lock();
        let begin = greatest.next_leader().ok_or_else(|| entry.conflict())?;
        let ours = [entry.offered.take(), entry.in_force.take()];
        let mut ours = ours.into_iter().flatten();
        entry.issued = Some(begin);
        entry.in_force = ours.find(|ours| Some(&ours.bundle) == reported);
        entry.known = reported.cloned();
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

    /// Notes what is brought to the vault now: the answer may be lost.
    pub fn offer(&self, offered: InForce) {
        self.0.lock().offered = Some(offered);
    }

    /// Records what the vault took just now, unless it has taken something later.
    pub fn record(&self, taken: InForce) {
        let mut entry = self.0.lock();
        let known = entry.known.as_ref().map(|known| known.generation);
        if known < Some(taken.generation()) {
            entry.known = Some(taken.bundle.clone());
            entry.in_force = Some(taken);
            entry.offered = None;
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
        InForce::write(Uuid::nil(), generation, Vec::new(), false)
            .unwrap()
            .0
    }

    #[test]
    fn each_generation_is_issued_once_and_the_policy_in_force_moves_forward_only() {
        let ledger = PolicyLedger::default();
        ledger
            .take_over(Generation { epoch: 2, n: 9 }, Some(&in_force(2, 9).bundle))
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
    fn what_a_vault_took_without_an_answer_is_known_when_it_reports_it_and_nothing_else_is() {
        let ledger = PolicyLedger::default();
        let of = |in_force: Option<InForce>| in_force.map(|in_force| in_force.generation().n);
        ledger.take_over(Generation { epoch: 2, n: 9 }, None).unwrap();
        for n in [1, 2] {
            ledger.issue().unwrap();
            ledger.offer(in_force(3, n));
            if n == 1 {
                ledger.record(in_force(3, n));
            }
        }
        let (first, second) = (in_force(3, 1).bundle, in_force(3, 2).bundle);
        ledger.take_over(second.generation, Some(&second)).unwrap();
        assert_eq!(of(ledger.in_force()), Some(2));
        ledger.take_over(second.generation, Some(&first)).unwrap();
        assert_eq!(of(ledger.in_force()), None, "it is not what is in force");
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
            .take_over(Generation { epoch: 2, n: 9 }, Some(&in_force(2, 9).bundle))
            .unwrap();
        assert!(ledger.keep(&[], false).is_none());
        ledger.issue().unwrap();
        ledger.record(in_force(3, 1));
        assert!(ledger.keep(&[], true).is_some_and(|in_force| in_force.frozen));
        assert!(ledger.in_force().is_some_and(|in_force| in_force.frozen));
    }
}
