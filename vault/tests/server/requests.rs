//! What a request must look like: hosts, paths, names, versions of the API, bodies, and what every answer carries.

use reqwest::{Method, StatusCode};
use serde_json::json;
use strongroom_testing::vault::Vault;

use crate::support::raw::{connect, exchange};

/// Sends a request line and a host as they are, with a valid token.
async fn raw(vault: &Vault, line: &str, host: &str) -> String {
    let mut stream = connect(vault.running.addresses().data, &vault.files.path("ca.crt")).await;
    let token = vault.token("team-a/admin");
    let request = format!("{line} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n");
    exchange(&mut stream, request.as_bytes()).await
}

#[tokio::test]
async fn a_host_that_is_not_configured_is_misdirected_before_anything_else() {
    let vault = Vault::start().await;
    for host in [
        "dev.team-a.svc",
        "localhost",
        "127.0.0.1",
        "prod.team-a.svc.evil.example",
        "prod.team-b.svc:8443",
    ] {
        let answer = raw(&vault, "GET /secrets/a?api-version=7.4", host).await;
        assert!(answer.starts_with("HTTP/1.1 421 "), "{host}: {answer}");
        assert!(
            !answer.to_ascii_lowercase().contains("www-authenticate"),
            "{host}"
        );
    }
    let answer = raw(&vault, "POST /strongroom.v1.Watch/Watch", "dev.team-a.svc").await;
    assert!(answer.starts_with("HTTP/1.1 421 "), "{answer}");
    for host in [
        "prod.team-a.svc",
        "PROD.team-a.svc:1",
        "prod.team-a.svc.cluster.local",
    ] {
        let answer = raw(&vault, "GET /secrets/a?api-version=7.4", host).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{host}: {answer}");
    }
}

#[tokio::test]
async fn a_path_that_is_not_canonical_is_refused_and_never_redirected() {
    let vault = Vault::start().await;
    let long = format!("/secrets/{}", "a".repeat(128));
    for path in [
        "/secrets/../secrets/a",
        "/secrets/./a",
        "/secrets//a",
        "///secrets/a",
        "/secrets/a%2fb",
        "/secrets/%2e%2e",
        "/secrets/a%00",
        "/secrets/a%ff",
        "/secrets/a;x",
        "/secrets/a.b",
        "/secrets/a_b",
        "/secrets/a%2520",
        "/secrets/a/not-a-version",
        "https://prod.team-a.svc/secrets/a",
        "*",
        &long,
    ] {
        let answer = raw(&vault, &format!("GET {path}?api-version=7.4"), "prod.team-a.svc").await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{path}: {answer}");
    }
    for path in ["//secrets/a", "/SECRETS/A/", "/secrets/a"] {
        let answer = raw(&vault, &format!("GET {path}?api-version=7.4"), "prod.team-a.svc").await;
        assert!(
            answer.starts_with("HTTP/1.1 404 ") && answer.contains("SecretNotFound"),
            "{path}: {answer}"
        );
    }
    let keys = raw(&vault, "GET /keys/a?api-version=7.4", "prod.team-a.svc").await;
    assert!(
        keys.starts_with("HTTP/1.1 404 ") && keys.contains("NotFound"),
        "{keys}"
    );
    let method = raw(&vault, "TRACE /secrets/a?api-version=7.4", "prod.team-a.svc").await;
    assert!(
        method.starts_with("HTTP/1.1 405 ") && method.to_ascii_lowercase().contains("allow: "),
        "{method}"
    );
}

