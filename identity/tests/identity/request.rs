//! Which requests are served: the form, the tenant, and how many.

use serde_json::json;
use strongroom_client::identity::ASSERTION_TYPE;
use strongroom_testing::cluster::AccountToken;

use crate::{
    VAULT,
    installation::{Installation, TENANT},
};

/// The fields of a form.
type Fields<'a> = &'a [(&'a str, &'a str)];

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
