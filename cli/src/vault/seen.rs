//! Vaults as the API server has them: what the operator says of each, however new the release is that wrote it.

use std::collections::BTreeMap;

use kube::{
    Api,
    api::{ApiResource, DynamicObject, ListParams},
};
use strongroom_core::{NamespaceName, VaultRef};
use strongroom_crds::{
    ApiError, Vault, VaultStatus,
    condition::{
        AUDIT_HEALTHY, Condition, READY, RECONCILING, SEAL_KEY_IN_CLUSTER, STALLED, STORAGE_HEALTHY, UNSEALED,
    },
};

use crate::{
    cluster::Cluster,
    failure::{Failure, VaultObjectFailure},
};

/// What requests are about.
const RESOURCE: &str = "vaults.strongroom.dev";

/// A Vault object. Nothing of its spec is read but what every release knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct SeenVault {
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// In seconds since 1970.
    pub(crate) created: Option<i64>,
    pub(crate) generation: i64,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) is_paused: bool,
    pub(crate) status: VaultStatus,
}

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// As it should be.
    Good,
    /// Not so.
    Bad,
    /// Nobody knows.
    Unknown,
}

impl Mark {
    /// What stands before the line of the part.
    pub(crate) const fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Bad => "✗",
            Self::Unknown => "?",
        }
    }

    /// What programs read.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "wrong",
            Self::Unknown => "unknown",
        }
    }
}

impl SeenVault {
    /// What is said of an object. A status that cannot be read is none.
    pub(crate) fn of(object: DynamicObject) -> Self {
        let DynamicObject { metadata, data, .. } = object;
        let status = data.get("status").cloned().unwrap_or_default();
        Self {
            namespace: metadata.namespace.unwrap_or_default(),
            name: metadata.name.unwrap_or_default(),
            created: metadata.creation_timestamp.map(|time| time.0.as_second()),
            generation: metadata.generation.unwrap_or_default(),
            annotations: metadata.annotations.unwrap_or_default(),
            is_paused: data.pointer("/spec/paused") == Some(&true.into()),
            status: serde_json::from_value(status).unwrap_or_default(),
        }
    }

    /// `NAMESPACE/NAME`.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// A condition, by its type.
    pub(crate) fn condition(&self, type_: &str) -> Option<&Condition> {
        let mut conditions = self.status.conditions.iter();
        conditions.find(|condition| condition.type_ == type_)
    }

    /// Whether a condition is true.
    pub(crate) fn is(&self, type_: &str) -> bool {
        self.condition(type_)
            .is_some_and(|condition| condition.status == "True")
    }

    /// Whether the status is about the spec as it is.
    pub(crate) fn is_current(&self) -> bool {
        self.status.observed_generation == Some(self.generation)
    }

    /// Whether the vault does what its spec, as it is, says.
    pub(crate) fn is_ready(&self) -> bool {
        self.is_current() && self.is(READY)
    }

    /// Why it is ready or not, in one word; none where the operator has not said anything yet.
    pub(crate) fn word(&self) -> Option<&str> {
        self.condition(READY).map(|ready| ready.reason.as_str())
    }

    /// The same in a sentence.
    pub(crate) fn sentence(&self) -> String {
        match self.condition(READY) {
            Some(ready) if self.is_current() => ready.message.clone(),
            Some(ready) => format!(
                "The operator has not looked at the newest spec yet. Before: {}",
                ready.message
            ),
            None => "The operator has not looked at it yet.".to_owned(),
        }
    }
}

/// How a condition is to be taken: some are good while true, the others are there only while something is not as it should be.
pub(super) fn mark(condition: &Condition) -> Mark {
    let is_good_while_true =
        [READY, UNSEALED, STORAGE_HEALTHY, AUDIT_HEALTHY].contains(&condition.type_.as_str());
    match condition.status.as_str() {
        // It is so with every vault of this release, and nothing that a person can mend.
        "True" if is_good_while_true || condition.type_ == SEAL_KEY_IN_CLUSTER => Mark::Good,
        "False" if !is_good_while_true => Mark::Good,
        "True" | "False" => Mark::Bad,
        _ => Mark::Unknown,
    }
}

/// The conditions that say more than `Ready` does.
pub(super) fn details(vault: &SeenVault) -> impl Iterator<Item = &Condition> {
    let conditions = vault.status.conditions.iter();
    conditions.filter(|condition| ![READY, RECONCILING, STALLED].contains(&condition.type_.as_str()))
}

