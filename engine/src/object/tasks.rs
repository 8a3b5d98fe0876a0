//! What a kind of object has the vault do by itself when it is due.

use strongroom_audit::Event;
use strongroom_core::ObjectName;

use super::{error::ObjectError, kind::Kind, transaction::Transaction, view::HeadFieldsOf};
use crate::format::task::Due;

/// The tasks of a kind's own. A kind without any implements the trait empty.
pub trait Tasks: Kind {
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
