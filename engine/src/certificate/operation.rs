//! The operation that makes a version: it begins, and is completed, ended, cancelled or forgotten.

use std::sync::Arc;

use strongroom_core::ObjectName;

use super::{
    Certificate, CertificateContent, CertificateFields, change,
    linked::{self, NewVersion, Parts},
    object::{CertificateObject, Operation, OperationId, OperationState, Progress},
    request::{Begin, Complete, OperationEnd},
};
use crate::{
    format::{
        fields::{AttributesPatch, Change},
        head::HeadFields,
    },
    object::{
        answer::Answer,
        apply::{lifecycle, rules, set},
        error::{ObjectError, OperationError},
        kind::Kind as _,
        transaction::Transaction,
        view::{FieldsOf, HeadFieldsOf, HeadOf},
    },
};

pub(super) fn begin(
    transaction: &mut Transaction<'_>,
    begin: &Begin,
) -> Result<Answer<Certificate>, ObjectError> {
    let name = &begin.name;
    let live = transaction.view.of::<Certificate>().live(name)?;
    if live
        .as_ref()
        .is_some_and(|head| head.fields.object.in_progress().is_some())
    {
        return Err(OperationError::InProgress.into());
    }
    let issued = live
        .as_deref()
        .filter(|head| Certificate::is_complete(&head.fields.current.own));
    let renewable = issued.map(|head| head.fields.sequence);
    if begin.renews.is_some_and(|seen| renewable != Some(seen)) {
        return Err(ObjectError::Superseded {
            kind: Certificate::KIND,
            name: name.clone(),
        });
    }
    let operation = operation_of(transaction, begin);
    let content = CertificateContent(Box::default());
    let pending = pending(transaction, begin, &operation, &content);
    // What is begun is to be completed, also with these tags.
    rules::fields::<Certificate>(&transaction.view.rules.limits, &pending)?;
    match issued {
        Some(head) => begin_next(transaction, begin, operation, head),
        None => begin_first(
            transaction,
            begin,
            operation,
            (&content, pending),
            live.as_deref(),
        ),
    }
}

fn operation_of(transaction: &mut Transaction<'_>, begin: &Begin) -> Operation {
    let id = transaction.inputs.bytes();
    Operation {
        id: OperationId(id.first_chunk().copied().unwrap_or_default()),
        version: transaction.inputs.version(),
        csr: begin.csr.clone(),
        issuer: begin.issuer.clone(),
        cancellation_requested: false,
        preserve_order: begin.preserve_order,
        ended: None,
        state: OperationState::InProgress(Box::new(Progress {
            key: Arc::clone(&begin.key),
            policy: begin.policy.json.clone(),
            issue_at: begin.issue_after.map(|delay| transaction.now.after(delay)),
            enabled: begin.enabled,
            tags: begin.tags.clone(),
        })),
    }
}

/// What a version says of itself until it is issued.
fn pending(
    transaction: &Transaction<'_>,
    begin: &Begin,
    operation: &Operation,
    content: &CertificateContent,
) -> FieldsOf<Certificate> {
    let attributes = AttributesPatch {
        enabled: Some(false),
        not_before: Change::Set(begin.validity.0),
        expires: Change::Set(begin.validity.1),
    };
    let fields = CertificateFields {
        thumbprint: None,
        preserve_order: begin.preserve_order,
    };
    set::fields(
        transaction,
        &set::Given::<Certificate> {
            version: Some(operation.version),
            content,
            fields: &fields,
            attributes: &attributes,
            tags: &begin.tags,
        },
    )
}

/// The version behind those that there are. A renewal is by the policy as it was read, and leaves the policy as it is.
fn begin_next(
    transaction: &mut Transaction<'_>,
    begin: &Begin,
    operation: Operation,
    head: &HeadOf<Certificate>,
) -> Result<Answer<Certificate>, ObjectError> {
    let (limits, now) = (&transaction.view.rules.limits, transaction.now);
    rules::versions::<Certificate>(limits, &begin.name, head.fields.versions.saturating_add(1))?;
    change::head(transaction, head, |object| {
        if begin.renews.is_none() {
            object.put_policy(&begin.policy, now);
        }
        object.operation = Some(operation);
    })
}

