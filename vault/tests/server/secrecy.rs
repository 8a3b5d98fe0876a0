//! What a caller without permission learns: nothing.

mod lists;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::{ALL, Vault, allow};

/// A method, a path with `NAME` in it, and a body.
type Request = (Method, &'static str, Option<Value>);

/// None of the requests tells a caller who may only `permitted` whether the object in its path is there, deleted or missing.
async fn look_the_same(collection: &str, permitted: &str, requests: Vec<Request>) {
    let vault = Vault::start().await;
    for name in ["there", "gone"] {
        make(&vault, collection, name).await;
    }
    let gone = format!("/{collection}/gone");
    vault.admin(Method::DELETE, &gone, None).await;
    let policies = vec![allow("reader", "shop/api", &["other-*"], &[permitted])];
    vault.policy(2, policies).await;
    for (method, path, body) in requests {
        let mut seen: Option<Value> = None;
        for name in ["there", "gone", "missing"] {
            let path = path.replace("NAME", name);
            let got = vault
                .request("shop/api", method.clone(), &path, body.clone())
                .await;
            assert_eq!(
                (got.status, got.inner()),
                (StatusCode::FORBIDDEN, "ForbiddenByPolicy"),
                "{method} {path}"
            );
            assert_eq!(*seen.get_or_insert(got.body.clone()), got.body, "{method} {path}");
        }
    }
}

/// Makes a secret or a key.
async fn make(vault: &Vault, collection: &str, name: &str) {
    let body = match collection {
        "keys" => json!({"key": {"kty": "oct", "k": "AAECAwQFBgcICQoLDA0ODw"}}),
        _ => json!({"value": "v"}),
    };
    let path = format!("/{collection}/{name}");
    let made = vault.admin(Method::PUT, &path, Some(body)).await;
    assert_eq!(made.status, StatusCode::OK, "{made:?}");
}

#[tokio::test]
async fn a_denied_secret_and_a_missing_one_look_the_same() {
    let disabled = json!({"attributes": {"enabled": false}});
    let requests = vec![
        (Method::GET, "/secrets/NAME", None),
        (
            Method::GET,
            "/secrets/NAME/0123456789abcdef0123456789abcdef",
            None,
        ),
        (Method::GET, "/secrets/NAME/versions", None),
        (Method::GET, "/deletedsecrets/NAME", None),
        (Method::DELETE, "/secrets/NAME", None),
        (Method::DELETE, "/deletedsecrets/NAME", None),
        (Method::POST, "/deletedsecrets/NAME/recover", None),
        (Method::POST, "/secrets/NAME/backup", None),
        (Method::PUT, "/secrets/NAME", Some(json!({"value": "v"}))),
        (Method::PUT, "/secrets/NAME", Some(json!({"nonsense": []}))),
        (Method::PATCH, "/secrets/NAME", Some(disabled)),
    ];
    look_the_same("secrets", "get", requests).await;
}

#[tokio::test]
async fn a_denied_key_and_a_missing_one_look_the_same() {
    let work = json!({"alg": "A128KW", "value": "AAECAwQFBgcICQoLDA0ODw"});
    let nonsense = json!({"nonsense": []});
    let mut requests = vec![
        (Method::GET, "/keys/NAME", None),
        (Method::GET, "/keys/NAME/0123456789abcdef0123456789abcdef", None),
        (Method::GET, "/keys/NAME/versions", None),
        (Method::GET, "/keys/NAME/attestation", None),
        (Method::GET, "/keys/NAME/rotationpolicy", None),
        (Method::PUT, "/keys/NAME/rotationpolicy", Some(json!({}))),
        (Method::GET, "/deletedkeys/NAME", None),
        (Method::DELETE, "/keys/NAME", None),
        (Method::DELETE, "/deletedkeys/NAME", None),
        (Method::POST, "/deletedkeys/NAME/recover", None),
        (Method::POST, "/keys/NAME/backup", None),
        (Method::POST, "/keys/NAME/rotate", None),
        (Method::POST, "/keys/NAME/create", Some(json!({"kty": "oct"}))),
        (Method::POST, "/keys/NAME/create", Some(nonsense.clone())),
        (Method::PUT, "/keys/NAME", Some(nonsense.clone())),
        (Method::PATCH, "/keys/NAME", Some(json!({"key_ops": []}))),
        (Method::POST, "/keys/NAME/release", Some(json!({"target": "t"}))),
    ];
    for path in [
        "/keys/NAME/encrypt",
        "/keys/NAME/decrypt",
        "/keys/NAME/sign",
        "/keys/NAME/verify",
        "/keys/NAME/wrapkey",
        "/keys/NAME//unwrapkey",
        "/keys/NAME/securewrapkey",
        "/keys/NAME/0123456789abcdef0123456789abcdef/wrapkey",
    ] {
        requests.push((Method::POST, path, Some(work.clone())));
        requests.push((Method::POST, path, Some(nonsense.clone())));
    }
    look_the_same("keys", "keys/get", requests).await;
}

#[tokio::test]
async fn a_policy_change_bites_at_the_next_request() {
    let vault = Vault::start().await;
    vault.set("a", "v").await;
    vault
        .policy(2, vec![allow("reader", "shop/api", &["a"], &["get"])])
        .await;
    let token = vault.token("shop/api");
    let get = async || {
        vault
            .with_token(&token, Method::GET, "/secrets/a", None)
            .await
            .status
    };
    assert_eq!(get().await, StatusCode::OK);
    vault.policy(3, vec![]).await;
    assert_eq!(get().await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_restore_is_decided_by_the_name_inside_the_backup() {
    let vault = Vault::start().await;
    vault.set("mine", "v").await;
    vault.set("theirs", "v").await;
    let backup = async |name: &str| {
        let got = vault
            .admin(Method::POST, &format!("/secrets/{name}/backup"), None)
            .await;
        got.body["value"].as_str().unwrap().to_owned()
    };
    let (mine, theirs) = (backup("mine").await, backup("theirs").await);
    let policies = vec![
        allow("restores", "shop/api", &["mine"], &["restore"]),
        allow("admins", "team-a/admin", &["*"], ALL),
    ];
    vault.policy(2, policies).await;
    for name in ["mine", "theirs"] {
        vault
            .admin(Method::DELETE, &format!("/secrets/{name}"), None)
            .await;
        assert_eq!(
            vault
                .admin(Method::DELETE, &format!("/deletedsecrets/{name}"), None)
                .await
                .status,
            204
        );
    }
    let restore = async |blob: &str| {
        vault
            .request(
                "shop/api",
                Method::POST,
                "/secrets/restore",
                Some(json!({"value": blob})),
            )
            .await
    };
    assert_eq!(restore(&theirs).await.status, StatusCode::FORBIDDEN);
    assert_eq!(restore(&mine).await.status, StatusCode::OK);
    assert_eq!(restore("not base64url!").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        restore(&theirs[..theirs.len() - 8]).await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(vault.get("/secrets/theirs").await.status, StatusCode::NOT_FOUND);
}

/// The permission that each operation needs, its method and its path.
const NEEDED: [(&str, &str, &str); 13] = [
    ("set", "PUT", "/secrets/NAME"),
    ("get", "GET", "/secrets/NAME"),
    ("set", "PATCH", "/secrets/NAME"),
    ("delete", "DELETE", "/secrets/NAME"),
    ("list", "GET", "/secrets"),
    ("list", "GET", "/secrets/NAME/versions"),
    ("backup", "POST", "/secrets/NAME/backup"),
    ("restore", "POST", "/secrets/restore"),
    ("list", "GET", "/deletedsecrets"),
    ("get", "GET", "/deletedsecrets/NAME"),
    ("recover", "POST", "/deletedsecrets/NAME/recover"),
    ("purge", "DELETE", "/deletedsecrets/NAME"),
    ("set", "PATCH", "/secrets/NAME/"),
];

#[tokio::test]
async fn each_verb_needs_its_own_permission_and_no_other() {
    let vault = Vault::start().await;
    for (generation, (needed, method, path)) in (1..).zip(NEEDED) {
        let name = format!("s-{generation}");
        vault.set(&name, "v").await;
        let backup = vault
            .admin(Method::POST, &format!("/secrets/{name}/backup"), None)
            .await;
        let is_restore = path.ends_with("/restore");
        if path.starts_with("/deletedsecrets") || is_restore {
            vault
                .admin(Method::DELETE, &format!("/secrets/{name}"), None)
                .await;
        }
        if is_restore {
            vault
                .admin(Method::DELETE, &format!("/deletedsecrets/{name}"), None)
                .await;
        }
        let body = match method {
            "PUT" => Some(json!({"value": "w"})),
            "PATCH" => Some(json!({"contentType": "x"})),
            _ if is_restore => Some(backup.body),
            _ => None,
        };
        let others: Vec<&str> = ALL.iter().copied().filter(|verb| *verb != needed).collect();
        for (n, granted, is_enough) in [(0, &others[..], false), (1, &[needed][..], true)] {
            let policies = vec![
                allow("admins", "team-a/admin", &["*"], ALL),
                allow("one", "shop/api", &[&name], granted),
            ];
            vault.policy(2 * generation + n, policies).await;
            let method = method.parse().unwrap();
            let path = path.replace("NAME", &name);
            let got = vault.request("shop/api", method, &path, body.clone()).await;
            let case = format!("{path} with {granted:?}: {got:?}");
            if is_enough {
                assert!(got.status.is_success(), "{case}");
            } else {
                assert_eq!(
                    (got.status, got.inner()),
                    (StatusCode::FORBIDDEN, "ForbiddenByPolicy"),
                    "{case}"
                );
            }
        }
    }
}
