//! What SDKs and tools read before they ask for a token, and beside it. Nobody proves anything for it: each answer is as
//! long as this installation makes it, and costs no call.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, Request, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
    routing::get,
};
use http::header;
use serde::Deserialize;
use serde_json::{Value, json};
use strongroom_wire::token::ADFS_TENANT;

use super::{Service, Shared, not_found};
use crate::{documents, refusal::ExchangeRefusal};

/// The routes of the documents.
pub(super) fn router() -> Router<Arc<Service>> {
    Router::new()
        .route(
            "/{tenant}/v2.0/.well-known/openid-configuration",
            get(configuration),
        )
        .route(
            &format!("/{ADFS_TENANT}/.well-known/openid-configuration"),
            get(adfs_configuration),
        )
        .route("/common/discovery/instance", get(instance))
        .route("/.well-known/webfinger", get(web_finger))
        .route("/keys", get(keys))
        .route("/subscriptions", get(subscriptions))
}

async fn configuration(
    State(service): Shared,
    Path(tenant): Path<String>,
    request: Request,
) -> Result<Json<Value>, ExchangeRefusal> {
    let settings = &service.exchange.settings;
    if !settings.is_tenant(&tenant) {
        return Err(ExchangeRefusal::Tenant);
    }
    Ok(Json(documents::openid_configuration(
        settings,
        &base(&service, &request),
        &tenant,
    )))
}

async fn adfs_configuration(State(service): Shared, request: Request) -> Json<Value> {
    Json(documents::openid_configuration(
        &service.exchange.settings,
        &base(&service, &request),
        ADFS_TENANT,
    ))
}

async fn instance(State(service): Shared, request: Request) -> Json<Value> {
    Json(documents::instance_discovery(
        &service.exchange.settings,
        &base(&service, &request),
    ))
}

fn base(service: &Service, request: &Request) -> String {
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    documents::base(&service.exchange.settings, request.headers(), authority)
}

/// What a client asks of `WebFinger`. It may name a relation too; there is one.
#[derive(Deserialize)]
struct WebFinger {
    resource: String,
}

async fn web_finger(State(service): Shared, asked: Result<Query<WebFinger>, QueryRejection>) -> Response {
    let settings = &service.exchange.settings;
    asked
        .ok()
        .and_then(|Query(asked)| documents::web_finger(settings, &asked.resource))
        .map_or_else(not_found, |document| Json(document).into_response())
}

async fn keys(State(service): Shared) -> Response {
    let body = json!({ "keys": [service.exchange.signing_key.public()] });
    ([(header::CACHE_CONTROL, "no-cache")], Json(body)).into_response()
}

/// The subscriptions of Azure's resource manager: none. The az command line asks for them after each login.
async fn subscriptions() -> Json<Value> {
    Json(json!({ "value": [] }))
}
