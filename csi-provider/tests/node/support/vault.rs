//! A vault, and what its owner and the operator do to it.
//!
//! It is the real one behind its own listener. What it was asked is read from its audit log, and how its volumes stand
//! from what it tells the operator.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    net::SocketAddr,
    sync::Arc,
};

use http::StatusCode;
use serde_json::{Value, json};
use strongroom_core::SecretRefName;
use strongroom_keys::KeyType;
use strongroom_testing::{
    Authority, Identity,
    authority::Signed,
    identity,
    signing_key::claims,
    vault::{self, Files, allow, deny},
};
use strongroom_vault::{serve::Running, service::Service};
use strongroom_wire::admin::RefVolumes;

/// The path that the audit records of Watch name.
const WATCH: &str = "/strongroom.v1.Watch/Watch";
/// Every pod's account.
const ACCOUNT: &str = "shop/api";

/// Vault `prod` of a namespace.
pub struct Vault {
    files: Files,
    /// None while it is stopped.
    running: Option<Running>,
    /// Writes also while nothing listens, as before a restart. None only from one process of the vault to the next.
    service: Option<Service>,
    /// The number of the last bundle.
    bundle: Cell<u64>,
    /// What policy denies.
    denied: RefCell<BTreeSet<String>>,
    /// What policy allows with everything else.
    permitted: Cell<&'static [&'static str]>,
}

impl Vault {
    /// A vault that holds nothing, at `address`, whose policy lets the account `api` get every secret and every key.
    pub async fn start(
        namespace: &str,
        authority: &Arc<Authority>,
        (identity, peers): (&Identity, SocketAddr),
        address: SocketAddr,
    ) -> Self {
        let files = Files::beside(namespace, authority, identity, peers);
        let mut vault = Self {
            files: files.with(&["--listen", &address.to_string()]),
            running: None,
            service: None,
            bundle: Cell::default(),
            denied: RefCell::default(),
            permitted: Cell::new(&["get", "keys/get"]),
        };
        vault.listen().await;
        vault.decide();
        vault
    }

    /// Starts the program anew on what it kept.
    pub async fn listen(&mut self) {
        // The program that stopped gives its files back.
        self.service = None;
        let running = self.files.run();
        running.first_keys().await;
        self.service = Some(running.service().clone());
        self.running = Some(running);
    }

    /// Stops it as its pod is stopped: what is open ends, and nobody listens any more.
    pub async fn stop(&mut self) {
        assert!(self.running.take().unwrap().stop().await, "it drains in time");
    }

    /// Makes a new version, and answers which.
    pub fn put(&self, name: &str, value: &str) -> String {
        vault::set(self.service(), name, value).to_string()
    }

    pub fn enable(&self, name: &str, enabled: bool) {
        vault::enable(self.service(), name, enabled);
    }

    pub fn delete(&self, name: &str) {
        vault::delete(self.service(), name);
    }

    pub fn purge(&self, name: &str) {
        vault::purge(self.service(), name);
    }

    /// Makes a new version of a key, of this type, and answers which.
    pub fn set_key(&self, name: &str, key_type: KeyType) -> String {
        vault::set_key(self.service(), name, key_type).to_string()
    }

    /// Rotates a key, and answers which version it has then.
    pub async fn rotate_key(&self, name: &str) -> String {
        vault::rotate_key(self.service(), name).await.to_string()
    }

    /// Imports a certificate with its private key and its chain, as a PFX or as PEM by `content_type`; of the vault of
    /// `team-a` only, whose policy must permit it. Answers which version that is.
    pub async fn import(&self, name: &str, signed: &Signed, content_type: &str, exportable: bool) -> String {
        let policy =
            json!({"secret_props": {"contentType": content_type}, "key_props": {"exportable": exportable}});
        let body = json!({"value": signed.both(), "policy": policy});
        let client = vault::client(&self.files.path("ca.crt"), self.running().addresses().data);
        let url = format!(
            "https://{}/certificates/{name}/import?api-version=2025-07-01",
            vault::HOST
        );
        let request = client.post(url).bearer_auth(self.token()).json(&body);
        let imported = vault::answer(request.send().await.unwrap()).await;
        assert_eq!(imported.status, StatusCode::OK, "{imported:?}");
        let id = imported.body["id"].as_str().unwrap();
        id.rsplit('/').next().unwrap().to_owned()
    }

