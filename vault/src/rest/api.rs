//! The order of every request: host, limits, authentication, decision, lookup.

use std::{num::NonZeroU32, sync::Arc, time::Instant};

use aws_lc_rs::rand;
use axum::{
    Router,
    body::Body,
    extract::State,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Request, header::WWW_AUTHENTICATE, request::Parts};
use strongroom_audit::{CorrelationId, RefusalReason};
use strongroom_core::{Operation, VaultRef};
use tokio::sync::Semaphore;

use super::{
    bearer::{self, Challenge},
    body,
    error::ApiError,
    exchange::{Arrival, CLIENT_REQUEST_ID, Exchange, Trail, caller},
    host::{Host, HostError, Hosts},
    recorder::Recorder,
    respond,
    throttle::Throttle,
};
use crate::{
    auth::{AuthError, Authenticated},
    connection::{Peer, Source},
    service::Service,
};

/// How many restores may be read at the same time: each may hold tens of megabytes.
const RESTORES: usize = 2;

/// What the API is told about itself.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// The vault itself.
    pub vault: VaultRef,
    /// The cluster's DNS domain.
    pub cluster_domain: String,
    /// Where challenges send clients.
    pub identity_url: String,
    /// The installation's id, as the tenant of challenges.
    pub tenant: String,
    /// Requests per second of one account.
    pub account_rate: NonZeroU32,
    /// Whether an audit record waits for the disk, so that appending it must not hold up other requests.
    pub audit_waits: bool,
}

/// The API of one vault.
#[derive(Debug)]
pub struct Api {
    pub(super) service: Service,
    pub(super) restores: Semaphore,
    pub(super) recorder: Arc<Recorder>,
    hosts: Hosts,
    challenge: Challenge,
    throttle: Throttle,
}

impl Api {
    /// The API over `service`.
    pub fn new(service: Service, config: ApiConfig) -> Arc<Self> {
        Arc::new(Self {
            recorder: Recorder::new(Arc::clone(&service.audit), config.audit_waits),
            service,
            restores: Semaphore::new(RESTORES),
            challenge: Challenge::new(&config.identity_url, &config.tenant),
            throttle: Throttle::new(config.account_rate),
            hosts: Hosts {
                vault: config.vault,
                cluster_domain: config.cluster_domain,
            },
        })
    }

    /// The routes: one fallback, since every path is ours to judge. To be served behind [`Self::guard`].
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new().fallback(handle).with_state(Arc::clone(self))
    }

    /// Puts the check of the host before everything else that `router` serves.
    pub fn guard(self: &Arc<Self>, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state(Arc::clone(self), check_host))
    }

    /// Forgets sources and accounts that have been quiet. To be called every few seconds.
    pub fn forget_quiet(&self) {
        self.throttle.forget_quiet();
    }

    async fn answer(&self, parts: Parts, body: &mut Body, arrival: Arrival) -> Answered {
        let (Some(peer), Some(host)) = (
            parts.extensions.get::<Peer>().cloned(),
            parts.extensions.get::<Host>().cloned(),
        ) else {
            return Answered::unknown(HostError::Malformed.into());
        };
        let authenticated = match self.authenticate(&parts, &peer).await {
            Ok(authenticated) => authenticated,
            Err(error) => return self.challenge(error, &host),
        };
        let exchange = Exchange::new(&parts, host, &peer, &authenticated, arrival, &self.service);
        let mut trail = Trail::default();
        let outcome = match self.throttle.request(authenticated.principal.id()) {
            Ok(()) => self.perform(&exchange, &mut trail, &parts, body).await,
            Err(error) => {
                self.service.metrics.throttled("account");
                Err(error.into())
            }
        };
        let response = self.conclude(&exchange, &trail, outcome).await;
        Answered {
            operation: trail.operation,
            response,
        }
    }

    async fn authenticate(&self, parts: &Parts, peer: &Peer) -> Result<Arc<Authenticated>, ApiError> {
        let outcome = match bearer::token(&parts.headers) {
            Ok(token) => self.service.authenticator.authenticate(token).await,
            Err(error) => Err(error),
        };
        outcome.map_err(|error| {
            let reason = if error == AuthError::Missing {
                RefusalReason::NoToken
            } else {
                RefusalReason::BadToken
            };
            self.service.metrics.authentication_failure(error);
            match self.throttle.failure(Source::from(peer.address.ip())) {
                Ok(()) => {
                    self.service.refusals.count(caller(peer), reason);
                    error.into()
                }
                Err(throttled) => {
                    self.service.refusals.count(caller(peer), RefusalReason::Limited);
                    self.service.metrics.throttled("source");
                    throttled
                }
            }
        })
    }

    /// Adds what every answer carries, and counts it.
    fn finish(
        &self,
        answered: Answered,
        echo: Option<HeaderValue>,
        id: CorrelationId,
        started: Instant,
    ) -> Response {
        let Answered {
            operation,
            mut response,
        } = answered;
        respond::stamp(&mut response, echo, &id.to_string());
        self.service
            .metrics
            .request(operation.as_str(), response.status().as_u16(), started.elapsed());
        response
    }

    /// The refusal of a request without a valid token, with the challenge that tells where to get one.
    fn challenge(&self, error: ApiError, host: &Host) -> Answered {
        let is_challenged = matches!(error, ApiError::Auth(_));
        let mut answered = Answered::unknown(error);
        if let Some(challenge) = self.challenge.header(host).filter(|_| is_challenged) {
            answered
                .response
                .headers_mut()
                .insert(WWW_AUTHENTICATE, challenge);
        }
        answered
    }
}

/// Sends on what was sent to one of the vault's names, and nothing else.
async fn check_host(State(api): State<Arc<Api>>, request: Request<Body>, next: Next) -> Response {
    let started = Instant::now();
    let (mut parts, body) = request.into_parts();
    match api.hosts.of(&parts) {
        Ok(host) => {
            parts.extensions.insert(host);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(error) => {
            if let Some(peer) = parts.extensions.get::<Peer>() {
                api.service.refusals.count(caller(peer), RefusalReason::OtherHost);
            }
            let answered = Answered::unknown(error.into());
            let id = CorrelationId::from_random(random());
            api.finish(answered, respond::client_request_id(&parts.headers), id, started)
        }
    }
}

/// An answer, and what it is counted as.
struct Answered {
    operation: Operation,
    response: Response,
}

impl Answered {
    fn unknown(error: ApiError) -> Self {
        Self {
            operation: Operation::Unknown,
            response: error.into_response(),
        }
    }
}

async fn handle(State(api): State<Arc<Api>>, request: Request<Body>) -> Response {
    let started = Instant::now();
    let (parts, mut body) = request.into_parts();
    let echo = respond::client_request_id(&parts.headers);
    let request_id = CorrelationId::from_random(random());
    let theirs = parts
        .headers
        .get(CLIENT_REQUEST_ID)
        .and_then(|id| id.to_str().ok());
    let correlation = theirs.and_then(CorrelationId::parse).unwrap_or(request_id);
    let answered = api
        .answer(parts, &mut body, Arrival { started, correlation })
        .await;
    let response = api.finish(answered, echo, request_id, started);
    body::discard(&mut body).await;
    response
}

/// Sixteen random bytes. A source that fails leaves zeros, which only makes an id less telling.
fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    if rand::fill(&mut bytes).is_err() {
        tracing::error!("the system gives no random bytes");
    }
    bytes
}
