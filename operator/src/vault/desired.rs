//! The objects that make a vault run. Pure: from the spec and the settings to objects.

pub mod metadata;
mod network;
mod service;
mod stateful_set;
mod storage;

use serde_json::json;

use crate::{
    object::{Desired, Kind},
    settings::Settings,
    target::Target,
};

pub use metadata::key;
pub use stateful_set::rules;
pub use storage::{VAULT_ID_KEY, seal_secret, volume_claim};

/// The vault's serving certificate. Both PEM.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Serving {
    pub certificate: String,
    pub key: String,
}

/// The certificates of the authorities that the vault trusts. Both PEM.
#[derive(Debug, Clone)]
pub struct Trusted {
    /// Of the identity service.
    pub serving: String,
    /// Of the operator.
    pub admin: String,
}

/// Every object that is owned by the vault, in the order in which it is applied: without the Secret of the serving
/// certificate where there is none.
pub fn owned(
    target: &Target<'_>,
    settings: &Settings,
    serving: Option<&Serving>,
    trusted: &Trusted,
) -> Vec<Desired> {
    let tls = serving.map(|serving| tls_secret(target, serving));
    let rest = [
        trust_bundle(target, trusted),
        service::front(target),
        service::internal(target),
        network::policy(target, settings),
        stateful_set::stateful_set(target, settings),
    ];
    std::iter::once(account(target)).chain(tls).chain(rest).collect()
}

/// The pods' account. It has no rights and its token is mounted nowhere.
fn account(target: &Target<'_>) -> Desired {
    let name = format!("{}-vault", target.name());
    let object = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": metadata::owned(target, &name),
        "automountServiceAccountToken": false,
    });
    Desired {
        kind: Kind::ServiceAccount,
        name,
        object,
    }
}

fn tls_secret(target: &Target<'_>, serving: &Serving) -> Desired {
    let name = format!("{}-tls", target.name());
    let object = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": metadata::owned(target, &name),
        "stringData": {"tls.crt": serving.certificate, "tls.key": serving.key},
    });
    Desired {
        kind: Kind::Secret,
        name,
        object,
    }
}

fn trust_bundle(target: &Target<'_>, trusted: &Trusted) -> Desired {
    let name = format!("{}-trust", target.name());
    let object = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": metadata::owned(target, &name),
        "data": {"ca.crt": trusted.serving, "admin-ca.crt": trusted.admin},
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
    use serde_json::Value;
    use strongroom_crds::Vault;

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
        let target = Target::parse(&vault).unwrap();
        let serving = Serving {
            certificate: "c".to_owned(),
            key: "k".to_owned(),
        };
        let trusted = Trusted {
            serving: "s".to_owned(),
            admin: "a".to_owned(),
        };
        for desired in owned(&target, &Settings::example(), Some(&serving), &trusted) {
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
        survives::<PersistentVolumeClaim>(&volume_claim(&target).object);
        survives::<Secret>(&seal_secret(&target, "id", "a2V5").object);
    }

    #[test]
    fn volume_and_seal_key_outlive_the_vault_unless_it_says_delete() {
        let keep = vault(json!({}));
        let target = Target::parse(&keep).unwrap();
        assert_eq!(
            volume_claim(&target).object["metadata"]["ownerReferences"],
            Value::Null
        );
        assert_eq!(
            seal_secret(&target, "id", "a2V5").object["metadata"]["ownerReferences"],
            Value::Null
        );
        let delete = vault(json!({"deletionPolicy": "Delete"}));
        let target = Target::parse(&delete).unwrap();
        assert_eq!(
            volume_claim(&target).object["metadata"]["ownerReferences"][0]["uid"],
            "u-1"
        );
        assert_eq!(
            seal_secret(&target, "id", "a2V5").object["metadata"]["ownerReferences"][0]["uid"],
            "u-1"
        );
    }

    #[test]
    fn the_pods_pass_pod_security_restricted() {
        let vault = vault(json!({}));
        let target = Target::parse(&vault).unwrap();
        let pod =
            &stateful_set::stateful_set(&target, &Settings::example()).object["spec"]["template"]["spec"];
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        assert_eq!(pod["automountServiceAccountToken"], false);
        let container = &pod["containers"][0]["securityContext"];
        assert_eq!(container["allowPrivilegeEscalation"], false);
        assert_eq!(container["capabilities"]["drop"], json!(["ALL"]));
    }

    #[test]
    fn the_vault_is_told_which_attestation_counts_in_a_form_that_no_kubelet_changes() {
        let key = json!({"kty": "RSA", "kid": "$(STRONGROOM)", "use": "sig", "n": "0vx7", "e": "AQAB", "x5c": ["MII="]});
        let vault =
            vault(json!({"keyRelease": {"authorities": [{"url": "https://a.example", "keys": [key]}]}}));
        let target = Target::parse(&vault).unwrap();
        let pod =
            &stateful_set::stateful_set(&target, &Settings::example()).object["spec"]["template"]["spec"];
        let arguments = pod["containers"][0]["args"].as_array().unwrap();
        let told = arguments
            .iter()
            .filter_map(|argument| argument.as_str()?.strip_prefix("--attestation-authorities="));
        let told: Vec<_> = told.collect();
        assert_eq!(
            told,
            [
                r#"[{"keys":[{"e":"AQAB","kid":"$$(STRONGROOM)","kty":"RSA","n":"0vx7"}],"url":"https://a.example"}]"#
            ]
        );
    }

    #[test]
    fn only_the_peers_that_are_named_reach_the_vault() {
        // What is left of a network whose every field was misspelled is the second.
        for closed in [json!({}), json!({"network": {}})] {
            let closed = vault(closed);
            let policy = network::policy(&Target::parse(&closed).unwrap(), &Settings::example()).object;
            let peers = policy["spec"]["ingress"][0]["from"].as_array().unwrap();
            assert_eq!(peers.len(), 1, "the node driver alone: {peers:?}");
        }
        let open = vault(json!({"network": {"defaultAction": "Allow"}}));
        let policy = network::policy(&Target::parse(&open).unwrap(), &Settings::example()).object;
        assert_eq!(policy["spec"]["ingress"][0]["from"], Value::Null);
        assert_ne!(
            policy["spec"]["ingress"][1]["from"],
            Value::Null,
            "the admin port stays the operator's"
        );
    }
}
