//! A key's life over HTTPS: made, imported, changed, rotated, listed, deleted, recovered, backed up, restored, purged.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::{Answer, Vault};

async fn create(vault: &Vault, name: &str, body: Value) -> Answer {
    vault
        .admin(Method::POST, &format!("/keys/{name}/create"), Some(body))
        .await
}

fn version(answer: &Answer) -> String {
    let kid = answer.body["key"]["kid"].as_str().unwrap();
    kid.rsplit('/').next().unwrap().to_owned()
}

fn bytes(value: &Value) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap()
}

fn kid_base(vault: &Vault, name: &str) -> String {
    let port = vault.running.addresses().data.port();
    format!("https://prod.team-a.svc:{port}/keys/{name}")
}

#[tokio::test]
async fn a_key_of_each_type_shows_its_public_part_and_what_it_may_be_used_for() {
    let vault = Vault::start().await;
    let all = json!(["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]);
    let rsa = create(&vault, "Rsa", json!({"kty": "RSA"})).await;
    assert_eq!(rsa.status, StatusCode::OK, "{rsa:?}");
    let key = &rsa.body["key"];
    assert_eq!(
        (&key["kty"], &key["e"], &key["key_ops"]),
        (&json!("RSA"), &json!("AQAB"), &all)
    );
    assert_eq!(bytes(&key["n"]).len(), 256);
    assert_eq!(rsa.body["attributes"]["key_size"], 2048);
    assert_eq!(rsa.body["attributes"]["exportable"], false);
    assert_eq!(rsa.body["attributes"]["hsmPlatform"], "0");
    assert_eq!(rsa.body["attributes"]["recoveryLevel"], "Recoverable+Purgeable");
    assert!(rsa.body.get("tags").is_none(), "{rsa:?}");
    let kid = key["kid"].as_str().unwrap();
    assert!(kid.starts_with(&format!("{}/", kid_base(&vault, "Rsa"))), "{kid}");

    for (curve, width) in [("P-256", 32), ("P-384", 48), ("P-521", 66), ("P-256K", 32)] {
        let ec = create(&vault, "ec", json!({"kty": "EC", "crv": curve})).await;
        let key = &ec.body["key"];
        assert_eq!(
            (&key["crv"], &key["key_ops"]),
            (&json!(curve), &json!(["sign", "verify"]))
        );
        assert_eq!((bytes(&key["x"]).len(), bytes(&key["y"]).len()), (width, width));
        assert!(ec.body["attributes"].get("key_size").is_none());
    }
    let oct = create(
        &vault,
        "oct",
        json!({"kty": "oct", "key_size": 128, "key_ops": ["wrapKey"]}),
    )
    .await;
    let members: Vec<_> = oct.body["key"].as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        ["key_ops", "kid", "kty"],
        "nothing of a symmetric key is shown"
    );
    let akp = create(&vault, "akp", json!({"kty": "AKP", "alg": "ML-DSA-65"})).await;
    assert_eq!(akp.body["key"]["alg"], "ML-DSA-65");
    assert_eq!(bytes(&akp.body["key"]["pub"]).len(), 1952);
}

#[tokio::test]
async fn no_answer_shows_a_private_member() {
    let vault = Vault::start().await;
    let jwk =
        json!({"kty": "oct", "k": BASE64_URL_SAFE_NO_PAD.encode([7; 32]), "key_ops": ["encrypt", "decrypt"]});
    let imported = vault
        .admin(Method::PUT, "/keys/k", Some(json!({ "key": jwk })))
        .await;
    assert_eq!(imported.status, StatusCode::OK, "{imported:?}");
    create(&vault, "ec", json!({"kty": "EC"})).await;
    let answers = [
        imported,
        vault.get("/keys/k").await,
        vault.get("/keys/ec").await,
        vault.get("/keys").await,
        vault.get("/keys/ec/versions").await,
        vault.admin(Method::DELETE, "/keys/k", None).await,
        vault.get("/deletedkeys/k").await,
    ];
    for answer in answers {
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let text = answer.body.to_string();
        for member in ["\"d\"", "\"k\"", "\"p\"", "\"q\"", "\"priv\""] {
            assert!(!text.contains(member), "{text}");
        }
    }
}

#[tokio::test]
async fn a_new_version_is_current_at_once_and_the_old_one_is_still_got_by_its_version() {
    let vault = Vault::start().await;
    let first = create(&vault, "Signer", json!({"kty": "EC", "tags": {"team": "a"}})).await;
    let second = create(&vault, "signer", json!({"kty": "EC", "crv": "P-384"})).await;
    assert_ne!(version(&first), version(&second));
    for path in ["/keys/signer", "/keys/SIGNER/"] {
        let got = vault.get(path).await;
        assert_eq!(got.body["key"], second.body["key"], "{path}");
    }
    let old = vault.get(&format!("/keys/signer/{}", version(&first))).await;
    assert_eq!(old.body, first.body);
    let list = vault.get("/keys").await;
    assert_eq!(list.body["value"][0]["kid"], kid_base(&vault, "Signer"));
    assert!(list.body["value"][0].get("key").is_none() && list.body["nextLink"].is_null());
    let versions = vault.get("/keys/signer/versions").await;
    let kids: Vec<_> = versions.body["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["kid"])
        .collect();
    assert_eq!(kids.len(), 2);
    for made in [&first, &second] {
        assert!(kids.contains(&&made.body["key"]["kid"]), "{kids:?}");
    }
}

#[tokio::test]
async fn a_rotation_makes_a_new_key_of_the_same_type_for_the_same_uses() {
    let vault = Vault::start().await;
    let asked =
        json!({"kty": "RSA", "key_size": 3072, "key_ops": ["unwrapKey", "wrapKey"], "tags": {"a": "b"}});
    let first = create(&vault, "kek", asked).await;
    let rotated = vault.admin(Method::POST, "/keys/kek/rotate", None).await;
    assert_eq!(rotated.status, StatusCode::OK, "{rotated:?}");
    let (old, new) = (&first.body["key"], &rotated.body["key"]);
    assert_ne!((&old["kid"], &old["n"]), (&new["kid"], &new["n"]));
    assert_eq!(
        (&old["kty"], &old["key_ops"], old["n"].as_str().unwrap().len()),
        (&new["kty"], &new["key_ops"], new["n"].as_str().unwrap().len())
    );
    assert_eq!(rotated.body["tags"], json!({"a": "b"}));
    assert_eq!(vault.get("/keys/kek").await.body["key"]["kid"], new["kid"]);
    let missing = vault.admin(Method::POST, "/keys/missing/rotate", None).await;
    assert_eq!(
        (missing.status, missing.code()),
        (StatusCode::NOT_FOUND, "KeyNotFound")
    );
}

#[tokio::test]
async fn an_update_changes_what_it_gives_of_one_version_and_a_disabled_key_is_still_got() {
    let vault = Vault::start().await;
    let made = create(&vault, "k", json!({"kty": "EC", "tags": {"a": "b"}})).await;
    let body = json!({"key_ops": ["verify", "sign"], "attributes": {"enabled": false, "exp": 1_900_000_000}});
    let updated = vault.admin(Method::PATCH, "/keys/k/", Some(body)).await;
    assert_eq!(updated.status, StatusCode::OK, "{updated:?}");
    assert_eq!(updated.body["key"]["key_ops"], json!(["verify", "sign"]));
    assert_eq!(updated.body["key"]["kid"], made.body["key"]["kid"]);
    assert_eq!(updated.body["tags"], json!({"a": "b"}));
    let got = vault.get("/keys/k").await;
    assert_eq!((got.status, &got.body), (StatusCode::OK, &updated.body));
    assert_eq!(got.body["attributes"]["enabled"], false);
    let path = format!("/keys/k/{}", version(&made));
    let emptied = vault
        .admin(Method::PATCH, &path, Some(json!({"key_ops": [], "tags": {}})))
        .await;
    assert_eq!(emptied.body["key"]["key_ops"], json!([]));
    assert!(emptied.body.get("tags").is_none());
    let nothing = vault.admin(Method::PATCH, "/keys/k", Some(json!({}))).await;
    assert_eq!(nothing.body["key"], emptied.body["key"]);
}

#[tokio::test]
async fn a_deleted_key_is_listed_got_recovered_and_purged_and_blocks_its_name() {
    let vault = Vault::start().await;
    let made = create(&vault, "K", json!({"kty": "EC"})).await;
    let deleted = vault.admin(Method::DELETE, "/keys/k", None).await;
    assert_eq!(deleted.status, StatusCode::OK, "{deleted:?}");
    assert_eq!(deleted.body["key"], made.body["key"]);
    let recovery = deleted.body["recoveryId"].as_str().unwrap();
    assert!(recovery.ends_with("/deletedkeys/K"), "{recovery}");
    let days =
        deleted.body["scheduledPurgeDate"].as_u64().unwrap() - deleted.body["deletedDate"].as_u64().unwrap();
    assert_eq!(days, 90 * 24 * 60 * 60);
    assert_eq!(vault.get("/deletedkeys/k").await.body, deleted.body);
    let list = vault.get("/deletedkeys").await;
    assert_eq!(list.body["value"][0]["kid"], kid_base(&vault, "K"));
    for refused in [
        create(&vault, "k", json!({"kty": "EC"})).await,
        vault
            .admin(
                Method::PUT,
                "/keys/k",
                Some(json!({"key": {"kty": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAA"}})),
            )
            .await,
    ] {
        assert_eq!(
            (refused.status, refused.code(), refused.inner()),
            (StatusCode::CONFLICT, "Conflict", "ObjectIsDeletedButRecoverable")
        );
    }
    assert_eq!(vault.get("/keys/k").await.code(), "KeyNotFound");
    let recovered = vault.admin(Method::POST, "/deletedkeys/k/recover", None).await;
    assert_eq!(recovered.body, made.body);
    vault.admin(Method::DELETE, "/keys/k", None).await;
    let purged = vault.admin(Method::DELETE, "/deletedkeys/k", None).await;
    assert_eq!(
        (purged.status, purged.body),
        (StatusCode::NO_CONTENT, Value::Null)
    );
    assert_eq!(vault.get("/deletedkeys/k").await.code(), "KeyNotFound");
}

#[tokio::test]
async fn a_backup_brings_every_version_back_with_its_ids_and_its_private_part() {
    let vault = Vault::start().await;
    let first = create(&vault, "K", json!({"kty": "oct", "key_size": 256})).await;
    let wrap = json!({"alg": "A256KW", "value": BASE64_URL_SAFE_NO_PAD.encode([9; 32])});
    let wrapped = vault.admin(Method::POST, "/keys/k/wrapkey", Some(wrap)).await;
    let second = create(&vault, "k", json!({"kty": "oct"})).await;
    let backup = vault.admin(Method::POST, "/keys/k/backup", None).await;
    assert_eq!(backup.status, StatusCode::OK, "{backup:?}");
    let restore = || vault.admin(Method::POST, "/keys/restore", Some(backup.body.clone()));
    let taken = restore().await;
    assert_eq!((taken.status, taken.code()), (StatusCode::CONFLICT, "Conflict"));
    vault.admin(Method::DELETE, "/keys/k", None).await;
    vault.admin(Method::DELETE, "/deletedkeys/k", None).await;
    let restored = restore().await;
    assert_eq!((restored.status, &restored.body), (StatusCode::OK, &second.body));
    let path = format!("/keys/k/{}", version(&first));
    assert_eq!(vault.get(&path).await.body, first.body);
    let unwrap = json!({"alg": "A256KW", "value": wrapped.body["value"]});
    let unwrapped = vault
        .admin(Method::POST, &format!("{path}/unwrapkey"), Some(unwrap))
        .await;
    assert_eq!(bytes(&unwrapped.body["value"]), [9; 32], "{unwrapped:?}");
    let secret = vault
        .admin(Method::POST, "/secrets/restore", Some(backup.body.clone()))
        .await;
    assert_eq!(
        secret.status,
        StatusCode::BAD_REQUEST,
        "a key is no secret: {secret:?}"
    );
}

/// A request with each body is refused with the sentence that begins so, and no key is made.
async fn refuses(vault: &Vault, method: Method, path: &str, cases: &[(Value, &str)]) {
    for (body, sentence) in cases {
        let refused = vault.admin(method.clone(), path, Some(body.clone())).await;
        assert_eq!(
            (refused.status, refused.code()),
            (StatusCode::BAD_REQUEST, "BadParameter"),
            "{body}: {refused:?}"
        );
        assert!(refused.message().starts_with(sentence), "{body}: {refused:?}");
    }
    assert_eq!(vault.get("/keys").await.body["value"], json!([]));
}

#[tokio::test]
async fn what_makes_no_key_is_refused_and_what_the_vault_does_not_know_is_passed_over() {
    let vault = Vault::start().await;
    let cases = [
        (json!({}), "The member kty is missing."),
        (
            json!({"kty": "RSA-HSM"}),
            "The member kty must be RSA, EC, oct or AKP",
        ),
        (
            json!({"kty": "EC", "crv": "P-224"}),
            "The member crv must be P-256",
        ),
        (
            json!({"kty": "RSA", "key_size": 1024}),
            "Invalid key size: '1024'",
        ),
        (
            json!({"kty": "RSA", "public_exponent": 4}),
            "The public exponent is not valid.",
        ),
        (
            json!({"kty": "EC", "key_ops": ["fly"]}),
            "The member key_ops must be a list of",
        ),
        (
            json!({"kty": "EC", "attributes": {"exportable": true}}),
            "AKV.SKR.1004",
        ),
        (
            json!({"kty": "EC", "release_policy": {"data": "e30"}}),
            "AKV.SKR.1005",
        ),
    ];
    refuses(&vault, Method::POST, "/keys/k/create", &cases).await;
    // As a client of another version sends it.
    let more = json!({"kty": "EC", "curve": "P-384", "public_exponent": 0, "attributes": {"created": 1}});
    assert_eq!(create(&vault, "k", more).await.body["key"]["crv"], "P-256");
}

#[tokio::test]
async fn what_is_no_key_to_import_is_refused() {
    let vault = Vault::start().await;
    let short = BASE64_URL_SAFE_NO_PAD.encode([7; 31]);
    let cases = [
        (json!({}), "The member key is missing."),
        (
            json!({"key": {"kty": "oct", "k": short}}),
            "Invalid key size: '248'",
        ),
        (
            json!({"key": {"kty": "oct", "k": "no base64!"}}),
            "The member k must be bytes in base64url",
        ),
        (
            json!({"key": {"kty": "EC", "k": "AAAA"}}),
            "Property 'k' does not belong to a key of type 'EC'.",
        ),
        (
            json!({"key": {"kty": "oct", "k": "AAAA"}, "Hsm": true}),
            "This vault has no hardware security module",
        ),
    ];
    refuses(&vault, Method::PUT, "/keys/k", &cases).await;
}
