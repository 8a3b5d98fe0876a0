//! Who gets in: every token that is not one of ours, for this vault, now, is answered 401 with the challenge.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::{
    SigningKey, identity,
    signing_key::claims,
    vault::{AUDIENCE, Vault, answer},
};

/// Changes claims, given the present.
type Change = fn(&mut Value, i64);

/// Asserts that `token` is refused as one that proves nothing, with the challenge that names the identity service.
async fn assert_refused(vault: &Vault, token: &str, what: &str) {
    let got = vault.with_token(token, Method::GET, "/secrets/a", None).await;
    assert_eq!(
        (got.status, got.code()),
        (StatusCode::UNAUTHORIZED, "Unauthorized"),
        "{what}: {got:?}"
    );
    let challenge = got.headers["www-authenticate"].to_str().unwrap();
    assert!(
        challenge.starts_with("Bearer authorization=\""),
        "{what}: {challenge}"
    );
    assert!(!got.body.to_string().contains(token), "{what} is repeated");
}

#[tokio::test]
async fn the_first_request_of_a_client_is_answered_with_the_challenge_before_anything_is_parsed() {
    let vault = Vault::start().await;
    for (method, path) in [
        (Method::PUT, "/secrets/a"),
        (Method::GET, "/secrets/a_b?x=y"),
        (Method::POST, "/nothing"),
    ] {
        let response = vault
            .client
            .request(method, vault.url(path))
            .send()
            .await
            .unwrap();
        let got = answer(response).await;
        assert_eq!(got.status, StatusCode::UNAUTHORIZED);
        let port = vault.running.addresses().data.port();
        let expected = format!(
            "Bearer authorization=\"https://{}/adfs\", resource=\"https://team-a.svc:{port}\"",
            identity::SERVER_NAME
        );
        assert_eq!(got.headers["www-authenticate"].to_str().unwrap(), expected);
        assert!(
            got.body["error"]["message"]
                .as_str()
                .unwrap()
                .starts_with("AKV10000:")
        );
    }
}

#[tokio::test]
async fn a_token_of_ours_is_accepted_for_the_vault_and_for_its_namespace() {
    let vault = Vault::start().await;
    for audience in [AUDIENCE, "https://team-a.svc"] {
        let token = vault.token_with("team-a/admin", |claims| claims["aud"] = audience.into());
        let got = vault.with_token(&token, Method::GET, "/secrets/a", None).await;
        assert_eq!(got.status, StatusCode::NOT_FOUND, "{audience}");
    }
}

#[tokio::test]
async fn a_token_of_a_clock_that_is_a_minute_ahead_is_accepted_and_one_that_has_ended_is_not() {
    let vault = Vault::start().await;
    let now = vault.files.clock.now();
    let ahead = vault.token_with("team-a/admin", |claims| {
        for time in ["iat", "nbf"] {
            claims[time] = (now + 55).into();
        }
    });
    let got = vault.with_token(&ahead, Method::GET, "/secrets/a", None).await;
    assert_eq!(got.status, StatusCode::NOT_FOUND, "{got:?}");
    let ended = vault.token_with("team-a/admin", |claims| claims["exp"] = now.into());
    assert_refused(&vault, &ended, "ended this second").await;
}

#[tokio::test]
async fn claims_that_are_not_this_vaults_are_refused() {
    let vault = Vault::start().await;
    let now = vault.files.clock.now();
    let changes: [(&str, Change); 15] = [
        ("another vault's", |c, _| {
            c["aud"] = "https://dev.team-a.svc".into();
        }),
        ("another namespace's", |c, _| {
            c["aud"] = "https://team-b.svc".into();
        }),
        ("the API server's audience", |c, _| {
            c["aud"] = "https://kubernetes.default.svc".into();
        }),
        ("a list of audiences", |c, _| c["aud"] = json!([AUDIENCE])),
        ("no audience", |c, _| {
            drop(c.as_object_mut().unwrap().remove("aud"));
        }),
        ("another issuer", |c, _| c["iss"] = "https://evil.example".into()),
        ("another installation", |c, _| c["tid"] = "other".into()),
        ("expired", |c, now| c["exp"] = (now - 1).into()),
        ("not valid yet", |c, now| c["nbf"] = (now + 90).into()),
        ("issued in the future", |c, now| c["iat"] = (now + 90).into()),
        ("valid for two days", |c, now| {
            c["exp"] = (now + 2 * 86_400).into();
        }),
        ("a text as expiry", |c, _| c["exp"] = "tomorrow".into()),
        ("another account's subject", |c, _| {
            c["sub"] = "system:serviceaccount:team-a:root".into();
        }),
        ("no account", |c, _| {
            drop(c.as_object_mut().unwrap().remove("strongroom.dev"));
        }),
        ("another version", |c, _| c["ver"] = "2".into()),
    ];
    for (what, change) in changes {
        let token = vault.token_with("team-a/admin", |claims| change(claims, now));
        assert_refused(&vault, &token, what).await;
    }
}

