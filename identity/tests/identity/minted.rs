//! What a service-account token becomes, and for which hosts.

use std::time::{Duration, SystemTime};

use serde_json::json;
use strongroom_client::identity::Assertion;
use strongroom_core::Principal;
use strongroom_testing::cluster::AccountToken;

use crate::{
    VAULT,
    installation::{Installation, TENANT},
    now,
};

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

/// MSAL for Go and Java ask for them beside the vault.
#[tokio::test]
async fn scopes_of_openid_beside_the_vault_get_its_token_and_nothing_more() {
    let installation = Installation::start().await;
    let token = AccountToken::of_pod("shop", "api", "n1").sign(&installation.cluster);
    for scope in [
        format!("{VAULT} openid offline_access profile"),
        format!("openid profile offline_access {VAULT}"),
    ] {
        let (status, body) = installation
            .exchange(&[("scope", &scope), ("client_assertion", &token)])
            .await;
        assert_eq!(status, 200, "{scope}: {body}");
        let claims = installation.verify(body["access_token"].as_str().unwrap()).await;
        assert_eq!(claims.aud, "https://prod.team-a.svc");
        for owed_to_people in ["id_token", "refresh_token"] {
            assert!(body.get(owed_to_people).is_none(), "{body}");
        }
    }
}

#[tokio::test]
async fn the_client_crate_exchanges_and_knows_the_expiry() {
    let installation = Installation::start().await;
    let token = AccountToken::of_pod("shop", "api", "n1")
        .sign(&installation.cluster)
        .into();
    let audience = strongroom_core::Audience::parse(
        "https://team-a.svc",
        &strongroom_core::Domains::of_cluster("cluster.local"),
    )
    .unwrap();
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
async fn tokens_for_the_api_server_or_an_outside_host_are_not_minted() {
    let installation = Installation::start().await;
    let token = AccountToken::of_pod("shop", "api", "n1").sign(&installation.cluster);
    for scope in [
        "https://kubernetes.default.svc/.default",
        "https://kubernetes.default.svc.cluster.local/.default",
        "https://vault.azure.net/.default",
        "https://prod.team-a.svc",
        "https://a.svc/.default https://b.svc/.default",
        "openid profile offline_access",
        "https://a.svc/.default email",
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
