//! Both certificate authorities hand over to their successors in a running installation, and no reader notices.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret};
use kube::{
    Api, ResourceExt,
    api::{ListParams, LogParams, Patch, PatchParams},
};
use serde_json::{Value, json};
use strongroom_client::Trust;
use strongroom_e2e::scenario::{PATIENCE, Scenario};
use strongroom_harness::{cluster::wait, installation::NAMESPACE};
use strongroom_operator::pki::{Authority, AuthoritySubject, PUBLISHED_BEFORE_USE};

/// How long a step of an authority takes to reach everyone, as docs/security.md says: the operator looks once a minute, at
/// each vault twice, and the kubelet brings a changed ConfigMap or Secret into pods within two minutes (on the local cluster
/// within seconds).
const SPREADS: Duration = Duration::from_mins(4);

/// How often a new pod mounts meanwhile.
const MOUNTS_EVERY: Duration = Duration::from_secs(10);

/// An authority that waits for its turn.
struct Successor {
    /// The Secret of its line.
    line: &'static str,
    certificate: String,
    key: String,
}

impl Successor {
    fn of(line: &'static str, subject: &AuthoritySubject) -> Result<Self> {
        let authority = Authority::generate(subject, SystemTime::now().into())?;
        Ok(Self {
            line,
            certificate: authority.certificate().to_owned(),
            key: authority.key_pem(),
        })
    }

    fn both() -> Result<[Self; 2]> {
        let cluster_domain = "cluster.local".to_owned();
        Ok([
            Self::of(
                "strongroom-serving-ca",
                &AuthoritySubject::Serving { cluster_domain },
            )?,
            Self::of("strongroom-admin-ca", &AuthoritySubject::Admin)?,
        ])
    }

    /// Stores it beside the authority that signs, as the operator does when that grows old, published for so long.
    async fn publish(&self, scenario: &Scenario, published_for: Duration) -> Result<()> {
        let since = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)?
            .saturating_sub(published_for);
        let encoded = |text: &str| BASE64_STANDARD.encode(text);
        let patch = json!({"data": {
            "next.crt": encoded(&self.certificate),
            "next.key": encoded(&self.key),
            "next-since": encoded(&since.as_secs().to_string()),
        }});
        let secrets: Api<Secret> = Api::namespaced(scenario.client(), NAMESPACE);
        secrets
            .patch(self.line, &PatchParams::default(), &Patch::Merge(&patch))
            .await?;
        Ok(())
    }

    async fn signs(&self, scenario: &Scenario) -> Result<bool> {
        Ok(text(scenario, NAMESPACE, self.line, "tls.crt").await? == self.certificate)
    }
}

/// The text under a key of a Secret.
async fn text(scenario: &Scenario, namespace: &str, secret: &str, key: &str) -> Result<String> {
    let secrets: Api<Secret> = Api::namespaced(scenario.client(), namespace);
    let data = secrets.get(secret).await?.data.unwrap_or_default();
    let bytes = data.get(key).with_context(|| format!("{secret} has no {key}"))?;
    Ok(String::from_utf8(bytes.0.clone())?)
}

fn seen(is_there: bool, otherwise: &str) -> wait::Seen<()> {
    if is_there {
        wait::Seen::Ready(())
    } else {
        wait::Seen::NotYet(otherwise.to_owned())
    }
}

/// Waits until every vault of the cluster, also of the tests beside, is given both successors' certificates, and this one has
/// read them.
async fn vaults_trust(scenario: &Scenario, successors: &[Successor; 2]) -> Result<()> {
    let maps: Api<ConfigMap> = Api::all(scenario.client());
    let of_vaults = ListParams::default().labels("app.kubernetes.io/name=strongroom-vault");
    wait::until("every vault is given the successors", SPREADS, || async {
        let maps = maps.list(&of_vaults).await?.items;
        let lack: Vec<String> = maps
            .into_iter()
            .filter(|map| {
                let bundles = map.data.iter().flat_map(BTreeMap::values);
                let bundles: String = bundles.map(String::as_str).collect();
                !successors.iter().all(|one| bundles.contains(&one.certificate))
            })
            .map(|map| map.namespace().unwrap_or_default())
            .collect();
        Ok(seen(lack.is_empty(), &format!("those of {lack:?} are not")))
    })
    .await?;
    let pods: Api<Pod> = Api::namespaced(scenario.client(), &scenario.vault.name);
    wait::until("the vault has read the successors", SPREADS, || async {
        let said = pods.logs("prod-0", &LogParams::default()).await?;
        Ok(seen(
            said.contains("the admin CA was reloaded"),
            "it has not said so",
        ))
    })
    .await
}

