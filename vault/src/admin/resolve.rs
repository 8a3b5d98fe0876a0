//! What a service account would be answered: policy first, then the object.

use strongroom_wire::admin::{Resolve, Resolved};

use super::{Admin, refusal::Failure};
use crate::access::StatesError;

/// Objects of one call: those of four SecretRef objects.
const MAX_OBJECTS: usize = 256;

/// Answers `asked`, one state per object.
pub(super) fn resolve(admin: &Admin, asked: &Resolve) -> Result<Resolved, Failure> {
    if asked.objects.len() > MAX_OBJECTS {
        return Err(Failure::TooManyObjects(MAX_OBJECTS));
    }
    let states = admin.access.states(&asked.subject, &asked.objects);
    Ok(Resolved {
        objects: states.map_err(|error| match error {
            StatesError::Closed(closed) => Failure::Closed(closed),
            StatesError::Object(_) => Failure::Store,
        })?,
    })
}
