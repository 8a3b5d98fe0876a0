//! The policy in force: the bundle's holder, fenced by epoch, kept over a restart.
//!
//! ```text
//!   admin: put, confirm --fence--> takes away at once --> store --> in force, also what it gives --> decide, every request
//!          rollback                                                    |
//!                                                                      +--> Changes: wakes the streams, which decide again
//! ```
//!
//! Invariants:
//! - what a bundle takes away is taken away before anything waits, for the disk, the audit log or another bundle, and
//!   also where they fail;
//! - what it gives is in the store first, so a restarted vault gives nothing else;
//! - nothing replaces a bundle but a greater generation, understood in whole;
//! - without a bundle, with one that was not confirmed in time, or over a store that was put back, nothing is decided at
//!   all: [`Closed`].

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use parking_lot::{Mutex, MutexGuard};
use strongroom_audit::Verdict;
use strongroom_core::{Bundle, Generation, ObjectName, Permission, PolicyIndex, Uid};
use strongroom_engine::Objects;
use strongroom_wire::admin;
use tokio::sync::watch;

use crate::clock::Clock;

mod error;
mod fence;
mod freshness;
mod in_force;
mod load;
mod record;
mod rollback;

pub use error::{
    AcceptError, Closed, CompareError, ConfirmError, LoadError, NotAccepted, NotAudited, PersistError,
    PutError,
};
pub use fence::Unfit;
pub use in_force::InForce;
pub use record::RecordError;

use fence::Place;
use freshness::Freshness;
use in_force::Narrowing;
use record::Confirmation;
use rollback::Rollback;

/// A bundle that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// What is in force now.
    pub policy: admin::BundleId,
    /// How many policies it holds.
    pub policies: usize,
    /// Whether it replaced another; otherwise it was in force already.
    pub is_new: bool,
}

/// What is enforced. Replaced as one.
#[derive(Debug, Clone, Default)]
struct State {
    /// What the fence compares with: the bundle in the store, understood or not.
    fence: Option<admin::BundleId>,
    index: Option<Arc<InForce>>,
    rollback: Rollback,
    /// The operator is to compare the store with its anchor before anything is decided.
    awaits_comparison: bool,
}

impl State {
    fn check_store(&self) -> Result<(), Closed> {
        if self.rollback != Rollback::None {
            Err(Closed::RolledBack)
        } else if self.awaits_comparison {
            Err(Closed::NotCompared)
        } else {
            Ok(())
        }
    }
}

/// The holder of the policy in force.
pub struct Policy {
    store: Objects,
    vault_id: String,
    /// The name of this replica, which is confirmed for itself.
    replica: String,
    clock: Clock,
    /// Seconds.
    max_staleness: Option<i64>,
    state: watch::Sender<Arc<State>>,
    confirmed: AtomicI64,
    /// One change at a time; holds when the last persisted confirmation was.
    change: Mutex<i64>,
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy")
            .field("state", &self.state.borrow().fence)
            .finish_non_exhaustive()
    }
}

impl Policy {
    /// The policy that `store` holds. A bundle of another release leaves the vault closed, with the fence it set.
    pub fn open(
        store: Objects,
        replica: &str,
        max_staleness: Option<Duration>,
        clock: Clock,
    ) -> Result<Self, LoadError> {
        let (state, confirmed) = load::state(&store, replica)?;
        Ok(Self {
            vault_id: store.vault_id().to_string(),
            replica: replica.to_owned(),
            store,
            clock,
            max_staleness: max_staleness.map(|max| i64::try_from(max.as_secs()).unwrap_or(i64::MAX)),
            state: watch::Sender::new(Arc::new(state)),
            confirmed: AtomicI64::new(confirmed),
            change: Mutex::new(confirmed),
        })
    }

    /// Takes the bundle with these bytes, or keeps what is in force. Runs `audit` before it replaces anything, and
    /// replaces nothing if that fails. Blocks until the bundle is in the store. What the bundle takes away is taken away
    /// from the beginning, whatever becomes of the rest.
    pub fn put(
        &self,
        bytes: &[u8],
        audit: impl FnOnce(&Taken) -> Result<(), NotAudited>,
    ) -> Result<Taken, PutError> {
        let bundle = fence::read(bytes, &self.vault_id)?;
        let policy = admin::BundleId {
            generation: bundle.generation,
            hash: record::hash(bytes),
        };
        let mut taken = Taken {
            policy,
            policies: bundle.policies.len(),
            is_new: false,
        };
        // Before it is in the store: what cannot be compiled must not be met again at the next start.
        let index = if self.is_in_force(&bundle, &taken.policy.hash)? {
            None
        } else {
            let index = Arc::new(PolicyIndex::compile(&bundle));
            self.narrow(bundle.generation, &index);
            Some(index)
        };
        let mut persisted = self.changing();
        // Another call may have brought the same bundle meanwhile.
        let (false, Some(index)) = (self.is_in_force(&bundle, &taken.policy.hash)?, index) else {
            self.refresh(&taken.policy, &mut persisted)?;
            return Ok(taken);
        };
        taken.is_new = true;
        audit(&taken)?;
        let confirmation = Confirmation {
            policy: taken.policy.clone(),
            at: self.clock.now(),
        };
        self.write(record::BUNDLE, record::encode_bundle(&confirmation, bytes)?)?;
        *persisted = confirmation.at;
        self.confirmed.store(confirmation.at, Ordering::Release);
        self.enforce(|state| {
            let before = state.index.as_ref();
            let later = before.and_then(|before| before.narrowing_after(bundle.generation));
            let index = InForce::of(index);
            state.index = Some(Arc::new(match later {
                Some(later) => index.narrowed(later),
                None => index,
            }));
            state.fence = Some(confirmation.policy);
        });
        Ok(taken)
    }

