//! A leading operator around a played API server.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use kube::runtime::events::{Recorder, Reporter};
use parking_lot::{Mutex, RwLock};
use serde_json::{Value, json};
use strongroom_operator::{
    context::Context,
    fleet::{Credentials, Fleet},
    installation,
    lease::Leadership,
    metrics::Metrics,
    pki::{Authorities, AuthoritySubject, Succession},
    settings::{Settings, VaultPod},
    world::{Changes, Stores},
};
use strongroom_testing::{ApiServer, api_server::Write};
use time::OffsetDateTime;

use crate::fleet::Fleet as Vaults;

/// The replica that leads.
pub const HOLDER: &str = "operator-0";

/// Lets the Lease name its holder.
pub fn hold_lease(server: &ApiServer, holder: &str) {
    server.put(
        "/apis/coordination.k8s.io/v1/namespaces/strongroom-system/leases/strongroom-operator",
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": "strongroom-operator", "namespace": "strongroom-system"},
            "spec": {"holderIdentity": holder}}),
    );
}

/// Gives and forgets what was written so far. Nothing is ever deleted.
pub fn take_writes(server: &ApiServer) -> Vec<Write> {
    let writes = server.take_writes();
    let deletes = |write: &&Write| write.method == http::Method::DELETE;
    assert_eq!(writes.iter().find(deletes), None);
    writes
}

/// A new leader, whose caches hold what the server has now, that reaches no vault.
pub async fn leader(server: &ApiServer) -> Arc<Context> {
    leader_of(server, &Vaults::default()).await
}

/// A new leader that reaches `vaults`.
pub async fn leader_of(server: &ApiServer, vaults: &Vaults) -> Arc<Context> {
    let vaults = vaults.clone();
    leader_by(server, |settings, authorities| {
        let trust = installation::credentials(settings, authorities).unwrap();
        Credentials::routed(trust, Box::new(move |vault| vaults.route(vault)))
    })
    .await
}

/// A new leader that reaches vaults by these credentials.
pub async fn leader_by(
    server: &ApiServer,
    credentials: impl FnOnce(&Settings, &Authorities) -> Credentials,
) -> Arc<Context> {
    hold_lease(server, HOLDER);
    let client = server.client();
    let changes = Changes::default();
    let stores = Stores::start(&client, &changes);
    stores.synced().await.unwrap();
    let settings = Settings {
        release_namespace: "strongroom-system".parse().unwrap(),
        node_namespace: "strongroom-node".parse().unwrap(),
        cluster_domain: "cluster.local".into(),
        installation: "0b7a1f5e-3c55-4b8e-9b0a-2f6d8c1e7a90".into(),
        vault_image: "registry.example.com/vault:dev".into(),
        vault_image_pull_policy: "IfNotPresent".into(),
        vault_image_pull_secrets: Vec::new(),
        vault_pod: VaultPod::default(),
        dns_ports: vec![53, 5353],
        metrics_namespaces: vec!["monitoring".parse().unwrap()],
    };
    let serving = AuthoritySubject::Serving {
        cluster_domain: settings.cluster_domain.clone(),
    };
    let now = OffsetDateTime::now_utc();
    let authorities = Authorities {
        serving: Succession::create(&serving, now).unwrap(),
        admin: Succession::create(&AuthoritySubject::Admin, now).unwrap(),
    };
    let reporter = Reporter {
        controller: "strongroom-operator".into(),
        instance: Some(HOLDER.into()),
    };
    Arc::new(Context {
        credentials: credentials(&settings, &authorities),
        leadership: Leadership::new(&client, &settings.release_namespace, HOLDER),
        recorder: Recorder::new(client.clone(), reporter),
        client,
        settings,
        stores,
        changes,
        fleet: Fleet::default(),
        followers: Mutex::default(),
        authorities: RwLock::new(authorities),
        metrics: Metrics::default(),
    })
}

/// Waits until something is so.
pub async fn wait(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(40);
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The one status among `writes`.
pub fn status(writes: &[Write]) -> Value {
    let statuses: Vec<_> = writes
        .iter()
        .filter(|write| write.path.ends_with("/status"))
        .collect();
    assert_eq!(statuses.len(), 1, "{writes:?}");
    assert!(statuses[0].query.contains("force=true"), "{}", statuses[0].query);
    statuses[0].body["status"].clone()
}

/// Reason and message of the condition of this type; empty where it is not there.
pub fn condition(status: &Value, type_: &str) -> (String, String) {
    let conditions = status["conditions"].as_array().unwrap();
    let text = |field: &Value| field.as_str().unwrap_or_default().to_owned();
    conditions
        .iter()
        .find(|condition| condition["type"] == type_)
        .map(|found| (text(&found["reason"]), text(&found["message"])))
        .unwrap_or_default()
}

/// What was written, one line each.
pub fn lines(writes: &[Write]) -> Vec<String> {
    writes.iter().map(Write::line).collect()
}