    /// The account's token for the vault of `team-a`.
    fn token(&self) -> String {
        let claims = claims(self.files.clock.now(), ACCOUNT, vault::AUDIENCE);
        self.files.signer.token(&claims)
    }

    /// What a GET of the key, or of one version of it (`NAME/VERSION`), answers in `key`; of the vault of `team-a` only.
    pub async fn jwk(&self, path: &str) -> Value {
        let client = vault::client(&self.files.path("ca.crt"), self.running().addresses().data);
        let url = format!("https://{}/keys/{path}?api-version=2025-07-01", vault::HOST);
        let answer = client.get(url).bearer_auth(self.token()).send().await.unwrap();
        vault::answer(answer).await.body["key"].clone()
    }

    /// Lets policy allow these, and nothing else.
    pub fn permit(&self, permissions: &'static [&'static str]) {
        self.permitted.set(permissions);
        self.decide();
    }

    /// Lets policy deny the objects of this pattern, or not any more.
    pub fn deny(&self, pattern: &str, denies: bool) {
        if denies {
            self.denied.borrow_mut().insert(pattern.to_owned());
        } else {
            self.denied.borrow_mut().remove(pattern);
        }
        self.decide();
    }

    /// Puts the policy in force.
    fn decide(&self) {
        self.bundle.set(self.bundle.get() + 1);
        let mut policies = vec![allow("pods", ACCOUNT, &["*"], self.permitted.get())];
        if !self.denied.borrow().is_empty() {
            let denied = self.denied.borrow();
            let patterns: Vec<_> = denied.iter().map(String::as_str).collect();
            policies.push(deny("denied", ACCOUNT, &patterns, &["get", "keys/get"]));
        }
        vault::put(self.service(), (1, self.bundle.get()), policies).unwrap();
    }

    /// Says what the operator says when SecretRef `app` changed.
    pub fn say_ref_changed(&self) {
        self.running().watch().ref_changed(&app());
    }

    /// Lets every token expire that was given so far.
    pub fn expire_tokens(&self) {
        self.files.clock.advance(identity::LIFE);
    }

    pub fn subscriptions(&self) -> usize {
        self.running().watch().subscriptions()
    }

    /// How the volumes of SecretRef `app` stand: all, and of those the current and the failing ones.
    pub fn volumes(&self) -> (u32, u32, u32) {
        let mut volumes = self.running().watch().volumes().refs;
        volumes.retain(|counts| counts.secret_ref == app());
        let told = |counts: &RefVolumes| (counts.total, counts.current, counts.failing);
        volumes.first().map(told).unwrap_or_default()
    }

    /// Whether this many volumes follow SecretRef `app`, and each has acknowledged the versions that there are now.
    pub fn acknowledged(&self, volumes: u32) -> bool {
        self.volumes() == (volumes, volumes, 0)
    }

    /// Reads over REST, subscriptions, renewals, and objects fetched over Watch so far.
    pub fn counts(&self) -> [usize; 4] {
        let lines = self.files.audit_lines();
        let count = |operation: &str, over_watch: bool| {
            let is_one = |line: &&serde_json::Value| {
                line["operationName"] == operation
                    && (line["properties"]["requestUri"] == WATCH) == over_watch
            };
            lines.iter().filter(is_one).count()
        };
        [
            count("SecretGet", false),
            count("VolumeSubscribe", true),
            count("VolumeRenew", true),
            count("SecretGet", true),
        ]
    }

    /// Whether no request has come at all, not even one without a token, and nobody is connected.
    pub fn is_left_alone(&self) -> bool {
        let metrics = self.service().metrics.text().unwrap();
        let asked = ["requests_total{", "authentication_failures_total{"];
        self.counts() == [0; 4]
            && metrics.lines().any(|line| line == "strongroom_connections 0")
            && !asked
                .iter()
                .any(|name| metrics.contains(&format!("strongroom_{name}")))
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("the vault runs")
    }

    fn service(&self) -> &Service {
        self.service.as_ref().unwrap()
    }
}

/// SecretRef `app` of the pods' namespace.
fn app() -> SecretRefName {
    SecretRefName {
        namespace: "shop".parse().unwrap(),
        name: "app".parse().unwrap(),
    }
}