#[tokio::test]
async fn headers_and_signatures_that_are_not_ours_are_refused() {
    let vault = Vault::start().await;
    let claims = claims(vault.files.clock.now(), "team-a/admin", AUDIENCE);
    let signed = |change: fn(&mut Header)| {
        let mut header = vault.files.signer.header();
        change(&mut header);
        vault.files.signer.sign(&header, &claims)
    };
    assert_refused(
        &vault,
        &signed(|header| header.typ = Some("JWT".into())),
        "another type",
    )
    .await;
    assert_refused(&vault, &signed(|header| header.kid = None), "no key id").await;
    assert_refused(
        &vault,
        &signed(|header| header.kid = Some("unknown".into())),
        "an unknown key",
    )
    .await;
    assert_refused(
        &vault,
        &signed(|header| header.kid = Some("../../etc/passwd".into())),
        "a path",
    )
    .await;
    assert_refused(
        &vault,
        &signed(|h| h.jku = Some("https://evil.example".into())),
        "a key's address",
    )
    .await;
    assert_refused(
        &vault,
        &signed(|h| h.crit = Some(vec!["exp".into()])),
        "a critical extension",
    )
    .await;

    let none = BASE64.encode(format!(
        r#"{{"alg":"none","typ":"strongroom-at+jwt","kid":"{}"}}"#,
        vault.files.signer.id
    ));
    let body = BASE64.encode(claims.to_string());
    assert_refused(&vault, &format!("{none}.{body}."), "alg none").await;

    let mut header = vault.files.signer.header();
    header.alg = Algorithm::HS256;
    let secret = EncodingKey::from_secret(&vault.files.signer.public);
    let confused = jsonwebtoken::encode(&header, &claims, &secret).unwrap();
    assert_refused(&vault, &confused, "HS256 with the public key").await;

    let mut stranger = SigningKey::new("replica-1");
    let token = stranger.sign(&stranger.header(), &claims);
    assert_refused(&vault, &token, "another key of the same id").await;
    stranger.id.push('x');
    assert_refused(
        &vault,
        &stranger.sign(&stranger.header(), &claims),
        "a stranger's",
    )
    .await;

    let good = vault.token("team-a/admin");
    assert_refused(&vault, &good[..good.len() - 2], "a cut signature").await;
}

