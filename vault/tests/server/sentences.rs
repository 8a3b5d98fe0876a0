//! What the errors say: as the real service says it, or with the name of what is wrong and what it may be.

use reqwest::{Method, StatusCode};
use serde_json::json;
use strongroom_testing::vault::{Answer, Vault, answer};

async fn put(vault: &Vault, body: &str) -> Answer {
    let request = vault
        .client
        .put(vault.url("/secrets/a"))
        .bearer_auth(vault.token("team-a/admin"))
        .header("content-type", "application/json")
        .body(body.to_owned());
    answer(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_body_is_refused_by_the_name_of_the_member_that_is_wrong() {
    let vault = Vault::start().await;
    for (body, sentence) in [
        (r#"{"value":5}"#, "The member value must be a string."),
        (r#"{"contentType":"x"}"#, "The member value is missing."),
        (r#"["CANARY"]"#, "The body must be a JSON object."),
        (
            r#"{"value":"CANARY","contentType":{"CANARY":1}}"#,
            "The member contentType must be a string or null.",
        ),
        (
            r#"{"value":"v","attributes":{"enabled":"CANARY"}}"#,
            "The member attributes.enabled must be true, false or null.",
        ),
        (
            r#"{"value":"v","tags":{"CANARY":1}}"#,
            "The member tags must be an object of strings, each name once, or null.",
        ),
        (
            r#"{"value":"v","value":"CANARY"}"#,
            "The member value is there twice.",
        ),
    ] {
        let refused = put(&vault, body).await;
        assert_eq!(
            (refused.status, refused.code(), refused.message()),
            (StatusCode::BAD_REQUEST, "BadParameter", sentence)
        );
    }
    for exp in ["-1", "1.5", "\"CANARY\"", "253402300800", "18446744073709551616"] {
        let refused = put(
            &vault,
            &format!(r#"{{"value":"v","attributes":{{"exp":{exp}}}}}"#),
        )
        .await;
        assert!(
            refused
                .message()
                .starts_with("The member attributes.exp must be a whole number of seconds"),
            "{exp}: {refused:?}"
        );
    }
    let broken = put(&vault, r#"{"value": CANARY}"#).await;
    let sentence = "The body is not JSON that this vault can read (line 1, column 1";
    assert!(broken.message().starts_with(sentence), "{broken:?}");
    assert_eq!(vault.get("/secrets/a/versions").await.body["value"], json!([]));
}

#[tokio::test]
async fn an_api_version_that_is_not_known_is_answered_with_the_newest_one() {
    let vault = Vault::start().await;
    vault.set("a", "v").await;
    for version in ["2027-01-01", "7.9", "2025-06-01", "7.7-preview", "CANARY"] {
        let refused = vault.get(&format!("/secrets/a?api-version={version}")).await;
        assert_eq!(
            (refused.status, refused.code(), refused.message()),
            (
                StatusCode::BAD_REQUEST,
                "BadParameter",
                "The specified version is not recognized. Consider using the latest supported version (2026-04-01)."
            )
        );
    }
    for version in ["7.3-preview", "7.5-preview.1", "2025-07-01-preview", "2026-04-01"] {
        let got = vault.get(&format!("/secrets/a?api-version={version}")).await;
        assert_eq!(got.status, StatusCode::OK, "{version}: {got:?}");
    }
}

#[tokio::test]
async fn a_request_without_a_token_is_refused_as_the_real_service_refuses_it() {
    let vault = Vault::start().await;
    for path in ["/secrets/a", "/keys/a", "/nowhere"] {
        let request = vault.client.get(vault.url(path));
        let refused = answer(request.send().await.unwrap()).await;
        assert_eq!(
            (refused.status, refused.code(), refused.message()),
            (
                StatusCode::UNAUTHORIZED,
                "Unauthorized",
                "AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token."
            )
        );
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_as_the_real_service_says_it() {
    let vault = Vault::start().await;
    vault.set("Gone", "v").await;
    vault.admin(Method::DELETE, "/secrets/gone", None).await;
    let sentence = |name: &str| {
        format!(
            "A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you may \
             be able to recover it using the correct recovery command."
        )
    };
    let version = "Missing/0123456789abcdef0123456789abcdef";
    for (path, name) in [("Missing", "Missing"), ("GONE/", "GONE"), (version, "Missing")] {
        let missing = vault.get(&format!("/secrets/{path}")).await;
        assert_eq!(
            (missing.status, missing.code(), missing.message()),
            (StatusCode::NOT_FOUND, "SecretNotFound", &*sentence(name))
        );
    }
    vault.set("there", "v").await;
    let other = "/secrets/there/0123456789abcdef0123456789abcdef";
    let missing = vault.get(other).await;
    assert_eq!(missing.message(), sentence(&other["/secrets/".len()..]));
    for (method, path) in [
        (Method::GET, "/deletedsecrets/Missing"),
        (Method::DELETE, "/deletedsecrets/Missing"),
        (Method::POST, "/deletedsecrets/Missing/recover"),
    ] {
        let missing = vault.admin(method, path, None).await;
        assert_eq!(
            (missing.status, missing.code(), missing.message()),
            (
                StatusCode::NOT_FOUND,
                "SecretNotFound",
                "Deleted Secret not found: Missing"
            )
        );
    }
}

#[tokio::test]
async fn a_backup_that_is_none_is_malformed() {
    let vault = Vault::start().await;
    let corrupt = "Backup blob is corrupt. A vault restores only backups that it made itself.";
    let zeros = "A".repeat(6304);
    for (value, code, sentence) in [
        (
            "not base64url!",
            "BadParameter",
            "Malformed backup blob. The member value must be base64url, as a backup is answered.",
        ),
        // Azure answers zeros so, and its SDK for JavaScript has a test that compares the sentence.
        (
            &zeros,
            "Malformed backup blob",
            "Backup blob contains invalid or corrupt version.",
        ),
        ("U1Jiaw", "Malformed backup blob", corrupt),
        ("", "Malformed backup blob", corrupt),
    ] {
        for path in ["/secrets/restore", "/keys/restore"] {
            let body = Some(json!({ "value": value }));
            let refused = vault.admin(Method::POST, path, body).await;
            assert_eq!(
                (refused.status, refused.code(), refused.message()),
                (StatusCode::BAD_REQUEST, code, sentence)
            );
        }
    }
}
