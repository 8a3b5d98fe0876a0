//! A certificate over HTTPS, from the request for it to its end.

mod deletion;
pub mod imports;
mod lists;
mod merges;
mod parts;
mod paths;
mod pending;
mod policies;
mod renewals;
mod reuse;

use std::time::Duration;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_certificates::certificate::Certificate;
use strongroom_testing::vault::{Answer, Vault};
use strongroom_vault::rotation::rotate_due;

/// A policy for a certificate that the vault itself signs, with a key that is made quickly.
pub fn own(subject: &str) -> Value {
    json!({
        "key_props": {"kty": "EC", "crv": "P-256"},
        "x509_props": {"subject": subject},
        "issuer": {"name": "Self"},
    })
}

/// The same for one that somebody else issues.
pub fn elsewhere(subject: &str) -> Value {
    let mut policy = own(subject);
    policy["issuer"]["name"] = json!("Unknown");
    policy
}

/// Asks for a version.
pub async fn ask(vault: &Vault, name: &str, body: Value) -> Answer {
    let path = format!("/certificates/{name}/create");
    vault.admin(Method::POST, &path, Some(body)).await
}

/// Asks for a version, which is begun.
pub async fn begin(vault: &Vault, name: &str, policy: Value) -> Answer {
    let begun = ask(vault, name, json!({ "policy": policy })).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED, "{begun:?}");
    begun
}

/// Waits until the operation has ended.
pub async fn end(vault: &Vault, name: &str) -> Answer {
    let path = format!("/certificates/{name}/pending");
    for _ in 0..50 {
        rotate_due(vault.running.service()).await;
        let pending = vault.get(&path).await;
        if pending.body["status"] != "inProgress" {
            return pending;
        }
        vault.files.clock.advance(1);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the operation on {name} does not end");
}

/// Has a version made, and answers it.
pub async fn make(vault: &Vault, name: &str, policy: Value) -> Answer {
    begin(vault, name, policy).await;
    let ended = end(vault, name).await;
    assert_eq!(ended.body["status"], "completed", "{ended:?}");
    let made = vault.get(&format!("/certificates/{name}")).await;
    assert_eq!(made.status, StatusCode::OK, "{made:?}");
    made
}

/// The last segment of an id.
pub fn version(answer: &Answer) -> String {
    let id = answer.body["id"].as_str().unwrap();
    id.rsplit('/').next().unwrap().to_owned()
}

/// The certificate itself.
pub fn certificate(answer: &Answer) -> Certificate {
    let der = BASE64_STANDARD
        .decode(answer.body["cer"].as_str().unwrap())
        .unwrap();
    Certificate::from_der(&der).unwrap()
}

/// What the id of a path is.
pub fn id(vault: &Vault, path: &str) -> String {
    let port = vault.running.addresses().data.port();
    format!("https://prod.team-a.svc:{port}{path}")
}

/// Checks a refusal.
pub fn assert_refused(refused: &Answer, status: u16, code: &str, inner: &str) {
    let found = (refused.status.as_u16(), refused.code(), refused.inner());
    assert_eq!(found, (status, code, inner), "{refused:?}");
}

/// The members of the object that a path answers, in their order.
async fn members(vault: &Vault, path: &str) -> Vec<String> {
    let request = vault.client.get(vault.url(path));
    let request = request.bearer_auth(vault.token("team-a/admin"));
    let text = request.send().await.unwrap().text().await.unwrap();
    let object: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    let place = |name: &String| text.find(&format!("\"{name}\":")).unwrap();
    let mut names: Vec<_> = object.keys().cloned().collect();
    names.sort_by_key(place);
    names
}

#[tokio::test]
async fn a_certificate_is_asked_for_issued_and_read_with_its_key_and_its_secret() {
    let vault = Vault::start().await;
    let body = json!({"policy": own("CN=example.com"), "tags": {"a": "b"}});
    let begun = ask(&vault, "Web", body).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED, "{begun:?}");
    let request = begun.body["request_id"].as_str().unwrap();
    assert_eq!(request.len(), 32);
    let location = begun.headers["location"].to_str().unwrap();
    let pending = id(&vault, "/certificates/Web/pending");
    assert_eq!(
        location,
        format!("{pending}?api-version=2026-04-01&request_id={request}")
    );
    assert_eq!(begun.headers["retry-after"], "2");
    assert_eq!(begun.body["id"], *pending);
    assert_eq!(begun.body["status"], "inProgress");
    assert_eq!(begun.body["issuer"], json!({"name": "Self"}));

    let ended = end(&vault, "web").await;
    assert_eq!(ended.body["status"], "completed", "{ended:?}");
    assert_eq!(ended.body["target"], id(&vault, "/certificates/Web"));
    assert_eq!(ended.body["csr"], begun.body["csr"]);
    assert!(ended.body.get("status_details").is_none() && !ended.headers.contains_key("retry-after"));

    let made = vault.get("/certificates/web").await;
    let version = version(&made);
    for (member, collection) in [("id", "certificates"), ("kid", "keys"), ("sid", "secrets")] {
        let expected = id(&vault, &format!("/{collection}/Web/{version}"));
        assert_eq!(made.body[member], *expected, "{member}");
    }
    let parsed = certificate(&made);
    assert_eq!(parsed.subject().to_string(), "CN=example.com");
    let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(parsed.thumbprint());
    assert_eq!(made.body["x5t"], *thumbprint);
    let attributes = &made.body["attributes"];
    let validity = parsed.validity();
    assert_eq!(attributes["nbf"], validity.not_before);
    assert_eq!(attributes["exp"], validity.not_after);
    assert_eq!(
        (&attributes["enabled"], &made.body["tags"]),
        (&json!(true), &json!({"a": "b"}))
    );
    assert_eq!(made.body["pending"]["id"], *pending);
    let key = vault.get(&format!("/keys/web/{version}")).await;
    assert_eq!(key.body["key"]["key_ops"], json!(["sign", "verify"]), "{key:?}");
    assert_eq!(vault.get("/secrets/web").await.body["id"], made.body["sid"]);
}

