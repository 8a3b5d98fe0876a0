//! Answering questions: pure functions of a snapshot, the keyring, the request and the time.

use strongroom_core::{ObjectName, Timestamp, Version};

use self::list::VisibleNames;
use super::{
    answer::{Answer, Bundle},
    backup,
    error::ObjectError,
    kind::Kind,
    request::{ReadRequest, Seen},
    tasks::Tasks,
    view::{KindView, View, current_place},
};
use crate::format::id::Sequence;

pub(crate) mod list;
pub(crate) mod marker;
mod versions;

/// Answers `request` about the objects of kind `K` from `view` at `now`. Lists hold only names that are `visible`.
pub fn read<K: Tasks>(
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
            Ok(Answer::Object(Box::new(view.current_as_shown(name, &head)?)))
        }
        ReadRequest::Backup { name } => backup::make(view, name).map(Answer::Backup),
    }
}

/// The version of a live object that the vault uses by itself, disabled or not: what `known` remembers of its record, or
/// what `open` makes of it. A record is never written anew at its place, so its number stands for what it says.
pub(crate) fn open<K: Kind, T>(
    view: View<'_>,
    name: &ObjectName,
    version: Option<&Version>,
    known: impl FnOnce(Sequence) -> Option<T>,
    open: impl FnOnce(Sequence, Bundle<K>) -> T,
) -> Result<T, ObjectError> {
    let view: KindView<'_, K> = view.of();
    let head = view.require_live(name)?;
    let place = view.locate(name, &head, version)?;
    if let Some(known) = known(place.sequence) {
        return Ok(known);
    }
    let (content, fields) = view.open_version(name, &head, place)?;
    let bundle = view.bundle(&head, place.version, fields, Some(content));
    Ok(open(place.sequence, bundle))
}

/// The current version of a live object without its content, disabled or not, and what its next version is made from.
pub fn current<K: Kind>(
    view: View<'_>,
    name: &ObjectName,
) -> Result<(Seen<K::Object>, Bundle<K>), ObjectError> {
    let view: KindView<'_, K> = view.of();
    let head = view.require_live(name)?;
    let seen = Seen {
        record: head.fields.sequence,
        object: head.fields.object.clone(),
    };
    Ok((seen, view.current(&head)))
}

/// A version with its content. Outside `nbf` and `exp` it is answered all the same: there they only inform.
fn get<K: Kind>(
    view: KindView<'_, K>,
    name: &ObjectName,
    version: Option<&Version>,
) -> Result<Answer<K>, ObjectError> {
    let head = view.require_live(name)?;
    let place = view.locate(name, &head, version)?;
    let (content, fields) = if !K::SHOWS_CONTENT && place == current_place(&head) {
        (None, head.fields.current.clone())
    } else {
        let (content, fields) = view.open_version(name, &head, place)?;
        (Some(content).filter(|_| K::SHOWS_CONTENT), fields)
    };
    if !fields.enabled && !K::READ_WHEN_DISABLED {
        return Err(ObjectError::Disabled {
            kind: K::KIND,
            name: name.clone(),
        });
    }
    let bundle = view.bundle(&head, place.version, fields, content);
    Ok(Answer::Object(Box::new(bundle)))
}
