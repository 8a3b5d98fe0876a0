//! How programs on this machine log in: as Azure's SDKs do anywhere, by environment alone.
//!
//! | what the SDK brings | who answers |
//! |---|---|
//! | the token of a service account (workload identity) | the identity service, as in a cluster |
//! | a client secret | the same: the secret is a token of the account |
//! | the header of an App Service (managed identity) | the same, over plain HTTP on loopback: the header is a token of the account |
//!
//! Whoever reaches loopback may be anybody on this machine, so a program is the account that its token says, and no request
//! names one without it. Any other client secret is taken where the caller of `strongroom dev` says so.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::{Body, Bytes, to_bytes},
    extract::{Query, Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use clap::Parser;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use strongroom_client::identity::ASSERTION_TYPE;
use strongroom_core::{AccountName, FurtherDomain};
use strongroom_identity::{Arguments, RunError};
use strongroom_serving::accept::Peer;
use strongroom_vault::clock::Clock;
use strongroom_wire::token::ADFS_TENANT;
use tower::ServiceExt as _;

use crate::{
    cluster::{Cluster, now},
    names::LOGIN_HOST,
    policy::Enforcer,
};

/// The tenant of every installation on a laptop: it is no secret, and no tenant of anybody else.
pub const TENANT: &str = "de70de70-0000-4000-8000-000000000001";

/// The issuer of vault tokens where the login is at `login`. MSAL takes no issuer with another host than the login's.
pub fn issuer(login: SocketAddr) -> String {
    format!("https://{LOGIN_HOST}:{}/{TENANT}/v2.0", login.port())
}

/// Where an App Service has the endpoint.
pub const APP_SERVICE_PATH: &str = "/msi/token";

/// The header by which a program proves to the endpoint of an App Service that it runs there.
const APP_SERVICE_HEADER: &str = "x-identity-header";

/// The longest form or answer.
const MAX_BODY: usize = 16 << 10;

/// How long the token of an account lives that stands for a client secret: until it is exchanged.
const MOMENT: Duration = Duration::from_mins(1);

/// Why nobody can log in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The identity service takes other arguments.
    #[error(transparent)]
    Arguments(#[from] clap::Error),
    /// That of the identity service.
    #[error(transparent)]
    Identity(#[from] RunError),
}

/// Everything that gives tokens.
#[derive(Clone)]
pub struct Login(Arc<Inner>);

struct Inner {
    identity: Router,
    cluster: Cluster,
    enforcer: Enforcer,
    by_secret: Option<AccountName>,
}

impl Login {
    /// The login at `address`, which is also called by the `further` hosts, to the vaults of these domains. With `by_secret` any
    /// client secret is one of the account that the client id names, or else of that one; without it, a client secret is the token
    /// of an account. Tokens are of the time that `clock` says.
    ///
    /// # Errors
    /// That of the identity service.
    pub fn new(
        address: SocketAddr,
        cluster: Cluster,
        enforcer: Enforcer,
        domains: &[FurtherDomain],
        further: &[String],
        by_secret: Option<AccountName>,
        clock: Clock,
    ) -> Result<Self, LoginError> {
        let issuer = issuer(address);
        let words = ["strongroom-identity", "--tenant-id", TENANT, "--issuer", &issuer];
        // Everything that the environment could say otherwise, too.
        let host = [
            "--further-host",
            LOGIN_HOST,
            "--release-namespace",
            "strongroom-system",
        ];
        let mut words: Vec<String> = words.into_iter().chain(host).map(str::to_owned).collect();
        for domain in domains {
            words.extend(["--further-domain".to_owned(), domain.to_string()]);
        }
        for host in further {
            words.extend(["--further-host".to_owned(), host.clone()]);
        }
        let arguments = Arguments::try_parse_from(words)?;
        let identity = strongroom_identity::router(
            &arguments,
            cluster.client(),
            strongroom_identity::Clock::new(move || clock.now()),
        )?;
        Ok(Self(Arc::new(Inner {
            identity,
            cluster,
            enforcer,
            by_secret,
        })))
    }

    /// What the login answers over HTTPS.
    pub fn https(&self) -> Router {
        let identity = self.0.identity.clone();
        identity.layer(from_fn_with_state(self.clone(), take_secret))
    }

    /// What an App Service answers, over plain HTTP.
    pub fn app_service(&self) -> Router {
        Router::new()
            .route(APP_SERVICE_PATH, get(app_service))
            .with_state(self.clone())
    }

    /// A token of an account, which is there from now on.
    async fn token_of(&self, account: AccountName) -> Option<SecretString> {
        let (enforcer, named) = (self.0.enforcer.clone(), account.clone());
        let admitted = tokio::task::spawn_blocking(move || enforcer.admit(&named));
        admitted.await.ok()?.ok()?;
        self.0.cluster.token(&account, MOMENT).ok()
    }

    /// Whose secret any secret is: the account that the client id names, or the usual one.
    fn account_of(&self, client_id: &str) -> Option<AccountName> {
        let usual = self.0.by_secret.clone()?;
        Some(client_id.parse().unwrap_or(usual))
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}

/// Puts the token of an account in the place of a client secret.
async fn take_secret(State(login): State<Login>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_BODY).await else {
        return (
            StatusCode::PAYLOAD_TOO_LARGE,
            Json(json!({"error": "invalid_request"})),
        )
            .into_response();
    };
    let bytes = login.translated(&bytes).await.unwrap_or(bytes);
    parts.headers.insert(header::CONTENT_LENGTH, bytes.len().into());
    next.run(Request::from_parts(parts, bytes.into())).await
}

impl Login {
    /// The form with an assertion, where it has a secret that is taken.
    async fn translated(&self, form: &[u8]) -> Option<Bytes> {
        let fields: Vec<_> = form_urlencoded::parse(form).collect();
        let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted);
        let (_, secret) = field("client_secret").filter(|_| field("client_assertion").is_none())?;
        let (_, client_id) = field("client_id")?;
        let assertion = match self.account_of(client_id) {
            Some(account) => self.token_of(account).await?,
            None => SecretString::from(secret.as_ref()),
        };
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields.iter().filter(|(name, _)| name != "client_secret") {
            form.append_pair(name, value);
        }
        form.append_pair("client_assertion_type", ASSERTION_TYPE);
        form.append_pair("client_assertion", assertion.expose_secret());
        Some(form.finish().into())
    }

    /// Exchanges the token of an account for one that is good for `resource`, as the identity service answers.
    async fn exchange(&self, account: &SecretString, resource: &str, peer: Peer) -> Response {
        let scope = format!("{resource}/.default");
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("scope", &scope)
            .append_pair("client_assertion_type", ASSERTION_TYPE)
            .append_pair("client_assertion", account.expose_secret())
            .finish();
        let request = Request::post(format!("/{ADFS_TENANT}/oauth2/token"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .extension(peer)
            .body(Body::from(form));
        match request {
            Ok(request) => self.0.identity.clone().oneshot(request).await.into_response(),
            Err(_) => StatusCode::BAD_REQUEST.into_response(),
        }
    }
}

/// What an SDK asks the endpoint of an App Service (Microsoft Learn, "How to use managed identities for App Service": REST
/// endpoint reference). It may name an identity, too: the header says which.
#[derive(Deserialize)]
struct Asked {
    resource: String,
}

/// What the identity service answers.
#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    expires_in: i64,
}

async fn app_service(
    State(login): State<Login>,
    peer: axum::Extension<Peer>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let Ok(Query(Asked { resource })) = asked else {
        return refused(StatusCode::BAD_REQUEST, "the resource is missing");
    };
    let token = headers
        .get(APP_SERVICE_HEADER)
        .and_then(|value| value.to_str().ok());
    let Some(token) = token else {
        return refused(
            StatusCode::UNAUTHORIZED,
            "the header X-IDENTITY-HEADER is missing: IDENTITY_HEADER has its value",
        );
    };
    let resource = resource.strip_suffix('/').unwrap_or(&resource);
    let answer = login.exchange(&token.into(), resource, peer.0).await;
    let status = answer.status();
    let Ok(bytes) = to_bytes(answer.into_body(), MAX_BODY).await else {
        return refused(StatusCode::BAD_GATEWAY, "the login did not answer");
    };
    let Ok(granted) = serde_json::from_slice::<Granted>(&bytes) else {
        let refusal: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let why = refusal.get("error_description").and_then(Value::as_str);
        return refused(status, why.unwrap_or("the login refused it"));
    };
    let body = json!({
        "access_token": granted.access_token.expose_secret(),
        "expires_on": (now() + granted.expires_in).to_string(),
        "resource": resource,
        "token_type": "Bearer",
    });
    (
        [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))],
        Json(body),
    )
        .into_response()
}

fn refused(status: StatusCode, message: &str) -> Response {
    let body = json!({"statusCode": status.as_u16(), "message": message});
    (status, Json(body)).into_response()
}
