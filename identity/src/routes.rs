//! The HTTP routes.

mod discovery;

use std::{
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Extension, Json, Router,
    extract::{DefaultBodyLimit, Form, Path, Request, State, rejection::FormRejection},
    response::{IntoResponse, Response},
    routing::post,
};
use http::{StatusCode, header};
use secrecy::ExposeSecret;
use serde_json::json;
use strongroom_serving::{
    accept::{Peer, Source},
    rate::RateLimiter,
};
use strongroom_wire::token::ADFS_TENANT;
use tokio::{sync::Semaphore, time::timeout};

use crate::{
    exchange::{Exchange, MintedToken},
    form::TokenForm,
    refusal::ExchangeRefusal,
};

/// The longest form: two tokens of some KiB each.
const MAX_FORM: usize = 16 << 10;

/// How many seconds of its rate one source may use at once.
const BURST: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Requests of one source that the listener lets be in flight.
pub(crate) const REQUESTS_PER_SOURCE: usize = 32;

/// Exchanges that the API server is asked about at once. One source has at most an eighth of them, since the listener
/// lets it have no more requests in flight.
const MAX_AT_ONCE: usize = 8 * REQUESTS_PER_SOURCE;

/// The time for the form to arrive. While it does, nothing that others need is held.
const FORM_TIME: Duration = Duration::from_secs(2);

/// The time for one exchange, once its form is here.
const DEADLINE: Duration = Duration::from_secs(8);

/// What the routes share.
pub(crate) struct Service {
    exchange: Exchange,
    sources: RateLimiter<Source>,
    at_once: Semaphore,
}

type Shared = State<Arc<Service>>;

impl Service {
    /// Answers each source at `rate` exchanges per second in the long run, and ten times as many at once: the driver of a
    /// node starts with all its pods.
    pub(crate) fn new(exchange: Exchange, rate: NonZeroU32) -> Arc<Self> {
        Arc::new(Self {
            exchange,
            sources: RateLimiter::new(rate, rate.saturating_mul(BURST)),
            at_once: Semaphore::new(MAX_AT_ONCE),
        })
    }

    pub(crate) fn exchange(&self) -> &Exchange {
        &self.exchange
    }
}

/// Every route. Requests carry their [`Peer`] as an extension.
pub(crate) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/{tenant}/oauth2/v2.0/token", post(token))
        .route(&format!("/{ADFS_TENANT}/oauth2/token"), post(adfs_token))
        .merge(discovery::router())
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .fallback(async || not_found())
        .with_state(service)
}

async fn token(
    State(service): Shared,
    Path(tenant): Path<String>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response {
    answer(&service, &tenant, &peer, request).await
}

async fn adfs_token(State(service): Shared, Extension(peer): Extension<Peer>, request: Request) -> Response {
    answer(&service, ADFS_TENANT, &peer, request).await
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "error": "not_found" }))).into_response()
}

async fn answer(service: &Service, tenant: &str, peer: &Peer, request: Request) -> Response {
    let (since, source) = (Instant::now(), Source::from(peer.address.ip()));
    let result = exchange(service, tenant, source, request).await;
    service.exchange.metrics.count_exchange(&result, since);
    match result {
        Ok(minted) => granted(&minted),
        Err(refusal) => {
            log(&refusal);
            refusal.into_response()
        }
    }
}

/// The body is read only once the source and the tenant are admitted.
async fn exchange(
    service: &Service,
    tenant: &str,
    source: Source,
    request: Request,
) -> Result<MintedToken, ExchangeRefusal> {
    service
        .sources
        .admit(&source, Instant::now())
        .map_err(|_| ExchangeRefusal::Rate)?;
    if !service.exchange.settings.is_tenant(tenant) {
        return Err(ExchangeRefusal::Tenant);
    }
    let form = <Form<TokenForm> as axum::extract::FromRequest<()>>::from_request(request, &());
    let form = timeout(FORM_TIME, form)
        .await
        .map_err(|_| ExchangeRefusal::SlowForm)?;
    let Form(form) = form.map_err(|rejection| refused_form(&rejection))?;
    let asked = form.try_into()?;
    let _permit = service.at_once.try_acquire().map_err(|_| ExchangeRefusal::Busy)?;
    timeout(DEADLINE, service.exchange.mint(asked))
        .await
        .unwrap_or(Err(ExchangeRefusal::Slow))
}

fn refused_form(rejection: &FormRejection) -> ExchangeRefusal {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        ExchangeRefusal::TooLarge
    } else {
        ExchangeRefusal::Form
    }
}

/// Logs what this service failed to do. Mistakes of callers are counted and not logged: callers could fill the log.
fn log(refusal: &ExchangeRefusal) {
    if refusal.status().is_server_error() {
        let cause = std::error::Error::source(refusal).map(ToString::to_string);
        tracing::warn!(%refusal, cause, "an exchange failed");
    } else {
        tracing::debug!(%refusal, "an exchange was refused");
    }
}

/// The answer of RFC 6749, section 5.1, with the member that MSAL reads beside it.
fn granted(minted: &MintedToken) -> Response {
    let body = json!({
        "token_type": "Bearer",
        "expires_in": minted.lifetime_seconds,
        "ext_expires_in": minted.lifetime_seconds,
        "access_token": minted.token.expose_secret(),
    });
    (
        [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")],
        Json(body),
    )
        .into_response()
}
