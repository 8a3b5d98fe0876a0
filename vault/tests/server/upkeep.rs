//! What goes on beside the requests: health, metrics, certificates, keys, drain.

use std::{
    fs,
    time::{Duration, Instant},
};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::{
    Authority, SigningKey,
    signing_key::claims,
    vault::{AUDIENCE, Answer, Files, HOST, Vault, client, parse},
};
use strongroom_vault::{clock::Clock, serve::Running};
use tokio::{
    io::AsyncReadExt,
    net::TcpSocket,
    time::{sleep, timeout},
};

use crate::silence::operator_client;

async fn health(running: &Running, path: &str) -> (StatusCode, String) {
    let url = format!("http://{}{path}", running.addresses().health);
    let response = Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .get(url)
        .send()
        .await
        .unwrap();
    (response.status(), response.text().await.unwrap())
}

#[tokio::test]
async fn readiness_waits_for_a_key_and_ends_with_the_drain() {
    let vault = Vault::start().await;
    assert_eq!(health(&vault.running, "/healthz").await.0, StatusCode::OK);
    assert_eq!(health(&vault.running, "/readyz").await.0, StatusCode::OK);
    vault.running.service().drain.begin();
    let (status, why) = health(&vault.running, "/readyz").await;
    assert!(
        status == StatusCode::SERVICE_UNAVAILABLE && why.contains("draining"),
        "{why}"
    );
    assert_eq!(health(&vault.running, "/healthz").await.0, StatusCode::OK);

    let mut files = Files::on_disk().await;
    files.peers = "127.0.0.1:1".parse().unwrap();
    let running = files.run();
    let (status, why) = health(&running, "/readyz").await;
    assert!(
        status == StatusCode::SERVICE_UNAVAILABLE && why.contains("no key"),
        "{why}"
    );
}

