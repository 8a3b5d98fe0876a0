//! Which presented tokens are refused, by the service alone and by the API server's review.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use strongroom_testing::cluster::{AccountToken, Review, Signature};

use crate::{VAULT, installation::Installation, now};

/// The refusal of an exchange: status and OAuth's word. The sentence must repeat nothing of the token.
async fn refused(installation: &Installation, token: &str) -> (u16, String) {
    let (status, body) = installation
        .exchange(&[("scope", VAULT), ("client_assertion", token)])
        .await;
    assert!(body.get("access_token").is_none(), "{body}");
    let text = body.to_string();
    assert!(
        token
            .split('.')
            .all(|part| part.is_empty() || !text.contains(part)),
        "{text}"
    );
    (status, body["error"].as_str().unwrap_or_default().to_owned())
}

/// Brackets in brackets, in base64url.
fn deep(depth: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}{}", "[".repeat(depth), "]".repeat(depth)))
}

/// A token whose key id is nested as deep as a header is long.
fn nested_header() -> String {
    let header = format!(
        r#"{{"alg":"RS256","kid":{}{}}}"#,
        "[".repeat(350),
        "]".repeat(350)
    );
    format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(header), deep(300))
}

fn invalid_client() -> (u16, String) {
    (401, "invalid_client".to_owned())
}

#[tokio::test]
async fn what_is_wrong_offline_is_refused_without_asking_the_api_server() {
    let installation = Installation::start().await;
    let good = AccountToken::of_pod("shop", "api", "n1");
    let cluster = &installation.cluster;
    let reviews = cluster.reviews();
    let tokens = [
        (
            "expired",
            AccountToken {
                exp: now() - 1,
                ..good.clone()
            }
            .sign(cluster),
        ),
        (
            "not yet valid",
            AccountToken {
                nbf: now() + 600,
                ..good.clone()
            }
            .sign(cluster),
        ),
        (
            "wrong audience",
            AccountToken {
                audiences: json!(["https://kubernetes.default.svc"]),
                ..good.clone()
            }
            .sign(cluster),
        ),
        (
            "no audience",
            AccountToken {
                audiences: json!([]),
                ..good.clone()
            }
            .sign(cluster),
        ),
        (
            "wrong issuer",
            AccountToken {
                issuer: "https://kubernetes.default.svc/".into(),
                ..good.clone()
            }
            .sign(cluster),
        ),
        ("alg none", good.sign_as(cluster, Signature::None)),
        (
            "HS256 with the public key",
            good.sign_as(cluster, Signature::HmacWithPublicKey),
        ),
        (
            "another cluster's key",
            good.sign_as(cluster, Signature::OtherKey),
        ),
        (
            "an unknown key id",
            good.sign_as(cluster, Signature::UnknownKeyId),
        ),
        ("a tampered payload", good.sign_as(cluster, Signature::Tampered)),
        ("no JWT", "garbage".to_owned()),
        ("a nested header", nested_header()),
        ("nothing but depth", format!("{0}.{0}.AAAA", deep(300))),
        ("empty", String::new()),
    ];
    for (what, token) in tokens {
        assert_eq!(refused(&installation, &token).await, invalid_client(), "{what}");
    }
    assert_eq!(
        cluster.reviews_since(reviews, "readiness"),
        0,
        "no review may be asked for"
    );
}

#[tokio::test]
async fn what_the_review_does_not_vouch_for_is_refused() {
    let installation = Installation::start().await;
    let token = AccountToken::of_pod("shop", "api", "n1").sign(&installation.cluster);
    for review in [
        Review::Gone,
        Review::WithoutAudiences,
        Review::OtherAudience,
        Review::OtherAccount,
        Review::OtherPod,
        Review::NotAServiceAccount,
    ] {
        installation.cluster.answer_reviews(review);
        assert_eq!(
            refused(&installation, &token).await,
            invalid_client(),
            "{review:?}"
        );
    }
    installation.cluster.answer_reviews(Review::Honest);
    let (status, _) = installation
        .exchange(&[("scope", VAULT), ("client_assertion", &token)])
        .await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn an_api_server_that_is_down_means_later_not_never() {
    let installation = Installation::start().await;
    let token = AccountToken::of_pod("shop", "api", "n1").sign(&installation.cluster);
    installation.cluster.answer_reviews(Review::Down);
    assert_eq!(
        refused(&installation, &token).await,
        (503, "temporarily_unavailable".to_owned())
    );
    installation.cluster.answer_reviews(Review::Honest);
    let (status, _) = installation
        .exchange(&[("scope", VAULT), ("client_assertion", &token)])
        .await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_new_key_of_the_cluster_is_learnt_when_a_token_names_it() {
    let installation = Installation::start().await;
    installation.cluster.rotate_key();
    let token = AccountToken::of_pod("shop", "api", "n1").sign(&installation.cluster);
    // The readiness check may just have read the keys.
    for _ in 0..8 {
        let (status, _) = installation
            .exchange(&[("scope", VAULT), ("client_assertion", &token)])
            .await;
        if status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("the new key was not learnt");
}
