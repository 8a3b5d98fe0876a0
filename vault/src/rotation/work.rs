//! The two kinds of work that come due.

use strongroom_core::ObjectKind;
use strongroom_engine::{
    certificate::ISSUE,
    format::task::{Due, Task},
};

/// What of all that is due a rotation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Ends operations on certificates. Each takes milliseconds, and somebody may wait for it.
    Endings,
    /// Makes new versions of keys, and begins the operations that renew certificates. The key of each may take seconds.
    Successions,
}

impl Work {
    /// Both.
    pub(super) const ALL: [Self; 2] = [Self::Endings, Self::Successions];

    /// Whether that is of this kind.
    pub(super) fn includes(self, due: &Due) -> bool {
        let is_ending = due.kind == ObjectKind::Certificates && due.task == Task::Own(ISSUE);
        is_ending == (self == Self::Endings)
    }

    /// How much of it is done at once. What ends together is stored with one write; more would keep requests from a
    /// processor. Keys are made one after another, so that there is a place for the keys of requests.
    pub(super) const fn together(self) -> usize {
        match self {
            Self::Endings => 4,
            Self::Successions => 1,
        }
    }
}
