//! Keys that are disabled or outside their dates: which work they refuse, which they still do, and what goes on as ever.

mod subject;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::Answer;

use self::subject::{Life, PLAIN, Subject, base64, protecting};

/// What is asked about a key without using it, in an order in which each can be done.
fn life() -> Vec<Life> {
    let policy = json!({
        "lifetimeActions": [{"trigger": {"timeAfterCreate": "P90D"}, "action": {"type": "Rotate"}}],
    });
    let symmetric = json!({"key": {"kty": "oct", "k": base64(PLAIN)}});
    let none = Value::Null;
    vec![
        (Method::GET, "/keys/k", none.clone(), 200),
        (Method::GET, "/keys/k/VERSION", none.clone(), 200),
        (Method::GET, "/keys/k/versions", none.clone(), 200),
        (Method::GET, "/keys", none.clone(), 200),
        (Method::GET, "/keys/k/attestation", none.clone(), 200),
        (Method::PATCH, "/keys/k", json!({"tags": {"a": "b"}}), 200),
        (Method::PATCH, "/keys/k/VERSION", json!({}), 200),
        (Method::PUT, "/keys/k/rotationpolicy", policy, 200),
        (Method::GET, "/keys/k/rotationpolicy", none.clone(), 200),
        (Method::POST, "/keys/k/backup", none.clone(), 200),
        (Method::DELETE, "/keys/k", none.clone(), 200),
        (Method::GET, "/deletedkeys", none.clone(), 200),
        (Method::GET, "/deletedkeys/k", none.clone(), 200),
        (Method::POST, "/deletedkeys/k/recover", none.clone(), 200),
        (Method::POST, "/keys/k/rotate", none.clone(), 200),
        (Method::POST, "/keys/k/create", json!({"kty": "EC"}), 200),
        (Method::PUT, "/keys/k", symmetric, 200),
        (Method::DELETE, "/keys/k", none.clone(), 200),
        (Method::DELETE, "/deletedkeys/k", none.clone(), 204),
        (Method::POST, "/keys/restore", json!({"value": "BACKUP"}), 200),
        (Method::GET, "/keys/k", none, 200),
    ]
}

/// Attributes of a key outside its dates, with the inner code and the last words of the refusal.
fn outside() -> [(Value, &'static str, &'static str); 2] {
    [
        (json!({"exp": 1_000_000_000}), "KeyExpired", "an expired key"),
        (
            json!({"nbf": 32_503_680_000_u64}),
            "KeyNotYetValid",
            "a key that is not yet valid",
        ),
    ]
}

fn assert_refused(answer: &Answer, inner: &str, sentence: &str) {
    assert_eq!(
        (
            answer.status.as_u16(),
            answer.code(),
            answer.inner(),
            answer.message()
        ),
        (403, "Forbidden", inner, sentence)
    );
}

/// The operation of a word, as sentences name it.
fn operation(word: &str) -> &str {
    match word {
        "wrapkey" => "wrapKey",
        "unwrapkey" => "unwrapKey",
        "securewrapkey" => "secureWrapKey",
        "secureunwrapkey" => "secureUnwrapKey",
        word => word,
    }
}

#[tokio::test]
async fn outside_its_dates_a_key_encrypts_wraps_and_signs_nothing() {
    let subject = Subject::new().await;
    for (dates, inner, what) in outside() {
        subject.become_so(&json!({"nbf": null, "exp": null})).await;
        subject.become_so(&dates).await;
        for (word, body) in protecting() {
            let sentence = format!("Operation {} is not allowed on {what}.", operation(word));
            for path in subject.paths(word) {
                let answer = subject.work(&path, body.clone()).await;
                assert_refused(&answer, inner, &sentence);
            }
        }
    }
}

#[tokio::test]
async fn outside_its_dates_a_key_undoes_what_it_did_and_lives_on() {
    for (dates, ..) in outside() {
        let mut subject = Subject::new().await;
        subject.become_so(&dates).await;
        for (word, body) in subject.undoing() {
            for path in subject.paths(word) {
                let answer = subject.work(&path, body.clone()).await;
                assert_eq!(answer.status, StatusCode::OK, "{word} with {dates}: {answer:?}");
                match word {
                    "release" => assert!(answer.body["value"].is_string(), "{answer:?}"),
                    "verify" => assert_eq!(answer.body["value"], true),
                    _ => assert_eq!(answer.body["value"], base64(PLAIN), "{word}"),
                }
            }
        }
        subject.live_with(&dates, life()).await;
    }
}

#[tokio::test]
async fn a_disabled_key_does_no_work_at_all() {
    let subject = Subject::new().await;
    subject.become_so(&json!({"enabled": false})).await;
    let secure = json!({"alg": "RSA-OAEP", "target": "t", "value": "AAAA"});
    let others = [("securewrapkey", secure.clone()), ("secureunwrapkey", secure)];
    for (word, body) in protecting().into_iter().chain(subject.undoing()).chain(others) {
        let sentence = format!("Operation {} is not allowed on a disabled key.", operation(word));
        for path in subject.paths(word) {
            let answer = subject.work(&path, body.clone()).await;
            assert_refused(&answer, "KeyDisabled", &sentence);
        }
    }
    subject.become_so(&json!({"enabled": true})).await;
    for (word, body) in subject.undoing() {
        let answer = subject.work(word, body).await;
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "{word} when enabled again: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_disabled_key_is_got_listed_changed_rotated_deleted_and_brought_back() {
    let mut subject = Subject::new().await;
    subject.live_with(&json!({"enabled": false}), life()).await;
}
