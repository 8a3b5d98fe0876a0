//! The objects that make a vault run. Pure: from the spec and the settings to objects.

mod network;
mod service;
mod stateful_set;
mod storage;

use serde_json::{Value, json};
use strongroom_core::{NamespaceName, VaultName, name::NameError};
use strongroom_crds::{Vault, vault::VaultSpecError};

use crate::{object::Kind, settings::Settings};

pub use storage::{VAULT_ID_KEY, seal_secret, volume_claim};

/// The label and annotation keys of objects that belong to a vault.
pub mod key {
    /// Label: the vault's name.
    pub const VAULT: &str = "strongroom.dev/vault";
    /// Label: the UID of the Vault object that retained objects belong to.
    pub const VAULT_UID: &str = "strongroom.dev/vault-uid";
}

/// The ports of a vault's pod.
pub mod port {
    /// REST and Watch.
    pub const DATA: u16 = 8443;
    /// The operator's.
    pub const ADMIN: u16 = 8444;
    /// Health and metrics.
    pub const HEALTH: u16 = 9090;
}

/// One object to be there.
#[derive(Debug, Clone, PartialEq)]
pub struct Desired {
    /// Its kind.
    pub kind: Kind,
    /// Its name, in the vault's namespace.
    pub name: String,
    /// The whole object.
    pub object: Value,
}

/// A Vault, parsed.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// The object.
    pub vault: &'a Vault,
    /// Its name.
    pub name: VaultName,
    /// Its namespace.
    pub namespace: NamespaceName,
    /// Its UID.
    pub uid: &'a str,
}

/// Why a Vault object cannot be acted on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// Its name, or its namespace's, is not one.
    #[error("the vault's name cannot be used: {0}")]
    Name(#[from] NameError),
    /// Its spec holds what this release does not know.
    #[error(transparent)]
    Spec(#[from] VaultSpecError),
    /// The API server gave it no UID.
    #[error("the vault has no UID")]
    Uid,
}

impl<'a> Subject<'a> {
    /// Parses what a vault's objects are named after, and refuses a spec of a newer release.
    pub fn parse(vault: &'a Vault) -> Result<Self, SubjectError> {
        vault.spec.check()?;
        Ok(Self {
            vault,
            name: vault.metadata.name.as_deref().unwrap_or_default().parse()?,
            namespace: vault.metadata.namespace.as_deref().unwrap_or_default().parse()?,
            uid: vault.metadata.uid.as_deref().ok_or(SubjectError::Uid)?,
        })
    }

    /// The host of its Service.
    pub fn host(&self) -> String {
        format!("{}.{}.svc", self.name, self.namespace)
    }

    /// The names of its serving certificate.
    pub fn hosts(&self, settings: &Settings) -> Vec<String> {
        vec![
            self.host(),
            format!("{}.{}", self.host(), settings.cluster_domain),
        ]
    }

    /// The labels that select its pods.
    pub fn selector(&self) -> Value {
        json!({"app.kubernetes.io/name": "strongroom-vault", key::VAULT: self.name.as_str()})
    }

    /// The metadata of an object owned by the vault.
    fn owned(&self, name: &str) -> Value {
        let mut metadata = self.metadata(name);
        if let Some(fields) = metadata.as_object_mut() {
            fields.insert("ownerReferences".to_owned(), json!([self.owner_reference(true)]));
        }
        metadata
    }

    fn metadata(&self, name: &str) -> Value {
        json!({
            "name": name,
            "namespace": self.namespace.as_str(),
            "labels": {
                "app.kubernetes.io/name": "strongroom-vault",
                "app.kubernetes.io/managed-by": "strongroom-operator",
                key::VAULT: self.name.as_str(),
            },
        })
    }

    /// A reference to the Vault object, as controller or only so that an object goes with it.
    pub fn owner_reference(&self, controller: bool) -> Value {
        json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault", "name": self.name.as_str(),
            "uid": self.uid, "controller": controller, "blockOwnerDeletion": false,
        })
    }
}

/// Every object that is owned by the vault, in the order in which it is applied. `certificate` is (certificate, key),
/// `trust` the serving and the admin authorities' certificates, all PEM.
pub fn owned(
    subject: &Subject<'_>,
    settings: &Settings,
    certificate: (&str, &str),
    trust: (&str, &str),
) -> Vec<Desired> {
    vec![
        account(subject),
        tls_secret(subject, certificate),
        trust_bundle(subject, trust),
        service::front(subject),
        service::internal(subject),
        network::policy(subject, settings),
        stateful_set::stateful_set(subject, settings),
    ]
}

/// The pods' account. It has no rights and its token is mounted nowhere.
fn account(subject: &Subject<'_>) -> Desired {
    let name = format!("{}-vault", subject.name);
    let object = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": subject.owned(&name),
        "automountServiceAccountToken": false,
    });
    Desired {
        kind: Kind::ServiceAccount,
        name,
        object,
    }
}

