//! What stands for a cluster: it signs tokens of service accounts, and vouches for them as an API server does. The identity
//! service asks it through the client that it has in production.

use std::{convert::Infallible, sync::Arc, time::Duration};

use aws_lc_rs::{
    error::Unspecified,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
    },
};
use axum::{
    Json, Router,
    body::Body,
    extract::State,
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use http::Request;
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewStatus, UserInfo};
use kube::Client;
use secrecy::SecretString;
use serde_json::{Value, json};
use strongroom_core::AccountName;
use strongroom_wire::token::SERVICE_ACCOUNT_AUDIENCE;
use tower::{ServiceBuilder, util::BoxCloneService};

use crate::accounts::Accounts;

/// Who issues the tokens.
const ISSUER: &str = "https://strongroom.dev.invalid/laptop";

/// The id of the key that signs them: there is one at a time.
const KEY_ID: &str = "laptop";

/// Why no token was signed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The library failed.
    #[error("a token cannot be signed")]
    Sign(#[from] Unspecified),
    /// The account is not there.
    #[error("there is no such account")]
    NoAccount,
}

/// The stand-in for a cluster. Cheap to clone.
#[derive(Clone)]
pub struct Cluster(Arc<Inner>);

struct Inner {
    pair: EcdsaKeyPair,
    accounts: Accounts,
}

impl Cluster {
    /// One with these accounts, and with a key that nobody had before.
    ///
    /// # Errors
    /// The library made no key.
    pub fn new(accounts: Accounts) -> Result<Self, Unspecified> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        Ok(Self(Arc::new(Inner { pair, accounts })))
    }

    /// A token of an account, which lives so long.
    ///
    /// # Errors
    /// There is no such account, or the token cannot be signed.
    pub fn token(&self, account: &AccountName, life: Duration) -> Result<SecretString, TokenError> {
        let uid = self.0.accounts.uid(account).ok_or(TokenError::NoAccount)?;
        let now = now();
        let life = i64::try_from(life.as_secs()).unwrap_or(i64::MAX);
        let claims = json!({
            "iss": ISSUER,
            "sub": account.subject(),
            "aud": [SERVICE_ACCOUNT_AUDIENCE],
            "iat": now,
            "nbf": now,
            "exp": now.saturating_add(life),
            "jti": uuid::Uuid::new_v4().to_string(),
            "kubernetes.io": {
                "namespace": account.namespace.as_str(),
                "serviceaccount": {"name": account.name.as_str(), "uid": uid},
            },
        });
        let header = json!({"alg": "ES256", "kid": KEY_ID});
        let mut token = [header, claims]
            .map(|part| BASE64.encode(part.to_string()))
            .join(".");
        let signature = self.0.pair.sign(&SystemRandom::new(), token.as_bytes())?;
        token.push('.');
        BASE64.encode_string(signature.as_ref(), &mut token);
        Ok(token.into())
    }

    /// A client of it, as of an API server.
    pub fn client(&self) -> Client {
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/openid/v1/jwks", get(keys))
            .route("/apis/authentication.k8s.io/v1/tokenreviews", post(review))
            .with_state(self.clone());
        let service: BoxCloneService<Request<Body>, _, Infallible> = BoxCloneService::new(router);
        let service = ServiceBuilder::new()
            .map_request(|request: Request<kube::client::Body>| request.map(Body::new))
            .service(service);
        Client::new(service, "default")
    }

    /// The account whose token it is, with what a review says of it. None of a token that is another's, or is over.
    fn reviewed(&self, token: &str, audiences: &[String]) -> Option<TokenReviewStatus> {
        let (message, signature) = token.rsplit_once('.')?;
        let public = self.0.pair.public_key();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public.as_ref());
        key.verify(message.as_bytes(), &BASE64.decode(signature).ok()?)
            .ok()?;
        let (_, claims) = message.split_once('.')?;
        let claims: Value = serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()?;
        let subject = claims.get("sub")?.as_str()?;
        let uid = self.0.accounts.uid(&AccountName::from_subject(subject).ok()?)?;
        if claims.get("exp")?.as_i64()? <= now() {
            return None;
        }
        let ours = audiences
            .iter()
            .filter(|audience| *audience == SERVICE_ACCOUNT_AUDIENCE);
        Some(TokenReviewStatus {
            authenticated: Some(true),
            audiences: Some(ours.cloned().collect()),
            user: Some(UserInfo {
                username: Some(subject.to_owned()),
                uid: Some(uid.as_str().to_owned()),
                ..UserInfo::default()
            }),
            ..TokenReviewStatus::default()
        })
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster")
            .field("accounts", &self.0.accounts)
            .finish_non_exhaustive()
    }
}

async fn configuration() -> Json<Value> {
    Json(json!({ "issuer": ISSUER }))
}

async fn keys(State(cluster): State<Cluster>) -> Json<Value> {
    // An uncompressed point: a byte that says so, and two coordinates of 32 bytes.
    let point = cluster.0.pair.public_key().as_ref().get(1..).unwrap_or_default();
    let (x, y) = point.split_at(point.len() / 2);
    Json(json!({"keys": [{
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KEY_ID,
        "x": BASE64.encode(x), "y": BASE64.encode(y),
    }]}))
}

async fn review(State(cluster): State<Cluster>, Json(mut review): Json<TokenReview>) -> Json<TokenReview> {
    let audiences = review.spec.audiences.clone().unwrap_or_default();
    let reviewed = cluster.reviewed(&review.spec.token, &audiences);
    review.status = Some(reviewed.unwrap_or_default());
    Json(review)
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