#[tokio::test]
async fn members_stand_in_the_order_in_which_azure_sends_them() {
    let vault = Vault::start().await;
    let body = json!({"policy": own("CN=a"), "tags": {"a": "b"}, "preserveCertOrder": true});
    ask(&vault, "a", body).await;
    assert_eq!(
        members(&vault, "/certificates/a/pending").await,
        [
            "id",
            "issuer",
            "csr",
            "cancellation_requested",
            "status",
            "status_details",
            "request_id",
            "preserveCertOrder",
        ]
    );
    assert_eq!(
        members(&vault, "/certificates/a").await,
        [
            "id",
            "attributes",
            "tags",
            "policy",
            "pending",
            "preserveCertOrder"
        ]
    );
    end(&vault, "a").await;
    let whole = ["id", "kid", "sid", "x5t", "cer", "attributes", "tags"];
    let latest = members(&vault, "/certificates/a").await;
    assert_eq!(
        latest,
        [&whole[..], &["policy", "pending", "preserveCertOrder"]].concat()
    );
    let version = version(&vault.get("/certificates/a").await);
    assert_eq!(
        members(&vault, &format!("/certificates/a/{version}")).await,
        [
            &whole[..],
            &["subject", "issuer", "serialnumber", "preserveCertOrder"]
        ]
        .concat()
    );
    vault.admin(Method::DELETE, "/certificates/a", None).await;
    let deleted = members(&vault, "/deletedcertificates/a").await;
    let begin = ["recoveryId", "deletedDate", "scheduledPurgeDate"];
    assert_eq!(
        deleted,
        [&begin[..], &latest.iter().map(String::as_str).collect::<Vec<_>>()].concat()
    );
}

