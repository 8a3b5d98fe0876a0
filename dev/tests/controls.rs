//! What can be changed of a vault on this machine while it runs, and what there is to see of it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    time::{Duration, Instant},
};

use reqwest::{Certificate, Client, Method, Response, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use strongroom_core::AccountName;
use strongroom_dev::{
    control::{Answer, Conversation, Order},
    environment::Environment,
    faults::FaultPlan,
    files::{FilesError, FilesOrder},
    laptop::{Laptop, Plan},
    manifests::Manifests,
    notices::Notice,
    place::Place,
    reach::Reach,
    requests::{Decision, Request},
    vault::Data,
};
use tempfile::TempDir;

const MANIFESTS: &str = "
apiVersion: strongroom.dev/v1alpha1
kind: Vault
metadata: {name: prod, namespace: team-a}
spec: {}
---
apiVersion: strongroom.dev/v1alpha1
kind: AccessPolicy
metadata: {name: shop-uses-db, namespace: team-a}
spec:
  vaultRef: {name: prod}
  effect: Allow
  subjects: [{serviceAccount: {namespace: shop, name: api}}]
  objects: [\"db-*\"]
  permissions: {secrets: [get, set, delete]}
---
apiVersion: strongroom.dev/v1alpha1
kind: SecretRef
metadata: {name: db, namespace: shop}
spec:
  vaultRef: {name: prod, namespace: team-a}
  serviceAccountName: api
  files: [{path: password, secret: {name: db-password}}]
";

/// A vault, and a program that uses it as `shop:api`.
struct World {
    place: TempDir,
    laptop: Laptop,
    environment: Environment,
    client: Client,
}

impl World {
    async fn start() -> Self {
        let place = TempDir::new().unwrap();
        let file = place.path().join("deploy.yaml");
        std::fs::write(&file, MANIFESTS).unwrap();
        let manifests = Manifests::read(&[file]).unwrap();
        let plan = Plan {
            place: Place::open(Some(&place.path().join("dev"))).unwrap(),
            data: Data::Memory,
            port: None,
            vaults: manifests.vaults,
            policies: Some(manifests.policies),
            accounts: manifests.accounts,
            by_secret: None,
            reach: Reach::default(),
        };
        let laptop = Laptop::start(plan).await.unwrap();
        laptop.files().offer(manifests.references);
        let account: AccountName = "shop:api".parse().unwrap();
        let environment = laptop.environment(&account).unwrap();
        let authority = std::fs::read(&environment.authority).unwrap();
        let client = client(&environment, &[Certificate::from_pem(&authority).unwrap()]);
        Self {
            place,
            laptop,
            environment,
            client,
        }
    }

    async fn token(&self) -> String {
        let url = format!(
            "{}?api-version=2019-08-01&resource=https://vault.localhost",
            self.environment.app_service_url
        );
        let header = self.environment.token.expose_secret();
        let request = self.client.get(url).header("X-IDENTITY-HEADER", header);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let url = format!("{}{path}?api-version=2026-04-01", self.environment.vault_url);
        let mut request = self.client.request(method, url).bearer_auth(self.token().await);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    async fn set(&self, name: &str, value: &str) -> StatusCode {
        let body = json!({"value": value});
        let path = format!("/secrets/{name}");
        self.ask(Method::PUT, &path, Some(body)).await.status()
    }

    fn order(&self, order: &Order) -> Answer {
        Conversation::ask(self.laptop.directory(), order).unwrap()
    }

    fn files(directory: &Path) -> FilesOrder {
        FilesOrder {
            reference: "shop/db".to_owned(),
            directory: directory.to_owned(),
            account: None,
        }
    }
}

fn client(environment: &Environment, trusted: &[Certificate]) -> Client {
    let host = environment.vault_url.trim_start_matches("https://");
    let (host, _) = host.split_once(':').unwrap();
    Client::builder()
        .tls_certs_only(trusted.iter().cloned())
        .resolve(host, SocketAddr::from(([127, 0, 0, 1], 0)))
        .no_proxy()
        .build()
        .unwrap()
}

/// What `get` gives as soon as `is_wanted` likes it; the last one after five seconds.
async fn soon<T>(mut get: impl FnMut() -> T, is_wanted: impl Fn(&T) -> bool) -> T {
    let begun = Instant::now();
    loop {
        let got = get();
        if is_wanted(&got) || begun.elapsed() > Duration::from_secs(5) {
            return got;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_seen_with_what_decided_them_and_without_values() {
    let world = World::start().await;
    let mut logs = world.laptop.requests().unwrap();
    assert_eq!(world.set("db-password", "CANARY").await, StatusCode::OK);
    assert_eq!(world.set("other", "CANARY").await, StatusCode::FORBIDDEN);
    let mut seen: Vec<Request> = Vec::new();
    let seen = soon(
        || {
            seen.extend(logs[0].read().unwrap());
            seen.clone()
        },
        |seen| seen.len() >= 2,
    )
    .await;
    let told: Vec<_> = seen
        .iter()
        .map(|request| {
            let object = request.object.as_deref().unwrap();
            (
                request.operation.as_str(),
                object,
                request.status,
                &request.decision,
            )
        })
        .collect();
    let allowed = Decision::Allowed("shop-uses-db".to_owned());
    assert_eq!(
        told,
        [
            ("SecretSet", "secrets/db-password", 200, &allowed),
            ("SecretSet", "secrets/other", 403, &Decision::NoPolicy),
        ]
    );
    assert_eq!(seen[1].account, "shop:api");
    assert_eq!(seen[1].vault.to_string(), "team-a/prod");
    assert!(!format!("{seen:?}").contains("CANARY"));
    world.laptop.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_is_gone_when_its_time_has_come() {
    let world = World::start().await;
    assert_eq!(world.set("db-password", "a").await, StatusCode::OK);
    let deleted = world.ask(Method::DELETE, "/secrets/db-password", None).await;
    assert_eq!(deleted.status(), StatusCode::OK);
    assert_eq!(world.set("db-password", "b").await, StatusCode::CONFLICT);
    let before = jiff::Timestamp::now().as_second();
    let forward = 91 * 24 * 3600;
    let Answer::Time { now } = world.order(&Order::Time { forward }) else {
        unreachable!()
    };
    let forward = i64::try_from(forward).unwrap();
    assert!((before + forward..before + forward + 60).contains(&now), "{now}");
    // The login lives by the same time: its token is good at the vault.
    let begun = Instant::now();
    loop {
        let status = world.set("db-password", "b").await;
        if status == StatusCode::OK {
            break;
        }
        // The keys of the login are too old for the vault until it has asked for them again.
        assert!(
            matches!(status, StatusCode::CONFLICT | StatusCode::UNAUTHORIZED),
            "{status}"
        );
        assert!(begun.elapsed() < Duration::from_secs(20), "it is never purged");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let set = world.ask(Method::GET, "/secrets/db-password", None).await;
    let set: Value = set.json().await.unwrap();
    assert!(set["attributes"]["created"].as_i64().unwrap() >= now, "{set}");
    let far = Order::Time {
        forward: 20 * 366 * 24 * 3600,
    };
    let refused = Conversation::ask(world.laptop.directory(), &far).unwrap_err();
    assert!(refused.to_string().contains("at most ten years"), "{refused}");
    world.laptop.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_have_the_form_of_the_vaults_errors_until_there_are_none() {
    let world = World::start().await;
    let mut notices = world.laptop.controls().notices().listen();
    let plan = FaultPlan {
        fail: vec!["429:100%".parse().unwrap()],
        latency: Duration::from_millis(50),
        ..FaultPlan::default()
    };
    assert_eq!(
        world.order(&Order::Faults { plan: plan.clone() }),
        Answer::Faults { plan }
    );
    let begun = Instant::now();
    let failed = world.ask(Method::GET, "/secrets/db-password", None).await;
    assert!(begun.elapsed() >= Duration::from_millis(50));
    assert_eq!(failed.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(failed.headers()["retry-after"], "1");
    let body: Value = failed.json().await.unwrap();
    assert_eq!(body["error"]["code"], "Throttled");
    assert!(matches!(notices.recv().await.unwrap(), Notice::Faults(_)));
    let fault = Notice::Fault {
        status: 429,
        method: "GET".to_owned(),
        path: "/secrets/db-password".to_owned(),
    };
    assert_eq!(notices.recv().await.unwrap(), fault);

    let down = FaultPlan {
        down: Duration::from_mins(1),
        ..FaultPlan::default()
    };
    world.order(&Order::Faults { plan: down });
    let failed = world.ask(Method::GET, "/secrets/db-password", None).await;
    assert_eq!(failed.status(), StatusCode::SERVICE_UNAVAILABLE);

    let plan = FaultPlan::default();
    world.order(&Order::Faults { plan });
    let served = world.ask(Method::GET, "/secrets/db-password", None).await;
    assert_eq!(served.status(), StatusCode::NOT_FOUND);
    let mark = served.headers()["x-ms-keyvault-network-info"].to_str().unwrap();
    assert_eq!(
        mark,
        "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork; dev"
    );
    world.laptop.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_trust_us_is_counted() {
    let world = World::start().await;
    let distrusted = world.laptop.distrusted();
    assert_eq!(distrusted(), 0);
    let stranger = client(&world.environment, &[]);
    let url = format!("{}/secrets/a", world.environment.vault_url);
    stranger.get(url).send().await.unwrap_err();
    assert_eq!(soon(&distrusted, |count| *count > 0).await, 1);
    assert_eq!(world.set("db-password", "a").await, StatusCode::OK);
    assert_eq!(distrusted(), 1, "who trusts us is not");
    world.laptop.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn the_files_of_a_secret_ref_follow_its_secret() {
    let world = World::start().await;
    let directory = world.place.path().join("secrets");
    let password = directory.join("password");
    let refused = world
        .laptop
        .files()
        .keep(World::files(&directory))
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("db-password"),
        "the secret is not there: {refused}"
    );
    assert_eq!(world.set("db-password", "first").await, StatusCode::OK);
    let kept = world.laptop.files().keep(World::files(&directory)).await.unwrap();
    assert_eq!(std::fs::read_to_string(&password).unwrap(), "first");
    assert!(directory.join("..data").is_symlink());

    assert_eq!(world.set("db-password", "second").await, StatusCode::OK);
    let changed = Instant::now();
    let read = || std::fs::read_to_string(&password).unwrap();
    assert_eq!(soon(read, |text| text == "second").await, "second");
    assert!(
        changed.elapsed() < Duration::from_secs(1),
        "{:?}",
        changed.elapsed()
    );

    drop(kept);
    assert_eq!(world.set("db-password", "third").await, StatusCode::OK);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(read(), "second", "nobody keeps them any more");
    // Who comes again takes the same directory.
    let kept = world.laptop.files().keep(World::files(&directory)).await.unwrap();
    assert_eq!(read(), "third");
    drop(kept);
    world.laptop.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn files_that_a_pod_would_not_get_are_refused() {
    let world = World::start().await;
    world.set("db-password", "first").await;
    let directory = world.place.path().join("secrets");
    let keep = |order: FilesOrder| world.laptop.files().keep(order);
    let order = World::files(&directory);
    let unknown = FilesOrder {
        reference: "shop/other".to_owned(),
        ..order.clone()
    };
    assert!(matches!(keep(unknown).await, Err(FilesError::Unknown(_))));
    let foreign = FilesOrder {
        account: Some("team-a:api".to_owned()),
        ..order.clone()
    };
    assert!(matches!(keep(foreign).await, Err(FilesError::Account)));
    let denied = FilesOrder {
        account: Some("shop:intern".to_owned()),
        reference: "db".to_owned(),
        ..order.clone()
    };
    let denied = keep(denied).await.unwrap_err().to_string();
    assert!(denied.contains("intern"), "{denied}");
    std::fs::write(directory.join("mine.txt"), "mine").unwrap();
    assert!(matches!(keep(order).await, Err(FilesError::Taken(_))));
    assert_eq!(
        std::fs::read_to_string(directory.join("mine.txt")).unwrap(),
        "mine"
    );
    world.laptop.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_user_reaches_the_socket_and_anybody_sees_whether_it_is_ready() {
    let world = World::start().await;
    let socket = world.laptop.directory().join("control");
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let ready = format!("{}/readyz", world.environment.vault_url);
    let ready = || world.client.get(&ready).send();
    assert_eq!(ready().await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    world.laptop.controls().say_ready();
    assert_eq!(ready().await.unwrap().status(), StatusCode::OK);
    let Answer::Status(status) = world.order(&Order::Status) else {
        unreachable!()
    };
    assert_eq!((status.ahead, status.distrusted), (0, 0));
    assert!(status.faults.is_none());
    assert_eq!(
        status.vaults,
        [("team-a/prod".to_owned(), world.environment.vault_url.clone())]
    );
    let mut stream = std::os::unix::net::UnixStream::connect(&socket).unwrap();
    stream.write_all(b"{\"do\":\"dance\"}\n").unwrap();
    let mut said = String::new();
    BufReader::new(stream).read_line(&mut said).unwrap();
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["said"], "refused");
    assert_eq!(world.order(&Order::Stop), Answer::Stopping);
    world.laptop.controls().asked_to_stop().await;
    world.laptop.stop().await;
}
