//! A vault on this machine, as programs meet it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

use std::{net::SocketAddr, path::Path};

use reqwest::{Certificate, Client, Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use strongroom_core::{AccountName, VaultRef};
use strongroom_crds::vault::VaultSpec;
use strongroom_dev::{
    environment::Environment,
    laptop::{Laptop, Plan},
    manifests::Manifests,
    place::Place,
    reach::Reach,
    seed,
    vault::Data,
};
use tempfile::TempDir;

const POLICIES: &str = "
apiVersion: strongroom.dev/v1alpha1
kind: Vault
metadata: {name: prod, namespace: team-a}
spec: {}
---
apiVersion: strongroom.dev/v1alpha1
kind: AccessPolicy
metadata: {name: shop-reads-db, namespace: team-a}
spec:
  vaultRef: {name: prod}
  effect: Allow
  subjects:
    - serviceAccount: {namespace: shop, name: api}
    - allServiceAccounts: {namespace: team-a}
  objects: [\"db-*\"]
  permissions: {secrets: [get, set]}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop}
";

fn account(text: &str) -> AccountName {
    text.parse().unwrap()
}

fn plan(place: &Path) -> Plan {
    let vault = VaultRef::new("dev".parse().unwrap(), "dev".parse().unwrap());
    Plan {
        place: Place::open(Some(&place.join("dev"))).unwrap(),
        data: Data::Memory,
        port: None,
        vaults: vec![(vault, VaultSpec::default())],
        policies: None,
        accounts: Vec::new(),
        by_secret: None,
        reach: Reach::default(),
    }
}

/// A program: it knows its environment, and finds names of this machine.
struct Program {
    environment: Environment,
    client: Client,
}

impl Program {
    fn new(laptop: &Laptop, name: &str) -> Self {
        let environment = laptop.environment(&account(name)).unwrap();
        let authority = std::fs::read(&environment.authority).unwrap();
        let host = environment.vault_url.trim_start_matches("https://");
        let (host, _) = host.split_once(':').unwrap();
        let here = SocketAddr::from(([127, 0, 0, 1], 0));
        let client = Client::builder()
            .tls_certs_only([Certificate::from_pem(&authority).unwrap()])
            .resolve(host, here)
            .no_proxy()
            .build()
            .unwrap();
        Self { environment, client }
    }

    /// Asks the endpoint of an App Service, as a managed identity does.
    async fn by_app_service(&self, resource: &str, header: &str) -> (StatusCode, Value) {
        let url = format!(
            "{}?api-version=2019-08-01&resource={resource}",
            self.environment.app_service_url
        );
        let request = self.client.get(url).header("X-IDENTITY-HEADER", header);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn token(&self) -> String {
        let header = self.environment.token.expose_secret();
        let (status, body) = self.by_app_service("https://vault.localhost", header).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let life: i64 = body["expires_on"].as_str().unwrap().parse::<i64>().unwrap();
        assert!(life > jiff::Timestamp::now().as_second() + 60);
        body["access_token"].as_str().unwrap().to_owned()
    }

    /// Sends a form to the login.
    async fn login(&self, form: &[(&str, &str)]) -> (StatusCode, Value) {
        let url = format!("{}/adfs/oauth2/v2.0/token", self.environment.login_url);
        let answer = self.client.post(url).form(form).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn request(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let url = format!("{}{path}?api-version=2026-04-01", self.environment.vault_url);
        let mut request = self.client.request(method, url).bearer_auth(self.token().await);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn set(&self, name: &str, value: &str) -> StatusCode {
        let body = json!({"value": value});
        self.request(Method::PUT, &format!("/secrets/{name}"), Some(body))
            .await
            .0
    }

    async fn get(&self, name: &str) -> (StatusCode, Value) {
        self.request(Method::GET, &format!("/secrets/{name}"), None).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_finds_the_vault_and_logs_in_by_its_environment() {
    let place = TempDir::new().unwrap();
    let laptop = Laptop::start(plan(place.path())).await.unwrap();
    let program = Program::new(&laptop, "dev:default");
    let asked = program.client.get(format!(
        "{}/secrets/a?api-version=7.6",
        program.environment.vault_url
    ));
    let challenge = asked.send().await.unwrap();
    assert_eq!(challenge.status(), StatusCode::UNAUTHORIZED);
    let port = program.environment.vault_url.rsplit(':').next().unwrap();
    let expected = format!(
        "Bearer authorization=\"{}/adfs\", resource=\"https://vault.localhost:{port}\"",
        program.environment.login_url
    );
    assert_eq!(challenge.headers()["www-authenticate"], expected);
    assert_eq!(program.set("a", "value").await, StatusCode::OK);
    let (status, body) = program.get("a").await;
    assert_eq!((status, &body["value"]), (StatusCode::OK, &json!("value")));
    let id = body["id"].as_str().unwrap();
    assert!(
        id.starts_with(&format!("{}/secrets/a/", program.environment.vault_url)),
        "{id}"
    );
    laptop.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_workload_identity_is_taken_and_a_made_up_one_is_not() {
    let place = TempDir::new().unwrap();
    let laptop = Laptop::start(plan(place.path())).await.unwrap();
    let program = Program::new(&laptop, "dev:default");
    let assertion = std::fs::read_to_string(&program.environment.token_file).unwrap();
    let form = |assertion: &str, scope: &str| {
        [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", "dev:default".to_owned()),
            ("scope", format!("{scope}/.default")),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned(),
            ),
            ("client_assertion", assertion.to_owned()),
        ]
    };
    let send = async |assertion: &str, scope: &str| {
        let form = form(assertion, scope);
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        program.login(&form).await
    };
    for scope in [
        "https://vault.localhost",
        "https://dev.vault.localhost:8443",
        "https://localhost",
    ] {
        let (status, body) = send(&assertion, scope).await;
        assert_eq!(status, StatusCode::OK, "{scope}: {body}");
    }
    let mut forged = assertion.clone().into_bytes();
    let last = forged.len() - 10;
    forged[last] = if forged[last] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    assert_ne!(send(&forged, "https://vault.localhost").await.0, StatusCode::OK);
    assert_ne!(
        send(&assertion, "https://vault.azure.net").await.0,
        StatusCode::OK
    );
    let (status, _) = program.by_app_service("https://vault.localhost", &forged).await;
    assert_ne!(status, StatusCode::OK);
    laptop.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_secret_is_the_token_of_an_account_unless_any_is_to_be_taken() {
    let place = TempDir::new().unwrap();
    let secret = async |by_secret: Option<AccountName>, secret: Option<&str>| {
        let laptop = Laptop::start(Plan {
            by_secret,
            ..plan(place.path())
        })
        .await
        .unwrap();
        let program = Program::new(&laptop, "dev:default");
        let own = program.environment.token.expose_secret().to_owned();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "dev:other"),
            ("scope", "https://vault.localhost/.default"),
            ("client_secret", secret.unwrap_or(&own)),
        ];
        let (status, granted) = program.login(&form).await;
        if let Some(token) = granted["access_token"].as_str() {
            // An account that nobody named before may do what all may.
            let url = format!("{}/secrets?api-version=7.6", program.environment.vault_url);
            let listed = program.client.get(url).bearer_auth(token).send().await.unwrap();
            assert_eq!(listed.status(), StatusCode::OK);
        }
        laptop.stop().await;
        status
    };
    assert_eq!(secret(None, None).await, StatusCode::OK);
    assert_ne!(secret(None, Some("anything")).await, StatusCode::OK);
    assert_eq!(
        secret(Some(account("dev:default")), Some("anything")).await,
        StatusCode::OK
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manifests_of_a_deployment_decide_as_in_the_cluster() {
    let place = TempDir::new().unwrap();
    let file = place.path().join("deployment.yaml");
    std::fs::write(&file, POLICIES).unwrap();
    let manifests = Manifests::read(&[file]).unwrap();
    assert_eq!(manifests.others, 1);
    let laptop = Laptop::start(Plan {
        vaults: manifests.vaults,
        policies: Some(manifests.policies),
        accounts: manifests.accounts,
        ..plan(place.path())
    })
    .await
    .unwrap();
    assert!(
        laptop.url().starts_with("https://prod.vault.localhost:"),
        "{}",
        laptop.url()
    );
    let api = Program::new(&laptop, "shop:api");
    assert_eq!(api.set("db-password", "1").await, StatusCode::OK);
    let (status, refused) = api
        .request(Method::PUT, "/secrets/other", Some(json!({"value": "1"})))
        .await;
    assert_eq!(
        (status, &refused["error"]["innererror"]["code"]),
        (StatusCode::FORBIDDEN, &json!("ForbiddenByPolicy"))
    );
    let (status, _) = Program::new(&laptop, "shop:web").get("db-password").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    // One that nobody named before, of a namespace all of whose accounts are meant.
    let (status, _) = Program::new(&laptop, "team-a:anybody").get("db-password").await;
    assert_eq!(status, StatusCode::OK);
    laptop.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_seeded_is_there_at_the_start_also_where_policy_lets_nobody_set_it() {
    let place = TempDir::new().unwrap();
    let file = place.path().join("seeds.yaml");
    std::fs::write(place.path().join("file"), "from a file").unwrap();
    let seeds = "
- {name: db-password, value: plain, contentType: text/plain, tags: {a: b}}
- {name: db-file, valueFrom: {file: file}, expires: +30d}
- {name: db-made, valueFrom: {generate: 16}}
";
    std::fs::write(&file, seeds).unwrap();
    let mut manifests = place.path().to_owned();
    manifests.push("deployment.yaml");
    std::fs::write(&manifests, POLICIES.replace("get, set", "get")).unwrap();
    let manifests = Manifests::read(&[manifests]).unwrap();
    let laptop = Laptop::start(Plan {
        vaults: manifests.vaults,
        policies: Some(manifests.policies),
        ..plan(place.path())
    })
    .await
    .unwrap();
    laptop.seed(seed::read(&file).unwrap()).await.unwrap();
    let api = Program::new(&laptop, "shop:api");
    let (_, plain) = api.get("db-password").await;
    assert_eq!(
        (&plain["value"], &plain["tags"]["a"]),
        (&json!("plain"), &json!("b"))
    );
    let (_, from_file) = api.get("db-file").await;
    assert_eq!(from_file["value"], "from a file");
    let days =
        (from_file["attributes"]["exp"].as_i64().unwrap() - jiff::Timestamp::now().as_second()) / 86_400;
    assert!((29..=30).contains(&days), "{days}");
    assert_eq!(api.get("db-made").await.1["value"].as_str().unwrap().len(), 22);
    assert_eq!(api.set("db-password", "2").await, StatusCode::FORBIDDEN);
    laptop.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_in_a_directory_is_the_same_after_a_restart_on_another_port() {
    let (place, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let directory = Data::Directory(data.path().join("vault"));
    let start = async || {
        let plan = Plan {
            data: directory.clone(),
            ..plan(place.path())
        };
        Laptop::start(plan).await.unwrap()
    };
    let first = start().await;
    let before = Program::new(&first, "dev:default");
    assert_eq!(before.set("kept", "value").await, StatusCode::OK);
    first.stop().await;
    let second = start().await;
    let after = Program::new(&second, "dev:default");
    assert_ne!(after.environment.vault_url, before.environment.vault_url);
    let (_, kept) = after.get("kept").await;
    assert_eq!(kept["value"], "value");
    let id = kept["id"].as_str().unwrap();
    assert!(id.starts_with(&after.environment.vault_url), "{id}");
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_share_the_authority_and_nothing_else() {
    let place = TempDir::new().unwrap();
    let (first, second) = tokio::join!(
        Laptop::start(plan(place.path())),
        Laptop::start(plan(place.path()))
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    let (one, other) = (
        Program::new(&first, "dev:default"),
        Program::new(&second, "dev:default"),
    );
    assert_eq!(one.set("a", "value").await, StatusCode::OK);
    assert_eq!(other.get("a").await.0, StatusCode::NOT_FOUND);
    // A token of the one is none of the other.
    let foreign = one.environment.token.expose_secret();
    assert_ne!(
        other.by_app_service("https://vault.localhost", foreign).await.0,
        StatusCode::OK
    );
    first.stop().await;
    second.stop().await;
}
