//! A set: a new version, of a new object where the name is free.

use strongroom_core::{ObjectName, Version};

use super::{lifecycle, rules};
use crate::{
    format::{
        event::Occurrence,
        fields::{AttributesPatch, VersionFields},
        head::HeadFields,
        tags::Tags,
    },
    object::{
        answer::{Answer, Attributes, Bundle},
        error::ObjectError,
        events,
        kind::Kind,
        tasks::Tasks,
        transaction::Transaction,
        view::{FieldsOf, HeadFieldsOf, current_place, is_past},
    },
};

/// What the request gives.
pub(crate) struct Given<'a, K: Kind> {
    /// The version's id, where it is given out already.
    pub(crate) version: Option<Version>,
    pub(crate) content: &'a K::Content,
    pub(crate) fields: &'a K::Fields,
    pub(crate) attributes: &'a AttributesPatch,
    pub(crate) tags: &'a Tags,
}

pub(crate) fn set<K: Tasks>(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
    given: &Given<'_, K>,
) -> Result<Answer<K>, ObjectError> {
    let current = fields(transaction, given);
    let limits = &transaction.view.rules.limits;
    K::check_content(limits, given.content)?;
    rules::fields::<K>(limits, &current)?;
    let version = given.version.unwrap_or_else(|| transaction.inputs.version());
    let live = transaction.view.of::<K>().live(name)?;
    let mut own = K::Object::default();
    let (object, shown, versions) = if let Some(head) = &live {
        own.clone_from(&head.fields.object);
        rules::versions::<K>(limits, name, head.fields.versions.saturating_add(1))?;
        transaction.put_index(head.object, current_place(head));
        let known = transaction.known(K::KIND, name, head)?;
        (known, head.fields.name.clone(), head.fields.versions)
    } else {
        free_name::<K>(transaction, name)?;
        (transaction.new_object(K::KIND, name)?, name.clone(), 0)
    };
    let place = transaction.put_version(&object, version, given.content, &current)?;
    let head = HeadFields {
        name: shown,
        version,
        sequence: place.sequence,
        versions: versions.saturating_add(1),
        current,
        deleted: None,
        object: own,
    };
    transaction.put_head(&object, &head)?;
    let before = live.as_deref().map(|head| &head.fields);
    lifecycle::reschedule::<K>(transaction, before, Some(&head));
    events::note::<K>(transaction, Occurrence::NewVersionCreated, &head)?;
    transaction.touch(K::KIND, name);
    let content = K::answer_to_set(given.content);
    Ok(Answer::Object(Box::new(answer(transaction, head, content))))
}

/// The answer about the current version of a live head.
pub(crate) fn answer<K: Kind>(
    transaction: &Transaction<'_>,
    head: HeadFieldsOf<K>,
    content: Option<K::Content>,
) -> Bundle<K> {
    Bundle {
        name: head.name,
        version: head.version,
        content,
        attributes: Attributes::of(&head.current, transaction.view.rules.soft_delete),
        fields: head.current.own,
        tags: head.current.tags,
        object: head.object,
        deleted: None,
    }
}

pub(crate) fn fields<K: Kind>(transaction: &Transaction<'_>, given: &Given<'_, K>) -> FieldsOf<K> {
    let mut fields = VersionFields {
        own: given.fields.clone(),
        enabled: true,
        not_before: None,
        expires: None,
        created: transaction.now,
        updated: transaction.now,
        tags: given.tags.clone(),
    };
    fields.patch(given.attributes);
    fields
}

/// A deleted object blocks its name until its time has come; from then on the request that needs the name purges it.
pub(crate) fn free_name<K: Tasks>(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
) -> Result<(), ObjectError> {
    match transaction.view.of::<K>().deleted(name)? {
        None => Ok(()),
        Some(head) if is_past(&head, transaction.now) => lifecycle::remove::<K>(transaction, name, &head),
        Some(_) => Err(ObjectError::DeletedButRecoverable {
            kind: K::KIND,
            name: name.clone(),
        }),
    }
}
