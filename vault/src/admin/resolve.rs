//! The states that the vault would show a service account: by policy first, then by the object.

use strongroom_wire::admin::{Resolve, Resolved};

use super::{Admin, error::AdminError};
use crate::access::StatesError;

/// Objects of one call: those of four SecretRef objects.
const MAX_OBJECTS: usize = 256;

/// Answers `asked`, one state per object.
pub(super) fn resolve(admin: &Admin, asked: &Resolve) -> Result<Resolved, AdminError> {
    if asked.objects.len() > MAX_OBJECTS {
        return Err(AdminError::TooManyObjects(MAX_OBJECTS));
    }
    let states = admin.access.states(&asked.subject, &asked.objects);
    Ok(Resolved {
        objects: states.map_err(|error| match error {
            StatesError::Closed(closed) => AdminError::Closed(closed),
            StatesError::Object(_) => AdminError::Store,
        })?,
    })
}
