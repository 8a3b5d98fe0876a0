//! Certificates that are due: operations that the vault ends, and versions that it renews.

use std::sync::Arc;

use strongroom_audit::Event;
use strongroom_certificates::policy::Policy;
use strongroom_core::Uid;
use strongroom_engine::{
    Certificate, ObjectError, WriteError,
    certificate::{CertificateRequest, ISSUE},
    format::task::{Due, Task},
    object::request::WriteRequest,
};
use tokio::task::spawn_blocking;

use super::{DueError, ITSELF, Turn, submit};
use crate::{
    certificates::{
        begin::{Wishes, begin},
        chosen::check_renewal,
        error::{CertificateError, CertificateFailure},
        issue,
    },
    service::Service,
};

pub(super) async fn see_to(service: &Service, due: &Due) -> Result<Turn, DueError> {
    let turn = if due.task == Task::Own(ISSUE) {
        end(service, due).await
    } else {
        renew(service, due).await
    };
    match turn {
        // It was deleted meanwhile, or its operation was ended or forgotten.
        Err(
            DueError::Object(ObjectError::NotFound { .. })
            | DueError::Write(WriteError::Object(ObjectError::NotFound { .. } | ObjectError::Operation(_))),
        ) => Ok(Turn::Overtaken),
        turn => turn,
    }
}

/// Ends the operation that is in progress: with a certificate, or as its owner wished.
async fn end(service: &Service, due: &Due) -> Result<Turn, DueError> {
    let (_, current) = service.objects.current::<Certificate>(&due.name)?;
    let now = service.timekeeper.now();
    let (keys, objects) = (service.keys.clone(), service.objects.clone());
    let (object, name, resource) = (current.object, due.name.clone(), Arc::clone(&service.resource));
    // A signature of RSA takes a millisecond or more.
    let made = spawn_blocking(move || {
        let running = object.in_progress()?;
        Some(issue::end(
            &objects,
            keys.provider(),
            resource.uri(),
            &name,
            running,
            now,
        ))
    });
    let Ok(Some(request)) = made.await else {
        return Ok(Turn::Overtaken);
    };
    let request = request?;
    let name = due.name.clone();
    let event = move |version| Event::CertificateIssueIfDue {
        name: name.clone(),
        version,
    };
    submit(service, WriteRequest::<Certificate>::Own(request), event).await
}

/// Begins the operation that makes the next version, by the policy as it is. Whoever put the policy was asked for the
/// permission to use its issuer: a renewal asks nobody, and goes on while the issuer is there and enabled.
async fn renew(service: &Service, due: &Due) -> Result<Turn, DueError> {
    let itself: Uid = ITSELF.parse().map_err(|_| DueError::Account)?;
    let (seen, current) = service.objects.current::<Certificate>(&due.name)?;
    if !service.objects.is_due(due)? {
        return Ok(Turn::Overtaken);
    }
    let stored = current.object.policy.ok_or(CertificateError::Damaged)?;
    let policy = Policy::from_stored(&stored.json).map_err(|_| CertificateError::Damaged)?;
    let (keys, objects, now) = (
        service.keys.clone(),
        service.objects.clone(),
        service.timekeeper.now(),
    );
    let checked = spawn_blocking(move || {
        let chosen = check_renewal(&objects, keys.provider(), &policy, stored.updated, now)?;
        Ok::<_, CertificateFailure>((policy, chosen.is_ended_by_the_vault()))
    });
    let (policy, issues) = checked.await.map_err(|_| CertificateError::Unwritable)??;
    let key = service
        .keys
        .of_certificate(&service.objects, &itself, &due.name, &policy);
    let key = key.await?;
    let wishes = Wishes {
        name: due.name.clone(),
        // Whoever has disabled a certificate wants no version of it to be used.
        enabled: current.attributes.enabled,
        tags: current.tags,
        preserve_order: current.fields.preserve_order,
        renews: Some(seen.record),
    };
    let request = begin(wishes, &policy, &key, issues, now)?;
    let request = CertificateRequest::Begin(Box::new(request));
    let name = due.name.clone();
    let event = move |version| Event::CertificateRenewIfDue {
        name: name.clone(),
        version,
    };
    let turn = submit(service, WriteRequest::<Certificate>::Own(request), event).await?;
    service.soon.when_issued();
    Ok(turn)
}
