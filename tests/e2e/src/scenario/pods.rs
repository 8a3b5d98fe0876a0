//! The pods of a scenario's app: what they mount, and what is seen of that.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::{Api, api::ListParams};
use serde_json::{Value, json};
use strongroom_harness::cluster::{pods, wait};

use super::{PATIENCE, Scenario};

impl Scenario {
    /// Starts a pod with a shell that mounts a SecretRef at /secrets, without waiting for it.
    pub async fn pod(&self, name: &str, account: &str, secret_ref: &str) -> Result<()> {
        self.apply(
            &self.app.name,
            &mounting_pod(name, account, &json!({"secretRef": secret_ref})),
        )
        .await
    }

    /// Waits until a pod runs.
    pub async fn running(&self, pod: &str) -> Result<()> {
        wait::pod(&self.client(), &self.app.name, pod, PATIENCE)
            .await
            .map(drop)
    }

    /// Reads a file in a pod.
    pub async fn read(&self, pod: &str, path: &str) -> Result<String> {
        pods::check(&self.client(), &self.app.name, pod, &["/bin/cat", path]).await
    }

    /// Waits until a file in a pod holds `value`; returns how long that took, to a tenth of a second.
    pub async fn holds(&self, pod: &str, path: &str, value: &str) -> Result<Duration> {
        let begun = Instant::now();
        wait::until(
            &format!("{path} of {pod} holds the new value"),
            PATIENCE,
            || async {
                let found = self.read(pod, path).await?;
                Ok(if found == value {
                    wait::Seen::Ready(begun.elapsed())
                } else {
                    wait::Seen::NotYet(format!("{} other bytes", found.len()))
                })
            },
        )
        .await
    }

    /// Waits for an event about a pod of the app whose text has all of `words`; gives the text.
    pub async fn mount_error(&self, pod: &str, words: &[&str]) -> Result<String> {
        let events: Api<Event> = Api::namespaced(self.client(), &self.app.name);
        let about = ListParams::default().fields(&format!("involvedObject.name={pod}"));
        wait::until(&format!("an event of {pod} says {words:?}"), PATIENCE, || async {
            let texts: Vec<String> = events
                .list(&about)
                .await?
                .items
                .into_iter()
                .filter_map(|event| event.message)
                .collect();
            let found = texts
                .iter()
                .find(|text| words.iter().all(|word| text.contains(word)));
            Ok(match found {
                Some(text) => wait::Seen::Ready(text.clone()),
                None => wait::Seen::NotYet(format!("{texts:?}")),
            })
        })
        .await
    }

    /// Fails where the kubelet said of any pod of the app that it could not mount.
    pub async fn no_failed_mount(&self) -> Result<()> {
        let events: Api<Event> = Api::namespaced(self.client(), &self.app.name);
        let failed = ListParams::default().fields("reason=FailedMount");
        let failed = events.list(&failed).await?.items;
        let failed: Vec<_> = failed.into_iter().filter_map(|event| event.message).collect();
        ensure!(failed.is_empty(), "{failed:?}");
        Ok(())
    }

    /// Whether a pod has not started.
    pub async fn is_waiting(&self, pod: &str) -> Result<bool> {
        let found = Api::<Pod>::namespaced(self.client(), &self.app.name)
            .get(pod)
            .await?;
        Ok(found.status.and_then(|status| status.phase).as_deref() == Some("Pending"))
    }
}

/// A pod with a shell and a Strongroom volume at /secrets.
pub fn mounting_pod(name: &str, account: &str, attributes: &Value) -> Value {
    let mut pod = pods::shell(name);
    if let Some(spec) = pod.get_mut("spec").and_then(Value::as_object_mut) {
        spec.insert("serviceAccountName".to_owned(), json!(account));
        let volume = json!({
            "name": "secrets",
            "csi": {"driver": "csi.strongroom.dev", "readOnly": true, "volumeAttributes": attributes},
        });
        spec.insert("volumes".to_owned(), json!([volume]));
        let container = spec
            .get_mut("containers")
            .and_then(|list| list.get_mut(0))
            .and_then(Value::as_object_mut);
        if let Some(container) = container {
            container.insert(
                "volumeMounts".to_owned(),
                json!([{"name": "secrets", "mountPath": "/secrets"}]),
            );
        }
    }
    pod
}
