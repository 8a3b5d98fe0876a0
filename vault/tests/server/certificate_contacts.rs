//! The contacts of a vault's certificates.

use std::sync::Arc;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::{CERTIFICATES, Vault, allow};

use crate::certificates::{assert_refused, id};

const CONTACTS: &str = "/certificates/contacts";

fn contacts() -> Value {
    json!([
        {"email": "ada@contoso.example", "name": "Ada", "phone": "1111111111"},
        {"email": "bob@contoso.example"},
    ])
}

async fn put(vault: &Vault, contacts: Value) -> strongroom_testing::vault::Answer {
    let body = json!({ "contacts": contacts });
    vault.admin(Method::PUT, CONTACTS, Some(body)).await
}

#[tokio::test]
async fn contacts_are_set_read_replaced_and_deleted_as_a_whole() {
    let vault = Vault::start().await;
    for method in [Method::GET, Method::DELETE] {
        let none = vault.admin(method, CONTACTS, None).await;
        assert_refused(&none, 404, "ContactsNotFound", "");
        assert_eq!(none.message(), "Contacts not found");
    }
    let expected = json!({"id": id(&vault, CONTACTS), "contacts": contacts()});
    let set = put(&vault, contacts()).await;
    assert_eq!((set.status, &set.body), (StatusCode::OK, &expected));
    assert_eq!(vault.get(CONTACTS).await.body, expected);
    let fewer = json!([{"email": "eve@contoso.example"}]);
    let replaced = put(&vault, fewer.clone()).await;
    assert_eq!(replaced.body["contacts"], fewer);
    let deleted = vault.admin(Method::DELETE, CONTACTS, None).await;
    assert_eq!(
        (deleted.status, &deleted.body["contacts"]),
        (StatusCode::OK, &fewer)
    );
    assert_refused(&vault.get(CONTACTS).await, 404, "ContactsNotFound", "");
}

#[tokio::test]
async fn contacts_outlive_a_restart_and_their_addresses_are_not_in_the_store() {
    let vault = Vault::start().await;
    put(&vault, contacts()).await;
    let before = vault.get(CONTACTS).await.body["contacts"].clone();
    let Vault { running, files, .. } = vault;
    assert!(running.stop().await);
    let mut looked_at = 0;
    let mut directories = vec![files.path("")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let mut windows = bytes.windows(b"ada@contoso".len());
            assert!(
                !windows.any(|window| window == b"ada@contoso"),
                "{}",
                path.display()
            );
            looked_at += 1;
        }
    }
    assert!(looked_at > 5);
    let vault = Vault::open(Arc::clone(&files)).await;
    assert_eq!(vault.get(CONTACTS).await.body["contacts"], before);
}

#[tokio::test]
async fn what_are_no_contacts_is_refused_and_changes_nothing() {
    let vault = Vault::start().await;
    put(&vault, contacts()).await;
    let many: Vec<_> = (0..101).map(|_| json!({"email": "a@b.example"})).collect();
    for body in [
        json!({}),
        json!({"contacts": null}),
        json!({"contacts": {}}),
        json!({"contacts": [{"email": 1}]}),
        json!({"contacts": [{"email": "e".repeat(1025)}]}),
        json!({ "contacts": many }),
    ] {
        let refused = vault.admin(Method::PUT, CONTACTS, Some(body)).await;
        assert_refused(&refused, 400, "BadParameter", "");
    }
    assert_eq!(vault.get(CONTACTS).await.body["contacts"], contacts());
}

#[tokio::test]
async fn contacts_need_their_own_permission_on_every_name_and_are_recorded() {
    let vault = Vault::start().await;
    let ask = |method: Method| {
        let body = (method == Method::PUT).then(|| json!({"contacts": contacts()}));
        vault.request("shop/api", method, CONTACTS, body)
    };
    let permit = |n, objects: &'static [&'static str], permission: &'static str| {
        let managers = allow("managers", "team-a/admin", &["*"], CERTIFICATES);
        let caller = allow("caller", "shop/api", objects, &[permission]);
        vault.policy(n, vec![managers, caller])
    };
    permit(2, &["a*"], "certificates/managecontacts").await;
    assert_refused(&ask(Method::GET).await, 403, "Forbidden", "ForbiddenByPolicy");
    permit(3, &["*"], "certificates/get").await;
    assert_refused(&ask(Method::PUT).await, 403, "Forbidden", "ForbiddenByPolicy");
    permit(4, &["*"], "certificates/managecontacts").await;
    for (method, operation) in [
        (Method::PUT, "CertificateContactsSet"),
        (Method::GET, "CertificateContactsGet"),
        (Method::DELETE, "CertificateContactsDelete"),
    ] {
        let answer = ask(method).await;
        assert_eq!(answer.status, StatusCode::OK, "{operation}: {answer:?}");
        let records = vault.files.audited(operation);
        let last = &records.last().unwrap()["properties"];
        assert_eq!(last["httpStatusCode"], 200, "{operation}: {last}");
    }
}
