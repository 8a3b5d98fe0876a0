//! The token endpoint over an API server in this process, which vouches for every token that it is asked about: what is
//! checked before is all that is checked.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, LazyLock},
};

use aws_lc_rs::{
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use axum::{Json, Router, body::Body, extract::State, routing};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use clap::Parser as _;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use serde_json::{Value, json};
use strongroom_identity::{Arguments, Clock};
use strongroom_serving::accept::Peer;
use strongroom_testing::{SigningKey, signing_key::TENANT};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

use crate::input::json;

/// Who issues the cluster's tokens.
pub(super) const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
/// The node driver's account.
pub(super) const DRIVER: (&str, &str) = ("strongroom-node", "strongroom-csi");

/// A second key of the cluster's, of the other kind. Making one takes a while.
static RSA: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());

/// The token endpoint, and the cluster behind it.
pub(super) struct Endpoint {
    runtime: Runtime,
    router: Router,
    /// What the cluster signs with.
    pub(super) signer: SigningKey,
    reviewed: Reviewed,
}

/// The tokens that the API server was asked about.
type Reviewed = Arc<Mutex<Vec<String>>>;

/// What the endpoint answered, and which tokens it had the API server review.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
    pub(super) reviewed: Vec<String>,
}

impl Endpoint {
    /// A replica that has just started.
    pub(super) fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (signer, reviewed) = (SigningKey::new("cluster-1"), Reviewed::default());
        let keys = json!({ "keys": [signer.jwk(), rsa_key()] });
        let discovery = json!({ "issuer": ISSUER, "jwks_uri": "https://elsewhere/keys" });
        let cluster = Router::new()
            .route(
                "/.well-known/openid-configuration",
                routing::get(async move || Json(discovery)),
            )
            .route("/openid/v1/jwks", routing::get(async move || Json(keys)))
            .route(
                "/apis/authentication.k8s.io/v1/tokenreviews",
                routing::post(review),
            )
            .with_state(Arc::clone(&reviewed));
        let words = [
            "strongroom-identity",
            "--tenant-id",
            TENANT,
            "--exchanges-per-second",
            "4294967295",
        ];
        let arguments = Arguments::try_parse_from(words).unwrap();
        let guard = runtime.enter();
        let client = kube::Client::new(cluster, "default");
        let router = strongroom_identity::router(&arguments, client, Clock::default()).unwrap();
        drop(guard);
        Self {
            runtime,
            router,
            signer,
            reviewed,
        }
    }

    /// A token of the cluster's for `NAMESPACE/NAME` in a pod on a node.
    pub(super) fn token(&self, (namespace, name): (&str, &str)) -> String {
        self.signer
            .sign_bytes(HEADER.as_bytes(), claims(namespace, name).to_string().as_bytes())
    }

    /// What is answered to this form.
    pub(super) fn ask(&self, form: Vec<u8>) -> Answer {
        let mut request = Request::post(format!("/{TENANT}/oauth2/v2.0/token"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form))
            .unwrap();
        request.extensions_mut().insert(Peer {
            address: (IpAddr::from(Ipv4Addr::LOCALHOST), 4711).into(),
            tls: None,
            certificates: Arc::new([]),
        });
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            must_be_of_oauth(parts.status, &parts.headers, &body);
            Answer {
                status: parts.status,
                body: serde_json::from_slice(&body).unwrap(),
                reviewed: std::mem::take(&mut *self.reviewed.lock()),
            }
        })
    }
}

/// RFC 6749, sections 5.1 and 5.2.
fn must_be_of_oauth(status: StatusCode, headers: &HeaderMap, body: &[u8]) {
    let body: Value = serde_json::from_slice(body).expect("an answer is JSON");
    assert!(!status.is_server_error(), "{status}: {body}");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    if status != StatusCode::OK {
        let errors = [
            "invalid_request",
            "invalid_client",
            "invalid_scope",
            "unauthorized_client",
            "unsupported_grant_type",
        ];
        assert!(errors.contains(&body["error"].as_str().unwrap()), "{body}");
        assert!(body["error_description"].is_string(), "{body}");
    }
}

/// The header of the cluster's tokens.
pub(super) const HEADER: &str = r#"{"alg":"ES256","kid":"cluster-1","typ":"JWT"}"#;

/// What a token of the cluster's says.
pub(super) fn claims(namespace: &str, name: &str) -> Value {
    json!({
        "iss": ISSUER, "aud": ["strongroom.dev"], "sub": format!("system:serviceaccount:{namespace}:{name}"),
        "exp": 4_000_000_000_u64, "iat": 1_700_000_000, "nbf": 1_700_000_000,
        "kubernetes.io": {
            "namespace": namespace, "serviceaccount": {"name": name, "uid": format!("uid-of-{name}")},
            "pod": {"name": "api-0", "uid": "pod-1"}, "node": {"name": "node-1", "uid": "node-uid-1"},
        },
    })
}

fn rsa_key() -> Value {
    let public = RSA.public_key();
    json!({
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "cluster-2",
        "n": BASE64.encode(public.modulus().big_endian_without_leading_zero()),
        "e": BASE64.encode(public.exponent().big_endian_without_leading_zero()),
    })
}

/// Vouches for whom the token names.
async fn review(
    State(reviewed): State<Reviewed>,
    Json(mut review): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let token = review["spec"]["token"].as_str().unwrap().to_owned();
    let claims = part(&token, 1).expect("what is reviewed has claims");
    let of = &claims["kubernetes.io"];
    let extra = |name: &str, value: &Value| (format!("authentication.kubernetes.io/{name}"), json!([value]));
    let extras = [
        extra("pod-name", &of["pod"]["name"]),
        extra("pod-uid", &of["pod"]["uid"]),
        extra("node-name", &of["node"]["name"]),
        extra("node-uid", &of["node"]["uid"]),
    ];
    let extras: serde_json::Map<_, _> = extras
        .into_iter()
        .filter(|(_, value)| !value[0].is_null())
        .collect();
    review["status"] = json!({
        "authenticated": true, "audiences": review["spec"]["audiences"],
        "user": {"username": claims["sub"], "uid": of["serviceaccount"]["uid"], "extra": extras},
    });
    reviewed.lock().push(token);
    (StatusCode::CREATED, Json(review))
}

/// The part of a token at this place, as JSON.
pub(super) fn part(token: &str, index: usize) -> Option<Value> {
    let part = token.split('.').nth(index)?;
    Some(json(&BASE64.decode(part).ok()?))
}
