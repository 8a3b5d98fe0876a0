//! What Azure's Managed HSM alone has: this vault answers as one of the standard tier, which has no such path.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::Vault;

/// A method, a path, the status and the code.
type Row = (Method, &'static str, u16, &'static str);

/// No reference says what a vault of Azure answers there. This one has no operation at such a path.
const ROWS: [Row; 18] = [
    (Method::PUT, "/keys/k/restore", 405, "MethodNotAllowed"),
    (Method::POST, "/backup", 404, "NotFound"),
    (Method::GET, "/backup/1/pending", 404, "NotFound"),
    (Method::POST, "/prebackup", 404, "NotFound"),
    (Method::PUT, "/restore", 404, "NotFound"),
    (Method::PUT, "/prerestore", 404, "NotFound"),
    (Method::GET, "/restore/1/pending", 404, "NotFound"),
    (Method::GET, "/settings", 404, "NotFound"),
    (
        Method::PATCH,
        "/settings/AllowKeyManagementOperationsThroughARM",
        404,
        "NotFound",
    ),
    (Method::GET, "/securitydomain", 404, "NotFound"),
    (Method::POST, "/securitydomain/download", 404, "NotFound"),
    (Method::GET, "/securitydomain/download/pending", 404, "NotFound"),
    (Method::POST, "/securitydomain/upload", 404, "NotFound"),
    (Method::GET, "/roleAssignments", 404, "NotFound"),
    (Method::GET, "/roleDefinitions", 404, "NotFound"),
    // The dot of the provider's name is in no path of a vault.
    (
        Method::GET,
        "/providers/Microsoft.Authorization/roleDefinitions",
        400,
        "BadParameter",
    ),
    (
        Method::PUT,
        "/providers/Microsoft.Authorization/roleAssignments/ROLE",
        400,
        "BadParameter",
    ),
    (
        Method::PUT,
        "/keys/k/providers/Microsoft.Authorization/roleAssignments/ROLE",
        400,
        "BadParameter",
    ),
];

/// What stands for `ROLE`.
const ROLE: &str = "00000000-0000-0000-0000-000000000001";

#[tokio::test]
async fn no_path_of_a_managed_hsm_is_one_of_this_vault_and_none_of_them_does_anything() {
    let vault = Vault::start().await;
    let body = json!({"key": {"kty": "oct", "k": "AAECAwQFBgcICQoLDA0ODw"}});
    let made = vault.admin(Method::PUT, "/keys/k", Some(body)).await;
    assert_eq!(made.status, StatusCode::OK, "{made:?}");
    let body = json!({
        "folderToRestore": "f", "folder": "f", "storageResourceUri": "https://s.example/c", "token": "t", "value": "v",
        "sasTokenParameters": {"storageResourceUri": "https://s.example/c", "token": "t"},
    });
    for (method, path, status, code) in ROWS {
        let path = path.replace("ROLE", ROLE);
        let sent = Some(body.clone()).filter(|_| method != Method::GET);
        let answer = vault.admin(method.clone(), &path, sent).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (status, code),
            "{method} {path}: {answer:?}"
        );
        let stranger = vault.client.request(method.clone(), vault.url(&path));
        let stranger = stranger.send().await.unwrap();
        assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
    }
    assert_eq!(vault.get("/keys/k").await.body, made.body);
    let versions = vault.get("/keys/k/versions").await;
    assert_eq!(versions.body["value"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        vault.get("/deletedkeys").await.body["value"],
        Value::Array(vec![])
    );
}
