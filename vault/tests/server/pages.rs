//! Every list is walked to its end by the links that its pages give, as clients do.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::Vault;

/// More than one page of the largest size.
const MANY: usize = 28;

/// The ids of all items of the list at `path`, in pages of `size` (none is not given), and how many each page had.
async fn walk(vault: &Vault, path: &str, size: Option<usize>) -> (Vec<String>, Vec<usize>) {
    let port = vault.running.addresses().data.port();
    let origin = format!("https://prod.team-a.svc:{port}");
    let size = size.map_or_else(String::new, |size| format!("&maxresults={size}"));
    let mut next = format!("{path}?api-version=7.6-preview.2{size}");
    let (mut ids, mut lengths) = (Vec::new(), Vec::new());
    loop {
        let page = vault.get(&next).await;
        assert_eq!(page.status, StatusCode::OK, "{next}: {page:?}");
        let items = page.body["value"].as_array().unwrap();
        lengths.push(items.len());
        ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        assert!(lengths.len() <= MANY, "the list at {path} has no end");
        let link = &page.body["nextLink"];
        if link.is_null() {
            return (ids, lengths);
        }
        let link = link.as_str().unwrap().strip_prefix(&origin).unwrap();
        let start = format!("{path}?api-version=7.6-preview.2&$skiptoken=");
        assert!(link.starts_with(&start) && link.ends_with(&size), "{link}");
        next = link.to_owned();
    }
}

/// Walks the list at `path` in pages of every kind of size; each has every one of `expected`, once and in this order.
async fn walk_in_all_sizes(vault: &Vault, path: &str, expected: &[String]) {
    for size in [Some(1), Some(3), Some(7), Some(25), None] {
        let (ids, lengths) = walk(vault, path, size).await;
        let names: Vec<&str> = ids.iter().map(|id| id.rsplit('/').next().unwrap()).collect();
        assert_eq!(names, expected, "{path} in pages of {size:?}");
        let full = size.unwrap_or(25);
        let (last, before) = lengths.split_last().unwrap();
        assert!(before.iter().all(|length| *length == full), "{lengths:?}");
        assert!((1..=full).contains(last), "{lengths:?}");
    }
}

#[tokio::test]
async fn the_list_of_issuers_is_walked_to_its_end_in_pages_of_every_size_also_where_some_go_meanwhile() {
    const ISSUERS: &str = "/certificates/issuers";
    const QUERY: &str = "?api-version=2026-04-01";
    let vault = Vault::start().await;
    let mut names = Vec::new();
    for n in 0..MANY {
        let name = format!("I-{n:02}");
        let body = json!({"provider": "Test"});
        vault
            .admin(Method::PUT, &format!("{ISSUERS}/{name}"), Some(body))
            .await;
        names.push(name);
    }
    walk_in_all_sizes(&vault, ISSUERS, &names).await;
    let page = vault.get(&format!("{ISSUERS}{QUERY}&maxresults=2")).await;
    for name in &names[1..3] {
        vault
            .admin(Method::DELETE, &format!("{ISSUERS}/{name}"), None)
            .await;
    }
    let link = page.body["nextLink"].as_str().unwrap();
    let next = vault.get(&link[link.find(ISSUERS).unwrap()..]).await;
    for (item, name) in next.body["value"].as_array().unwrap().iter().zip(&names[3..5]) {
        assert!(item["id"].as_str().unwrap().ends_with(name), "{next:?}");
    }
    for more in [
        "maxresults=0",
        "maxresults=26",
        "maxresults=a",
        "$skiptoken=YS9i",
        "$skiptoken=-",
    ] {
        let refused = vault.get(&format!("{ISSUERS}{QUERY}&{more}")).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (400, "BadParameter"),
            "{more}"
        );
    }
}

#[tokio::test]
async fn every_list_is_walked_to_its_end_in_pages_of_every_size() {
    let vault = Vault::start().await;
    let mut names = Vec::new();
    for n in 0..MANY {
        let name = format!("s-{n:02}");
        vault.set(&name, "v").await;
        names.push(name);
    }
    walk_in_all_sizes(&vault, "/secrets", &names).await;
    for name in &names {
        vault
            .admin(Method::DELETE, &format!("/secrets/{name}"), None)
            .await;
    }
    walk_in_all_sizes(&vault, "/deletedsecrets", &names).await;
    let (none, pages) = walk(&vault, "/secrets", Some(1)).await;
    assert_eq!((none.len(), pages), (0, vec![0]));
}

#[tokio::test]
async fn the_versions_of_a_secret_are_walked_to_their_end_by_their_ids() {
    let vault = Vault::start().await;
    let mut versions = Vec::new();
    for n in 0..MANY {
        let set = vault.set("Mixed-Case", &n.to_string()).await;
        let id = set.body["id"].as_str().unwrap();
        versions.push(id.rsplit('/').next().unwrap().to_owned());
    }
    versions.sort_unstable();
    walk_in_all_sizes(&vault, "/secrets/mixed-case/versions", &versions).await;
}

#[tokio::test]
async fn what_is_made_behind_a_page_is_on_a_later_one_and_what_goes_is_on_none() {
    let vault = Vault::start().await;
    for name in ["a", "b", "c", "d"] {
        vault.set(name, "v").await;
    }
    let first = vault.get("/secrets?api-version=7.4&maxresults=2").await.body;
    let next = first["nextLink"].as_str().unwrap();
    let next = next[next.find("/secrets?").unwrap()..].to_owned();
    vault.admin(Method::DELETE, "/secrets/c", None).await;
    for name in ["0", "e"] {
        vault.set(name, "v").await;
    }
    let second = vault.get(&next).await.body;
    let names: Vec<&str> = second["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    assert_eq!(names, ["d", "e"]);
    assert_eq!(second["nextLink"], Value::Null);
}

#[tokio::test]
async fn sizes_and_tokens_that_are_not_the_vaults_are_refused() {
    let vault = Vault::start().await;
    for max in ["0", "26", "x", "-1", ""] {
        let got = vault
            .get(&format!("/secrets?api-version=7.4&maxresults={max}"))
            .await;
        assert_eq!(
            (got.status, got.code()),
            (StatusCode::BAD_REQUEST, "BadParameter"),
            "{max}"
        );
    }
    for n in 0..2 {
        vault.set(&format!("s-{n}"), "v").await;
    }
    let page = vault.get("/secrets?api-version=7.4&maxresults=1").await.body;
    let link = page["nextLink"].as_str().unwrap();
    let token = link
        .split("skiptoken=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    for (path, token) in [
        ("/secrets", "AAAA"),
        ("/secrets", "bm9uc2Vuc2U"),
        ("/deletedsecrets", token),
    ] {
        let got = vault
            .get(&format!("{path}?api-version=7.4&$skiptoken={token}"))
            .await;
        assert_eq!(got.status, StatusCode::BAD_REQUEST, "{path} {token}: {got:?}");
    }
}
