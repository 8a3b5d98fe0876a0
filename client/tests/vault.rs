//! The client against a server over TLS in this process.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in what its functions call"
)]

#[path = "vault/server.rs"]
mod server;
#[path = "vault/watched.rs"]
mod watched;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use axum::{
    Json, Router,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use futures::future::BoxFuture;
use http::{HeaderMap, Method, StatusCode, Uri};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use strongroom_client::{
    ConnectError, Dial, Retry, Route, Server, TransportError, Trust,
    identity::VaultToken,
    server::Stream,
    vault::{NewSecret, SecretChange, Secrets, VaultClient, VaultError},
};
use strongroom_core::{Delays, ObjectName, limits::VALUE_BYTES};
use strongroom_testing::{
    Authority, TlsServer,
    authority::Usage,
    hostile_paths::{self, Holder},
    hostile_vault::data,
};

use tokio::task::JoinSet;

use server::{HOST, client};

const VERSION: &str = "0123456789abcdef0123456789abcdef";

fn token() -> VaultToken {
    VaultToken::new("CANARY-token".into(), SystemTime::now() + Duration::from_mins(1))
}

fn name(text: &str) -> ObjectName {
    text.parse().unwrap()
}

fn new_secret() -> NewSecret {
    NewSecret {
        value: "CANARY-value".into(),
        about: SecretChange::default(),
    }
}

fn bundle(name: &str) -> Value {
    json!({
        "value": "CANARY-value",
        "id": format!("https://{HOST}/secrets/{name}/{VERSION}"),
        "attributes": { "enabled": true, "created": 1, "updated": 1, "recoveryLevel": "Recoverable" },
    })
}

fn refusal(status: StatusCode, code: &str, inner: Option<&str>) -> Response {
    let inner = inner.map(|code| json!({ "code": code }));
    let body = json!({ "error": { "code": code, "message": "a\nsentence", "innererror": inner } });
    (status, Json(body)).into_response()
}

/// A vault that answers everything by `answer`, and counts.
async fn vault(
    answer: impl Fn(usize) -> Response + Clone + Send + Sync + 'static,
) -> (VaultClient, Arc<AtomicUsize>, TlsServer) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let router = Router::new().fallback(any(async move || answer(counter.fetch_add(1, Ordering::SeqCst))));
    let authority = Authority::new("strongroom");
    let served = TlsServer::start(&authority, HOST, router).await;
    (client(&authority, &served), count, served)
}

fn quick() -> Retry {
    Retry {
        attempts: 3,
        delays: Delays {
            first: Duration::from_millis(5),
            longest: Duration::from_secs(1),
        },
    }
}

