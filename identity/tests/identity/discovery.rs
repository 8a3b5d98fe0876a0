//! The documents by which an SDK finds the service.

use serde_json::json;
use strongroom_testing::cluster::AccountToken;

use crate::{
    VAULT,
    installation::{HOST, Installation, TENANT},
};

#[tokio::test]
async fn discovery_names_this_service_under_the_name_it_was_asked_by() {
    let installation = Installation::start().await;
    let issuer = format!("https://{HOST}/{TENANT}/v2.0");
    for (path, tenant) in [
        (format!("/{TENANT}/v2.0/.well-known/openid-configuration"), TENANT),
        ("/adfs/.well-known/openid-configuration".to_owned(), "adfs"),
    ] {
        let document = installation.get(&path).await;
        let endpoint = document["token_endpoint"].as_str().unwrap();
        assert!(endpoint.starts_with(&format!("https://{HOST}")), "{endpoint}");
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
async fn a_token_is_minted_at_the_endpoint_that_a_configuration_names() {
    let installation = Installation::start().await;
    let token = AccountToken::of_pod("shop", "api", "n1").sign(&installation.cluster);
    let form = Installation::form(&[("scope", VAULT), ("client_assertion", &token)]);
    for path in [
        format!("/{TENANT}/v2.0/.well-known/openid-configuration"),
        "/adfs/.well-known/openid-configuration".to_owned(),
    ] {
        let document = installation.get(&path).await;
        let (_, endpoint) = document["token_endpoint"]
            .as_str()
            .unwrap()
            .split_once(".svc")
            .unwrap();
        let (_, endpoint) = endpoint.split_once('/').unwrap();
        let (status, body) = installation.post(&format!("/{endpoint}"), &form).await;
        assert_eq!((status, &body["token_type"]), (200, &json!("Bearer")), "{path}");
    }
}

/// MSAL for .NET sends no token to an AD FS that does not say so.
#[tokio::test]
async fn the_realm_of_this_service_is_confirmed_and_of_no_other() {
    let installation = Installation::start().await;
    let relation = "http://schemas.microsoft.com/rel/trusted-realm";
    let ask = async |resource: &str| {
        installation
            .ask(&format!(
                "/.well-known/webfinger?rel={relation}&resource={resource}"
            ))
            .await
    };
    for host in [HOST.to_owned(), format!("{HOST}.cluster.local")] {
        let realm = format!("https://{host}");
        let expected = json!({"subject": realm, "links": [{"rel": relation, "href": realm}]});
        assert_eq!(ask(&realm).await, (200, expected));
    }
    for resource in ["https://evil.example", HOST, "", "%ff"] {
        let (status, body) = ask(resource).await;
        assert_eq!((status, body), (404, json!({"error": "not_found"})), "{resource}");
    }
    assert_eq!(installation.ask("/.well-known/webfinger").await.0, 404);
}

/// The az command line asks at each login.
#[tokio::test]
async fn there_are_no_subscriptions() {
    let installation = Installation::start().await;
    let answer = installation.ask("/subscriptions?api-version=2022-12-01").await;
    assert_eq!(answer, (200, json!({"value": []})));
}