fn tls_secret(subject: &Subject<'_>, (certificate, key): (&str, &str)) -> Desired {
    let name = format!("{}-tls", subject.name);
    let object = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": subject.owned(&name),
        "stringData": {"tls.crt": certificate, "tls.key": key},
    });
    Desired {
        kind: Kind::Secret,
        name,
        object,
    }
}

fn trust_bundle(subject: &Subject<'_>, (serving, admin): (&str, &str)) -> Desired {
    let name = format!("{}-trust", subject.name);
    let object = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": subject.owned(&name),
        "data": {"ca.crt": serving, "admin-ca.crt": admin},
    });
    Desired {
        kind: Kind::ConfigMap,
        name,
        object,
    }
}

#[cfg(test)]
#[allow(clippy::needless_pass_by_value, reason = "fixtures are written in place")]
mod tests {
    use super::*;
    use k8s_openapi::api::{
        apps::v1::StatefulSet,
        core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service, ServiceAccount},
        networking::v1::NetworkPolicy,
    };
    use serde::{Serialize, de::DeserializeOwned};

    fn vault(spec: Value) -> Vault {
        serde_json::from_value(json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
            "metadata": {"name": "prod", "namespace": "team-a", "uid": "u-1"}, "spec": spec,
        }))
        .unwrap()
    }

    /// The typed form holds all that the object says: nothing is misspelled.
    fn survives<T: Serialize + DeserializeOwned>(object: &Value) {
        let typed: T = serde_json::from_value(object.clone()).unwrap();
        assert_eq!(&serde_json::to_value(typed).unwrap(), object);
    }

    #[test]
    fn every_object_is_what_kubernetes_calls_it() {
        let vault = vault(
            json!({"network": {"namespaceSelector": {"matchLabels": {"a": "b"}}, "ipRules": ["10.0.0.0/8"]}}),
        );
        let subject = Subject::parse(&vault).unwrap();
        for desired in owned(&subject, &Settings::example(), ("c", "k"), ("s", "a")) {
            match desired.kind {
                Kind::ServiceAccount => survives::<ServiceAccount>(&desired.object),
                Kind::Secret => survives::<Secret>(&desired.object),
                Kind::ConfigMap => survives::<ConfigMap>(&desired.object),
                Kind::Service => survives::<Service>(&desired.object),
                Kind::NetworkPolicy => survives::<NetworkPolicy>(&desired.object),
                Kind::StatefulSet => survives::<StatefulSet>(&desired.object),
                Kind::PersistentVolumeClaim => survives::<PersistentVolumeClaim>(&desired.object),
            }
            assert_eq!(
                desired.object["metadata"]["ownerReferences"][0]["uid"], "u-1",
                "{}",
                desired.name
            );
        }
        survives::<PersistentVolumeClaim>(&volume_claim(&subject).object);
        survives::<Secret>(&seal_secret(&subject, "id", "a2V5").object);
    }

    #[test]
    fn volume_and_seal_key_outlive_the_vault_unless_it_says_delete() {
        let keep = vault(json!({}));
        let subject = Subject::parse(&keep).unwrap();
        assert_eq!(
            volume_claim(&subject).object["metadata"]["ownerReferences"],
            Value::Null
        );
        assert_eq!(
            seal_secret(&subject, "id", "a2V5").object["metadata"]["ownerReferences"],
            Value::Null
        );
        let delete = vault(json!({"deletionPolicy": "Delete"}));
        let subject = Subject::parse(&delete).unwrap();
        assert_eq!(
            volume_claim(&subject).object["metadata"]["ownerReferences"][0]["uid"],
            "u-1"
        );
        assert_eq!(
            seal_secret(&subject, "id", "a2V5").object["metadata"]["ownerReferences"][0]["uid"],
            "u-1"
        );
    }

    #[test]
    fn the_pods_pass_pod_security_restricted() {
        let vault = vault(json!({}));
        let subject = Subject::parse(&vault).unwrap();
        let pod =
            &stateful_set::stateful_set(&subject, &Settings::example()).object["spec"]["template"]["spec"];
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        assert_eq!(pod["automountServiceAccountToken"], false);
        let container = &pod["containers"][0]["securityContext"];
        assert_eq!(container["allowPrivilegeEscalation"], false);
        assert_eq!(container["capabilities"]["drop"], json!(["ALL"]));
    }

    #[test]
    fn nobody_reaches_the_vault_but_those_named() {
        // What is left of a network whose every field was misspelled is the second.
        for closed in [json!({}), json!({"network": {}})] {
            let closed = vault(closed);
            let policy = network::policy(&Subject::parse(&closed).unwrap(), &Settings::example()).object;
            let peers = policy["spec"]["ingress"][0]["from"].as_array().unwrap();
            assert_eq!(peers.len(), 1, "the node driver alone: {peers:?}");
        }
        let open = vault(json!({"network": {"defaultAction": "Allow"}}));
        let policy = network::policy(&Subject::parse(&open).unwrap(), &Settings::example()).object;
        assert_eq!(policy["spec"]["ingress"][0]["from"], Value::Null);
        assert_ne!(
            policy["spec"]["ingress"][1]["from"],
            Value::Null,
            "the admin port stays the operator's"
        );
    }
}
