//! The events of objects, oldest first, as a batch of CloudEvents.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use strongroom_wire::cloud_event::BATCH_TYPE;

use super::{Admin, error::AdminError, events_query::Asked};
use crate::{cloud_event::cloud_event, policy::Closed};

/// The events that are `asked` for. A store that may be an older one has none to show: its numbers may be given out again.
pub(super) fn events(admin: &Admin, asked: Asked) -> Result<Response, AdminError> {
    let service = &admin.service;
    if service.policy.is_in_doubt() {
        let closed = match service.policy.rollback() {
            Some(_) => Closed::RolledBack,
            None => Closed::NotCompared,
        };
        return Err(closed.into());
    }
    let page = service.objects.events(asked.after, asked.max);
    let page = page
        .map_err(|_| AdminError::Store)?
        .ok_or(AdminError::EventNotKept)?;
    let events = page.events.iter();
    let events: Vec<_> = events
        .map(|event| cloud_event(&admin.vault, &service.resource, event))
        .collect();
    let body = serde_json::to_vec(&events).map_err(|_| AdminError::Aborted)?;
    let mut answer = Body::from(body).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(BATCH_TYPE));
    let next = events.last().filter(|_| page.more).map(|last| asked.next(last));
    if let Some(Ok(next)) = next.map(HeaderValue::try_from) {
        headers.insert(header::LINK, next);
    }
    Ok(answer)
}
