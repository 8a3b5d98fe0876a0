//! Health and metrics: plain HTTP on a port, thread and runtime of their own, so that they answer while the others
//! cannot.

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::service::Service;

/// The routes `/healthz`, `/readyz` and `/metrics` over `service`.
pub fn router(service: Service) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(service)
}

/// Why the vault cannot serve, one sentence each; none when it can.
pub fn problems(service: &Service) -> Vec<String> {
    let mut problems = Vec::new();
    if service.drain.has_begun() {
        problems.push("the vault is draining".to_owned());
    }
    if !service.authenticator.has_keys() {
        problems.push("no key of the identity service is known yet".to_owned());
    }
    problems.extend(service.storage.problem());
    problems.extend(service.audit.problem().map(|problem| problem.to_string()));
    if service.policy.rollback().is_some() {
        problems.push("the store is older than its anchor".to_owned());
    }
    problems
}

async fn ready(State(service): State<Service>) -> Response {
    let problems = problems(&service);
    if problems.is_empty() {
        return "ok\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, problems.join("\n") + "\n").into_response()
}

async fn metrics(State(service): State<Service>) -> Response {
    sample(&service);
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match service.metrics.text() {
        Ok(text) => ([(CONTENT_TYPE, content_type)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Reads off the vault what is not counted as it happens.
fn sample(service: &Service) {
    let sampled = &service.metrics.sampled;
    sampled.ready.set(i64::from(problems(service).is_empty()));
    if let Some(policy) = service.policy.status() {
        sampled.policy_epoch.set(saturated(policy.generation.epoch));
        sampled.policy_number.set(saturated(policy.generation.n));
        sampled.policy_staleness.set(service.policy.staleness());
    }
    if let Ok(anchor) = service.objects.anchor() {
        sampled.store_generation.set(saturated(anchor.generation.0));
    }
    let usage = service.audit.usage();
    sampled.audit_bytes.set(saturated(usage.bytes));
    sampled.audit_quota.set(saturated(usage.quota.bytes));
    sampled.audit_records.set(saturated(usage.sequence));
    sampled.identity_keys.set(counted(service.authenticator.keys()));
}

fn counted(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn saturated(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
