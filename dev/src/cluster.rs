//! What stands for a cluster: it signs tokens of service accounts, and vouches for them as an API server does. The identity
//! service asks it through the client that it has in production.

use std::{collections::BTreeMap, convert::Infallible, sync::Arc, time::Duration};

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
use serde_json::{Map, Value, json};
use strongroom_core::AccountName;
use strongroom_vault::clock::Clock;
use strongroom_wire::token::SERVICE_ACCOUNT_AUDIENCE;
use tower::{ServiceBuilder, util::BoxCloneService};

use crate::accounts::{AccountError, Accounts};

/// Who issues the tokens.
const ISSUER: &str = "https://strongroom.dev.invalid/laptop";

/// The id of the key that signs them: there is one at a time.
const KEY_ID: &str = "laptop";

/// The account of the node driver, as the identity service knows it.
const NODE_DRIVER: &str = "strongroom-node:strongroom-csi";

/// The one node.
pub(crate) const NODE: &str = "laptop";

/// Its UID.
const NODE_UID: &str = "laptop";

/// Why no token was signed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The library failed.
    #[error("a token cannot be signed")]
    Sign(#[from] Unspecified),
    /// The account is not there.
    #[error("there is no such account")]
    NoAccount,
    /// There are too many accounts.
    #[error(transparent)]
    Account(#[from] AccountError),
}

/// What a token is bound to, beside its account.
#[derive(Debug, Clone, Copy)]
enum Bound<'a> {
    Nothing,
    /// The node.
    Node,
    /// A pod on the node.
    Pod {
        name: &'a str,
        uid: &'a str,
    },
}

/// The stand-in for a cluster. Cheap to clone.
#[derive(Clone)]
pub struct Cluster(Arc<Inner>);

struct Inner {
    pair: EcdsaKeyPair,
    accounts: Accounts,
    clock: Clock,
}

impl Cluster {
    /// One with these accounts that lives by this clock, and with a key that nobody had before.
    ///
    /// # Errors
    /// The library made no key.
    pub fn new(accounts: Accounts, clock: Clock) -> Result<Self, Unspecified> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        Ok(Self(Arc::new(Inner {
            pair,
            accounts,
            clock,
        })))
    }

    /// A token of an account, which lives so long.
    ///
    /// # Errors
    /// There is no such account, or the token cannot be signed.
    pub fn token(&self, account: &AccountName, life: Duration) -> Result<SecretString, TokenError> {
        self.signed(account, life, Bound::Nothing)
    }

    /// The same, of a pod with this name and UID.
    pub(crate) fn token_of_pod(
        &self,
        account: &AccountName,
        name: &str,
        uid: &str,
        life: Duration,
    ) -> Result<SecretString, TokenError> {
        self.signed(account, life, Bound::Pod { name, uid })
    }

    /// A token of the node driver.
    pub(crate) fn token_of_node(&self, life: Duration) -> Result<SecretString, TokenError> {
        let driver = NODE_DRIVER.parse().map_err(|_| TokenError::NoAccount)?;
        self.0.accounts.note(&driver)?;
        self.signed(&driver, life, Bound::Node)
    }

    fn signed(
        &self,
        account: &AccountName,
        life: Duration,
        bound: Bound<'_>,
    ) -> Result<SecretString, TokenError> {
        let uid = self.0.accounts.uid(account).ok_or(TokenError::NoAccount)?;
        let now = self.0.clock.now();
        let life = i64::try_from(life.as_secs()).unwrap_or(i64::MAX);
        let mut claims = json!({
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
        if let Some(kubernetes) = claims.get_mut("kubernetes.io").and_then(Value::as_object_mut) {
            bound.add_to(kubernetes);
        }
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
        if claims.get("exp")?.as_i64()? <= self.0.clock.now() {
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
                extra: Some(extra(&claims)),
                ..UserInfo::default()
            }),
            ..TokenReviewStatus::default()
        })
    }
}

impl Bound<'_> {
    /// Adds it to the claims, as Kubernetes has them.
    fn add_to(self, claims: &mut Map<String, Value>) {
        if let Self::Pod { name, uid } = self {
            claims.insert("pod".to_owned(), json!({"name": name, "uid": uid}));
        }
        if let Self::Pod { .. } | Self::Node = self {
            claims.insert("node".to_owned(), json!({"name": NODE, "uid": NODE_UID}));
        }
    }
}

/// What a review says of the pod and the node of a token.
fn extra(claims: &Value) -> BTreeMap<String, Vec<String>> {
    let mut extra = BTreeMap::new();
    for of in ["pod", "node"] {
        for member in ["name", "uid"] {
            let found = claims.pointer(&format!("/kubernetes.io/{of}/{member}"));
            if let Some(text) = found.and_then(Value::as_str) {
                let key = format!("authentication.kubernetes.io/{of}-{member}");
                extra.insert(key, vec![text.to_owned()]);
            }
        }
    }
    extra
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

/// Seconds since 1970, by the clock of the machine: that of programs.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
