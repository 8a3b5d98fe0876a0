//! The documents by which an SDK finds the service.

use crate::installation::{Installation, TENANT};

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
