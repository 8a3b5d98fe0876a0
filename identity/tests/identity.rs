//! The identity service over TLS, against an API server that reviews tokens as a real one does.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in what its functions call"
)]

#[path = "identity/account_token.rs"]
mod account_token;
#[path = "identity/cluster.rs"]
mod cluster;
#[path = "identity/flood.rs"]
mod flood;
#[path = "identity/installation.rs"]
mod installation;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use strongroom_client::identity::{ACTOR_TOKEN_TYPE, ASSERTION_TYPE, Assertion};
use strongroom_core::Principal;
use strongroom_wire::token::Claims;

use account_token::{AccountToken, Signature};
use cluster::Review;
use installation::{Installation, TENANT};

const VAULT: &str = "https://prod.team-a.svc/.default";

/// The fields of a form.
type Fields<'a> = &'a [(&'a str, &'a str)];

fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
        .try_into()
        .unwrap()
}

/// The refusal of an exchange: status and OAuth's word. The sentence must repeat nothing of the token.
async fn refused(installation: &Installation, token: &str) -> (u16, String) {
    let (status, body) = installation
        .exchange(&[("scope", VAULT), ("client_assertion", token)])
        .await;
    assert!(body.get("access_token").is_none(), "{body}");
    let text = body.to_string();
    assert!(
        token
            .split('.')
            .all(|part| part.is_empty() || !text.contains(part)),
        "{text}"
    );
    (status, body["error"].as_str().unwrap_or_default().to_owned())
}

fn invalid_client() -> (u16, String) {
    (401, "invalid_client".to_owned())
}

#[tokio::test]
async fn a_service_account_token_becomes_a_short_vault_token() {
    let installation = Installation::start().await;
    let token = AccountToken::of_pod("shop", "api", "n1").sign(&installation.cluster);
    let (status, body) = installation
        .exchange(&[
            ("scope", "https://PROD.team-a.svc.cluster.local:8443//.default"),
            ("client_assertion", &token),
            ("claims", &"x".repeat(4000)),
        ])
        .await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 900);
    let claims = installation.verify(body["access_token"].as_str().unwrap()).await;
    assert_eq!(claims.aud, "https://prod.team-a.svc");
    assert_eq!(
        claims.iss,
        format!("https://strongroom-identity.strongroom-system.svc/{TENANT}/v2.0")
    );
    assert_eq!(claims.sub, "system:serviceaccount:shop:api");
    assert_eq!(claims.oid.as_str(), "uid-of-api");
    assert_eq!(claims.tid, TENANT);
    assert_eq!(claims.appid.as_deref(), Some("client"));
    assert_eq!(claims.exp - claims.iat, 900);
    let Principal::ServiceAccount(account) = claims.principal().expect("the parts agree");
    assert_eq!(account.pod.unwrap().name.as_str(), "api-1");
    assert_eq!(account.node.unwrap().name.as_str(), "n1");
}

#[tokio::test]
async fn the_client_crate_exchanges_and_knows_the_expiry() {
    let installation = Installation::start().await;
    let token = AccountToken::of_pod("shop", "api", "n1")
        .sign(&installation.cluster)
        .into();
    let audience = strongroom_core::Audience::parse("https://team-a.svc", "cluster.local").unwrap();
    let vault_token = installation
        .client()
        .exchange(
            Assertion {
                subject: &token,
                actor: None,
            },
            &audience,
        )
        .await
        .unwrap();
    let claims = installation.verify(vault_token.expose()).await;
    assert_eq!(claims.aud, "https://team-a.svc");
    assert!(vault_token.is_fresh(SystemTime::now(), Duration::from_secs(890)));
    assert!(!vault_token.is_fresh(SystemTime::now(), Duration::from_secs(901)));
}

#[tokio::test]
async fn a_vault_token_never_outlives_the_presented_token() {
    let installation = Installation::start().await;
    let account = AccountToken {
        exp: now() + 60,
        ..AccountToken::of_pod("shop", "api", "n1")
    };
    let token = account.sign(&installation.cluster);
    let (_, body) = installation
        .exchange(&[("scope", VAULT), ("client_assertion", &token)])
        .await;
    let claims = installation.verify(body["access_token"].as_str().unwrap()).await;
    assert_eq!(claims.exp, account.exp);
}

