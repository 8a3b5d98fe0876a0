//! Answering questions: pure functions of a snapshot, the keyring, the request and the time.

use strongroom_core::{ObjectName, Timestamp, Version};

use crate::object::{answer::Answer, backup, error::ObjectError, request::ReadRequest, view::View};

mod list;
pub(crate) mod marker;
mod versions;

/// Answers `request` from `view` at `now`. Lists hold only names that `visible` lets through.
pub fn read(
    view: View<'_>,
    request: &ReadRequest,
    now: Timestamp,
    visible: &dyn Fn(&ObjectName) -> bool,
) -> Result<Answer, ObjectError> {
    match request {
        ReadRequest::Get { name, version } => get(view, name, version.as_ref()),
        ReadRequest::List { page } => list::live(view, page, visible).map(Answer::Page),
        ReadRequest::ListVersions { name, page } => versions::list(view, name, page).map(Answer::Page),
        ReadRequest::ListDeleted { page } => list::deleted(view, page, now, visible).map(Answer::Page),
        ReadRequest::GetDeleted { name } => {
            let head = view.require_deleted(name, now)?;
            Ok(Answer::Secret(Box::new(view.current(name, &head))))
        }
        ReadRequest::Backup { name } => backup::make(view, name).map(Answer::Backup),
    }
}

/// A version with its value. Outside `nbf` and `exp` it is answered all the same: for secrets they only inform.
fn get(view: View<'_>, name: &ObjectName, version: Option<&Version>) -> Result<Answer, ObjectError> {
    let head = view.require_live(name)?;
    let (version, sequence) = view.locate(name, &head, version)?;
    let (value, fields) = view.open_version(name, &head, (&version, sequence))?;
    if !fields.enabled {
        return Err(ObjectError::SecretDisabled { name: name.clone() });
    }
    Ok(Answer::Secret(Box::new(view.bundle(
        name,
        &head,
        (version, fields),
        Some(value),
    ))))
}
