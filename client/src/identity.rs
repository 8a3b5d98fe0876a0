//! The token exchange: a service-account token in, a vault token out.

mod token;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use strongroom_core::Audience;
use zeroize::Zeroizing;

use crate::{
    retry::{Repeatable, Retry},
    server::Server,
    transport::{HttpAnswer, Protocol, Transport, TransportError, one_line},
    trust::Trust,
};
pub use token::VaultToken;

/// The type of a client assertion that is a JWT (RFC 7523, section 2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The type of an actor token that is a JWT (RFC 8693, section 3).
pub const ACTOR_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:jwt";

/// The most that is read of an answer.
const ANSWER_LIMIT: usize = 64 << 10;

/// Why there is no vault token.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The identity service gave no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// It refused.
    #[error("the identity service refused the token: {error}: {description}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Refused {
        status: StatusCode,
        /// OAuth's word for it (RFC 6749, section 5.2).
        error: String,
        /// Its sentence, at most 512 characters.
        description: String,
        /// When to ask again.
        retry_after: Option<Duration>,
    },
    /// Its answer is not what RFC 6749 says.
    #[error("the identity service gave an answer that is not a token answer")]
    Malformed,
}

impl ExchangeError {
    /// Whether the same exchange may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Transport(error) => error.is_retryable(),
            Self::Refused { status, .. } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            Self::Malformed => false,
        }
    }
}

impl Repeatable for ExchangeError {
    fn may_repeat(&self) -> bool {
        self.is_retryable()
    }

    fn asked_delay(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            Self::Transport(_) | Self::Malformed => None,
        }
    }
}

/// What is presented for a vault token.
#[derive(Debug, Clone, Copy)]
pub struct Assertion<'a> {
    /// The service-account token of the pod or person that will use the vault token.
    pub subject: &'a SecretString,
    /// The node driver's own token, when it asks for a pod on its node: the vault token then lives as long as the
    /// pod's.
    pub actor: Option<&'a SecretString>,
}

/// The client of the identity service. Clones share its connection.
#[derive(Debug, Clone)]
pub struct IdentityClient {
    transport: Transport,
    tenant: String,
    retry: Retry,
}

impl IdentityClient {
    /// A client of the identity service at `server`, for the installation whose id is `tenant`.
    pub fn new(server: &Server, tenant: impl Into<String>, trust: Trust) -> Self {
        let transport = Transport::new(server, trust, Protocol::Http2, Duration::from_secs(10));
        Self {
            transport,
            tenant: tenant.into(),
            retry: Retry::default(),
        }
    }

    /// The same client, repeating failed exchanges as `retry` says.
    #[must_use]
    pub fn with_retry(self, retry: Retry) -> Self {
        Self { retry, ..self }
    }

    /// Exchanges `assertion` for a token for `audience`. Safe to repeat: nothing is kept of an exchange.
    pub async fn exchange(
        &self,
        assertion: Assertion<'_>,
        audience: &Audience,
    ) -> Result<VaultToken, ExchangeError> {
        self.retry.run(|| self.exchange_once(assertion, audience)).await
    }

    /// The ids of the keys that the service signs with.
    pub async fn key_ids(&self) -> Result<Vec<String>, ExchangeError> {
        let request = Request::get("/keys")
            .body(Bytes::new())
            .map_err(|source| TransportError::Request {
                server: self.transport.server().to_owned(),
                source,
            })?;
        let answer = self.transport.send(request, ANSWER_LIMIT).await?;
        if !answer.status.is_success() {
            return Err(refusal(&answer));
        }
        let set: KeySet = serde_json::from_slice(&answer.body).map_err(|_| ExchangeError::Malformed)?;
        Ok(set.keys.into_iter().map(|key| key.kid).collect())
    }

    async fn exchange_once(
        &self,
        assertion: Assertion<'_>,
        audience: &Audience,
    ) -> Result<VaultToken, ExchangeError> {
        // Taken before the answer, so that the token is never thought to live longer than it does.
        let asked_at = SystemTime::now();
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("/{}/oauth2/v2.0/token", self.tenant))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from_owner(form(assertion, audience)))
            .map_err(|source| TransportError::Request {
                server: self.transport.server().to_owned(),
                source,
            })?;
        let answer = self.transport.send(request, ANSWER_LIMIT).await?;
        if answer.status.is_success() {
            accept(&answer, asked_at)
        } else {
            Err(refusal(&answer))
        }
    }
}

/// The body of the request (RFC 7523, section 2.2; RFC 8693, section 2.1 for the actor). JWTs and audiences hold no
/// character that a form would have to escape beyond `:` and `/`, which are escaped here.
fn form(assertion: Assertion<'_>, audience: &Audience) -> Zeroizing<Vec<u8>> {
    let scope = format!("{audience}/.default");
    let mut fields = vec![
        ("grant_type", "client_credentials"),
        ("client_id", "strongroom"),
        ("scope", &scope),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion.subject.expose_secret()),
    ];
    if let Some(actor) = assertion.actor {
        fields.push(("actor_token_type", ACTOR_TOKEN_TYPE));
        fields.push(("actor_token", actor.expose_secret()));
    }
    let size: usize = fields
        .iter()
        .map(|(name, value)| name.len() + 3 * value.len() + 2)
        .sum();
    let mut body = Zeroizing::new(Vec::with_capacity(size));
    for (name, value) in fields {
        if !body.is_empty() {
            body.push(b'&');
        }
        body.extend_from_slice(name.as_bytes());
        body.push(b'=');
        value.bytes().for_each(|byte| push_escaped(&mut body, byte));
    }
    body
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
fn push_escaped(body: &mut Vec<u8>, byte: u8) {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        body.push(byte);
    } else {
        body.extend_from_slice(format!("%{byte:02X}").as_bytes());
    }
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    kid: String,
}

#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    expires_in: u64,
}

fn accept(answer: &HttpAnswer, asked_at: SystemTime) -> Result<VaultToken, ExchangeError> {
    let granted: Granted = serde_json::from_slice(&answer.body).map_err(|_| ExchangeError::Malformed)?;
    asked_at
        .checked_add(Duration::from_secs(granted.expires_in))
        .map(|expires_at| VaultToken::new(granted.access_token, expires_at))
        .ok_or(ExchangeError::Malformed)
}

#[derive(Deserialize)]
struct Refused {
    error: String,
    #[serde(default)]
    error_description: String,
}

fn refusal(answer: &HttpAnswer) -> ExchangeError {
    let refused = serde_json::from_slice(&answer.body).unwrap_or_else(|_| Refused {
        error: "unknown".to_owned(),
        error_description: format!("status {} without an OAuth error", answer.status),
    });
    ExchangeError::Refused {
        status: answer.status,
        error: one_line(&refused.error),
        description: one_line(&refused.error_description),
        retry_after: answer.retry_after(),
    }
}