#[tokio::test]
async fn what_is_wrong_offline_is_refused_without_asking_the_api_server() {
    let installation = Installation::start().await;
    let good = AccountToken::of_pod("shop", "api", "n1");
    let cluster = &installation.cluster;
    let reviews = cluster.reviews();
    let tokens = [
        (
            "expired",
            AccountToken {
                exp: now() - 1,
                ..good.clone()
            }
            .sign(cluster),
        ),
        (
            "not yet valid",
            AccountToken {
                nbf: now() + 600,
                ..good.clone()
            }
            .sign(cluster),
        ),
        (
            "wrong audience",
            AccountToken {
                audiences: json!(["https://kubernetes.default.svc"]),
                ..good.clone()
            }
            .sign(cluster),
        ),
        (
            "no audience",
            AccountToken {
                audiences: json!([]),
                ..good.clone()
            }
            .sign(cluster),
        ),
        (
            "wrong issuer",
            AccountToken {
                issuer: "https://kubernetes.default.svc/".into(),
                ..good.clone()
            }
            .sign(cluster),
        ),
        ("alg none", good.sign_as(cluster, Signature::None)),
        (
            "HS256 with the public key",
            good.sign_as(cluster, Signature::HmacWithPublicKey),
        ),
        (
            "another cluster's key",
            good.sign_as(cluster, Signature::OtherKey),
        ),
        (
            "an unknown key id",
            good.sign_as(cluster, Signature::UnknownKeyId),
        ),
        ("a tampered payload", good.sign_as(cluster, Signature::Tampered)),
        ("no JWT", "garbage".to_owned()),
        ("empty", String::new()),
    ];
    for (what, token) in tokens {
        assert_eq!(refused(&installation, &token).await, invalid_client(), "{what}");
    }
    assert_eq!(
        cluster.reviews_since(reviews, "readiness"),
        0,
        "no review may be asked for"
    );
}