#[tokio::test]
async fn a_version_that_is_named_shows_what_stands_in_it() {
    let vault = Vault::start().await;
    let first = make(&vault, "a", own("CN=one")).await;
    let second = make(&vault, "a", own("CN=two, O=Company")).await;
    assert_ne!(version(&first), version(&second));
    for (made, subject) in [(&first, "CN=one"), (&second, "CN=two, O=Company")] {
        let named = vault.get(&format!("/certificates/a/{}", version(made))).await;
        assert_eq!(
            (&named.body["subject"], &named.body["issuer"]),
            (&json!(subject), &json!(subject))
        );
        let serial = certificate(made).serial().to_string();
        assert_eq!(named.body["serialnumber"], *serial);
        for member in ["id", "kid", "sid", "x5t", "cer", "attributes"] {
            assert_eq!(named.body[member], made.body[member], "{member}");
        }
    }
    assert_eq!(vault.get("/certificates/a/").await.body, second.body);
}

#[tokio::test]
async fn an_update_changes_attributes_and_tags_and_not_when_a_certificate_is_valid() {
    let vault = Vault::start().await;
    let made = make(&vault, "a", own("CN=a")).await;
    vault.files.clock.advance(10);
    let body = json!({"attributes": {"enabled": false, "nbf": 1, "exp": 2}, "tags": {"a": "b"}});
    let updated = vault.admin(Method::PATCH, "/certificates/a/", Some(body)).await;
    assert_eq!(updated.status, StatusCode::OK, "{updated:?}");
    let (before, after) = (&made.body["attributes"], &updated.body["attributes"]);
    for member in ["nbf", "exp", "created"] {
        assert_eq!(before[member], after[member], "{member}");
    }
    assert_ne!(before["updated"], after["updated"]);
    assert_eq!(vault.get("/certificates/a").await.body, updated.body);
    for (path, code) in [("/secrets/a", "SecretDisabled"), ("/keys/a", "")] {
        let part = vault.get(path).await;
        assert_eq!(part.inner(), code, "{part:?}");
    }
    assert_eq!(vault.get("/keys/a").await.body["attributes"]["enabled"], false);

    let path = format!("/certificates/a/{}", version(&made));
    let body = json!({"attributes": {"enabled": true}});
    let enabled = vault.admin(Method::PATCH, &path, Some(body)).await;
    assert_eq!(enabled.body["tags"], json!({"a": "b"}));
    assert_eq!(vault.get("/secrets/a").await.body["tags"], json!({"a": "b"}));
    let cleared = vault.admin(Method::PATCH, &path, Some(json!({"tags": {}}))).await;
    assert!(cleared.body.get("tags").is_none(), "{cleared:?}");
    assert!(vault.get("/secrets/a").await.body.get("tags").is_none());
}

/// As Azure's service answers it.
#[tokio::test]
async fn an_update_of_a_version_answers_that_version_with_the_operation_and_without_the_policy() {
    let vault = Vault::start().await;
    let first = make(&vault, "a", own("CN=one")).await;
    let second = make(&vault, "a", own("CN=two")).await;
    for (made, subject) in [(&first, "CN=one"), (&second, "CN=two")] {
        let path = format!("/certificates/a/{}", version(made));
        let body = json!({"tags": {"for": subject}});
        let updated = vault.admin(Method::PATCH, &path, Some(body)).await;
        assert_eq!(updated.status, StatusCode::OK, "{updated:?}");
        for member in ["id", "kid", "sid", "x5t", "cer"] {
            assert_eq!(updated.body[member], made.body[member], "{member}");
        }
        assert_eq!(updated.body["tags"]["for"], subject);
        let pending = id(&vault, "/certificates/a/pending");
        assert_eq!(updated.body["pending"], json!({"id": pending}));
        for member in ["policy", "subject", "issuer", "serialnumber"] {
            assert!(updated.body.get(member).is_none(), "{member}: {updated:?}");
        }
        assert_eq!(certificate(&updated).subject().to_string(), subject);
    }
    let latest = vault
        .admin(Method::PATCH, "/certificates/a", Some(json!({})))
        .await;
    assert!(latest.body["policy"].is_object(), "{latest:?}");
}
