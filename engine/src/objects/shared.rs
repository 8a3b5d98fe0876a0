//! What the handles on a vault's objects and its writer share: the published state, the listeners, and whether the store
//! takes changes.

use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use super::{
    ChangeNotice, Descent, Listener, WriteError,
    closing::{Base, CloseError, Reached, close},
};
use crate::{
    crypt::{keyring::Keyring, opened::OpenedHeads},
    format::state::{Mark, Marks, State},
    object::{
        keeper::Kinds,
        view::{Rules, View},
    },
    store::{Batch, CommitError, Purpose, Snapshot, Store},
};

/// What readers and the writer share.
pub(super) struct Shared {
    pub(super) rules: Rules,
    pub(super) kinds: Kinds,
    pub(super) seal_key_id: Box<str>,
    pub(super) store: Arc<dyn Store>,
    pub(super) published: RwLock<Arc<Published>>,
    /// The states that were shown outside. Every later state carries them.
    pub(super) marks: Mutex<Marks>,
    pub(super) listeners: RwLock<Vec<Listener>>,
    /// Why the store takes no changes for a purpose, and for those beyond it; none while it takes all.
    pub(super) unwritable: RwLock<Option<(Purpose, WriteError)>>,
}

/// What readers read: one committed state, and the keyring that opens it.
pub(super) struct Published {
    pub(super) snapshot: Arc<dyn Snapshot>,
    pub(super) state: Arc<State>,
    pub(super) keyring: Arc<Keyring>,
    /// What the keyring has opened; it goes with it.
    pub(super) heads: Arc<OpenedHeads>,
}

impl Published {
    pub(super) fn view<'a>(&'a self, rules: &'a Rules) -> View<'a> {
        View {
            snapshot: &*self.snapshot,
            last: self.state.last,
            bytes: self.state.bytes,
            keyring: &self.keyring,
            heads: &self.heads,
            rules,
        }
    }
}

impl Shared {
    pub(super) fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published.read())
    }

    /// The present state. That it was shown can be proved later, also by a vault that started again.
    pub(super) fn show(&self) -> Mark {
        // The writer takes the marks after it published the state that it goes on from, so it has this one in time.
        let mut marks = self.marks.lock();
        let mark = self.published().state.mark();
        marks.note(mark);
        mark
    }

    /// What is known of the state at `generation`, which is kept outside.
    pub(super) fn descent(&self, generation: u64) -> Descent {
        let mut marks = self.marks.lock();
        match marks.ask(generation) {
            Some(digest) => Descent::Follows(digest),
            None if marks.first().is_some_and(|first| first > generation) => Descent::Superseded,
            None => Descent::Unknown,
        }
    }

    /// Closes a batch that is made on `published`.
    pub(super) fn close(
        &self,
        published: &Published,
        reached: Reached,
        batch: &mut Batch,
    ) -> Result<State, CloseError> {
        let base = Base {
            snapshot: &*published.snapshot,
            state: &published.state,
            keyring: &published.keyring,
            soft_delete: self.rules.soft_delete,
        };
        let marks = self.marks.lock().clone();
        close(base, reached, marks, batch)
    }

    /// Lets readers see another state of the store.
    pub(super) fn publish(&self, snapshot: Arc<dyn Snapshot>, state: Arc<State>) {
        let before = self.published();
        self.replace(Published {
            snapshot,
            state,
            keyring: Arc::clone(&before.keyring),
            heads: Arc::clone(&before.heads),
        });
    }

    /// Lets readers open records with another keyring; what the last one opened is forgotten.
    pub(super) fn publish_keyring(&self, keyring: Arc<Keyring>) {
        let before = self.published();
        self.replace(Published {
            snapshot: Arc::clone(&before.snapshot),
            state: Arc::clone(&before.state),
            keyring,
            heads: Arc::default(),
        });
    }

    fn replace(&self, published: Published) {
        let published = Arc::new(published);
        *self.published.write() = published;
    }

    /// Keeps what a commit for `purpose` says of the store: that it took one says nothing of what may use less room.
    pub(super) fn note_commit(&self, purpose: Purpose, failure: Option<&CommitError>) {
        let mut known = self.unwritable.write();
        let Some(failure) = failure else {
            if known.as_ref().is_some_and(|(refused, _)| *refused <= purpose) {
                *known = None;
            }
            return;
        };
        let error = match failure {
            CommitError::Full => WriteError::StoreFull,
            CommitError::Conflict | CommitError::Unavailable | CommitError::OutcomeUnknown => {
                WriteError::Unavailable
            }
        };
        *known = Some((purpose, error));
    }

    /// For which purpose, and for those beyond it, the store takes no changes, and why.
    pub(super) fn unwritable(&self) -> Option<(Purpose, WriteError)> {
        self.unwritable.read().clone()
    }

    pub(super) fn announce(&self, notice: &ChangeNotice) {
        for listener in self.listeners.read().iter() {
            listener(notice);
        }
    }
}