/// An object whose only version says that it is not issued: a new one, or in the place of one that never was.
fn begin_first(
    transaction: &mut Transaction<'_>,
    begin: &Begin,
    operation: Operation,
    (content, current): (&CertificateContent, FieldsOf<Certificate>),
    before: Option<&HeadOf<Certificate>>,
) -> Result<Answer<Certificate>, ObjectError> {
    let name = &begin.name;
    let mut object = CertificateObject::default();
    let (sealed, shown) = if let Some(head) = before {
        object.policy.clone_from(&head.fields.object.policy);
        transaction.remove_version(head.fields.sequence);
        (
            transaction.known(Certificate::KIND, name, head)?,
            &head.fields.name,
        )
    } else {
        linked::free(transaction, name)?;
        (transaction.new_object(Certificate::KIND, name)?, name)
    };
    let place = transaction.put_version(&sealed, operation.version, content, &current)?;
    object.put_policy(&begin.policy, transaction.now);
    object.operation = Some(operation);
    let head: HeadFieldsOf<Certificate> = HeadFields {
        name: shown.clone(),
        version: place.version,
        sequence: place.sequence,
        versions: 1,
        current,
        deleted: None,
        object,
    };
    transaction.put_head(&sealed, &head)?;
    lifecycle::reschedule::<Certificate>(transaction, before.map(|head| &head.fields), Some(&head));
    transaction.touch(Certificate::KIND, name);
    Ok(Answer::Object(Box::new(set::answer(transaction, head, None))))
}

pub(super) fn complete(
    transaction: &mut Transaction<'_>,
    complete: &Complete,
) -> Result<Answer<Certificate>, ObjectError> {
    let name = &complete.name;
    let head = transaction.view.of::<Certificate>().require_live(name)?;
    let (operation, progress) = running(&head, name, Some(complete.operation))?;
    let is_first = !Certificate::is_complete(&head.fields.current.own);
    let tags = complete.tags.as_ref();
    // Those of a first version may have changed since the operation began.
    let begun = if is_first {
        &head.fields.current.tags
    } else {
        &progress.tags
    };
    let version = NewVersion {
        name: &head.fields.name,
        version: operation.version,
        issued: &complete.issued,
        preserve_order: operation.preserve_order,
        parts: Parts {
            material: &progress.key.material,
            key: &progress.key.fields,
        },
        enabled: complete.enabled.unwrap_or(progress.enabled),
        tags: tags.unwrap_or(begun),
    };
    let mut object = head.fields.object.clone();
    if let Some(operation) = &mut object.operation {
        operation.state = OperationState::Completed;
    }
    change::put(transaction, Some(&head), &version, object)
}

pub(super) fn end(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
    operation: OperationId,
    end: &OperationEnd,
) -> Result<Answer<Certificate>, ObjectError> {
    let head = transaction.view.of::<Certificate>().require_live(name)?;
    running(&head, name, Some(operation))?;
    let state = match end {
        OperationEnd::Cancelled => OperationState::Cancelled,
        OperationEnd::Failed { code, message } => OperationState::Failed {
            code: code.clone(),
            message: message.clone(),
        },
    };
    let now = transaction.now;
    change::head(transaction, &head, |object| {
        if let Some(operation) = &mut object.operation {
            operation.state = state;
            operation.ended = Some(now);
        }
    })
}

/// The server sees to it at once, where it is the server who issues.
pub(super) fn cancel(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
) -> Result<Answer<Certificate>, ObjectError> {
    let head = asked_about(transaction, name)?;
    running(&head, name, None)?;
    let now = transaction.now;
    change::head(transaction, &head, |object| {
        if let Some(operation) = &mut object.operation {
            operation.cancellation_requested = true;
            if let OperationState::InProgress(progress) = &mut operation.state {
                progress.issue_at = progress.issue_at.map(|_| now);
            }
        }
    })
}

/// The answer is what was forgotten.
pub(super) fn forget(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
) -> Result<Answer<Certificate>, ObjectError> {
    let head = asked_about(transaction, name)?;
    let operation = head.fields.object.operation.clone();
    let operation = operation.ok_or_else(|| OperationError::NotFound(name.clone()))?;
    let answer = change::head(transaction, &head, |object| object.operation = None)?;
    Ok(match answer {
        Answer::Object(mut bundle) => {
            bundle.object.operation = Some(operation);
            Answer::Object(bundle)
        }
        other => other,
    })
}

/// The certificate whose operation is asked about: where there is none, there is no operation.
fn asked_about(
    transaction: &Transaction<'_>,
    name: &ObjectName,
) -> Result<Arc<HeadOf<Certificate>>, ObjectError> {
    let live = transaction.view.of::<Certificate>().live(name)?;
    Ok(live.ok_or_else(|| OperationError::NotFound(name.clone()))?)
}

/// The operation that is in progress, which must be `wanted` where that is said.
fn running<'h>(
    head: &'h HeadOf<Certificate>,
    name: &ObjectName,
    wanted: Option<OperationId>,
) -> Result<(&'h Operation, &'h Progress), ObjectError> {
    let operation = head.fields.object.operation.as_ref();
    let operation = operation.filter(|operation| wanted.is_none_or(|wanted| wanted == operation.id));
    if operation.is_none() {
        return Err(OperationError::NotFound(name.clone()).into());
    }
    let running = head.fields.object.in_progress();
    Ok(running.ok_or(OperationError::Ended)?)
}