#[tokio::test]
async fn a_secret_is_read_and_written_under_the_pinned_name_with_the_token() {
    let router = Router::new().fallback(any(
        async |method: Method, uri: Uri, headers: HeaderMap, body: String| {
            assert_eq!(uri.authority().unwrap().as_str(), HOST);
            assert_eq!(headers["authorization"], "Bearer CANARY-token");
            let query = uri.query().unwrap();
            assert!(query.contains("api-version=2025-07-01"));
            match (method, uri.path()) {
                (Method::GET, "/secrets/db") => Json(bundle("db")),
                (Method::PUT, "/secrets/db") => {
                    let body: Value = serde_json::from_str(&body).unwrap();
                    assert_eq!(body["value"], "CANARY-value");
                    Json(bundle("db"))
                }
                (Method::GET, "/secrets") if query.contains("$skiptoken=abc") => {
                    Json(json!({ "value": [item("b")], "nextLink": null }))
                }
                (Method::GET, "/secrets") => {
                    let link = "https://elsewhere.example/secrets?api-version=1&$skiptoken=abc";
                    Json(json!({ "value": [item("a")], "nextLink": link }))
                }
                other => panic!("{other:?}"),
            }
        },
    ));
    let authority = Authority::new("strongroom");
    let served = TlsServer::start(&authority, HOST, router).await;
    let client = client(&authority, &served);
    let secret = client.get_secret(&token(), &name("DB"), None).await.unwrap();
    assert_eq!(secret.value.expose_secret(), "CANARY-value");
    assert_eq!(secret.id.version.unwrap().to_string(), VERSION);
    assert!(!format!("{secret:?} {:?}", token()).contains("CANARY"));
    client
        .set_secret(&token(), &name("db"), &new_secret())
        .await
        .unwrap();
    let all = client.list_all::<Secrets>(&token(), 10).await.unwrap();
    assert_eq!(
        all.iter().map(|item| item.id.name.as_str()).collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert!(matches!(
        client.list_all::<Secrets>(&token(), 1).await,
        Err(VaultError::TooMany(1))
    ));
    assert_eq!(served.connections(), 1, "every request must share one connection");
}

fn item(name: &str) -> Value {
    json!({ "id": format!("https://{HOST}/secrets/{name}"), "attributes": { "enabled": true } })
}

#[tokio::test]
async fn refusals_keep_their_codes_and_say_whether_to_ask_again() {
    let (client, _, _served) = vault(|count| match count {
        0 => refusal(StatusCode::NOT_FOUND, "SecretNotFound", None),
        1 => refusal(StatusCode::FORBIDDEN, "Forbidden", Some("SecretDisabled")),
        2 => refusal(StatusCode::FORBIDDEN, "Forbidden", Some("ForbiddenByPolicy")),
        _ => (StatusCode::BAD_GATEWAY, "<html>").into_response(),
    })
    .await;
    let client = client.with_retry(Retry::NEVER);
    let mut refusals = Vec::new();
    for _ in 0..4 {
        let error = client.get_secret(&token(), &name("db"), None).await.unwrap_err();
        refusals.push(error.refusal().unwrap().clone());
    }
    assert!(refusals[0].is_not_found() && !refusals[0].is_retryable());
    assert_eq!(refusals[0].message, "a sentence");
    assert!(refusals[1].is_disabled() && !refusals[1].is_forbidden());
    assert!(refusals[2].is_forbidden());
    assert!(refusals[3].is_retryable() && refusals[3].code == "Unknown");
}

#[tokio::test]
async fn a_read_is_repeated_and_a_write_that_may_have_happened_is_not() {
    let unavailable = |count| match count {
        0 => refusal(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", None),
        _ => Json(bundle("db")).into_response(),
    };
    let (client, count, _served) = vault(unavailable).await;
    client
        .with_retry(quick())
        .get_secret(&token(), &name("db"), None)
        .await
        .unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 2);

    let (client, count, _served) = vault(unavailable).await;
    let error = client
        .with_retry(quick())
        .set_secret(&token(), &name("db"), &new_secret())
        .await
        .unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_full_queue_is_asked_again_when_it_says() {
    let (client, count, _served) = vault(|count| match count {
        0 => {
            let mut answer = refusal(StatusCode::TOO_MANY_REQUESTS, "Throttled", None);
            answer
                .headers_mut()
                .insert("retry-after", http::HeaderValue::from_static("1"));
            answer
        }
        _ => Json(bundle("db")).into_response(),
    })
    .await;
    let since = Instant::now();
    client
        .with_retry(quick())
        .set_secret(&token(), &name("db"), &new_secret())
        .await
        .unwrap();
    assert!(since.elapsed() >= Duration::from_secs(1));
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn answers_that_no_honest_vault_gives_are_refused_without_their_text() {
    let answers: [fn() -> Response; 6] = [
        || Json(bundle("other")).into_response(),
        || "CANARY-value".into_response(),
        || Json(json!({ "value": 7, "id": "CANARY-value" })).into_response(),
        || (StatusCode::FOUND, [("location", "https://elsewhere.example/")]).into_response(),
        || "x".repeat(300 << 10).into_response(),
        || data::secret("db", &format!("CANARY-{}", "x".repeat(VALUE_BYTES))),
    ];
    for answer in answers {
        let (client, _, _served) = vault(move |_| answer()).await;
        let error = client
            .with_retry(Retry::NEVER)
            .get_secret(&token(), &name("db"), None)
            .await
            .unwrap_err();
        assert!(!format!("{error} {error:?}").contains("CANARY"), "{error:?}");
        assert!(!error.is_retryable(), "{error:?}");
    }
}

#[tokio::test]
async fn another_certificate_or_name_is_refused_and_nothing_is_sent() {
    let authority = Authority::new("strongroom");
    let router = Router::new().fallback(get(async || -> Response { panic!("nothing may be asked") }));
    let other_name = TlsServer::start(&authority, "other.team-a.svc", router.clone()).await;
    let other_authority = TlsServer::start(&Authority::new("strongroom"), HOST, router).await;
    for served in [&other_name, &other_authority] {
        let server = Server::new(HOST).by(Route::Socket(served.address()));
        let client = VaultClient::new(&server, Trust::from_pem(authority.pem().as_bytes()).unwrap());
        let error = client.get_secret(&token(), &name("db"), None).await.unwrap_err();
        let VaultError::Transport(TransportError::Connect { source, .. }) = &error else {
            panic!("{error:?}")
        };
        assert!(source.is_untrusted(), "{source:?}");
        assert!(matches!(source, ConnectError::Handshake(_)) && !error.is_retryable());
    }
}

#[tokio::test]
async fn a_certificate_whose_path_breaks_a_rule_is_refused_and_nothing_is_sent() {
    let authority = Authority::new("strongroom");
    let holder = Holder {
        hosts: &[HOST],
        uris: &[],
        usage: &Usage::ServerAuth,
    };
    let mut shown = hostile_paths::broken(&authority, holder);
    let of_address = |address: &'static str| authority.issue(&[address], &[], &[Usage::ServerAuth]);
    shown.push(("it is for an address", of_address("127.0.0.1")));
    shown.push(("it is for a name above", of_address("team-a.svc")));
    shown.push(("it is for a name below", of_address("a.prod.team-a.svc")));
    let anywhere = "127.0.0.1:0".parse().unwrap();
    for (rule, signed) in shown {
        let router = Router::new().fallback(get(async || -> Response { panic!("nothing may be asked") }));
        let served = TlsServer::start_as(signed.acceptor(), router, anywhere).await;
        let error = client(&authority, &served)
            .get_secret(&token(), &name("db"), None)
            .await
            .expect_err(rule);
        let VaultError::Transport(TransportError::Connect { source, .. }) = &error else {
            panic!("{rule}: {error:?}")
        };
        assert!(
            source.is_untrusted() && !error.is_retryable(),
            "{rule}: {source:?}"
        );
    }
    let router = Router::new().fallback(get(async || Json(bundle("db"))));
    let good = hostile_paths::good(&authority, holder).acceptor();
    let served = TlsServer::start_as(good, router, anywhere).await;
    let client = client(&authority, &served);
    client.get_secret(&token(), &name("db"), None).await.unwrap();
}

#[tokio::test]
async fn a_new_ca_in_the_file_is_trusted_by_the_next_connection() {
    let (first, second) = (Authority::new("strongroom"), Authority::new("strongroom"));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.crt");
    std::fs::write(&file, first.pem()).unwrap();
    let router = Router::new().fallback(get(async || Json(bundle("db"))));
    let served = TlsServer::start(&second, HOST, router).await;
    let reached = Server::new(HOST).by(Route::Socket(served.address()));
    let client = VaultClient::new(&reached, Trust::from_file(&file).unwrap()).with_retry(Retry::NEVER);
    client.get_secret(&token(), &name("db"), None).await.unwrap_err();

    std::fs::write(&file, "broken").unwrap();
    client.get_secret(&token(), &name("db"), None).await.unwrap_err();
    std::fs::write(&file, format!("{}{}", first.pem(), second.pem())).unwrap();
    client.get_secret(&token(), &name("db"), None).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_that_names_it() {
    let server = Server::new(HOST).by(Route::Socket("127.0.0.1:1".parse().unwrap()));
    let client = VaultClient::new(
        &server,
        Trust::from_pem(Authority::new("strongroom").pem().as_bytes()).unwrap(),
    );
    let error = client
        .with_retry(quick())
        .get_secret(&token(), &name("db"), None)
        .await
        .unwrap_err();
    assert!(error.is_retryable());
    assert!(
        error.to_string().contains("prod.team-a.svc at 127.0.0.1:1"),
        "{error}"
    );
}

/// A server that is a while away, and then not there.
struct Nowhere;

impl Dial for Nowhere {
    fn dial(&self) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Err(io::ErrorKind::ConnectionRefused.into())
        })
    }
}

#[tokio::test]
async fn requests_that_wait_for_one_connection_all_tell_why_there_is_none() {
    let authority = Authority::new("strongroom");
    let server = Server::new(HOST).by(Route::Dial(Arc::new(Nowhere)));
    let trust = Trust::from_pem(authority.pem().as_bytes()).unwrap();
    let client = VaultClient::new(&server, trust).with_retry(Retry::NEVER);
    let mut requests = JoinSet::new();
    for _ in 0..8 {
        let client = client.clone();
        requests.spawn(async move { client.get_secret(&token(), &name("a"), None).await });
    }
    for outcome in requests.join_all().await {
        let error = outcome.unwrap_err();
        assert!(error.is_retryable());
        let text = error.to_string();
        assert!(
            text.contains("cannot connect") && text.contains("refused"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn who_connects_ahead_shares_one_connection_with_the_requests_that_follow() {
    let authority = Authority::new("strongroom");
    let router = data::router(async |name| data::secret(&name, "x"));
    let served = TlsServer::start(&authority, HOST, router).await;
    let client = client(&authority, &served);
    let mut connects = JoinSet::new();
    for _ in 0..8 {
        let client = client.clone();
        connects.spawn(async move { client.connect(Duration::from_secs(5)).await });
    }
    for connected in connects.join_all().await {
        connected.unwrap();
    }
    for object in ["a", "b"] {
        client.get_secret(&token(), &name(object), None).await.unwrap();
        client.connect(Duration::from_secs(5)).await.unwrap();
    }
    assert_eq!(served.connections(), 1);
}

#[tokio::test]
async fn connecting_to_an_address_that_does_not_answer_ends_in_its_time() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::new(HOST).by(Route::Socket(silent.local_addr().unwrap()));
    let trust = Trust::from_pem(Authority::new("strongroom").pem().as_bytes()).unwrap();
    let client = VaultClient::new(&server, trust);
    let began = Instant::now();
    let mut connects = JoinSet::new();
    for _ in 0..8 {
        let client = client.clone();
        connects.spawn(async move { client.connect(Duration::from_millis(200)).await });
    }
    for connected in connects.join_all().await {
        assert!(connected.unwrap_err().is_retryable());
    }
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "nobody waits for another's attempt"
    );
}
