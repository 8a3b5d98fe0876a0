//! Answering questions: pure functions of a snapshot, the keyring, the request and the time.

use strongroom_core::{ObjectName, Timestamp, Version};

use self::list::VisibleNames;
use super::{
    answer::Answer,
    backup,
    error::ObjectError,
    kind::Kind,
    request::ReadRequest,
    view::{KindView, View},
};

pub(crate) mod list;
pub(crate) mod marker;
mod versions;

/// Answers `request` about the objects of kind `K` from `view` at `now`. Lists hold only names that are `visible`.
pub fn read<K: Kind>(
    view: View<'_>,
    request: &ReadRequest,
    now: Timestamp,
    visible: VisibleNames<'_>,
) -> Result<Answer<K>, ObjectError> {
    let view: KindView<'_, K> = view.of();
    match request {
        ReadRequest::Get { name, version } => get(view, name, version.as_ref()),
        ReadRequest::List { page } => list::live(view, page, visible).map(Answer::Page),
        ReadRequest::ListVersions { name, page } => versions::list(view, name, page).map(Answer::Page),
        ReadRequest::ListDeleted { page } => list::deleted(view, page, now, visible).map(Answer::Page),
        ReadRequest::GetDeleted { name } => {
            let head = view.require_deleted(name, now)?;
            Ok(Answer::Object(Box::new(view.current(&head))))
        }
        ReadRequest::Backup { name } => backup::make(view, name).map(Answer::Backup),
    }
}

/// A version with its content. Outside `nbf` and `exp` it is answered all the same: there they only inform.
fn get<K: Kind>(
    view: KindView<'_, K>,
    name: &ObjectName,
    version: Option<&Version>,
) -> Result<Answer<K>, ObjectError> {
    let head = view.require_live(name)?;
    let place = view.locate(name, &head, version)?;
    let (content, fields) = view.open_version(name, &head, place)?;
    if !fields.enabled {
        return Err(ObjectError::Disabled {
            kind: K::KIND,
            name: name.clone(),
        });
    }
    let bundle = view.bundle(&head, place.version, fields, Some(content));
    Ok(Answer::Object(Box::new(bundle)))
}
