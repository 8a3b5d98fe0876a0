//! What happens beside the requests of programs, for whoever looks at the console.

use tokio::sync::broadcast::{self, Receiver, Sender};

/// How many are kept for a reader that is slow.
const KEPT: usize = 256;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A request got a fault in the place of an answer.
    Fault {
        /// What was answered.
        status: u16,
        /// What was asked.
        method: String,
        /// Of which path, without its query.
        path: String,
    },
    /// Which faults there are from now on.
    Faults(String),
    /// The vaults' time, in seconds since 1970, was moved.
    Time(i64),
    /// The files of a SecretRef.
    Files(String),
}

/// Tells everybody who listens. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Notices(Sender<Notice>);

impl Default for Notices {
    fn default() -> Self {
        Self(broadcast::channel(KEPT).0)
    }
}

impl Notices {
    /// Tells those that listen, if there are any.
    pub(crate) fn tell(&self, notice: Notice) {
        // Nobody may listen.
        let _ = self.0.send(notice);
    }

    /// Listens from now on.
    pub fn listen(&self) -> Receiver<Notice> {
        self.0.subscribe()
    }
}
