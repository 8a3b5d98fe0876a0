//! Lists hold what their caller may list, and tell nothing of the rest.

use reqwest::{Method, StatusCode};
use serde_json::Value;
use strongroom_testing::vault::{ALL, KEYS, Vault, allow, deny};

use super::make;

#[tokio::test]
async fn a_list_holds_only_what_its_caller_may_list_and_a_deny_wins() {
    let vault = Vault::start().await;
    for name in ["db-a", "db-b", "db-secret", "web"] {
        vault.set(name, "v").await;
    }
    let policies = vec![
        allow("lists", "shop/api", &["db-*"], &["list"]),
        deny("not-this", "shop/api", &["db-secret"], &["list"]),
    ];
    vault.policy(2, policies).await;
    let pages = pages(&vault, "secrets", 1).await;
    let names: Vec<_> = pages.into_iter().flat_map(|(names, _)| names).collect();
    assert_eq!(names, ["db-a", "db-b"]);
    let none = vault.request("shop/web", Method::GET, "/secrets", None).await;
    assert_eq!(none.status, StatusCode::FORBIDDEN);
}

/// What a caller sees of a list in pages of `size`: the names on each page, and how long its link to the next is.
async fn pages(vault: &Vault, list: &str, size: u32) -> Vec<(Vec<String>, Option<usize>)> {
    let mut path = format!("/{list}?api-version=7.4&maxresults={size}");
    let mut pages = Vec::new();
    loop {
        let page = vault.request("shop/api", Method::GET, &path, None).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        let id = |item: &Value| {
            item["id"]
                .as_str()
                .or(item["kid"].as_str())
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned()
        };
        let names = page.body["value"].as_array().unwrap().iter().map(id).collect();
        let next = page.body["nextLink"].as_str().map(|next| {
            let at = next.find(&format!("/{list}?")).unwrap();
            next[at..].to_owned()
        });
        pages.push((names, next.as_ref().map(String::len)));
        match next {
            Some(next) => path = next,
            None => return pages,
        }
    }
}

/// A list of `collection`, and that of what is deleted of it, look the same whatever their caller may not list.
async fn lists_look_the_same(collection: &str, permissions: &[&str], list: &str) {
    const SEEN: [&str; 4] = ["db-a", "db-b", "db-d", "web"];
    let hidden: [Vec<String>; 3] = [
        vec![],
        vec!["a".to_owned(), "z".to_owned()],
        (0..60).map(|n| format!("db-c{n}")).collect(),
    ];
    let mut first = None;
    for hidden in hidden {
        let vault = Vault::start().await;
        let names = || SEEN.iter().copied().chain(hidden.iter().map(String::as_str));
        for name in names() {
            make(&vault, collection, name).await;
        }
        let policies = vec![
            allow("admins", "team-a/admin", &["*"], permissions),
            allow("lists", "shop/api", &["db-*", "web", "missing"], &[list]),
            deny("not-these", "shop/api", &["db-c*"], &[list]),
        ];
        vault.policy(2, policies).await;
        let mut seen = Vec::new();
        for size in [1, 2, 25] {
            seen.push(pages(&vault, collection, size).await);
        }
        for name in names() {
            let path = format!("/{collection}/{name}");
            vault.admin(Method::DELETE, &path, None).await;
        }
        seen.push(pages(&vault, &format!("deleted{collection}"), 1).await);
        let pages: Vec<_> = seen[0].iter().map(|(names, _)| names.join(",")).collect();
        assert_eq!(
            pages, SEEN,
            "each page holds one name, and the last one has no next"
        );
        assert_eq!(*first.get_or_insert_with(|| seen.clone()), seen);
    }
}

#[tokio::test]
async fn a_list_of_secrets_looks_the_same_whatever_its_caller_may_not_list() {
    lists_look_the_same("secrets", ALL, "list").await;
}

#[tokio::test]
async fn a_list_of_keys_looks_the_same_whatever_its_caller_may_not_list() {
    lists_look_the_same("keys", KEYS, "keys/list").await;
}
