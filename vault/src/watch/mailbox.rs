//! What a stream has to look at again. It holds marks, not events: however often something changes while a client is
//! slow, the client costs no more than its subscriptions, and the stream sends the state at the moment the client reads.

use std::{collections::BTreeSet, mem};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// A subscription of the vault, whatever its stream calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(pub(super) u64);

/// The marked subscriptions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// An object of theirs may have changed.
    pub(super) objects: BTreeSet<Key>,
    /// Their SecretRef has changed.
    pub(super) refs: BTreeSet<Key>,
}

/// The mailbox of one stream.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    marks: Mutex<Marks>,
    wake: Notify,
}

impl Mailbox {
    /// Marks a subscription whose objects may have changed. Never waits for the stream.
    pub(super) fn mark_objects(&self, key: Key) {
        self.mark(|marks| marks.objects.insert(key));
    }

    /// Marks a subscription whose SecretRef has changed. Never waits for the stream.
    pub(super) fn mark_ref(&self, key: Key) {
        self.mark(|marks| marks.refs.insert(key));
    }

    /// Waits until something is marked.
    pub(super) async fn marked(&self) {
        self.wake.notified().await;
    }

    /// Takes every mark.
    pub(super) fn take(&self) -> Marks {
        mem::take(&mut *self.marks.lock())
    }

    fn mark(&self, mark: impl FnOnce(&mut Marks) -> bool) {
        let is_new = mark(&mut self.marks.lock());
        if is_new {
            self.wake.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn many_changes_of_one_subscription_are_one_mark() {
        let mailbox = Mailbox::default();
        for _ in 0..1000 {
            mailbox.mark_objects(Key(1));
            mailbox.mark_ref(Key(2));
        }
        mailbox.marked().await;
        let marks = mailbox.take();
        assert_eq!(marks.objects.into_iter().collect::<Vec<_>>(), [Key(1)]);
        assert_eq!(marks.refs.into_iter().collect::<Vec<_>>(), [Key(2)]);
        assert_eq!(mailbox.take(), Marks::default());
    }
}