#[tokio::test]
async fn a_parameter_of_the_query_is_one_that_the_api_has_or_is_refused() {
    let vault = Vault::start().await;
    vault.set("a", "v").await;
    for (path, status) in [
        ("/secrets/a?", StatusCode::BAD_REQUEST),
        ("/secrets/a?api-version=7.9", StatusCode::BAD_REQUEST),
        (
            "/secrets/a?api-version=7.4&api-version=7.5",
            StatusCode::BAD_REQUEST,
        ),
        ("/secrets/a?api%2Dversion=2016-10-01", StatusCode::OK),
        ("/secrets/a?api-version=2026-07-01-preview&new=x", StatusCode::OK),
        (
            "/secrets/a?api-version=2025-07-01&outContentType=application/x-pem-file",
            StatusCode::OK,
        ),
        (
            "/secrets/a?api-version=2025-07-01&outContentType=application%2Fx-pkcs12",
            StatusCode::OK,
        ),
        (
            "/secrets/a?api-version=2025-07-01&outContentType=foo",
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let got = vault.get(path).await;
        assert_eq!(got.status, status, "{path}: {got:?}");
        assert!(
            status == StatusCode::OK || got.code() == "BadParameter",
            "{path}: {got:?}"
        );
    }
}

#[tokio::test]
async fn bodies_are_bounded_in_length_and_depth_and_have_no_member_twice() {
    let vault = Vault::start().await;
    let put = async |body: String| {
        let request = vault
            .client
            .put(vault.url("/secrets/a"))
            .bearer_auth(vault.token("team-a/admin"));
        let response = request
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap();
        strongroom_testing::vault::answer(response).await
    };
    let value = |length: usize| json!({"value": "v".repeat(length)}).to_string();
    assert_eq!(put(value(25 * 1024)).await.status, StatusCode::OK);
    let escaped = format!(r#"{{"value":"{}"}}"#, "\\u0001".repeat(25 * 1024));
    assert_eq!(put(escaped).await.status, StatusCode::OK);
    for (body, status) in [
        (value(25 * 1024 + 1), StatusCode::BAD_REQUEST),
        (value(1024 * 1024), StatusCode::PAYLOAD_TOO_LARGE),
        (
            format!(
                r#"{{"value":"v","x":{}{}}}"#,
                "[".repeat(10_000),
                "]".repeat(10_000)
            ),
            StatusCode::BAD_REQUEST,
        ),
        (r#"{"value":"v","value":"w"}"#.into(), StatusCode::BAD_REQUEST),
        (
            r#"{"value":"v","tags":{"a":"1","a":"2"}}"#.into(),
            StatusCode::BAD_REQUEST,
        ),
        (r#"{"contentType":"x"}"#.into(), StatusCode::BAD_REQUEST),
        ("CANARY-4711".into(), StatusCode::BAD_REQUEST),
        (String::new(), StatusCode::BAD_REQUEST),
    ] {
        let short: String = body.chars().take(40).collect();
        let got = put(body).await;
        assert_eq!(
            (got.status, got.code()),
            (status, "BadParameter"),
            "{short}: {got:?}"
        );
        assert!(!got.body.to_string().contains("CANARY"));
    }
    assert_eq!(
        vault.get("/secrets/a/versions").await.body["value"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn every_answer_carries_the_services_headers() {
    let vault = Vault::start().await;
    let id = "6f9c2c1e-0000-4000-8000-00000000000a";
    let request = vault
        .client
        .get(vault.url("/secrets/a"))
        .header("x-ms-client-request-id", id);
    let refused = request.try_clone().unwrap().send().await.unwrap();
    let missing = request
        .bearer_auth(vault.token("team-a/admin"))
        .send()
        .await
        .unwrap();
    for response in [refused, missing] {
        let header = |name: &str| response.headers()[name].to_str().unwrap();
        assert_eq!(header("cache-control"), "no-cache");
        assert_eq!(header("pragma"), "no-cache");
        assert_eq!(header("expires"), "-1");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("strict-transport-security").starts_with("max-age="));
        assert_eq!(header("x-ms-keyvault-service-version"), env!("CARGO_PKG_VERSION"));
        assert_eq!(header("x-ms-request-id").len(), 36);
        assert_eq!(header("x-ms-client-request-id"), id);
        assert_eq!(
            header("x-ms-keyvault-network-info"),
            "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;"
        );
        assert!(header("content-type").starts_with("application/json"));
    }
}

#[tokio::test]
async fn http2_is_spoken_to_who_asks_for_it_and_http1_to_others() {
    let vault = Vault::start().await;
    let response = vault.client.get(vault.url("/secrets/a")).send().await.unwrap();
    assert_eq!(response.version(), reqwest::Version::HTTP_2);
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        vault.admin(Method::GET, "/secrets", None).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_head_that_does_not_come_or_does_not_end_is_cut_off() {
    let vault = Vault::start().await;
    let mut stream = connect(vault.running.addresses().data, &vault.files.path("ca.crt")).await;
    let flood = format!(
        "GET / HTTP/1.1\r\n{}",
        "X-Header: 0123456789012345678901234567890123456789\r\n".repeat(2000)
    );
    let answer = exchange(&mut stream, flood.as_bytes()).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431 "),
        "{answer}"
    );
}

#[tokio::test]
async fn a_client_that_is_still_sending_its_body_gets_its_answer() {
    let vault = Vault::start().await;
    for (length, account, status) in [
        (200_000, "shop/api", 403),
        (1_000_000, "team-a/admin", 413),
        (200_000, "", 401),
    ] {
        let mut stream = connect(vault.running.addresses().data, &vault.files.path("ca.crt")).await;
        let token = if account.is_empty() {
            "none".to_owned()
        } else {
            vault.token(account)
        };
        let head = format!(
            "PUT /secrets/a?api-version=7.4 HTTP/1.1\r\nHost: prod.team-a.svc\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        let answer = exchange(&mut stream, &[head.as_bytes(), &vec![b' '; length]].concat()).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{account}: {answer}"
        );
        // The connection can be used again.
        let next = "GET /secrets HTTP/1.1\r\nHost: prod.team-a.svc\r\n\r\n";
        let answer = exchange(&mut stream, next.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "{account}: {answer}");
    }
}
