//! The order of every request to the API: authentication, rate, form, and then [`crate::access`].

mod lists;

use std::{sync::Arc, time::Instant};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue,
    header::{USER_AGENT, WWW_AUTHENTICATE},
    request::Parts,
};
use strongroom_audit::{CorrelationId, RefusalCounter, RefusalReason, RequestPath, Resource};
use strongroom_core::{Domains, Operation, VaultRef};
use strongroom_serving::{
    accept::{Peer, Source, Standing},
    tls::ServingCertificate,
};

use super::{
    bearer::{self, Challenge},
    body,
    call::Call,
    error::{FormError, Problem},
    host::{Host, HostError, Hosts},
    kind, method,
    query::Query,
    respond::{self, CLIENT_REQUEST_ID, Echo},
};
use crate::{
    access::{Access, Caller, Client, Failure, caller::new_correlation_id},
    auth::{AuthError, Authenticated, Authenticator},
    keys::statement::Statements,
    metrics::Metrics,
    service::Service,
};

/// The settings of the API.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// Whose hosts it answers to, and whose audience challenges name.
    pub vault: VaultRef,
    /// Under which domains it is reached.
    pub domains: Domains,
    /// The origin that challenges send clients to for a token.
    pub identity_url: String,
    /// Whose key signs what the vault states.
    pub certificate: Arc<ServingCertificate>,
}

/// The API of one vault.
#[derive(Debug)]
pub struct Api {
    access: Arc<Access>,
    authenticator: Arc<Authenticator>,
    refusals: Arc<RefusalCounter>,
    metrics: Arc<Metrics>,
    hosts: Hosts,
    challenge: Challenge,
    statements: Statements,
}

impl Api {
    /// The API over `access`, with the authentication and the counters of `service`.
    pub fn new(access: Arc<Access>, service: &Service, config: ApiConfig) -> Arc<Self> {
        Arc::new(Self {
            access,
            authenticator: Arc::clone(&service.authenticator),
            refusals: Arc::clone(&service.refusals),
            metrics: Arc::clone(&service.metrics),
            challenge: Challenge::new(&config.identity_url),
            statements: Statements::new(config.certificate),
            hosts: Hosts {
                vault: config.vault,
                domains: config.domains,
            },
        })
    }

    /// The vault's name that a request was sent to.
    pub(super) fn host(&self, request: &Parts) -> Result<Host, HostError> {
        self.hosts.of(request)
    }

    /// Refuses a request that was sent to no name of the vault, which `error` says.
    pub(super) fn refuse_host(&self, request: &Parts, error: HostError, began: Instant) -> Response {
        if let Some(peer) = request.extensions.get::<Peer>() {
            let address = Client::new(peer, None).address();
            self.refusals.count(address, RefusalReason::OtherHost);
        }
        let mut response = self.refuse_stranger(error, began);
        respond::stamp(&mut response, Echo::of(request), new_correlation_id());
        response
    }

    /// Answers a request that was sent to `host`.
    pub(super) async fn answer(
        self: Arc<Self>,
        request: (Parts, Body),
        host: Host,
        began: Instant,
    ) -> Response {
        let (parts, mut body) = request;
        let echo = Echo::of(&parts);
        let request_id = new_correlation_id();
        let theirs = parts
            .headers
            .get(CLIENT_REQUEST_ID)
            .and_then(|id| id.to_str().ok());
        let correlation = theirs.and_then(CorrelationId::parse).unwrap_or(request_id);
        let mut response = self
            .answer_caller(&parts, &host, &mut body, correlation, began)
            .await;
        respond::stamp(&mut response, echo, request_id);
        body::discard(&mut body).await;
        response
    }

    /// Verifies the token of a request, and answers it.
    async fn answer_caller(
        &self,
        parts: &Parts,
        host: &Host,
        body: &mut Body,
        correlation: CorrelationId,
        began: Instant,
    ) -> Response {
        let Some(peer) = parts.extensions.get::<Peer>() else {
            return self.refuse_stranger(HostError::Malformed, began);
        };
        if let Some(list) = lists::ListPath::parse(parts.uri.path()) {
            return self.answer_list(parts, list, peer, began).await;
        }
        let agent = parts.headers.get(USER_AGENT).map(HeaderValue::as_bytes);
        let client = Client::new(peer, agent);
        let token = bearer::token(&parts.headers);
        let authenticated = match self.authenticate(token, peer).await {
            Ok(Ok(authenticated)) => authenticated,
            Ok(Err(error)) => return self.refuse_token(error, peer, &client, host, began),
            Err(throttled) => return self.refuse_throttled(&throttled, &client, began),
        };
        if let Some(standing) = parts.extensions.get::<Standing>() {
            standing.prove();
        }
        let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
        let principal = Arc::clone(&authenticated.principal);
        let caller = client.into_caller(principal, correlation, RequestPath::new(target), began);
        self.perform(caller, parts, host, body)
            .await
            .unwrap_or_else(Problem::into_response)
    }