#[tokio::test]
async fn what_the_review_does_not_vouch_for_is_refused() {
    let installation = Installation::start().await;
    let token = AccountToken::of_pod("shop", "api", "n1").sign(&installation.cluster);
    for review in [
        Review::Gone,
        Review::WithoutAudiences,
        Review::OtherAudience,
        Review::OtherAccount,
        Review::OtherPod,
        Review::NotAServiceAccount,
    ] {
        installation.cluster.answer_reviews(review);
        assert_eq!(
            refused(&installation, &token).await,
            invalid_client(),
            "{review:?}"
        );
    }
    installation.cluster.answer_reviews(Review::Honest);
    let (status, _) = installation
        .exchange(&[("scope", VAULT), ("client_assertion", &token)])
        .await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn an_api_server_that_is_down_means_later_not_never() {
    let installation = Installation::start().await;
    let token = AccountToken::of_pod("shop", "api", "n1").sign(&installation.cluster);
    installation.cluster.answer_reviews(Review::Down);
    assert_eq!(
        refused(&installation, &token).await,
        (503, "temporarily_unavailable".to_owned())
    );
    installation.cluster.answer_reviews(Review::Honest);
    let (status, _) = installation
        .exchange(&[("scope", VAULT), ("client_assertion", &token)])
        .await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_new_key_of_the_cluster_is_learnt_when_a_token_names_it() {
    let installation = Installation::start().await;
    installation.cluster.rotate_key();
    let token = AccountToken::of_pod("shop", "api", "n1").sign(&installation.cluster);
    // The readiness check may just have read the keys.
    for _ in 0..8 {
        let (status, _) = installation
            .exchange(&[("scope", VAULT), ("client_assertion", &token)])
            .await;
        if status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("the new key was not learnt");
}

#[tokio::test]
async fn tokens_for_the_api_server_or_an_outside_host_are_not_minted() {
    let installation = Installation::start().await;
    let token = AccountToken::of_pod("shop", "api", "n1").sign(&installation.cluster);
    for scope in [
        "https://kubernetes.default.svc/.default",
        "https://kubernetes.default.svc.cluster.local/.default",
        "https://vault.azure.net/.default",
        "https://prod.team-a.svc",
        "https://a.svc/.default https://b.svc/.default",
        "",
    ] {
        let (status, body) = installation
            .exchange(&[("scope", scope), ("client_assertion", &token)])
            .await;
        assert_eq!(
            (status, &body["error"]),
            (400, &json!("invalid_scope")),
            "{scope}"
        );
    }
}

#[tokio::test]
async fn a_host_that_the_installer_listed_is_minted_for() {
    let installation = Installation::start_with(&["--allowed-resource", "https://vault.azure.net"]).await;
    let token = AccountToken::of_pod("shop", "api", "n1").sign(&installation.cluster);
    let form = [
        ("scope", "https://vault.azure.net/.default"),
        ("client_assertion", token.as_str()),
    ];
    let (_, body) = installation.exchange(&form).await;
    let claims = installation.verify(body["access_token"].as_str().unwrap()).await;
    assert_eq!(claims.aud, "https://vault.azure.net");
}

#[tokio::test]
async fn a_malformed_form_is_refused_with_its_code() {
    let installation = Installation::start().await;
    let token = AccountToken::of_pod("shop", "api", "n1").sign(&installation.cluster);
    let path = format!("/{TENANT}/oauth2/v2.0/token");
    let grant = ("grant_type", "client_credentials");
    let kind = ("client_assertion_type", ASSERTION_TYPE);
    let (scope, assertion) = (("scope", VAULT), ("client_assertion", token.as_str()));
    let cases: [(Fields<'_>, u16, &str); 9] = [
        (&[], 400, "unsupported_grant_type"),
        (
            &[("grant_type", "password"), kind, scope, assertion],
            400,
            "unsupported_grant_type",
        ),
        (&[grant, scope, assertion], 400, "invalid_request"),
        (&[grant, kind, assertion], 400, "invalid_request"),
        (&[grant, kind, scope], 400, "invalid_request"),
        (
            &[grant, kind, scope, assertion, assertion],
            400,
            "invalid_request",
        ),
        (
            &[grant, kind, scope, assertion, ("actor_token", "x")],
            400,
            "invalid_request",
        ),
        (
            &[
                grant,
                kind,
                scope,
                assertion,
                ("actor_token", "x"),
                ("actor_token_type", "saml"),
            ],
            400,
            "invalid_request",
        ),
        (
            &[grant, kind, scope, assertion, ("claims", &"x".repeat(20_000))],
            413,
            "invalid_request",
        ),
    ];
    for (form, status, error) in cases {
        let (got, body) = installation.post(&path, form).await;
        assert_eq!((got, &body["error"]), (status, &json!(error)), "{form:?}");
    }
    let (status, body) = installation.post_raw(&path, "application/json", "{}").await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_request")));
}

#[tokio::test]
async fn only_this_tenant_and_adfs_are_served() {
    let installation = Installation::start().await;
    let token = AccountToken::of_pod("shop", "api", "n1").sign(&installation.cluster);
    let form = Installation::form(&[("scope", VAULT), ("client_assertion", &token)]);
    for path in [
        format!("/{TENANT}/oauth2/v2.0/token"),
        format!("/{}/oauth2/v2.0/token", TENANT.to_uppercase()),
        "/adfs/oauth2/v2.0/token".to_owned(),
        "/adfs/oauth2/token".to_owned(),
    ] {
        assert_eq!(installation.post(&path, &form).await.0, 200, "{path}");
    }
    let (status, body) = installation
        .post("/11111111-1111-1111-1111-111111111111/oauth2/v2.0/token", &form)
        .await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_request")));
}

fn driver(node: &str) -> AccountToken {
    AccountToken::of_pod("strongroom-node", "strongroom-csi", node)
}

async fn exchange_by(
    installation: &Installation,
    subject: &AccountToken,
    actor: &AccountToken,
) -> (u16, Value) {
    let (subject, actor) = (
        subject.sign(&installation.cluster),
        actor.sign(&installation.cluster),
    );
    installation
        .exchange(&[
            ("scope", VAULT),
            ("client_assertion", &subject),
            ("actor_token", &actor),
            ("actor_token_type", ACTOR_TOKEN_TYPE),
        ])
        .await
}

#[tokio::test]
async fn for_the_driver_of_the_pods_node_the_token_lives_as_long_as_the_pods() {
    let installation = Installation::start().await;
    let pod = AccountToken {
        exp: now() + 3600,
        ..AccountToken::of_pod("shop", "api", "n1")
    };
    let (status, body) = exchange_by(&installation, &pod, &driver("n1")).await;
    assert_eq!(status, 200, "{body}");
    let claims: Claims = installation.verify(body["access_token"].as_str().unwrap()).await;
    assert_eq!(
        (claims.exp, claims.sub.as_str()),
        (pod.exp, "system:serviceaccount:shop:api")
    );
}

#[tokio::test]
async fn another_nodes_driver_another_account_or_a_bad_actor_token_is_refused() {
    let installation = Installation::start().await;
    let pod = AccountToken::of_pod("shop", "api", "n1");
    for actor in [driver("n2"), AccountToken::of_pod("shop", "strongroom-csi", "n1")] {
        let (status, body) = exchange_by(&installation, &pod, &actor).await;
        assert_eq!((status, &body["error"]), (400, &json!("unauthorized_client")));
    }
    let expired = AccountToken {
        exp: now() - 1,
        ..driver("n1")
    };
    let (status, body) = exchange_by(&installation, &pod, &expired).await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
}

#[tokio::test]
async fn discovery_names_this_service_under_the_name_it_was_asked_by() {
    let installation = Installation::start().await;
    let host = "strongroom-identity.strongroom-system.svc";
    let issuer = format!("https://{host}/{TENANT}/v2.0");
    for (path, tenant) in [
        (format!("/{TENANT}/v2.0/.well-known/openid-configuration"), TENANT),
        ("/adfs/.well-known/openid-configuration".to_owned(), "adfs"),
    ] {
        let document = installation.get(&path).await;
        let endpoint = document["token_endpoint"].as_str().unwrap();
        assert!(endpoint.starts_with(&format!("https://{host}")), "{endpoint}");
        assert!(
            endpoint.ends_with(&format!("/{tenant}/oauth2/v2.0/token")),
            "{endpoint}"
        );
        assert_eq!(document["issuer"], issuer);
        assert!(document["authorization_endpoint"].is_string());
        assert!(document["jwks_uri"].as_str().unwrap().ends_with("/keys"));
    }
    let instance = installation
        .get("/common/discovery/instance?api-version=1.1")
        .await;
    assert!(
        instance["tenant_discovery_endpoint"]
            .as_str()
            .unwrap()
            .contains(TENANT)
    );
}

#[tokio::test]
async fn a_foreign_host_header_is_not_repeated() {
    let installation = Installation::start().await;
    let document = installation
        .get_as("evil.example", "/adfs/.well-known/openid-configuration")
        .await;
    assert!(!document.to_string().contains("evil.example"), "{document}");
}

#[tokio::test]
async fn a_source_that_asks_too_often_gets_a_time_to_retry_after() {
    let installation = Installation::start_with(&["--exchanges-per-second", "1"]).await;
    let path = format!("/{TENANT}/oauth2/v2.0/token");
    let mut limited = 0;
    for _ in 0..20 {
        let (status, _) = installation.post(&path, &[]).await;
        limited += usize::from(status == 429);
    }
    assert!(limited >= 9, "{limited}");
}

#[tokio::test]
async fn a_replica_is_ready_while_it_can_review_and_serves_its_key_while_it_drains() {
    let installation = Installation::start().await;
    installation.wait_until_ready(true).await;
    assert!(
        installation
            .health("/metrics")
            .await
            .1
            .contains("strongroom_identity_exchange_seconds")
    );
    installation.cluster.answer_reviews(Review::Down);
    installation.wait_until_ready(false).await;
    installation.cluster.answer_reviews(Review::Honest);
    installation.wait_until_ready(true).await;
    let draining = installation.drain(Duration::from_millis(1500));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(installation.health("/readyz").await, (503, "draining".to_owned()));
    assert_eq!(
        installation.get("/keys").await["keys"].as_array().unwrap().len(),
        1
    );
    draining.await.unwrap();
    assert!(
        tokio::net::TcpStream::connect(installation.address)
            .await
            .is_err()
    );
}