#[tokio::test]
async fn tokens_of_any_depth_and_length_are_refused_or_cost_nothing() {
    let vault = Vault::start().await;
    let claims = claims(vault.files.clock.now(), "team-a/admin", AUDIENCE);
    let body = BASE64.encode(claims.to_string());
    let good = vault.token("team-a/admin");
    let deep = |depth: usize| BASE64.encode(format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    let nested = format!(
        r#"{{"alg":"ES256","typ":"strongroom-at+jwt","kid":{}{}}}"#,
        "[".repeat(2_000),
        "]".repeat(2_000)
    );
    assert_refused(
        &vault,
        &format!("{}.{body}.AAAA", BASE64.encode(nested)),
        "a nested header",
    )
    .await;
    assert_refused(
        &vault,
        &format!("{}.{}.AAAA", deep(1_000), deep(1_000)),
        "nothing but depth",
    )
    .await;
    let deep_claims = vault.token_with("team-a/admin", |claims| {
        claims["deep"] = (0..1_000).fold(Value::Null, |inner, _| json!([inner]));
    });
    // What the identity service would have signed is passed over, however deep.
    assert_eq!(status(&vault, &deep_claims).await, StatusCode::NOT_FOUND);
    // Longer than a head may be: it is not even read.
    let long = vault
        .client
        .get(vault.url("/secrets/a"))
        .bearer_auth("a".repeat(1 << 20))
        .send()
        .await;
    let is_refused = long.map_or(true, |answer| answer.status() == 431);
    assert!(is_refused, "a token of 1 MiB");
    for text in ["x", "a.b", "a.b.c.d", &"a".repeat(9000), &format!("{good} ")] {
        let got = vault.with_token(text, Method::GET, "/secrets/a", None).await;
        assert!(
            got.status == StatusCode::UNAUTHORIZED || text.trim_end() == good,
            "{text:.20}: {got:?}"
        );
    }
}

#[tokio::test]
async fn a_remembered_token_ends_at_its_expiry() {
    let vault = Vault::start().await;
    let token = vault.token("team-a/admin");
    let get = async || {
        vault
            .with_token(&token, Method::GET, "/secrets/a", None)
            .await
            .status
    };
    assert_eq!(get().await, StatusCode::NOT_FOUND);
    vault.files.clock.advance(800);
    assert_eq!(get().await, StatusCode::NOT_FOUND);
    vault.files.clock.advance(100);
    assert_eq!(get().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_source_that_keeps_failing_is_throttled_and_a_valid_token_still_gets_through() {
    let vault = Vault::start().await;
    let mut throttled = None;
    for _ in 0..2000 {
        let response = vault.client.get(vault.url("/secrets/a")).send().await.unwrap();
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            throttled = Some(response);
            break;
        }
    }
    assert!(throttled.expect("a 429").headers().contains_key("retry-after"));
    assert_eq!(vault.get("/secrets/a").await.status, StatusCode::NOT_FOUND);
}

/// How many tokens were refused for `reason`.
async fn failures(vault: &Vault, reason: &str) -> u64 {
    let address = vault.running.addresses().health;
    let text = reqwest::get(format!("http://{address}/metrics"))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let label = format!("reason=\"{reason}\"");
    let line = text
        .lines()
        .find(|line| line.contains("authentication_failures_total") && line.contains(&label));
    line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

/// The status that a read by `token` gets.
async fn status(vault: &Vault, token: &str) -> StatusCode {
    vault
        .with_token(token, Method::GET, "/secrets/a", None)
        .await
        .status
}

#[tokio::test]
async fn a_source_that_keeps_failing_gets_no_signature_verified_and_known_tokens_go_on() {
    let vault = Vault::start().await;
    let known = vault.token("team-a/admin");
    assert_eq!(status(&vault, &known).await, StatusCode::NOT_FOUND);
    let (signed, _) = known.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", BASE64.encode([1; 64]));
    let mut throttled = 0;
    for _ in 0..1_500 {
        match status(&vault, &forged).await {
            StatusCode::UNAUTHORIZED => {}
            StatusCode::TOO_MANY_REQUESTS => throttled += 1,
            other => panic!("{other}"),
        }
    }
    let verified = failures(&vault, "signature").await;
    assert!(throttled > 100, "{throttled} were throttled");
    assert_eq!(verified + throttled, 1_500, "{throttled} were throttled");
    assert_eq!(status(&vault, &known).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_key_that_the_owner_refuses_opens_nothing_also_not_for_tokens_that_were_verified() {
    let vault = Vault::start().await;
    let token = vault.token("team-a/admin");
    assert_eq!(status(&vault, &token).await, StatusCode::NOT_FOUND);
    let refused = format!("another\n {}\n", vault.files.signer.id);
    std::fs::write(vault.files.path("refused-keys"), refused).unwrap();
    // The vault reads the file with the keys, each minute, and when a token names a key that it does not know.
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    let other = SigningKey::new("unknown");
    let unknown = other.token(&claims(vault.files.clock.now(), "team-a/admin", AUDIENCE));
    assert_eq!(status(&vault, &unknown).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&vault, &token).await, StatusCode::UNAUTHORIZED);
}
