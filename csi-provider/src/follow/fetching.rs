//! What a volume asks its vault to send: only while the node has room for it, and not for longer than an honest vault takes.

use std::{collections::BTreeSet, pin::Pin, time::Duration};

use strongroom_core::{ObjectPath, limits::VALUE_BYTES};
use tokio::time::{Instant, sleep_until};

use super::state::Follow;
use crate::{
    shares::{Holder, Share, Shares},
    volume::spec::VolumeSpec,
};

/// How long a vault may take for all that a volume asked for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is to be asked for, and the room for it.
pub struct Fetching {
    room: Shares,
    objects: BTreeSet<ObjectPath>,
    state: State,
}

enum State {
    /// Nothing is asked for.
    Idle,
    /// The node has no room yet.
    Waiting(Pin<Box<dyn Future<Output = Share> + Send>>),
    /// What is asked for must be there by then.
    Asking { _share: Share, until: Instant },
}

/// What to do about it.
pub enum FetchStep {
    /// Ask for these.
    Ask(BTreeSet<ObjectPath>),
    /// The vault was asked long ago.
    Stalled,
}

impl Fetching {
    /// Nothing to be asked for, and all of it to find place in `room`.
    pub const fn new(room: Shares) -> Self {
        Self {
            room,
            objects: BTreeSet::new(),
            state: State::Idle,
        }
    }

    /// These are to be asked for, of a volume of this spec and namespace.
    pub fn want(&mut self, objects: BTreeSet<ObjectPath>, spec: &VolumeSpec, namespace: Holder) {
        self.objects.extend(objects);
        if matches!(self.state, State::Idle) {
            let (room, holders) = (self.room.clone(), [namespace, Holder::Vault(spec.vault.clone())]);
            let bytes = (spec.watched().len() + spec.derived_files()) * VALUE_BYTES;
            self.state = State::Waiting(Box::pin(async move { room.take(&holders, bytes).await }));
        }
    }

    /// Forgets what is awaited no more, and gives the room back when nothing of the vault's is held any more. To be
    /// called after every event.
    pub fn settle(&mut self, follow: &Follow) {
        self.objects.retain(|object| follow.awaits(object));
        if !follow.holds_contents() {
            self.state = State::Idle;
        }
    }

    /// The next step, when it is due. Cancel-safe.
    pub async fn next(&mut self) -> FetchStep {
        loop {
            match &mut self.state {
                State::Idle => std::future::pending().await,
                State::Waiting(room) => {
                    let share = room.await;
                    self.state = State::Asking {
                        _share: share,
                        until: Instant::now() + PATIENCE,
                    };
                }
                State::Asking { .. } if !self.objects.is_empty() => {
                    return FetchStep::Ask(std::mem::take(&mut self.objects));
                }
                State::Asking { until, .. } => {
                    sleep_until(*until).await;
                    return FetchStep::Stalled;
                }
            }
        }
    }
}
