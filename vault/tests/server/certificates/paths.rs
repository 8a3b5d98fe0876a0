//! Paths of certificates, and what is answered where nothing is.

use reqwest::{Method, StatusCode};
use serde_json::json;
use strongroom_testing::vault::Vault;

use super::{
    assert_refused,
    imports::{PEM, import},
    own,
};

const VERSION: &str = "0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn a_path_without_the_name_is_no_other_path() {
    let vault = Vault::start().await;
    for (method, path) in [
        (Method::POST, "/certificates//create"),
        (Method::POST, "/certificates//import"),
        (Method::PUT, "/certificates/issuers/"),
    ] {
        let refused = vault
            .admin(method.clone(), path, Some(json!({"policy": own("CN=a")})))
            .await;
        assert_refused(&refused, 405, "MethodNotAllowed", "");
        assert_eq!(refused.message(), format!("HTTP {method} not allowed"));
    }
    assert_eq!(
        vault.get("/certificates/create").await.code(),
        "CertificateNotFound"
    );
    let imported = vault
        .admin(
            Method::POST,
            "/certificates//a/import",
            Some(json!({"value": PEM})),
        )
        .await;
    assert_eq!(imported.status, StatusCode::OK, "{imported:?}");
    assert_eq!(vault.get("/certificates/a").await.body, imported.body);
}

#[tokio::test]
async fn words_of_other_paths_are_no_names_of_certificates() {
    let vault = Vault::start().await;
    for word in ["contacts", "Issuers", "restore"] {
        for action in ["create", "import"] {
            let path = format!("/certificates/{word}/{action}");
            let refused = vault.admin(Method::POST, &path, Some(json!({}))).await;
            assert!(
                [404, 405].contains(&refused.status.as_u16()),
                "{path}: {refused:?}"
            );
        }
    }
    for name in ["pending", "policy", "versions", "create"] {
        let imported = import(&vault, name, json!({"value": PEM})).await;
        assert_eq!(imported.status, StatusCode::OK, "{name}: {imported:?}");
    }
    let refused = import(&vault, "a_b", json!({"value": PEM})).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_is_not_there_is_named_as_azure_names_it() {
    let vault = Vault::start().await;
    import(&vault, "There", json!({"value": PEM})).await;
    let sentence = |path: &str| {
        format!(
            "A certificate with (name/id) {path} was not found in this key vault. If you recently deleted this certificate you may be able to recover it using the correct recovery command."
        )
    };
    for (method, path, named) in [
        (
            Method::GET,
            "/certificates/Missing".to_owned(),
            "Missing".to_owned(),
        ),
        (
            Method::GET,
            "/certificates/Missing/".to_owned(),
            "Missing".to_owned(),
        ),
        (
            Method::GET,
            "/certificates/Missing/policy".to_owned(),
            "Missing".to_owned(),
        ),
        (
            Method::PATCH,
            "/certificates/Missing".to_owned(),
            "Missing".to_owned(),
        ),
        (
            Method::PATCH,
            "/certificates/Missing/policy".to_owned(),
            "Missing".to_owned(),
        ),
        (
            Method::DELETE,
            "/certificates/Missing".to_owned(),
            "Missing".to_owned(),
        ),
        (
            Method::POST,
            "/certificates/Missing/backup".to_owned(),
            "Missing".to_owned(),
        ),
        (
            Method::GET,
            format!("/certificates/There/{VERSION}"),
            format!("There/versions/{VERSION}"),
        ),
    ] {
        let body = (method == Method::PATCH).then(|| json!({}));
        let missing = vault.admin(method.clone(), &path, body).await;
        assert_refused(&missing, 404, "CertificateNotFound", "");
        assert_eq!(missing.message(), sentence(&named), "{method} {path}");
    }
    let versions = vault.get("/certificates/missing/versions").await;
    assert_eq!(
        (versions.status, &versions.body["value"]),
        (StatusCode::OK, &json!([]))
    );
    let imported = vault.get("/certificates/there/pending").await;
    assert_refused(&imported, 404, "PendingCertificateNotFound", "");
}

#[tokio::test]
async fn who_has_no_permission_learns_nothing() {
    let vault = Vault::start().await;
    import(&vault, "there", json!({"value": PEM})).await;
    for name in ["there", "missing"] {
        for (method, path) in [
            (Method::GET, format!("/certificates/{name}")),
            (Method::GET, format!("/certificates/{name}/policy")),
            (Method::GET, format!("/certificates/{name}/pending")),
            (Method::POST, format!("/certificates/{name}/create")),
            (Method::POST, format!("/certificates/{name}/pending/merge")),
        ] {
            let refused = vault.request("shop/api", method, &path, None).await;
            assert_refused(&refused, 403, "Forbidden", "ForbiddenByPolicy");
        }
    }
}
