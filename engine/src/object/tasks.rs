//! What a kind of object has the vault do by itself when it is due.

use strongroom_audit::Event;
use strongroom_core::{ObjectName, Version};

use super::{
    answer::Answer,
    blob::BackupBlob,
    error::ObjectError,
    kind::Kind,
    transaction::Transaction,
    view::{HeadFieldsOf, View},
};
use crate::format::task::Due;

/// What becomes of an object as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifeChange {
    /// It is deleted, recoverably.
    Delete,
    /// It is there again.
    Recover,
    /// It is gone for good.
    Purge,
}

/// What a kind does of its own: its tasks, its requests, and what else changes in a transaction that changes an object. A
/// kind without any of these implements the trait nearly empty.
pub trait Tasks: Kind {
    /// Decides a request of the kind's own.
    fn apply_own(transaction: &mut Transaction<'_>, request: &Self::Own)
    -> Result<Answer<Self>, ObjectError>;

    /// Changes the objects that are part of the object of `head` along with it.
    fn change_linked(
        _transaction: &mut Transaction<'_>,
        _head: &HeadFieldsOf<Self>,
        _change: LifeChange,
    ) -> Result<(), ObjectError> {
        Ok(())
    }

    /// The backups of the objects that are part of the object of `head`; none for a kind whose objects have no parts.
    fn back_up_linked(
        _view: View<'_>,
        _head: &HeadFieldsOf<Self>,
    ) -> Result<Option<Vec<BackupBlob>>, ObjectError> {
        Ok(None)
    }

    /// The bytes that making these may hold.
    fn linked_backup_room(_view: View<'_>, _head: &HeadFieldsOf<Self>) -> Result<usize, ObjectError> {
        Ok(0)
    }

    /// Restores the objects that are part of `name`, of which these versions were restored, the current one last.
    fn restore_linked(
        _transaction: &mut Transaction<'_>,
        _restored: &[Version],
        _name: &ObjectName,
        _blobs: &[BackupBlob],
    ) -> Result<(), ObjectError> {
        Ok(())
    }

    /// The tasks that a live object of this head has on the schedule; each with the kind's number for it.
    fn due_of(_head: &HeadFieldsOf<Self>) -> Vec<Due> {
        Vec::new()
    }

    /// Whether task `number` is carried out by the server, which changes the object so that it is due no more.
    fn is_the_servers(_number: u8) -> bool {
        false
    }

    /// Carries out the kind's task `number` on `name`. An object that is not there any more is no error.
    fn perform(
        _number: u8,
        _transaction: &mut Transaction<'_>,
        _name: &ObjectName,
    ) -> Result<Option<Event>, ObjectError> {
        Ok(None)
    }
}
