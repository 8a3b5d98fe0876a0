//! The end of a version, `exp`: announced some time before it comes, and once more when it has come.

use std::time::Duration;

use strongroom_audit::{Event, Time, VersionEnd};
use strongroom_core::{ObjectName, Timestamp};

use super::{error::ObjectError, events, kind::Kind, transaction::Transaction, view::HeadFieldsOf};
use crate::format::{
    event::Occurrence,
    task::{Due, Task},
};

/// How long before its end a version is announced to be near it, unless the object says otherwise: Azure's 30 days (Event
/// Grid event schema for Key Vault).
const NOTICE: Duration = Duration::from_hours(30 * 24);

/// The end of the current version is announced. The number is that of every kind's task.
const NEAR_EXPIRY: u8 = 2;

/// The current version has ended. The number is that of every kind's task.
const EXPIRED: u8 = 3;

/// When a version that ends at `end` is announced; never if that is before 1970.
pub(crate) fn usual_notice(end: Timestamp) -> Option<Timestamp> {
    let notice = end.unix().checked_sub(NOTICE.as_secs())?;
    Some(Timestamp::from_unix(notice))
}

/// The task `number` of the kind's own for the object of `head`, to be done from `at` on.
pub(crate) fn own<K: Kind>(head: &HeadFieldsOf<K>, number: u8, at: Option<Timestamp>) -> Option<Due> {
    Some(Due {
        at: at?,
        kind: K::KIND,
        name: head.name.clone(),
        task: Task::Own(number),
    })
}

/// What there is to say of the end of the current version, where it is announced at `notice`. What lies in the past is due
/// at once.
pub(crate) fn due_of<K: Kind>(
    head: &HeadFieldsOf<K>,
    notice: Option<Timestamp>,
) -> impl Iterator<Item = Due> {
    let near = own::<K>(head, NEAR_EXPIRY, notice);
    near.into_iter()
        .chain(own::<K>(head, EXPIRED, head.current.expires))
}

/// Carries out task `number` on `name`, if it is about the end of a version. An object that is not there any more is no
/// error.
pub(crate) fn perform<K: Kind>(
    number: u8,
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
) -> Result<Option<Event>, ObjectError> {
    let (occurrence, event): (_, fn(VersionEnd) -> Event) = match number {
        NEAR_EXPIRY => (Occurrence::NearExpiry, Event::NearExpiry),
        EXPIRED => (Occurrence::Expired, Event::Expired),
        _ => return Ok(None),
    };
    let Some(head) = transaction.view.of::<K>().live(name)? else {
        return Ok(None);
    };
    events::note::<K>(transaction, occurrence, &head.fields)?;
    Ok(Some(event(VersionEnd {
        kind: K::KIND,
        name: name.clone(),
        version: head.fields.version,
        not_before: head.fields.current.not_before.map(time),
        expires: head.fields.current.expires.map(time),
    })))
}

fn time(time: Timestamp) -> Time {
    Time(time.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_notice_is_given_thirty_days_before_the_end() {
        let at = Timestamp::from_unix;
        assert_eq!(
            usual_notice(at(1_800_000_000)),
            Some(at(1_800_000_000 - 30 * 86_400))
        );
        assert_eq!(usual_notice(at(30 * 86_400)), Some(at(0)));
        assert_eq!(usual_notice(at(30 * 86_400 - 1)), None);
    }
}