#[tokio::test]
async fn a_token_of_a_replica_that_just_started_is_accepted_and_the_old_ones_stay_good() {
    let vault = Vault::start().await;
    let next = SigningKey::new("replica-2");
    let claims = claims(vault.files.clock.now(), "team-a/admin", AUDIENCE);
    let token = next.token(&claims);
    let get = async |token: &str| {
        vault
            .with_token(token, Method::GET, "/secrets/a", None)
            .await
            .status
    };
    assert_eq!(get(&token).await, StatusCode::UNAUTHORIZED);
    vault.files.identity.publish(&next);
    // Unknown keys are asked for every two seconds at most.
    sleep(Duration::from_millis(2100)).await;
    assert_eq!(get(&token).await, StatusCode::NOT_FOUND);
    assert_eq!(get(&vault.token("team-a/admin")).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_connection_that_never_shakes_hands_is_closed_and_holds_up_nobody() {
    let vault = Vault::start().await;
    let mut idle = Vec::new();
    for _ in 0..200 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        idle.push(socket.connect(vault.running.addresses().data).await.unwrap());
    }
    let answered = timeout(Duration::from_secs(4), vault.get("/secrets/a")).await;
    assert_eq!(
        answered.expect("an answer meanwhile").status,
        StatusCode::NOT_FOUND
    );
    let mut first = idle.swap_remove(0);
    let closed = timeout(Duration::from_secs(10), first.read(&mut [0; 1])).await;
    assert!(matches!(closed, Ok(Ok(0) | Err(_))), "{closed:?}");
    let (_, metrics) = health(&vault.running, "/metrics").await;
    let refused = metrics
        .lines()
        .find(|line| line.contains(r#"connections_refused_total{reason="handshakes"}"#));
    assert!(
        refused.is_some(),
        "who takes more than its share is refused at once:\n{metrics}"
    );
}

#[tokio::test]
async fn metrics_tell_operations_and_never_names() {
    let vault = Vault::start_with(&["--audit-quota-mib", "64"]).await;
    vault.set("canary-name", "canary-value").await;
    vault.get("/secrets/canary-name").await;
    vault
        .client
        .get(vault.url("/secrets/canary-name"))
        .send()
        .await
        .unwrap();
    let (status, text) = health(&vault.running, "/metrics").await;
    assert_eq!(status, StatusCode::OK);
    for line in [
        r#"strongroom_requests_total{operation="SecretGet",status="200"} 1"#,
        r#"strongroom_requests_total{operation="Unknown",status="401"} 1"#,
        r#"strongroom_authentication_failures_total{reason="missing"} 1"#,
        "strongroom_ready 1",
        "strongroom_policy_number 1",
        "strongroom_identity_keys 1",
        "strongroom_audit_quota_bytes 67108864",
        "strongroom_audit_removed_early_bytes 0",
        "strongroom_object_bytes_limit ",
        "strongroom_versions_limit 500",
        "strongroom_clock_unconfirmed 0",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert!(!text.contains("canary") && !text.contains("127.0.0.1"), "{text}");
}

/// What the vault tells the operator of how much it keeps.
async fn usage(vault: &Vault) -> Value {
    let url = format!(
        "https://{HOST}:{}/v1/status",
        vault.running.addresses().admin.port()
    );
    let answer = operator_client(vault).get(url).send().await.unwrap();
    let mut status: Value = answer.json().await.unwrap();
    status["usage"].take()
}

#[tokio::test]
async fn how_much_a_vault_keeps_of_what_it_may_is_shown_to_the_operator_and_in_metrics() {
    let vault = Vault::start_with(&["--versions-per-object", "5", "--object-bytes", "100000"]).await;
    for _ in 0..4 {
        assert_eq!(vault.set("db", &"v".repeat(20_000)).await.status, StatusCode::OK);
    }
    let Vault { running, files, .. } = vault;
    assert!(running.stop().await);
    // Versions are counted after a start.
    let vault = Vault::open(files).await;
    let end = Instant::now() + Duration::from_secs(20);
    let usage = loop {
        let usage = usage(&vault).await;
        if usage["mostVersions"] == 4 {
            break usage;
        }
        assert!(Instant::now() < end, "{usage}");
        sleep(Duration::from_millis(50)).await;
    };
    let bytes = usage["objectBytes"].as_u64().unwrap();
    assert!((80_000..100_000).contains(&bytes), "{usage}");
    let limits = (&usage["objectBytesLimit"], &usage["versionsLimit"]);
    assert_eq!(limits, (&json!(100_000), &json!(5)));
    let (_, text) = health(&vault.running, "/metrics").await;
    for line in [
        &*format!("strongroom_object_bytes {bytes}"),
        "strongroom_object_bytes_limit 100000",
        "strongroom_most_versions 4",
        "strongroom_versions_limit 5",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line} in\n{text}");
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_served_without_a_restart() {
    let vault = Vault::start().await;
    let other = Authority::new("next");
    other.serve(&[HOST], &vault.files.path("tls"));
    fs::write(vault.files.path("next.crt"), other.pem()).unwrap();
    let renewed = async {
        loop {
            let client = client(&vault.files.path("next.crt"), vault.running.addresses().data);
            if client.get(vault.url("/secrets")).send().await.is_ok() {
                return;
            }
            sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(Duration::from_secs(10), renewed)
        .await
        .expect("the new certificate");
    let fresh = client(&vault.files.path("ca.crt"), vault.running.addresses().data);
    assert!(fresh.get(vault.url("/secrets")).send().await.is_err());
}

#[tokio::test]
async fn a_vault_stops_and_starts_again_with_its_data_and_its_policy() {
    let vault = Vault::start().await;
    vault.set("a", "v").await;
    let Vault { running, files, .. } = vault;
    assert!(running.stop().await);
    let again = Vault::open(files).await;
    assert_eq!(again.get("/secrets/a").await.body["value"], "v");
}

#[tokio::test]
async fn a_missing_store_beside_a_used_seal_key_is_an_error_and_not_a_new_vault() {
    let files = Files::on_disk().await;
    let mut arguments = files.arguments();
    arguments.retain(|word| word != "--initialise");
    assert!(Running::start(&parse(arguments), Clock::default()).is_err());
    fs::write(
        files.path("seal/vault-id"),
        "00000000-0000-4000-8000-000000000000",
    )
    .unwrap();
    assert!(Running::start(&parse(files.arguments()), Clock::default()).is_err());
}

#[tokio::test]
async fn a_vault_that_starts_answers_no_data_until_its_store_was_compared_or_the_time_for_that_is_over() {
    let vault = Vault::start_with(&["--compared-within", "3"]).await;
    let waits = |answer: &Answer| (answer.status.as_u16(), answer.inner() == "PolicyUnavailable");
    let answer = vault.set("db", "1").await;
    assert_eq!(waits(&answer), (503, true), "{answer:?}");
    let (status, why) = health(&vault.running, "/readyz").await;
    assert!(
        status == StatusCode::SERVICE_UNAVAILABLE && why.contains("has not compared the store"),
        "{why}"
    );
    let end = Instant::now() + Duration::from_secs(20);
    while vault.set("db", "1").await.status != StatusCode::OK {
        assert!(Instant::now() < end, "nobody compares");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(health(&vault.running, "/readyz").await.0, StatusCode::OK);
}
