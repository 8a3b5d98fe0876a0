//! What a kind of object has the vault do by itself when it is due.

use strongroom_audit::Event;
use strongroom_core::ObjectName;

use super::{error::ObjectError, kind::Kind, transaction::Transaction, view::FieldsOf};
use crate::format::task::Due;

/// The tasks of a kind's own. A kind without any implements the trait empty.
pub trait Tasks: Kind {
    /// The tasks that a new version of `name` puts on the schedule; each with the kind's number for it.
    fn due_of(_name: &ObjectName, _fields: &FieldsOf<Self>) -> Vec<Due> {
        Vec::new()
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
