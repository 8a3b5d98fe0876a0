//! The method of a request: what is no method of a path, and what a POST names in a header.

use reqwest::{Method, StatusCode};
use serde_json::json;
use strongroom_testing::vault::{ALL, Answer, Vault, allow, answer};

/// A request whose header `name` names the method `named`.
async fn naming(
    vault: &Vault,
    account: &str,
    (method, path): (Method, &str),
    (name, named): (&str, &str),
) -> Answer {
    let request = vault
        .client
        .request(method, vault.url(path))
        .bearer_auth(vault.token(account))
        .header(name, named);
    answer(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_post_does_what_the_method_that_it_names_does() {
    let vault = Vault::start().await;
    vault.set("a", "v").await;
    let post = async |path: &str, named: &str| {
        naming(
            &vault,
            "team-a/admin",
            (Method::POST, path),
            ("X-HTTP-METHOD", named),
        )
        .await
    };
    let got = post("/secrets/a", "GET").await;
    assert_eq!((got.status, &got.body["value"]), (StatusCode::OK, &json!("v")));
    let patched = post("/secrets/a", "PATCH").await;
    assert_eq!(patched.status, StatusCode::OK, "{patched:?}");
    let deleted = post("/secrets/a", "DELETE").await;
    assert!(deleted.body["recoveryId"].is_string(), "{deleted:?}");
    let recovered = post("/deletedsecrets/a/recover", "POST").await;
    assert_eq!(recovered.status, StatusCode::OK);
    let request = ("X-HTTP-REQUEST", "DELETE");
    let deleted = naming(&vault, "team-a/admin", (Method::POST, "/secrets/a"), request).await;
    assert!(deleted.body["recoveryId"].is_string(), "{deleted:?}");
    let purged = post("/deletedsecrets/a", "DELETE").await;
    assert_eq!(purged.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn the_method_that_a_post_names_is_the_one_that_policy_decides_and_the_audit_log_records() {
    let vault = Vault::start().await;
    vault.set("a", "v").await;
    let all_but_delete: Vec<&str> = ALL.iter().copied().filter(|verb| *verb != "delete").collect();
    let policies = vec![
        allow("admins", "team-a/admin", &["*"], ALL),
        allow("rest", "shop/api", &["*"], &all_but_delete),
        allow("deletes", "shop/web", &["*"], &["delete"]),
    ];
    vault.policy(2, policies).await;
    let delete = ("X-HTTP-METHOD", "DELETE");
    for path in ["/secrets/a", "/secrets/missing"] {
        let refused = naming(&vault, "shop/api", (Method::POST, path), delete).await;
        assert_eq!(
            (refused.status, refused.inner()),
            (StatusCode::FORBIDDEN, "ForbiddenByPolicy"),
            "{path}"
        );
    }
    assert_eq!(vault.get("/secrets/a").await.status, StatusCode::OK);
    let deleted = naming(&vault, "shop/web", (Method::POST, "/secrets/a"), delete).await;
    assert_eq!(deleted.status, StatusCode::OK, "{deleted:?}");
    let records = vault.files.audited("SecretDelete");
    let statuses: Vec<_> = records
        .iter()
        .map(|record| record["properties"]["httpStatusCode"].clone())
        .collect();
    assert_eq!(statuses, [json!(403), json!(403), json!(200)], "{records:#?}");
}

#[tokio::test]
async fn a_method_that_is_named_otherwise_is_refused_and_nothing_is_done() {
    let vault = Vault::start().await;
    vault.set("a", "v").await;
    for (method, header, named) in [
        (Method::POST, "X-HTTP-METHOD", "delete"),
        (Method::POST, "X-HTTP-METHOD", "TRACE"),
        (Method::POST, "X-HTTP-METHOD", "HEAD"),
        (Method::POST, "X-HTTP-REQUEST", "GET, DELETE"),
        (Method::GET, "X-HTTP-METHOD", "DELETE"),
        (Method::GET, "X-HTTP-REQUEST", "DELETE"),
        (Method::PUT, "X-HTTP-METHOD", "DELETE"),
    ] {
        let refused = naming(
            &vault,
            "team-a/admin",
            (method.clone(), "/secrets/a"),
            (header, named),
        )
        .await;
        assert_eq!(
            (refused.status, refused.code()),
            (StatusCode::BAD_REQUEST, "BadParameter"),
            "{method} {header}: {named}"
        );
        assert!(refused.message().contains("X-HTTP-METHOD"), "{refused:?}");
    }
    let both = vault
        .client
        .post(vault.url("/secrets/a"))
        .bearer_auth(vault.token("team-a/admin"))
        .header("X-HTTP-METHOD", "GET")
        .header("X-HTTP-REQUEST", "DELETE");
    assert_eq!(both.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    // Another name of such a header is none.
    let other = ("X-HTTP-Method-Override", "DELETE");
    let post = naming(&vault, "team-a/admin", (Method::POST, "/secrets/a"), other).await;
    assert_eq!(post.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(vault.get("/secrets/a").await.body["value"], "v");
}

#[tokio::test]
async fn head_and_options_are_no_methods_of_any_path_and_the_answer_says_which_are() {
    let vault = Vault::start().await;
    vault.set("a", "v").await;
    for (path, allowed) in [
        ("/secrets/a", "GET, PUT, PATCH, DELETE"),
        ("/secrets", "GET"),
        ("/secrets/a/backup", "POST"),
        ("/deletedsecrets/a", "GET, DELETE"),
    ] {
        for method in [Method::HEAD, Method::OPTIONS, Method::TRACE] {
            let request = vault.client.request(method.clone(), vault.url(path));
            let stranger = request.try_clone().unwrap().send().await.unwrap();
            assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
            let response = request
                .bearer_auth(vault.token("team-a/admin"))
                .header("origin", "https://evil.example")
                .header("access-control-request-method", "DELETE")
                .send()
                .await
                .unwrap();
            assert_eq!(
                response.status(),
                StatusCode::METHOD_NOT_ALLOWED,
                "{method} {path}"
            );
            assert_eq!(response.headers()["allow"], allowed, "{method} {path}");
            let shares = response
                .headers()
                .keys()
                .any(|name| name.as_str().starts_with("access-control-"));
            assert!(!shares, "no page of another origin is let in");
            let body = response.bytes().await.unwrap();
            assert_eq!(body.is_empty(), method == Method::HEAD, "{method} {path}");
        }
    }
    let head = vault
        .client
        .head(vault.url("/nowhere"))
        .bearer_auth(vault.token("team-a/admin"));
    assert_eq!(head.send().await.unwrap().status(), StatusCode::NOT_FOUND);
}
