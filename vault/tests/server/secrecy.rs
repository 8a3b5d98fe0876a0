//! What a caller without permission learns: nothing.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::{ALL, Vault, allow, deny};

#[tokio::test]
async fn a_denied_object_and_a_missing_one_look_the_same() {
    let vault = Vault::start().await;
    vault.set("there", "v").await;
    vault.set("gone", "v").await;
    vault.admin(Method::DELETE, "/secrets/gone", None).await;
    vault
        .policy(2, vec![allow("reader", "shop/api", &["other-*"], &["get"])])
        .await;
    for (method, path, body) in [
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
        (
            Method::PATCH,
            "/secrets/NAME",
            Some(json!({"attributes": {"enabled": false}})),
        ),
    ] {
        let mut seen: Option<Value> = None;
        for name in ["there", "gone", "missing"] {
            let got = vault
                .request(
                    "shop/api",
                    method.clone(),
                    &path.replace("NAME", name),
                    body.clone(),
                )
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

#[tokio::test]
async fn a_list_looks_the_same_whatever_its_caller_may_not_list() {
    const SEEN: [&str; 4] = ["db-a", "db-b", "db-d", "web"];
    let hidden: [Vec<String>; 3] = [
        vec![],
        vec!["a".to_owned(), "z".to_owned()],
        (0..60).map(|n| format!("db-c{n}")).collect(),
    ];
    let mut first = None;
    for hidden in hidden {
        let vault = Vault::start().await;
        for name in SEEN.iter().copied().chain(hidden.iter().map(String::as_str)) {
            vault.set(name, "v").await;
        }
        let policies = vec![
            allow("admins", "team-a/admin", &["*"], ALL),
            allow("lists", "shop/api", &["db-*", "web", "missing"], &["list"]),
            deny("not-these", "shop/api", &["db-c*"], &["list"]),
        ];
        vault.policy(2, policies).await;
        let mut seen = Vec::new();
        for size in [1, 2, 25] {
            seen.push(pages(&vault, "secrets", size).await);
        }
        for name in SEEN.iter().copied().chain(hidden.iter().map(String::as_str)) {
            vault
                .admin(Method::DELETE, &format!("/secrets/{name}"), None)
                .await;
        }
        seen.push(pages(&vault, "deletedsecrets", 1).await);
        let pages: Vec<_> = seen[0].iter().map(|(names, _)| names.join(",")).collect();
        assert_eq!(
            pages, SEEN,
            "each page holds one name, and the last one has no next"
        );
        assert_eq!(*first.get_or_insert_with(|| seen.clone()), seen);
    }
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
