//! `operator uninstall-check`: refuses while a pod uses the node driver. Only the driver can unmount the
//! volume of such a pod: without the driver the pod would never end.

use std::fmt;

use clap::Args;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client, ResourceExt, api::ListParams};
use strongroom_crds::ApiError;

/// The driver's name in a pod's volumes.
pub const DRIVER: &str = "csi.strongroom.dev";

/// How many pods one request asks for.
const PAGE: u32 = 500;
/// How many pods the refusal names.
const NAMED: usize = 10;

/// Fails with a sentence while pods use the node driver.
#[derive(Debug, Clone, Args)]
pub struct UninstallArgs {
    /// The name of the Helm release.
    #[arg(long, default_value = "strongroom")]
    release: String,
    /// The namespace of the Helm release.
    #[arg(long, default_value = "strongroom-system")]
    release_namespace: String,
    /// Its revision. A refusal names the command that returns to it: Helm upgrades no release whose uninstall was refused.
    #[arg(long, default_value_t = 1)]
    release_revision: u32,
}

/// Why Strongroom must not be uninstalled now.
#[derive(Debug, thiserror::Error)]
pub enum UninstallError {
    /// Pods use the driver.
    #[error(
        "{pods} and could not end without the driver {DRIVER}. Delete them or remove their volumes, then uninstall again. \
         To keep Strongroom, so that Helm upgrades it again: helm rollback {release} {release_revision} -n \
         {release_namespace}. To uninstall regardless: helm uninstall {release} -n {release_namespace} --no-hooks"
    )]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    InUse {
        pods: Users,
        release: String,
        release_namespace: String,
        release_revision: u32,
    },
    /// The API server refused, or did not answer.
    #[error("cannot find out which pods use the driver {DRIVER}")]
    Pods(#[source] ApiError),
}

impl From<kube::Error> for UninstallError {
    fn from(error: kube::Error) -> Self {
        Self::Pods(error.into())
    }
}

/// The pods that use the driver: how many, and the names of some.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Users {
    count: usize,
    named: Vec<String>,
}

impl Users {
    /// Counts those of `pods` that use the driver.
    pub fn add(&mut self, pods: &[Pod]) {
        for pod in pods.iter().filter(|pod| uses_driver(pod)) {
            self.count += 1;
            if self.named.len() < NAMED {
                self.named.push(format!(
                    "{}/{}",
                    pod.namespace().unwrap_or_default(),
                    pod.name_any()
                ));
            }
        }
    }
}

impl fmt::Display for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (noun, verb) = if self.count == 1 {
            ("pod", "mounts")
        } else {
            ("pods", "mount")
        };
        write!(
            f,
            "{} {noun} still {verb} secrets ({}",
            self.count,
            self.named.join(", ")
        )?;
        match self.count - self.named.len() {
            0 => f.write_str(")"),
            more => write!(f, " and {more} more)"),
        }
    }
}

/// Looks at every pod of the cluster once.
pub async fn check(args: UninstallArgs) -> Result<(), UninstallError> {
    let api: Api<Pod> = Api::all(Client::try_default().await?);
    let mut users = Users::default();
    let mut page = ListParams::default().limit(PAGE);
    loop {
        let pods = api.list(&page).await?;
        users.add(&pods.items);
        match pods.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => page = page.continue_token(&token),
            None => break,
        }
    }
    if users == Users::default() {
        return Ok(());
    }
    let UninstallArgs {
        release,
        release_namespace,
        release_revision,
    } = args;
    Err(UninstallError::InUse {
        pods: users,
        release,
        release_namespace,
        release_revision,
    })
}

/// Whether the driver still has to take a volume away from this pod. From a pod that has ended the kubelet has taken
/// them, though the object is still there.
fn uses_driver(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    let mut volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
    !matches!(phase, Some("Succeeded" | "Failed"))
        && volumes.any(|volume| volume.csi.as_ref().is_some_and(|csi| csi.driver == DRIVER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(name: &str, driver: &str, phase: &str) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"namespace": "shop", "name": name},
            "spec": {"containers": [], "volumes": [{"name": "e", "emptyDir": {}}, {"name": "s", "csi": {"driver": driver}}]},
            "status": {"phase": phase},
        }))
        .unwrap()
    }

    fn users(pods: &[Pod]) -> Users {
        let mut users = Users::default();
        users.add(pods);
        users
    }

    #[test]
    fn pods_without_the_driver_are_no_reason_to_stay() {
        let others = [pod("a", "other.example.com", "Running"), Pod::default()];
        assert_eq!(users(&others), Users::default());
    }

    #[test]
    fn a_pod_that_has_ended_uses_nothing_and_one_that_cannot_start_does() {
        let pods = [
            pod("done", DRIVER, "Succeeded"),
            pod("failed", DRIVER, "Failed"),
            pod("new", DRIVER, "Pending"),
        ];
        assert_eq!(users(&pods).to_string(), "1 pod still mounts secrets (shop/new)");
    }

    #[test]
    fn the_refusal_names_the_pods_and_the_ways_on() {
        let error = UninstallError::InUse {
            pods: users(&[pod("a", DRIVER, "Running"), pod("b", DRIVER, "Running")]),
            release: "strongroom".to_owned(),
            release_namespace: "strongroom-system".to_owned(),
            release_revision: 3,
        };
        assert_eq!(
            error.to_string(),
            "2 pods still mount secrets (shop/a, shop/b) and could not end without the driver csi.strongroom.dev. Delete \
             them or remove their volumes, then uninstall again. To keep Strongroom, so that Helm upgrades it again: helm \
             rollback strongroom 3 -n strongroom-system. To uninstall regardless: helm uninstall strongroom -n \
             strongroom-system --no-hooks"
        );
    }

    #[test]
    fn a_long_list_is_cut() {
        let pods: Vec<Pod> = (0..12)
            .map(|number| pod(&format!("p{number}"), DRIVER, "Running"))
            .collect();
        assert!(users(&pods).to_string().ends_with("shop/p9 and 2 more)"));
    }
}
