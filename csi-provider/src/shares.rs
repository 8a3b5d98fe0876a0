//! What is bounded for the whole node and shared out, so that nobody can have all of it.
//!
//! One rule, of dynamic thresholds (Choudhury and Hahne 1998): a namespace may have at most as much as is left for the
//! others. One that is alone gets half, each of seven that want all they can get an eighth, and always as much as one of
//! them has is left for who comes next. A vault may have half as much as is left, so that one alone does not take all that
//! its namespace may have.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::Mutex;
use strongroom_core::{NamespaceName, VaultRef};
use tokio::sync::Notify;

/// Who has a share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// The pods of a namespace.
    Namespace(NamespaceName),
    /// The volumes that are from a vault.
    Vault(VaultRef),
}

/// Whether a namespace that has `held` may have `more`, where `free` is left.
pub const fn leaves_room(held: usize, more: usize, free: usize) -> bool {
    more <= free && held + more <= free - more
}

impl Holder {
    /// Whether it may have `more` than the `held` that it has, where `free` is left.
    const fn may_have(&self, held: usize, more: usize, free: usize) -> bool {
        match self {
            Self::Namespace(_) => leaves_room(held, more, free),
            Self::Vault(_) => leaves_room(2 * held + more, more, free),
        }
    }
}

/// Something that the node has so much of. Clones are the same.
#[derive(Debug, Clone)]
pub struct Shares(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    total: usize,
    taken: Mutex<Taken>,
    returned: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by: BTreeMap<Holder, usize>,
}

/// Some of it. Dropped, it is given back.
#[derive(Debug)]
#[must_use = "dropped, it is given back"]
pub struct Share {
    shares: Shares,
    holders: Vec<Holder>,
    amount: usize,
}

impl Shares {
    /// `total` of it. No one request may be for more than a third of that, or it waits for ever.
    pub fn new(total: usize) -> Self {
        Self(Arc::new(Inner {
            total,
            taken: Mutex::default(),
            returned: Notify::new(),
        }))
    }

    /// Waits until each of `holders` may have `amount` more. Cancel-safe.
    pub async fn take(&self, holders: &[Holder], amount: usize) -> Share {
        loop {
            // Before the attempt, so that what is given back meanwhile is noticed.
            let returned = self.0.returned.notified();
            tokio::pin!(returned);
            returned.as_mut().enable();
            if let Some(share) = self.try_take(holders, amount) {
                return share;
            }
            returned.await;
        }
    }

    /// The same now or not at all.
    pub fn try_take(&self, holders: &[Holder], amount: usize) -> Option<Share> {
        let mut taken = self.0.taken.lock();
        let free = self.0.total - taken.all;
        let may_have = |holder: &Holder| {
            let held = taken.by.get(holder).copied().unwrap_or_default();
            holder.may_have(held, amount, free)
        };
        if !holders.iter().all(may_have) {
            return None;
        }
        taken.all += amount;
        for holder in holders {
            *taken.by.entry(holder.clone()).or_default() += amount;
        }
        Some(Share {
            shares: self.clone(),
            holders: holders.to_vec(),
            amount,
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.0.taken.lock();
        taken.all -= self.amount;
        for holder in &self.holders {
            if let Some(held) = taken.by.get_mut(holder) {
                *held -= self.amount;
                if *held == 0 {
                    taken.by.remove(holder);
                }
            }
        }
        drop(taken);
        self.shares.0.returned.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn namespace(name: &str) -> Holder {
        Holder::Namespace(name.parse().unwrap())
    }

    fn vault(name: &str) -> Holder {
        Holder::Vault(VaultRef::new("team-a".parse().unwrap(), name.parse().unwrap()))
    }

    /// All that `holder` can get, one at a time.
    fn fill(shares: &Shares, holders: &[Holder]) -> Vec<Share> {
        std::iter::from_fn(|| shares.try_take(holders, 1)).collect()
    }

    #[test]
    fn who_is_alone_gets_half_and_who_comes_next_half_of_the_rest() {
        let shares = Shares::new(64);
        let first = fill(&shares, &[namespace("a")]);
        let second = fill(&shares, &[namespace("b")]);
        assert_eq!((first.len(), second.len()), (32, 16));
    }

    #[test]
    fn all_that_want_as_much_as_they_can_get_have_the_same_and_leave_as_much() {
        let shares = Shares::new(64);
        let names = ["a", "b", "c", "d", "e", "f", "g"].map(namespace);
        let mut held: Vec<Share> = Vec::new();
        loop {
            let round: Vec<_> = names
                .iter()
                .filter_map(|name| shares.try_take(std::slice::from_ref(name), 1))
                .collect();
            if round.is_empty() {
                break;
            }
            held.extend(round);
        }
        assert_eq!(held.len(), 7 * 8);
        assert_eq!(fill(&shares, &[namespace("new")]).len(), 4);
    }

    #[test]
    fn a_vault_has_no_more_by_being_asked_for_in_many_namespaces() {
        let shares = Shares::new(64);
        let slow = vault("slow");
        let held: Vec<_> = (0..20)
            .flat_map(|n| fill(&shares, &[namespace(&format!("n{n}")), slow.clone()]))
            .collect();
        assert_eq!(held.len(), 21);
        let honest = fill(&shares, &[namespace("honest"), vault("prod")]);
        assert!(honest.len() > 10, "{}", honest.len());
    }

    #[test]
    fn a_vault_does_not_take_all_that_its_namespace_may_have() {
        let shares = Shares::new(64);
        let slow = fill(&shares, &[namespace("a"), vault("slow")]);
        let honest = fill(&shares, &[namespace("a"), vault("prod")]);
        assert_eq!((slow.len(), honest.len()), (21, 11));
    }

    #[tokio::test]
    async fn who_waits_goes_on_when_something_is_given_back() {
        let shares = Shares::new(4);
        let holders = [namespace("a")];
        let mut held = fill(&shares, &holders);
        let mut waiting = Box::pin(shares.take(&holders, 1));
        assert!(waiting.as_mut().now_or_never().is_none());
        held.pop();
        assert!(waiting.as_mut().now_or_never().is_some());
        drop(held);
        assert_eq!(fill(&shares, &holders).len(), 2);
    }
}
