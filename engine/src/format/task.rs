//! What the vault has to do for an object at a time.

use strongroom_core::{ObjectKind, ObjectName, Timestamp};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// Purge a deleted object whose retention ends.
    Purge,
    /// A task that the object's kind names by a number of its own.
    Own(u8),
}

/// An entry of the schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// From when on it is to be done.
    pub at: Timestamp,
    /// The kind of the object.
    pub kind: ObjectKind,
    /// The name of the object.
    pub name: ObjectName,
    /// What is to be done.
    pub task: Task,
}