    /// Whether the bundle is the one in force; fails where it may not take that one's place either.
    fn is_in_force(&self, bundle: &Bundle, hash: &str) -> Result<bool, Unfit> {
        let state = self.present();
        let place = fence::place(bundle, hash, state.fence.as_ref())?;
        Ok(place == Place::Present && state.index.is_some())
    }

    /// Takes away at once what the bundle does not give, if it is later than the one in force.
    fn narrow(&self, generation: Generation, index: &Arc<PolicyIndex>) {
        self.enforce(|state| {
            let is_later = state
                .fence
                .as_ref()
                .is_none_or(|fence| generation > fence.generation);
            if let Some(in_force) = state.index.as_ref().filter(|_| is_later) {
                let index = Arc::clone(index);
                state.index = Some(Arc::new(in_force.narrowed(Narrowing { generation, index })));
            }
        });
    }

    /// Notes that the operator still means what is in force, if that is `policy`.
    pub fn confirm(&self, policy: &admin::BundleId) -> Result<(), ConfirmError> {
        let mut persisted = self.changing();
        match self.bundle_id() {
            Some(present) if present == *policy => Ok(self.refresh(policy, &mut persisted)?),
            present => Err(ConfirmError::NotInForce {
                named: policy.generation,
                present: present.map(|p| p.generation),
            }),
        }
    }

    /// Which bundle is in force; `None` before the first, and while the vault cannot read the one in its store.
    pub fn bundle_id(&self) -> Option<admin::BundleId> {
        let state = self.present();
        state.index.as_ref().and(state.fence.clone())
    }

    /// The greatest generation that was taken, understood or not: what follows must be greater.
    pub fn fence(&self) -> Option<Generation> {
        self.present().fence.as_ref().map(|policy| policy.generation)
    }

    /// The bytes of the bundle in force, as they came.
    pub fn bundle(&self) -> Result<Option<Vec<u8>>, LoadError> {
        if self.present().index.is_none() {
            return Ok(None);
        }
        let Some(bytes) = load::record(&self.store, record::BUNDLE)? else {
            return Ok(None);
        };
        let (_, bundle) =
            record::decode_bundle(&bytes).map_err(|source| LoadError::of(record::BUNDLE, source))?;
        Ok(Some(bundle.to_vec()))
    }

    /// The compiled policy to decide by, for a caller that decides more than once. To be held no longer than that.
    pub fn in_force(&self) -> Result<Arc<InForce>, Closed> {
        let state = self.present();
        let index = state.index.clone().ok_or(Closed::NoBundle)?;
        state.check_store()?;
        if self.freshness().holds(self.clock.now()) {
            Ok(index)
        } else {
            Err(Closed::Stale)
        }
    }

    /// Decides whether the account with `subject` may do `permission` with `object`.
    pub fn decide(
        &self,
        subject: &Uid,
        permission: Permission,
        object: &ObjectName,
    ) -> Result<Verdict, Closed> {
        self.in_force()
            .map(|index| index.decide(subject, permission, object).into())
    }

    /// Decides whether the account with `subject` may do `permission` with any object at all: for requests that name
    /// none. Each object must then still be decided by its own name.
    pub fn decide_any(&self, subject: &Uid, permission: Permission) -> Result<Verdict, Closed> {
        self.in_force()
            .map(|index| index.decide_any(subject, permission).into())
    }

    /// When nothing is decided any more unless the operator confirms before, in seconds since 1970.
    pub fn closes_at(&self) -> Option<i64> {
        self.freshness().ends()
    }

    /// Seconds since the operator last confirmed the bundle in force.
    pub fn staleness(&self) -> i64 {
        self.clock
            .now()
            .saturating_sub(self.confirmed.load(Ordering::Acquire))
            .max(0)
    }

    /// Subscribes to every change of what is decided.
    pub fn changes(&self) -> Changes {
        Changes(self.state.subscribe())
    }

    /// Counts `policy` as confirmed now.
    fn refresh(&self, policy: &admin::BundleId, persisted: &mut i64) -> Result<(), PersistError> {
        let now = self.clock.now();
        let was_open = self.freshness().holds(now);
        self.confirmed.store(now, Ordering::Release);
        if !was_open {
            self.state.send_modify(|_| {});
        }
        if self.freshness().must_persist(*persisted) {
            let confirmation = Confirmation {
                policy: policy.clone(),
                at: now,
            };
            self.write(&record::confirmed(&self.replica), record::encode(&confirmation)?)?;
            *persisted = now;
        }
        Ok(())
    }

    fn freshness(&self) -> Freshness {
        Freshness {
            confirmed: self.confirmed.load(Ordering::Acquire),
            max_staleness: self.max_staleness,
        }
    }

    fn present(&self) -> Arc<State> {
        self.state.borrow().clone()
    }

    fn enforce(&self, change: impl FnOnce(&mut State)) {
        self.state.send_modify(|state| change(Arc::make_mut(state)));
    }

    fn changing(&self) -> MutexGuard<'_, i64> {
        self.change.lock()
    }

    fn write(&self, key: &str, record: Vec<u8>) -> Result<(), PersistError> {
        self.store
            .meta_put(key, Some(record))
            .map_err(PersistError::Write)
    }
}

/// Wakes a stream when policy may decide otherwise.
#[derive(Debug, Clone)]
pub struct Changes(watch::Receiver<Arc<State>>);

impl Changes {
    /// Waits for the next change since the last call. Never answers once the policy is gone.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
