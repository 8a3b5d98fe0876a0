//! Lists of certificates: their items, their pages, and what is pending in them.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use strongroom_testing::vault::Vault;

use super::{
    begin, elsewhere, id,
    imports::{PEM, import},
    make, own, version,
};

/// All items of a list, page by page.
async fn all(vault: &Vault, path: &str) -> Vec<Value> {
    let (mut items, mut next) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let page = vault.get(&path).await;
        items.extend(page.body["value"].as_array().unwrap().iter().cloned());
        let origin = id(vault, "");
        let link = page.body["nextLink"].as_str();
        next = link.map(|link| link.strip_prefix(&origin).unwrap().to_owned());
    }
    items
}

fn ids(items: &[Value]) -> BTreeSet<String> {
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_item_says_little_of_a_certificate() {
    let vault = Vault::start().await;
    let made = make(&vault, "A", own("CN=a")).await;
    let list = vault.get("/certificates").await;
    let mut attributes = made.body["attributes"].clone();
    for member in ["recoveryLevel", "recoverableDays"] {
        attributes.as_object_mut().unwrap().remove(member).unwrap();
    }
    let mut item = json!({
        "id": id(&vault, "/certificates/A"), "x5t": made.body["x5t"], "attributes": attributes, "subject": "",
    });
    assert_eq!(list.body, json!({"value": [item], "nextLink": null}));
    item["id"] = made.body["id"].clone();
    let versions = vault.get("/certificates/a/versions").await;
    assert_eq!(versions.body, json!({"value": [item], "nextLink": null}));
    for path in ["/keys", "/secrets"] {
        let list = vault.get(path).await;
        assert_eq!(list.body["value"][0]["managed"], true, "{list:?}");
    }

    let deleted = vault.admin(Method::DELETE, "/certificates/a", None).await;
    let list = vault.get("/deletedcertificates").await;
    let member = |name: &str| deleted.body[name].clone();
    let item = json!({
        "recoveryId": member("recoveryId"), "deletedDate": member("deletedDate"),
        "scheduledPurgeDate": member("scheduledPurgeDate"), "id": id(&vault, "/certificates/A"),
        "x5t": member("x5t"), "attributes": member("attributes"),
    });
    assert_eq!(list.body, json!({"value": [item], "nextLink": null}));
    for path in ["/deletedkeys", "/deletedsecrets", "/certificates/a/versions"] {
        assert_eq!(vault.get(path).await.body["value"], json!([]), "{path}");
    }
    for path in ["/deletedkeys/a", "/deletedsecrets/a"] {
        let part = vault.get(path).await;
        assert_eq!(part.body["managed"], true, "{path}: {part:?}");
    }
}

#[tokio::test]
async fn every_version_is_on_one_page_and_none_that_was_not_issued() {
    let vault = Vault::start().await;
    let mut made = BTreeSet::new();
    for _ in 0..7 {
        let imported = import(&vault, "a", json!({"value": PEM, "tags": {"a": "b"}})).await;
        made.insert(imported.body["id"].as_str().unwrap().to_owned());
    }
    begin(&vault, "a", elsewhere("CN=a")).await;
    let versions = all(&vault, "/certificates/a/versions?api-version=7.4&maxresults=3").await;
    assert_eq!((versions.len(), ids(&versions)), (7, made));
    assert!(versions.iter().all(|item| item["tags"] == json!({"a": "b"})));
}

#[tokio::test]
async fn what_has_no_version_yet_is_listed_only_where_that_is_asked_for_on_every_page() {
    let vault = Vault::start().await;
    for number in 0..3 {
        begin(&vault, &format!("pending-{number}"), elsewhere("CN=a")).await;
        import(&vault, &format!("issued-{number}"), json!({"value": PEM})).await;
    }
    for prefix in ["", "deleted"] {
        let path = |query: &str| format!("/{prefix}certificates?api-version=7.4&maxresults=1{query}");
        let issued = all(&vault, &path("")).await;
        assert_eq!(issued.len(), 3, "{prefix}: {issued:?}");
        assert_eq!(all(&vault, &path("&includePending=false")).await, issued);
        let both = all(&vault, &path("&includePending=true")).await;
        assert_eq!(both.len(), 6, "{prefix}: {both:?}");
        let pending = both.iter().filter(|item| item.get("x5t").is_none()).count();
        assert_eq!(pending, 3, "{prefix}");
        for number in 0..3 {
            for state in ["pending", "issued"] {
                let path = format!("/certificates/{state}-{number}");
                vault.admin(Method::DELETE, &path, None).await;
            }
        }
    }
}

#[tokio::test]
async fn a_list_goes_on_where_it_was_while_its_items_are_deleted() {
    let vault = Vault::start().await;
    for number in 0..5 {
        import(&vault, &format!("a-{number}"), json!({"value": PEM})).await;
    }
    let (mut seen, mut next) = (0, Some("/certificates?api-version=7.4&maxresults=2".to_owned()));
    while let Some(path) = next {
        let page = vault.get(&path).await;
        for item in page.body["value"].as_array().unwrap() {
            let origin = id(&vault, "");
            let path = item["id"].as_str().unwrap().strip_prefix(&origin).unwrap();
            vault.admin(Method::DELETE, path, None).await;
            seen += 1;
        }
        let origin = id(&vault, "");
        next = page.body["nextLink"]
            .as_str()
            .map(|link| link.strip_prefix(&origin).unwrap().to_owned());
    }
    assert_eq!(seen, 5);
}

#[tokio::test]
async fn an_item_and_its_version_say_the_same() {
    let vault = Vault::start().await;
    let made = make(&vault, "a", own("CN=a")).await;
    let versions = vault.get("/certificates/a/versions").await;
    let item = &versions.body["value"][0];
    let named = vault.get(&format!("/certificates/a/{}", version(&made))).await;
    for member in ["id", "x5t", "tags"] {
        assert_eq!(item.get(member), named.body.get(member), "{member}");
    }
    for (name, value) in item["attributes"].as_object().unwrap() {
        assert_eq!(named.body["attributes"][name], *value, "{name}");
    }
}
