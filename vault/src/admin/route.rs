//! The paths of the admin API.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderValue, StatusCode, Uri, header};
use strongroom_audit::{Event, Hash};
use strongroom_core::{Generation, SecretRefName, Timestamp};
use strongroom_wire::admin::{
    BundleId, Compare, Compared, Confirm, Resolve, Resolved, Rollback, Status, Volumes, path,
};

use super::{
    Admin, body,
    error::{AdminError, unfit_code},
    events,
    events_query::Asked,
    resolve,
};
use crate::policy::PutError;

type Shared = State<Arc<Admin>>;

pub(super) fn router(admin: Admin) -> Router {
    Router::new()
        .route(path::STATUS, get(status))
        .route(path::BUNDLE, get(bundle).put(put_bundle))
        .route(path::CONFIRM, post(confirm))
        .route(path::RESOLVE, post(resolved))
        .route(path::REF_CHANGED, post(ref_changed))
        .route(path::VOLUMES, get(volumes))
        .route(path::EVENTS, get(listed_events))
        .route(path::COMPARE, post(compare))
        .route(path::PRESENCE, get(presence))
        .route(path::ROLLBACK, post(rollback))
        .fallback(|| async { AdminError::NoPath })
        .method_not_allowed_fallback(|| async { AdminError::NoMethod })
        .with_state(Arc::new(admin))
}

async fn status(State(admin): Shared) -> Result<Json<Status>, AdminError> {
    aside(move || Ok(admin.status())).await.map(Json)
}

async fn bundle(State(admin): Shared) -> Result<Response, AdminError> {
    let bytes = aside(move || Ok(admin.service.policy.bundle()?))
        .await?
        .ok_or(AdminError::NoBundle)?;
    let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((json, bytes).into_response())
}

async fn put_bundle(State(admin): Shared, body: Body) -> Result<Json<BundleId>, AdminError> {
    let bytes = body::bytes(body, body::MAX_BUNDLE).await?;
    aside(move || take(&admin, &bytes)).await.map(Json)
}

fn take(admin: &Admin, bytes: &[u8]) -> Result<BundleId, AdminError> {
    let taken = admin.service.policy.put(bytes, |taken| {
        admin.record(&Event::PolicyBundlePut {
            generation: taken.policy.generation,
            hash: Hash::of(bytes),
            policies: taken.policies,
        })
    });
    match taken {
        Ok(taken) => {
            if taken.is_new {
                tracing::info!(generation = %taken.policy.generation, policies = taken.policies, "a policy bundle came into force");
            }
            Ok(taken.policy)
        }
        Err(error) => {
            if let PutError::Unfit(unfit) = &error {
                tracing::warn!(reason = %unfit, "a policy bundle was refused");
                let generation = offered(bytes);
                admin.record(&Event::PolicyBundleRefused {
                    generation,
                    code: unfit_code(unfit).1,
                })?;
            }
            Err(error.into())
        }
    }
}

/// The generation that the refused bundle `bytes` claims, for the audit log; 0-0 where it claims none.
fn offered(bytes: &[u8]) -> Generation {
    #[derive(serde::Deserialize)]
    struct Place {
        generation: Generation,
    }
    serde_json::from_slice::<Place>(bytes)
        .map(|place| place.generation)
        .unwrap_or_default()
}

async fn confirm(State(admin): Shared, body: Body) -> Result<Json<BundleId>, AdminError> {
    let Confirm { policy, time } = body::message(body).await?;
    if let Some(time) = time {
        admin.service.timekeeper.confirm(Timestamp::from_unix(time));
    }
    aside(move || {
        admin.service.policy.confirm(&policy)?;
        Ok(Json(policy))
    })
    .await
}

async fn resolved(State(admin): Shared, body: Body) -> Result<Json<Resolved>, AdminError> {
    let asked: Resolve = body::message(body).await?;
    aside(move || resolve::resolve(&admin, &asked)).await.map(Json)
}

async fn ref_changed(State(admin): Shared, body: Body) -> Result<StatusCode, AdminError> {
    let changed: SecretRefName = body::message(body).await?;
    admin.watch.ref_changed(&changed);
    Ok(StatusCode::NO_CONTENT)
}

async fn volumes(State(admin): Shared) -> Json<Volumes> {
    Json(admin.watch.volumes())
}

async fn listed_events(State(admin): Shared, uri: Uri) -> Result<Response, AdminError> {
    let asked = Asked::parse(uri.query().unwrap_or_default())?;
    aside(move || events::events(&admin, asked)).await
}

async fn compare(State(admin): Shared, body: Body) -> Result<Json<Compared>, AdminError> {
    let Compare { kept } = body::message(body).await?;
    aside(move || admin.compare(kept.as_ref())).await.map(Json)
}

async fn presence(State(admin): Shared) -> StatusCode {
    admin.presence().await;
    StatusCode::NO_CONTENT
}

async fn rollback(State(admin): Shared, body: Body) -> Result<StatusCode, AdminError> {
    let rollback: Rollback = body::message(body).await?;
    aside(move || match rollback {
        Rollback::Detected { anchored } => admin.detect(anchored),
        Rollback::Accept { generation } => admin.accept(generation),
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Runs what may wait for the disk beside the thread that all calls share.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AdminError> + Send + 'static,
) -> Result<T, AdminError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| AdminError::Aborted)?
}
