//! New versions and changes of versions, with those of the key and the secret.

use super::{
    Certificate, CertificateContent, CertificateFields,
    linked::{self, NewVersion, Parts},
    object::CertificateObject,
    request::{Import, Update},
};
use crate::{
    format::{event::Occurrence, head::HeadFields},
    object::{
        answer::Answer,
        apply::{lifecycle, rules, set},
        error::{ObjectError, OperationError},
        events,
        kind::Kind as _,
        transaction::Transaction,
        view::{HeadFieldsOf, HeadOf, current_place},
    },
};

pub(super) fn import(
    transaction: &mut Transaction<'_>,
    import: &Import,
) -> Result<Answer<Certificate>, ObjectError> {
    let (name, now) = (&import.name, transaction.now);
    let live = transaction.view.of::<Certificate>().live(name)?;
    let mut object = CertificateObject::default();
    match &live {
        Some(head) if head.fields.object.in_progress().is_some() => {
            return Err(OperationError::InProgress.into());
        }
        Some(head) => object.policy.clone_from(&head.fields.object.policy),
        None => linked::free(transaction, name)?,
    }
    object.put_policy(&import.policy, now);
    let version = NewVersion {
        // The key and the secret are made in the spelling of the certificate.
        name: live.as_ref().map_or(name, |head| &head.fields.name),
        version: transaction.inputs.version(),
        issued: &import.issued,
        preserve_order: import.preserve_order,
        parts: Parts {
            material: &import.material,
            key: &import.key,
        },
        enabled: import.enabled,
        tags: &import.tags,
    };
    put(transaction, live.as_deref(), &version, object)
}

/// Puts a version that is issued: in the place of one that says that it is not, else behind those that there are.
pub(super) fn put(
    transaction: &mut Transaction<'_>,
    live: Option<&HeadOf<Certificate>>,
    new: &NewVersion<'_>,
    object: CertificateObject,
) -> Result<Answer<Certificate>, ObjectError> {
    let content = CertificateContent(new.issued.der.clone());
    let fields = CertificateFields {
        thumbprint: Some(new.issued.thumbprint),
        preserve_order: new.preserve_order,
    };
    let given = set::Given::<Certificate> {
        version: Some(new.version),
        content: &content,
        fields: &fields,
        attributes: &new.attributes(),
        tags: new.tags,
    };
    let limits = &transaction.view.rules.limits;
    Certificate::check_content(limits, &content)?;
    let current = set::fields(transaction, &given);
    rules::fields::<Certificate>(limits, &current)?;
    let (mut versions, mut previous) = (1, None);
    let (sealed, shown) = match live {
        Some(head) if Certificate::is_complete(&head.fields.current.own) => {
            versions = head.fields.versions.saturating_add(1);
            rules::versions::<Certificate>(limits, new.name, versions)?;
            transaction.put_index(head.object, current_place(head));
            previous = Some(head.fields.version);
            (
                transaction.known(Certificate::KIND, new.name, head)?,
                &head.fields.name,
            )
        }
        Some(head) => {
            transaction.remove_version(head.fields.sequence);
            (
                transaction.known(Certificate::KIND, new.name, head)?,
                &head.fields.name,
            )
        }
        None => (transaction.new_object(Certificate::KIND, new.name)?, new.name),
    };
    let place = transaction.put_version(&sealed, new.version, &content, &current)?;
    let head: HeadFieldsOf<Certificate> = HeadFields {
        name: shown.clone(),
        version: new.version,
        sequence: place.sequence,
        versions,
        current,
        deleted: None,
        object,
    };
    transaction.put_head(&sealed, &head)?;
    lifecycle::reschedule::<Certificate>(transaction, live.map(|head| &head.fields), Some(&head));
    events::note::<Certificate>(transaction, Occurrence::NewVersionCreated, &head)?;
    transaction.touch(Certificate::KIND, new.name);
    linked::put(transaction, new, previous)?;
    let answer = set::answer(transaction, head, Some(content));
    Ok(Answer::Object(Box::new(answer)))
}

/// Changes what the vault notes about the certificate of `head`; its versions stay as they are.
pub(super) fn head(
    transaction: &mut Transaction<'_>,
    before: &HeadOf<Certificate>,
    change: impl FnOnce(&mut CertificateObject),
) -> Result<Answer<Certificate>, ObjectError> {
    let mut after = before.fields.clone();
    change(&mut after.object);
    let name = before.fields.name.clone();
    put_head(transaction, before, &after)?;
    transaction.touch(Certificate::KIND, &name);
    let view = transaction.view.of::<Certificate>();
    let (content, _) = view.open_version(&name, before, current_place(before))?;
    let answer = set::answer(transaction, after, Some(content));
    Ok(Answer::Object(Box::new(answer)))
}

fn put_head(
    transaction: &mut Transaction<'_>,
    before: &HeadOf<Certificate>,
    after: &HeadFieldsOf<Certificate>,
) -> Result<(), ObjectError> {
    let sealed = transaction.known(Certificate::KIND, &after.name, before)?;
    transaction.put_head(&sealed, after)?;
    lifecycle::reschedule::<Certificate>(transaction, Some(&before.fields), Some(after));
    Ok(())
}

pub(super) fn update(
    transaction: &mut Transaction<'_>,
    update: &Update,
) -> Result<Answer<Certificate>, ObjectError> {
    let (name, now) = (&update.name, transaction.now);
    let view = transaction.view.of::<Certificate>();
    let before = view.require_live(name)?;
    let place = view.locate(name, &before, update.version.as_ref())?;
    let (content, mut fields) = view.open_version(name, &before, place)?;
    let mut after = before.fields.clone();
    if let Some((seen, terms)) = &update.policy {
        let is_as_seen = after
            .object
            .policy
            .as_ref()
            .is_some_and(|policy| policy.json == *seen);
        if !is_as_seen {
            return Err(ObjectError::Superseded {
                kind: Certificate::KIND,
                name: name.clone(),
            });
        }
        after.object.put_policy(terms, now);
    }
    let is_complete = Certificate::is_complete(&fields.own);
    if update.enabled.is_some() || update.tags.is_some() {
        if is_complete {
            fields.enabled = update.enabled.unwrap_or(fields.enabled);
        } else if let Some(enabled) = update.enabled {
            enable_later(&mut after.object, enabled);
        }
        if let Some(tags) = &update.tags {
            fields.tags.clone_from(tags);
        }
        fields.updated = now;
        rules::fields::<Certificate>(&view.view.rules.limits, &fields)?;
        let sealed = transaction.known(Certificate::KIND, name, &before)?;
        let written = transaction.put_version(&sealed, place.version, &content, &fields)?;
        transaction.remove_version(place.sequence);
        if place.version == before.fields.version {
            after.sequence = written.sequence;
            after.current = fields.clone();
        } else {
            transaction.put_index(before.object, written);
        }
        if is_complete {
            linked::update(transaction, name, place.version, update)?;
        }
    }
    put_head(transaction, &before, &after)?;
    transaction.touch(Certificate::KIND, name);
    let mut bundle =
        transaction
            .view
            .of::<Certificate>()
            .bundle(&before, place.version, fields, Some(content));
    bundle.object = after.object;
    Ok(Answer::Object(Box::new(bundle)))
}

/// A version that is not issued is not enabled: what is said of it counts from its issue on.
fn enable_later(object: &mut CertificateObject, enabled: bool) {
    use super::object::OperationState;
    if let Some(operation) = &mut object.operation
        && let OperationState::InProgress(progress) = &mut operation.state
    {
        progress.enabled = enabled;
    }
}