/// Waits until the identity service and the vault serve certificates of the authority `only`.
async fn serve_under(scenario: &Scenario, only: &str) -> Result<()> {
    let presented = scenario.presented("api", None).await?;
    let trust = || Trust::from_pem(only.as_bytes());
    let what = "the identity service serves under the new authority";
    let token = wait::until(what, SPREADS, || async {
        let token = scenario.exchange_trusting(&presented, trust()?).await??;
        Ok(wait::Seen::Ready(token))
    })
    .await?;
    let name = "db-password".parse()?;
    wait::until("the vault serves under the new authority", SPREADS, || async {
        let vault = scenario.vault_trusting(trust()?)?;
        vault.get_secret(&token, &name, None).await?;
        Ok(wait::Seen::Ready(()))
    })
    .await
}

/// Starts pods that mount, one after the other, until dropped; the numbers say how many.
async fn mount_on_and_on(scenario: &Scenario) -> Result<()> {
    for n in 0.. {
        let pod = format!("app-{n}");
        scenario.pod(&pod, "api", "db").await?;
        scenario.running(&pod).await?;
        tokio::time::sleep(MOUNTS_EVERY).await;
    }
    Ok(())
}

async fn hand_over(scenario: &Scenario) -> Result<()> {
    let successors = Successor::both()?;
    let [serving, _] = &successors;
    let before = text(scenario, &scenario.vault.name, "prod-tls", "tls.crt").await?;
    for successor in &successors {
        successor.publish(scenario, Duration::ZERO).await?;
    }
    wait::until("the node driver trusts the successor", SPREADS, || async {
        let bundle = scenario.read("app", "/secrets/ca.crt").await?;
        Ok(seen(bundle.contains(&serving.certificate), "the bundle lacks it"))
    })
    .await?;
    vaults_trust(scenario, &successors).await?;
    for successor in &successors {
        ensure!(
            !successor.signs(scenario).await?,
            "{} signs too early",
            successor.line
        );
    }
    let unchanged = text(scenario, &scenario.vault.name, "prod-tls", "tls.crt").await?;
    ensure!(unchanged == before, "a certificate was renewed before its time");

    for successor in &successors {
        let long = Duration::try_from(PUBLISHED_BEFORE_USE)? + Duration::from_hours(1);
        successor.publish(scenario, long).await?;
    }
    let begun = Instant::now();
    wait::until("both successors sign", PATIENCE, || async {
        let mut sign = true;
        for successor in &successors {
            sign &= successor.signs(scenario).await?;
        }
        Ok(seen(sign, "not both"))
    })
    .await?;
    serve_under(scenario, &serving.certificate).await?;
    let took = begun.elapsed();
    eprintln!("both servers serve under the new authority {took:?} after it was due");
    ensure!(took < SPREADS, "{took:?} is longer than docs/security.md says");
    Ok(())
}

#[tokio::test]
async fn authorities_hand_over_while_pods_mount_and_follow() -> Result<()> {
    Scenario::start("succession")
        .await?
        .run(async |scenario| {
            scenario.set("db-password", "first")?;
            let files: [Value; 2] = [
                json!({"path": "password", "secret": {"name": "db-password"}}),
                json!({"path": "ca.crt", "trustBundle": {}}),
            ];
            let secret_ref = json!({
                "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef", "metadata": {"name": "db"},
                "spec": {
                    "vaultRef": {"name": "prod", "namespace": scenario.vault.name},
                    "serviceAccountName": "api", "files": files,
                },
            });
            scenario.apply(&scenario.app.name, &secret_ref).await?;
            scenario.pod("app", "api", "db").await?;
            scenario.running("app").await?;

            tokio::select! {
                handed = hand_over(scenario) => handed?,
                mounted = mount_on_and_on(scenario) => mounted?,
            }
            // The pod that has run all along, what it follows, and the policy that the operator brings.
            scenario.set("db-password", "second")?;
            scenario.holds("app", "/secrets/password", "second").await?;
            let read = json!({"permissions": {"secrets": ["get"]}});
            scenario
                .policy("late", "Allow", &[scenario.account("stranger")], &["db-*"], &read)
                .await?;
            scenario.enforced("late").await?;
            scenario.pod("last", "api", "db").await?;
            scenario.running("last").await?;
            scenario.no_failed_mount().await
        })
        .await
}
