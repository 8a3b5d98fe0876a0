//! What was acknowledged as revoked is in the list, whatever became of the process.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::{
    Program,
    vault::{ALL, CERTIFICATES, HOST, KEYS, Vault, allow},
};

use super::{
    super::{
        authority::{Imported, USE, strongroom, terms, vault},
        signed::server,
    },
    List, list, list_of, revoked, serial,
};
use crate::{
    certificates::make,
    process::{ADMIN, program},
};

#[tokio::test]
async fn a_list_says_the_same_after_a_restart_and_its_number_goes_on() {
    let (vault, _) = vault(&["shop", "other"]).await;
    let made = make(&vault, "shop", server()).await;
    let other = make(&vault, "other", server()).await;
    revoked(&vault, "shop", &made).await;
    let path = list_of(&made);
    let before = list(&vault, &path).await;
    let files = Arc::clone(&vault.files);
    assert!(vault.running.stop().await);
    let vault = Vault::open(files).await;
    let after = list(&vault, &path).await;
    assert_eq!(after.revoked, [(serial(&made), Some(1))]);
    assert!(after.number > before.number, "{after:?} after {before:?}");
    revoked(&vault, "other", &other).await;
    let both = list(&vault, &path).await;
    assert_eq!(both.serials(), [serial(&made), serial(&other)]);
    assert!(both.number > after.number);
}

/// A request of the account that may do everything.
async fn ask(program: &Program, client: &Client, method: Method, path: &str, body: Value) -> (u16, Value) {
    let request = client.request(method, program.url(path)).json(&body);
    let response = request.bearer_auth(program.token(ADMIN)).send().await.unwrap();
    (
        response.status().as_u16(),
        response.json().await.unwrap_or_default(),
    )
}

/// Waits until the certificate is issued; gives its version.
async fn issued(program: &Program, client: &Client, name: &str) -> String {
    for _ in 0..100 {
        let (_, pending) = program
            .get(client, &format!("/certificates/{name}/pending"))
            .await;
        if pending["status"] == "completed" {
            let (_, made) = program.get(client, &format!("/certificates/{name}")).await;
            let id = made["id"].as_str().unwrap();
            return id.rsplit('/').next().unwrap().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{name} is not issued");
}

async fn listed(program: &Program, client: &Client, authority: &str) -> List {
    let url = format!("https://{HOST}:{}/crl/ca/{authority}", program.address().port());
    let response = client.get(url).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let headers = response.headers().clone();
    List::read(headers, response.bytes().await.unwrap().to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_as_revoked_is_in_the_list_after_each_kill() {
    const ROUNDS: usize = 6;
    let program = program(&[]).await;
    let (mut process, _) = program.start().await;
    let everything = [ALL, KEYS, CERTIFICATES, &[USE]].concat();
    program
        .allow(1, vec![allow("admins", ADMIN, &["*"], &everything)])
        .await;
    let client = program.client();
    let import = json!({"value": Imported::new().pem()});
    let (status, authority) = ask(&program, &client, Method::POST, "/certificates/ca/import", import).await;
    assert_eq!(status, 200, "{authority}");
    let authority = authority["id"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let issuer = strongroom(&terms());
    let (status, set) = ask(
        &program,
        &client,
        Method::PUT,
        "/certificates/issuers/house",
        issuer,
    )
    .await;
    assert_eq!(status, 200, "{set}");
    let names: Vec<_> = (0..ROUNDS).map(|round| format!("shop-{round}")).collect();
    for name in &names {
        let path = format!("/certificates/{name}/create");
        let (status, begun) = ask(
            &program,
            &client,
            Method::POST,
            &path,
            json!({"policy": server()}),
        )
        .await;
        assert_eq!(status, 202, "{begun}");
    }
    let mut acknowledged = Vec::new();
    let mut number = 0;
    for name in &names {
        let version = issued(&program, &client, name).await;
        let path = format!("/certificates/{name}/{version}/revoke");
        let (status, answer) = ask(&program, &client, Method::POST, &path, json!({})).await;
        assert_eq!(status, 200, "{answer}");
        acknowledged.push(answer["serial"].as_str().unwrap().to_owned());
        // At once: neither the list nor anything else was asked for meanwhile.
        process.kill();
        (process, _) = program.start().await;
        let list = listed(&program, &client, &authority).await;
        assert_eq!(list.serials(), acknowledged);
        assert!(list.number > number, "{} after {number}", list.number);
        number = list.number;
    }
}