    /// The holder of a token. One that was not verified before is verified only while the rate of its
    /// source's refused tokens allows it.
    ///
    /// # Errors
    /// That it does not.
    async fn authenticate(
        &self,
        token: Result<&str, AuthError>,
        peer: &Peer,
    ) -> Result<Result<Arc<Authenticated>, AuthError>, Failure> {
        let token = match token {
            Ok(token) => token,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(known) = self.authenticator.recall(token) {
            return Ok(Ok(known));
        }
        self.access.check_tokens(Source::from(peer.address.ip()))?;
        Ok(self.authenticator.authenticate(token).await)
    }

    /// Does what an authenticated request asks.
    async fn perform(
        &self,
        caller: Caller,
        parts: &Parts,
        host: &Host,
        body: &mut Body,
    ) -> Result<Response, Problem> {
        if let Err(failure) = self.access.count_request(caller.principal()) {
            let refused = self
                .access
                .refuse(caller, Operation::Unknown, Resource::Vault, failure);
            return Err(refused.await.into());
        }
        let route = method::meant(parts).and_then(|method| kind::route(&method, parts.uri.path()));
        let route = match route {
            Ok(route) => route,
            Err(error) => {
                return Err(self
                    .refuse_form(caller, Operation::Unknown, Resource::Vault, error.into())
                    .await);
            }
        };
        let query = match Query::parse(parts.uri.query().unwrap_or_default()) {
            Ok(query) => query,
            Err(error) => {
                return Err(self
                    .refuse_form(caller, route.operation, route.resource(), error.into())
                    .await);
            }
        };
        let admitted = self
            .access
            .admit(caller, route.operation, route.resource())
            .await?;
        let call = Call {
            route: &route,
            query: &query,
            host,
            body,
            statements: &self.statements,
            admitted,
        };
        kind::perform(call).await
    }

    async fn refuse_form(
        &self,
        caller: Caller,
        operation: Operation,
        resource: Resource,
        error: FormError,
    ) -> Problem {
        let refused = self
            .access
            .refuse(caller, operation, resource, error.failure())
            .await;
        Problem::of_form(error, &refused)
    }

    /// The refusal of a request without a valid token, with the challenge that says where to get one.
    fn refuse_token(
        &self,
        error: AuthError,
        peer: &Peer,
        client: &Client,
        host: &Host,
        began: Instant,
    ) -> Response {
        let reason = if error == AuthError::Missing {
            RefusalReason::NoToken
        } else {
            RefusalReason::BadToken
        };
        self.metrics.authentication_failure(error);
        // One instant for both rates: with two, one of them would be used up a little before the other.
        let (source, now) = (Source::from(peer.address.ip()), Instant::now());
        if error != AuthError::Missing {
            self.access.count_refused_token(source, now);
        }
        if let Err(throttled) = self.access.count_failed_authentication(source, now) {
            return self.refuse_throttled(&throttled, client, began);
        }
        self.refusals.count(client.address(), reason);
        let mut response = self.refuse_stranger(error, began);
        if let Some(challenge) = self.challenge.header(host) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }

    /// The refusal of a request whose source fails too often.
    fn refuse_throttled(&self, throttled: &Failure, client: &Client, began: Instant) -> Response {
        self.refusals.count(client.address(), RefusalReason::Limited);
        self.refuse_stranger(throttled, began)
    }

    /// The refusal of a request whose caller is not known, counted. It has no record of its own.
    fn refuse_stranger(&self, problem: impl Into<Problem>, began: Instant) -> Response {
        let response = problem.into().into_response();
        let operation = Operation::Unknown.as_str();
        self.metrics
            .request(operation, response.status().as_u16(), began.elapsed());
        response
    }
}