/// The vaults of a namespace, or of all.
pub(crate) async fn list(
    cluster: &Cluster,
    namespace: Option<&NamespaceName>,
) -> Result<Vec<SeenVault>, Failure> {
    let kind = ApiResource::erase::<Vault>(&());
    let api: Api<DynamicObject> = match namespace {
        Some(namespace) => Api::namespaced_with(cluster.client.clone(), namespace.as_str(), &kind),
        None => Api::all_with(cluster.client.clone(), &kind),
    };
    let listed = api.list(&ListParams::default()).await.map_err(ApiError::from);
    let listed = listed.map_err(|source| match namespace {
        _ if source.code() == Some(404) => Failure::from(VaultObjectFailure::NoKind),
        Some(namespace) => Failure::Cluster {
            verb: "list",
            resource: RESOURCE,
            namespace: namespace.clone(),
            source,
        },
        None => VaultObjectFailure::Cluster {
            verb: "list",
            resource: RESOURCE,
            source,
        }
        .into(),
    })?;
    Ok(listed.items.into_iter().map(SeenVault::of).collect())
}

/// One vault.
pub(super) async fn get(cluster: &Cluster, vault: &VaultRef) -> Result<SeenVault, Failure> {
    let found = api(cluster, vault).get_opt(vault.name.as_str()).await;
    let found = found.map_err(Failure::cluster("get", RESOURCE, &vault.namespace))?;
    let found = found.ok_or_else(|| VaultObjectFailure::None(vault.clone()))?;
    Ok(SeenVault::of(found))
}

/// The vaults of one namespace, as objects.
pub(super) fn api(cluster: &Cluster, vault: &VaultRef) -> Api<DynamicObject> {
    let kind = ApiResource::erase::<Vault>(&());
    Api::namespaced_with(cluster.client.clone(), vault.namespace.as_str(), &kind)
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A condition, of the generation 2.
    pub(crate) fn condition(type_: &str, status: &str, reason: &str) -> Value {
        json!({
            "type": type_, "status": status, "reason": reason, "message": format!("{reason}."),
            "observedGeneration": 2, "lastTransitionTime": "2026-11-22T00:00:00Z",
        })
    }

    /// A vault `team-a/prod` of the generation 2.
    pub(crate) fn vault(status: &Value) -> SeenVault {
        let object = json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
            "metadata": {
                "name": "prod", "namespace": "team-a", "generation": 2,
                "creationTimestamp": "2026-11-22T00:00:00Z",
            },
            "spec": {}, "status": status,
        });
        SeenVault::of(serde_json::from_value(object).unwrap())
    }

    #[test]
    fn a_vault_is_ready_only_by_a_status_about_its_newest_spec() {
        let of = |generation: i64| {
            vault(
                &json!({"observedGeneration": generation, "conditions": [condition("Ready", "True", "Serving")]}),
            )
        };
        assert!(of(2).is_ready() && !of(1).is_ready());
        assert_eq!(
            (of(1).word(), of(2).sentence().as_str()),
            (Some("Serving"), "Serving.")
        );
        assert!(
            of(1)
                .sentence()
                .starts_with("The operator has not looked at the newest spec yet.")
        );
        let unseen = vault(&json!({"observedGeneration": -1}));
        assert_eq!((unseen.is_ready(), unseen.word()), (false, None));
    }

    #[test]
    fn a_status_of_another_release_hides_no_vault() {
        let odd = vault(&json!({"conditions": "none", "policy": 7}));
        assert_eq!((odd.path().as_str(), odd.word()), ("team-a/prod", None));
    }

    #[test]
    fn a_condition_that_is_there_only_while_something_is_wrong_is_marked_so() {
        for (type_, status, expected) in [
            ("Unsealed", "True", Mark::Good),
            ("Unsealed", "False", Mark::Bad),
            ("StorageHealthy", "Unknown", Mark::Unknown),
            ("NearLimit", "True", Mark::Bad),
            ("RollbackDetected", "True", Mark::Bad),
            ("SealKeyInCluster", "True", Mark::Good),
        ] {
            let found = serde_json::from_value(condition(type_, status, "X")).unwrap();
            assert_eq!(mark(&found), expected, "{type_} {status}");
        }
    }
}
